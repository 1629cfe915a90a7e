package collection

import (
	"time"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
)

// Snapshot is what is known of a project at one moment. The operation logs in
// it are shared and must not be changed.
type Snapshot struct {
	Project string
	Tasks   []Task // one for each configured id, in the order of the configuration

	// Up reports whether the API gave a valid answer in the newest pass.
	Up bool
	// Reasons are why tasks could not be read in the newest pass. It holds
	// cbrapi.ReasonDeadline while the pass is not over.
	Reasons map[cbrapi.Reason]bool
	// Duration is how long the newest pass took, or has taken so far.
	Duration time.Duration
	// Complete reports whether the newest pass is over and met no failure.
	Complete bool
	// LastComplete is when the newest complete pass ended; zero if there was none.
	LastComplete time.Time
}

// Task is what is known of one configured id.
type Task struct {
	ID string
	// Log is nil where there is nothing to say that is still true: the task was
	// never read, does not exist, or was active when it was read last, which
	// was not in this pass.
	Log *cbrapi.OperationLog
	// Known reports whether it is known that the task is as Log says or, where
	// Log is nil, that it does not exist.
	Known bool
	// Err is why the newest attempt to read the task failed; nil if it did not.
	Err error
}

// Exists reports whether a task that is Known exists.
func (t Task) Exists() bool { return t.Log != nil }

// snapshot must be called with the mutex held.
func (c *Collection) snapshot() Snapshot {
	s := Snapshot{
		Project:      c.options.Project,
		Tasks:        make([]Task, len(c.entries)),
		Reasons:      map[cbrapi.Reason]bool{},
		LastComplete: c.lastSuccess,
	}
	now := c.options.Now()
	for i := range c.entries {
		s.Tasks[i] = c.task(&c.entries[i], now)
	}
	p := c.current
	if p == nil {
		return s
	}
	s.Up = p.answered
	for reason := range p.failures {
		s.Reasons[reason] = true
	}
	if p.over() {
		s.Duration = p.ended.Sub(p.started)
		s.Complete = len(p.failures) == 0
	} else {
		s.Duration = now.Sub(p.started)
		s.Reasons[cbrapi.ReasonDeadline] = true
	}
	return s
}

// task says what of an entry is still true. What has ended stays as it is; what
// was active may have changed since.
func (c *Collection) task(e *entry, now time.Time) Task {
	t := Task{ID: e.id, Err: e.err}
	current := e.readIn != nil && (e.readIn == c.current || e.readIn == c.unseen())
	t.Known = current || e.fresh(now, c.options.FinishedTaskTTL)
	if t.Known || e.final() {
		t.Log = e.log
	}
	return t
}

// unseen returns the pass before the one that runs if no scrape was there at
// its end: its answers count as current until the running pass is over, or a
// scrape that always has to leave early would never find them.
func (c *Collection) unseen() *pass {
	if c.previous == nil || c.previous.seen || c.current.over() {
		return nil
	}
	return c.previous
}
