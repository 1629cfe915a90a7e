package collector

import (
	"github.com/cbr-exporter/cbr_exporter/cbrapi"
	"github.com/cbr-exporter/cbr_exporter/coverage"
)

// The values of the label collector: for the configured ids, for what is found by
// following the list of tasks, and for the vaults and policies.
const (
	tasksCollector     = "tasks"
	discoveryCollector = "discovery"
	vaultsCollector    = "vaults"
)

// projectFamilies is what is exposed of the reading of one project.
func projectFamilies() []family[*coverage.Snapshot] {
	reasons := cbrapi.Reasons()
	return []family[*coverage.Snapshot]{
		{
			name: "up",
			help: "1 if, in the newest pass over the project, the API accepted the credentials and gave a valid answer; while it waits for one, if it did in the pass before.",
			read: func(s *coverage.Snapshot, e *emitter) { e.emit(number(s.Up)) },
		},
		{
			name:   "scrape_error",
			help:   "1 for each reason why something could not be read in the newest pass, 0 for the others.",
			labels: []string{"reason"},
			read: func(s *coverage.Snapshot, e *emitter) {
				for _, reason := range reasons {
					met := s.Reasons[reason] || s.Inventory != nil && s.Inventory.Reasons[reason]
					e.emit(number(met), string(reason))
				}
			},
		},
		{
			name: "scrape_duration_seconds",
			help: "How long the newest pass took, or has taken so far.",
			read: func(s *coverage.Snapshot, e *emitter) { e.emit(s.Duration.Seconds()) },
		},
		{
			name:   "scrape_collector_success",
			help:   "1 if the newest pass of the collector has read all that it had to; while it runs, if the one before it had.",
			labels: []string{"collector"},
			read: func(s *coverage.Snapshot, e *emitter) {
				if len(s.Tasks) > 0 {
					e.emit(number(s.Complete), tasksCollector)
				}
				if s.Found != nil {
					e.emit(number(s.Found.Complete), discoveryCollector)
				}
				if s.Inventory != nil {
					e.emit(number(s.Inventory.Complete), vaultsCollector)
				}
			},
		},
		{
			name:   "scrape_collector_last_success_timestamp_seconds",
			help:   "Unix time at which the newest successful pass of the collector ended: as of when the other numbers are true.",
			labels: []string{"collector"},
			read: func(s *coverage.Snapshot, e *emitter) {
				if v, ok := unixSeconds(s.LastComplete); ok && len(s.Tasks) > 0 {
					e.emit(v, tasksCollector)
				}
				if s.Found != nil {
					if v, ok := unixSeconds(s.Found.LastComplete); ok {
						e.emit(v, discoveryCollector)
					}
				}
				if s.Inventory != nil {
					if v, ok := unixSeconds(s.Inventory.LastComplete); ok {
						e.emit(v, vaultsCollector)
					}
				}
			},
		},
		{
			name:   "project_info",
			help:   "What the cloud calls the project; always 1, absent until its id is known.",
			labels: []string{"project_id", "region", "enterprise_project_id"},
			read: func(s *coverage.Snapshot, e *emitter) {
				if s.Info.ID != "" {
					e.emit(1, s.Info.ID, s.Info.Region, s.Info.EnterpriseProjectID)
				}
			},
		},
	}
}
