package collector

import (
	"github.com/cbr-exporter/cbr_exporter/cbrapi"
	"github.com/cbr-exporter/cbr_exporter/protection"
	"github.com/cbr-exporter/cbr_exporter/tasks"
)

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
