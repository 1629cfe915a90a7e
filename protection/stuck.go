package protection

import (
	"cmp"
	"time"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
	"github.com/cbr-exporter/cbr_exporter/tasks"
	"github.com/cbr-exporter/cbr_exporter/tasks/ledger"
)

// ActiveTask is an active task as it was when it was last read.
type ActiveTask struct {
	Log   *cbrapi.OperationLog
	Stuck bool // it runs or waits for too long
}

// judgeActive sets the active tasks, by id.
func (s *Snapshot) judgeActive() {
	usual := map[ledger.ResourceKey]time.Duration{} // time that the last success took
	for _, state := range s.ResourceStates {
		if state.LastSuccess != nil {
			usual[state.ResourceKey] = state.LastSuccess.Duration
		}
	}
	for _, active := range s.Active {
		s.ActiveTasks = append(s.ActiveTasks, ActiveTask{active.Log, s.stuck(active, usual)})
	}
}

// stuck reports whether a task was running for longer than StuckAfter and than three times
// its last success took, or waiting for longer than a third of StuckAfter.
func (s *Snapshot) stuck(active tasks.ActiveTask, usual map[ledger.ResourceKey]time.Duration) bool {
	log := active.Log
	since, limit := ledger.CreatedAt(log), s.options.StuckAfter/3
	if log.Status != cbrapi.StatusWaiting {
		since, limit = cmp.Or(log.StartedAt, since), s.options.StuckAfter
		for _, r := range log.Resources() {
			limit = max(limit, 3*usual[ledger.ResourceKey{ResourceID: r.ID, OperationType: log.OperationType.Canonical()}])
		}
	}
	return !since.IsZero() && active.ReadAt.Sub(since) > limit
}
