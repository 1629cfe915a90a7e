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
	// At is when the snapshot was taken.
	At time.Time
	// Resources is what the tasks say of their resources. It is empty until every
	// configured id has been answered once: among half of the tasks, the newest
	// failure may be one that has long been made good.
	Resources Resources
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

// snapshot returns what is known in the pass p, running or over. It must be called
// with the mutex held.
func (c *Collection) snapshot(p *pass) Snapshot {
	now := c.options.Now()
	s := Snapshot{
		Project:      c.options.Project,
		Tasks:        make([]Task, len(c.entries)),
		Up:           p.answered,
		Reasons:      map[cbrapi.Reason]bool{},
		Duration:     now.Sub(p.started),
		Complete:     p.over() && len(p.failures) == 0,
		LastComplete: c.lastSuccess,
		At:           now,
		Resources:    c.resources(),
	}
	for i := range c.entries {
		s.Tasks[i] = c.task(&c.entries[i], p, now)
	}
	for reason := range p.failures {
		s.Reasons[reason] = true
	}
	if !p.over() {
		s.Reasons[cbrapi.ReasonDeadline] = true
	}
	return s
}

// task says what of an entry is still true. What has ended stays as it is; what
// was active may have changed since.
func (c *Collection) task(e *entry, p *pass, now time.Time) Task {
	t := Task{ID: e.id, Err: e.err}
	t.Known = e.readIn == p.number || c.lately(e, p, now) || e.fresh(now, c.options.FinishedTaskTTL)
	if t.Known || e.final() {
		t.Log = e.log
	}
	return t
}

// lookback is how long Prometheus itself takes a sample for current.
const lookback = 5 * time.Minute

// lately reports whether the pass p, which runs, has yet to try what the pass
// before it has read. That answer still counts: a scrape that always has to leave
// early would otherwise never find what is read last.
func (c *Collection) lately(e *entry, p *pass, now time.Time) bool {
	return !p.over() && e.failedIn != p.number &&
		c.previous != nil && e.readIn == c.previous.number && now.Sub(e.readAt) <= lookback
}

// resources reduces all that was ever read, so that a task that cannot be read now
// still tells the names that it told before.
func (c *Collection) resources() Resources {
	logs := make([]*cbrapi.OperationLog, 0, len(c.entries))
	for i := range c.entries {
		e := &c.entries[i]
		if e.readAt.IsZero() {
			return Resources{}
		}
		if e.log != nil {
			logs = append(logs, e.log)
		}
	}
	return ResourcesOf(logs)
}
