package collector

import (
	"github.com/cbr-exporter/cbr_exporter/cbrapi"
	"github.com/cbr-exporter/cbr_exporter/collection"
	"github.com/cbr-exporter/cbr_exporter/coverage"
	"github.com/cbr-exporter/cbr_exporter/ledger"
)

// windowFamilies is what is exposed of a project whose list of tasks is followed,
// once it has been read as a whole.
func windowFamilies() []family[*coverage.Snapshot] {
	found := func(name, help string, value func(*collection.Found, *emitter)) family[*coverage.Snapshot] {
		return family[*coverage.Snapshot]{
			name: name,
			help: help,
			read: func(s *coverage.Snapshot, e *emitter) {
				if s.Found != nil && s.Found.Swept {
					value(s.Found, e)
				}
			},
		}
	}
	return []family[*coverage.Snapshot]{
		found("tasks_window_seconds", "Age, by their creation, up to which cbr_tasks counts tasks.",
			func(f *collection.Found, e *emitter) { e.emit(f.Window.Seconds()) }),
		found("tasks_dropped", "Tasks of the window that cbr_tasks does not count because there are more than max_tasks.",
			func(f *collection.Found, e *emitter) { e.emit(float64(f.Dropped)) }),
		found("tasks_history_start_timestamp_seconds", "Unix time from which on all tasks are known: a resource without a success since then had none.",
			func(f *collection.Found, e *emitter) {
				if v, ok := unixSeconds(f.HistoryStart); ok {
					e.emit(v)
				}
			}),
	}
}

// tallyFamilies is what is exposed of one kind of operation in a vault.
func tallyFamilies() []family[ledger.Tally] {
	statuses := cbrapi.Statuses()
	return []family[ledger.Tally]{{
		name:   "tasks",
		help:   "Tasks created within the window, by their status now; unknown stands for statuses that this exporter does not know.",
		labels: []string{"status"},
		read: func(t ledger.Tally, e *emitter) {
			unknown := 0
			for _, n := range t.Tasks {
				unknown += n
			}
			for _, status := range statuses {
				e.emit(float64(t.Tasks[status]), string(status))
				unknown -= t.Tasks[status]
			}
			e.emit(float64(unknown), "unknown")
		},
	}}
}
