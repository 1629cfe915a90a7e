package collector

import (
	"github.com/cbr-exporter/cbr_exporter/cbrapi"
	"github.com/cbr-exporter/cbr_exporter/collection"
)

// The values of the label collector: for the configured ids, and for what is found
// by following the list.
const (
	tasksCollector     = "tasks"
	discoveryCollector = "discovery"
)

// projectFamilies is what is exposed of the reading of one project.
func projectFamilies() []family[*collection.Snapshot] {
	reasons := cbrapi.Reasons()
	return []family[*collection.Snapshot]{
		{
			name: "up",
			help: "1 if, in the newest pass over the project, the API accepted the credentials and gave a valid answer; while it waits for one, if it did in the pass before.",
			read: func(s *collection.Snapshot, e *emitter) { e.emit(number(s.Up)) },
		},
		{
			name:   "scrape_error",
			help:   "1 for each reason why something could not be read in the newest pass, 0 for the others.",
			labels: []string{"reason"},
			read: func(s *collection.Snapshot, e *emitter) {
				for _, reason := range reasons {
					e.emit(number(s.Reasons[reason]), string(reason))
				}
			},
		},
		{
			name: "scrape_duration_seconds",
			help: "How long the newest pass took, or has taken so far.",
			read: func(s *collection.Snapshot, e *emitter) { e.emit(s.Duration.Seconds()) },
		},
		{
			name:   "scrape_collector_success",
			help:   "1 if the newest pass of the collector has read all that it had to; while it runs, if the one before it had.",
			labels: []string{"collector"},
			read: func(s *collection.Snapshot, e *emitter) {
				if len(s.Tasks) > 0 {
					e.emit(number(s.Complete), tasksCollector)
				}
				if s.Found != nil {
					e.emit(number(s.Found.Complete), discoveryCollector)
				}
			},
		},
		{
			name:   "scrape_collector_last_success_timestamp_seconds",
			help:   "Unix time at which the newest successful pass of the collector ended: as of when the other numbers are true.",
			labels: []string{"collector"},
			read: func(s *collection.Snapshot, e *emitter) {
				if v, ok := unixSeconds(s.LastComplete); ok && len(s.Tasks) > 0 {
					e.emit(v, tasksCollector)
				}
				if s.Found == nil {
					return
				}
				if v, ok := unixSeconds(s.Found.LastComplete); ok {
					e.emit(v, discoveryCollector)
				}
			},
		},
		{
			name:   "project_info",
			help:   "What the cloud calls the project; always 1, absent until its id is known.",
			labels: []string{"project_id", "region", "enterprise_project_id"},
			read: func(s *collection.Snapshot, e *emitter) {
				if s.Info.ID != "" {
					e.emit(1, s.Info.ID, s.Info.Region, s.Info.EnterpriseProjectID)
				}
			},
		},
	}
}
