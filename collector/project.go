package collector

import (
	"slices"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
	"github.com/cbr-exporter/cbr_exporter/protection"
	"github.com/cbr-exporter/cbr_exporter/tasks"
)

// projectFamilies are the metrics of one project and of the last pass over it.
func projectFamilies() []family[snapshot] {
	reasons := cbrapi.Reasons()
	return []family[snapshot]{
		{
			name: "cbr_up",
			help: "Whether the API accepted the credentials and returned a valid response in the last pass over the project.",
			read: func(s snapshot, e *emitter) { e.emit(boolToFloat(s.Up)) },
		},
		{
			name:   "cbr_scrape_error",
			help:   "Whether the last pass could not read something for this reason.",
			labels: []string{"reason"},
			read: func(s snapshot, e *emitter) {
				for _, reason := range reasons {
					met := s.Reasons[reason] || slices.ContainsFunc(s.Readings(), func(r protection.Reading) bool { return r.Reasons[reason] })
					e.emit(boolToFloat(met), string(reason))
				}
			},
		},
		{
			name: "cbr_scrape_duration_seconds",
			help: "Duration of the last pass; while a pass runs, how long it has taken so far.",
			read: func(s snapshot, e *emitter) { e.emit(s.Duration.Seconds()) },
		},
		{
			name:   "cbr_scrape_collector_success",
			help:   "Whether the last finished pass of this collector succeeded. 0 while a pass takes too long.",
			labels: []string{"collector"},
			read: func(s snapshot, e *emitter) {
				for _, c := range s.Collectors() {
					e.emit(boolToFloat(c.Complete), c.Name)
				}
			},
		},
		{
			name:   "cbr_scrape_collector_last_success_timestamp_seconds",
			help:   "Unix time at which the last successful pass of this collector ended.",
			labels: []string{"collector"},
			read: func(s snapshot, e *emitter) {
				for _, c := range s.Collectors() {
					if v, known := unixSeconds(c.LastComplete); known {
						e.emit(v, c.Name)
					}
				}
			},
		},
		{
			name:   "cbr_scrape_collector_incomplete_seconds",
			help:   "Time since the last success of this collector or, if that is later, since its lists could not be read beside the passes, or since the exporter started following the project; 0 while it succeeds.",
			labels: []string{"collector"},
			read: func(s snapshot, e *emitter) {
				for _, c := range s.Collectors() {
					e.emit(c.Incomplete.Seconds(), c.Name)
				}
			},
		},
		{
			name:   "cbr_project_info",
			help:   "ID, region and enterprise project of the project, and the URL of the page for people. Always 1; absent until the ID is known.",
			labels: []string{"project_id", "region", "enterprise_project_id", "page"},
			read: func(s snapshot, e *emitter) {
				if s.Info.ID != "" {
					e.emit(1, s.Info.ID, s.Info.Region, s.Info.EnterpriseProjectID, s.Info.Page)
				}
			},
		},
	}
}

func eachProject(s snapshot, add func(snapshot, ...string)) { add(s) }

// windowFamilies are the metrics of the discovery of one project. They are absent until
// the whole task list has been read.
func windowFamilies() []family[snapshot] {
	return []family[snapshot]{
		gauge("cbr_tasks_left_out", "Number of records of tasks that are left out, as there are too many active tasks, resources or vaults. A record that comes again counts again.",
			ofWindow(func(d *tasks.Discovered) (float64, bool) { return float64(d.LeftOut), true })),
		gauge("cbr_tasks_history_start_timestamp_seconds", "Unix time since which all tasks are known.",
			ofWindow(func(d *tasks.Discovered) (float64, bool) { return unixSeconds(d.HistoryStart) })),
	}
}

// ofWindow returns a reader of what is known once the whole task list has been read.
func ofWindow(read func(*tasks.Discovered) (float64, bool)) func(snapshot) (float64, bool) {
	return func(s snapshot) (float64, bool) {
		if s.Discovered == nil || !s.Discovered.Synced {
			return 0, false
		}
		return read(s.Discovered)
	}
}

// taskCountFamilies are the metrics of one vault and operation type.
func taskCountFamilies() []family[protection.TaskCount] {
	statuses := cbrapi.Statuses()
	return []family[protection.TaskCount]{{
		name:   "cbr_tasks",
		help:   "Number of tasks created within the window, by their current status; unknown stands for a status that this exporter does not know.",
		labels: []string{"status"},
		read: func(c protection.TaskCount, e *emitter) {
			unknown := 0
			for _, n := range c.Tasks {
				unknown += n
			}
			for _, status := range statuses {
				e.emit(float64(c.Tasks[status]), string(status))
				unknown -= c.Tasks[status]
			}
			e.emit(float64(unknown), "unknown")
		},
	}}
}

func eachTaskCount(s snapshot, add func(protection.TaskCount, ...string)) {
	for _, n := range s.TaskCounts {
		add(n, n.VaultID, s.VaultName(n.VaultID), string(n.OperationType))
	}
}
