package collector

import (
	"slices"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
	"github.com/cbr-exporter/cbr_exporter/ledger"
)

// resourceFamilies is what is exposed of one resource.
func resourceFamilies() []family[ledger.Resource] {
	return []family[ledger.Resource]{{
		name:   "resource_info",
		help:   "Name and type of the resource, from its newest task, or from the list of vaults where that is newer; always 1.",
		labels: []string{"resource_name", "resource_type"},
		read:   func(r ledger.Resource, e *emitter) { e.emit(1, r.Name, r.Type) },
	}}
}

// standing is how a resource stands, and whether its history is known: without
// discovery, what succeeded last among some ids says nothing about today.
type standing struct {
	ledger.Standing
	historyKnown bool
}

// standingFamilies is what is exposed of one kind of operation on a resource in a
// vault. No label tells one task from the next, so an alert on these series resolves
// when the next task succeeds.
func standingFamilies() []family[standing] {
	return slices.Concat(lastFinishedFamilies(), historyFamilies())
}

func lastFinishedFamilies() []family[standing] {
	statuses := finishedStatuses()
	families := []family[standing]{
		{
			name:   "resource_last_finished_task_status",
			help:   "1 for the status with which the newest finished task of the resource ended, 0 for the others.",
			labels: []string{"status"},
			read:   func(s standing, e *emitter) { emitStatus(s.LastFinished.Status, statuses, e) },
		},
		{
			name:   "resource_last_finished_task_info",
			help:   "Which task is the newest finished one of the resource, and why it failed if it did; always 1.",
			labels: []string{"task_id", "policy_id", "error_code"},
			read: func(s standing, e *emitter) {
				e.emit(1, s.LastFinished.ID, s.LastFinished.PolicyID, s.LastFinished.ErrorInfo.Code)
			},
		},
	}
	for _, g := range gauges() {
		if g.of&ofLastFinished != 0 {
			families = append(families, family[standing]{
				name: "resource_last_finished_task_" + g.name,
				help: g.help + "; of the newest finished task of the resource.",
				read: func(s standing, e *emitter) {
					if v, ok := g.read(s.LastFinished); ok {
						e.emit(v)
					}
				},
			})
		}
	}
	return families
}

// historyFamilies is what takes more than the newest finished task.
func historyFamilies() []family[standing] {
	return []family[standing]{
		{
			name: "resource_last_success_timestamp_seconds",
			help: "Unix time at which the newest task of the resource ended that succeeded; absent where none is known.",
			read: func(s standing, e *emitter) { s.emitEnd(s.LastSuccess, e) },
		},
		{
			name: "resource_last_success_duration_seconds",
			help: "How long the newest task of the resource ran that succeeded; absent where none is known.",
			read: func(s standing, e *emitter) {
				if s.LastSuccess != nil && s.LastSuccess.HasDuration && s.historyKnown {
					e.emit(s.LastSuccess.Duration.Seconds())
				}
			},
		},
		{
			name: "resource_last_failure_timestamp_seconds",
			help: "Unix time at which the newest task of the resource ended that failed or timed out; absent where none is known.",
			read: func(s standing, e *emitter) { s.emitEnd(s.LastFailure, e) },
		},
		{
			name: "resource_consecutive_failures",
			help: "Tasks of the resource that failed or timed out since the newest that succeeded; a skipped one neither counts nor resets.",
			read: func(s standing, e *emitter) {
				if s.historyKnown {
					e.emit(float64(s.ConsecutiveFailures))
				}
			},
		},
	}
}

func (s standing) emitEnd(o *ledger.Outcome, e *emitter) {
	if o == nil || !s.historyKnown {
		return
	}
	if v, ok := unixSeconds(o.End); ok {
		e.emit(v)
	}
}

func finishedStatuses() []cbrapi.Status {
	return []cbrapi.Status{
		cbrapi.StatusSuccess, cbrapi.StatusSkipped, cbrapi.StatusFailed, cbrapi.StatusTimeout,
	}
}
