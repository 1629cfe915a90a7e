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
	Log    *cbrapi.OperationLog
	Stuck  bool // it runs or waits for too long
	ReadAt time.Time
}

// judgeActive sets the active tasks, by id.
func (s *Snapshot) judgeActive() {
	for _, active := range s.Active {
		task := ActiveTask{active.Log, s.stuck(active), active.ReadAt}
		s.ActiveTasks = append(s.ActiveTasks, task)
		for _, key := range keysOf(active.Log) {
			if f := s.keys[key]; f != nil {
				f.active = append(f.active, task)
			}
		}
	}
}

// stuck reports whether a task was running for longer than StuckAfter and than three times
// its last success took, or waiting for longer than a third of StuckAfter.
func (s *Snapshot) stuck(active tasks.ActiveTask) bool {
	log := active.Log
	since, limit := ledger.CreatedAt(log), s.options.StuckAfter/3
	if log.Status != cbrapi.StatusWaiting {
		since, limit = cmp.Or(log.StartedAt, since), s.options.StuckAfter
		for _, key := range keysOf(log) {
			usual, _ := s.of(key).usual()
			limit = max(limit, 3*usual)
		}
	}
	return !since.IsZero() && active.ReadAt.Sub(since) > limit
}
