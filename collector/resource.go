package collector

import (
	"github.com/cbr-exporter/cbr_exporter/cbrapi"
	"github.com/cbr-exporter/cbr_exporter/collection"
)

// resourceFamilies is what is exposed of one resource.
func resourceFamilies() []family[cbrapi.Resource] {
	return []family[cbrapi.Resource]{{
		name:   "resource_info",
		help:   "Name and type of the resource, from its newest task; always 1.",
		labels: []string{"resource_name", "resource_type"},
		read:   func(r cbrapi.Resource, e *emitter) { e.emit(1, r.Name, r.Type) },
	}}
}

// lastFinishedFamilies is what is exposed of the newest finished task of a
// resource. No label tells one task from the next, so an alert on these series
// resolves when the next task succeeds.
func lastFinishedFamilies() []family[collection.LastFinished] {
	statuses := finishedStatuses()
	families := []family[collection.LastFinished]{
		{
			name:   "resource_last_finished_task_status",
			help:   "1 for the status with which the newest finished task of the resource ended, 0 for the others.",
			labels: []string{"status"},
			read: func(l collection.LastFinished, e *emitter) {
				emitStatus(l.Log.Status, statuses, e)
			},
		},
		{
			name:   "resource_last_finished_task_info",
			help:   "Which task is the newest finished one of the resource, and why it failed if it did; always 1.",
			labels: []string{"task_id", "policy_id", "error_code"},
			read: func(l collection.LastFinished, e *emitter) {
				e.emit(1, l.Log.ID, l.Log.PolicyID, l.Log.ErrorInfo.Code)
			},
		},
	}
	for _, g := range gauges() {
		if g.of&ofLastFinished != 0 {
			families = append(families, family[collection.LastFinished]{
				name: "resource_last_finished_task_" + g.name,
				help: g.help + "; of the newest finished task of the resource.",
				read: func(l collection.LastFinished, e *emitter) {
					if v, ok := g.read(l.Log); ok {
						e.emit(v)
					}
				},
			})
		}
	}
	return families
}

func finishedStatuses() []cbrapi.Status {
	return []cbrapi.Status{
		cbrapi.StatusSuccess, cbrapi.StatusSkipped, cbrapi.StatusFailed, cbrapi.StatusTimeout,
	}
}
