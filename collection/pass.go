package collection

import (
	"context"
	"slices"
	"time"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
)

// pass is one reading of what is due. Its fields are guarded by the mutex of
// its collection.
type pass struct {
	number   uint64 // of the passes of its collection, from 1
	started  time.Time
	ended    time.Time // zero while it runs
	answered bool      // the API gave a valid answer at least once
	listed   bool      // the lists are over that it reads
	failures failures

	// Whether something could not be read of the configured tasks, and of those
	// that are to be found.
	tasksFailed, discoveryFailed bool

	// stop ends the pass early, and is nil before it runs.
	stop context.CancelCauseFunc

	// result is what is known at its end, when done is closed.
	result Snapshot
	done   chan struct{}
}

func newPass(number uint64, now time.Time) *pass {
	return &pass{number: number, started: now, done: make(chan struct{}), failures: failures{}}
}

func (p *pass) over() bool { return !p.ended.IsZero() }

// knowsTasks reports whether nothing has failed so far of the configured tasks, and
// knowsFound the same of those that are to be found.
func (p *pass) knowsTasks() bool { return !p.tasksFailed }
func (p *pass) knowsFound() bool { return !p.discoveryFailed }

// duration returns how long the pass took, or has taken by now.
func (p *pass) duration(now time.Time) time.Duration {
	if p.over() {
		now = p.ended
	}
	return now.Sub(p.started)
}

// run reads what is due in the pass p, and ends it.
func (c *Collection) run(p *pass) {
	ctx, cancel := context.WithTimeout(c.alive, c.options.Timeout)
	defer cancel()
	ctx, p.stop = context.WithCancelCause(ctx)
	defer p.stop(nil)

	if err := c.prepare(ctx); err != nil {
		c.noteUnprepared(p, err)
	} else {
		c.readAll(ctx, p)
	}

	if c.alive.Err() == nil { // or the failures say only that it was cancelled
		// First, so that the log of a pass is complete when its scrape ends, and
		// comes before that of the next one.
		c.journal.passed(p.failures)
	}
	c.end(p)
}

func (c *Collection) end(p *pass) {
	c.mu.Lock()
	defer c.mu.Unlock()
	p.ended = c.options.Now()
	if !p.tasksFailed {
		c.lastTasks = p.ended
	}
	if d := c.discovered; d != nil {
		if !p.discoveryFailed && d.swept(p.ended) {
			d.lastFound = p.ended
		}
	}
	c.noteTroubles(p)
	p.result = c.snapshot(p)
	close(p.done)
}

// prepare returns why a pass that begins now cannot ask anything, if so.
func (c *Collection) prepare(ctx context.Context) error {
	if c.options.Prepare == nil {
		return nil
	}
	err := c.options.Prepare(ctx)
	if err != nil && ctx.Err() != nil {
		return context.Cause(ctx) // why it was cancelled, not that it was
	}
	return err
}

// noteTasks takes in tasks that were read in the pass p, from a list or, if that is
// nil, each alone.
func (c *Collection) noteTasks(p *pass, list List, logs ...*cbrapi.OperationLog) {
	c.mu.Lock()
	p.answered = true
	if c.discovered != nil && list != nil {
		c.discovered.advance(c.dateOf(list))
	}
	now, latest := c.options.Now(), c.latest(list)
	var followed []*cbrapi.OperationLog
	for _, log := range logs {
		log = withoutFuture(log, latest)
		if c.note(log, now, p.number) {
			followed = append(followed, log)
		}
	}
	c.mu.Unlock()
	for _, log := range followed {
		c.report(log)
	}
}

// noteMissing takes in that there is no such task. Of one that was active it is no
// answer yet.
func (c *Collection) noteMissing(p *pass, e *entry) {
	c.mu.Lock()
	p.answered = true
	believed := e.miss(c.options.Now(), p.number)
	if believed {
		c.forget(e)
	}
	c.mu.Unlock()
	if !believed {
		c.noteDoubt(p, e)
	}
}

// report tells of what this program does not understand.
func (c *Collection) report(log *cbrapi.OperationLog) {
	if !slices.Contains(cbrapi.Statuses(), log.Status) {
		c.journal.unknownStatus(log)
	}
	c.reportInvalid(log.ID, log.Invalid)
}

func (c *Collection) reportInvalid(taskID string, fields []cbrapi.InvalidField) {
	for _, field := range fields {
		c.options.OnInvalidField(field.Field)
		c.journal.invalid(taskID, field)
	}
}
