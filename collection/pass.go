package collection

import (
	"context"
	"errors"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
)

// pass is one reading of what is due. Its fields are guarded by the mutex of
// its collection.
type pass struct {
	number   uint64 // of the passes of its collection, from 1
	started  time.Time
	ended    time.Time // zero while it runs
	answered bool      // the API gave a valid answer at least once
	failures failures

	// result is what is known at its end, when done is closed, for all scrapes
	// that waited for it: the next pass may begin before they run.
	result Snapshot
	done   chan struct{}
}

// failures holds one example for each reason that a pass has met.
type failures map[cbrapi.Reason]failure

// failure is what stands for all failures of one reason.
type failure struct {
	count  int // tasks that could not be read for this reason
	taskID string
	err    error
}

func newPass(number uint64, now time.Time) *pass {
	return &pass{number: number, started: now, done: make(chan struct{}), failures: failures{}}
}

func (p *pass) over() bool { return !p.ended.IsZero() }

// probeGrace is how long the other requests of a pass wait for the first one.
const probeGrace = time.Second

// run reads what is due in the pass p, and ends it.
func (c *Collection) run(p *pass) {
	ctx, cancel := context.WithTimeout(c.alive, c.options.Timeout)
	defer cancel()
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)

	probe, others := c.due()
	if err := c.prepare(ctx); err != nil {
		for _, e := range append(others, probe) {
			c.noteFailure(p, e, err)
		}
	} else {
		c.readAll(ctx, p, stop, probe, others)
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
	if len(p.failures) == 0 {
		c.lastSuccess = p.ended
	}
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

// readAll reads the probe, and then the others as well.
func (c *Collection) readAll(ctx context.Context, p *pass, stop context.CancelCauseFunc, probe *entry, others []*entry) {
	var group errgroup.Group
	group.SetLimit(c.options.Concurrency)
	// One request goes ahead alone: an access key is locked for everybody after
	// a few refusals, so no other may be under way when it is refused. One that
	// hangs must not keep the others waiting, though.
	probed := make(chan struct{})
	group.Go(func() error {
		defer close(probed)
		c.read(ctx, p, probe, stop)
		return nil // it has noted what went wrong
	})
	select {
	case <-probed:
	case <-time.After(probeGrace):
	}
	for _, e := range others {
		group.Go(func() error {
			c.read(ctx, p, e, stop)
			return nil
		})
	}
	_ = group.Wait()
}

// due returns what a pass that begins now has to read: first the task that was
// read last, which is the most likely to answer, then the others, the longest
// untried first, so that no task starves where a pass cannot read them all.
//
// There is always something: a pass that asked nothing could not say whether
// the API would have answered.
func (c *Collection) due() (probe *entry, others []*entry) {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := c.options.Now()
	var due []*entry
	oldest := &c.entries[0]
	for i := range c.entries {
		e := &c.entries[i]
		if e.due(now, c.options.FinishedTaskTTL) {
			due = append(due, e)
		}
		if e.readAt.Before(oldest.readAt) {
			oldest = e
		}
	}
	if len(due) == 0 {
		return oldest, nil
	}
	slices.SortStableFunc(due, func(a, b *entry) int { return a.triedAt.Compare(b.triedAt) })
	probe = slices.MaxFunc(due, func(a, b *entry) int { return a.readAt.Compare(b.readAt) })
	return probe, slices.DeleteFunc(due, func(e *entry) bool { return e == probe })
}

// read asks for one task and notes the answer.
func (c *Collection) read(ctx context.Context, p *pass, e *entry, stop context.CancelCauseFunc) {
	if ctx.Err() != nil {
		c.noteFailure(p, e, context.Cause(ctx))
		return
	}
	log, err := c.api.OperationLog(ctx, e.id)
	switch {
	case err == nil, cbrapi.IsNotFound(err):
		c.noteAnswer(p, e, log)
	default:
		c.noteAttempt(e)
		if cause := context.Cause(ctx); cause != nil && !errors.Is(err, cause) {
			err = cause // why it was cancelled, not that it was
		}
		c.noteFailure(p, e, err)
		if stopsPass(err) {
			stop(err)
		}
	}
}

// stopsPass reports whether the other tasks would fail for the same reason, and do
// harm: refused requests and logins lock a key or a user for everybody.
func stopsPass(err error) bool {
	reason := cbrapi.ReasonOf(err)
	return reason == cbrapi.ReasonCredentials || reason == cbrapi.ReasonClock || errors.Is(err, cbrapi.ErrLogin)
}

func (c *Collection) noteAnswer(p *pass, e *entry, log *cbrapi.OperationLog) {
	c.mu.Lock()
	p.answered = true
	e.log, e.readAt, e.readIn = log, c.options.Now(), p.number
	e.triedAt, e.err, e.failedIn = e.readAt, nil, 0
	c.mu.Unlock()
	if log != nil {
		c.report(log)
	}
}

func (c *Collection) noteAttempt(e *entry) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e.triedAt = c.options.Now()
}

func (c *Collection) noteFailure(p *pass, e *entry, err error) {
	reason := cbrapi.ReasonOf(err)
	c.mu.Lock()
	defer c.mu.Unlock()
	e.err, e.failedIn = err, p.number
	f, met := p.failures[reason]
	if !met {
		f = failure{taskID: e.id, err: err}
	}
	f.count++
	p.failures[reason] = f
}

// report tells of what this program does not understand.
func (c *Collection) report(log *cbrapi.OperationLog) {
	if !slices.Contains(cbrapi.Statuses(), log.Status) {
		c.journal.unknownStatus(log)
	}
	for _, field := range log.Invalid {
		c.options.OnInvalidField(field.Field)
		c.journal.invalid(log.ID, field)
	}
}
