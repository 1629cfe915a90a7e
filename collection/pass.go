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

// probeGrace is how long the other requests of a pass wait for the first one.
const probeGrace = time.Second

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

// readAll reads the lists, where they are worth it, and then one by one what they
// did not bring.
func (c *Collection) readAll(ctx context.Context, p *pass) {
	if lists := c.lists(ctx, p); lists != nil {
		over := make(chan struct{})
		go func() {
			defer close(over)
			c.ahead(lists[0], lists[1:])
		}()
		select {
		case <-over:
		case <-time.After(c.options.Timeout / 3):
			c.readDue(ctx, p) // of the configured ones, which would starve if a list hangs
			<-over
		}
		if c.options.Discovery != nil && ctx.Err() == nil {
			c.beginSweep(p) //nolint:contextcheck // a sweep outlives the pass that began it
		}
	}
	c.mu.Lock()
	p.listed = true
	c.mu.Unlock()
	c.readDue(ctx, p)
}

// readDue reads one by one what is due.
func (c *Collection) readDue(ctx context.Context, p *pass) {
	tasks := c.due(p)
	if len(tasks) == 0 {
		return
	}
	read := make([]func(), len(tasks))
	for i, e := range tasks {
		read[i] = func() { c.readTask(ctx, p, e) }
	}
	c.ahead(read[0], read[1:])
}

// ahead has the first request go alone, and then all the others, so many at a
// time as there may be: an access key is locked for everybody after a few
// refusals, so no other may be under way when it is refused. One that hangs must
// not keep the others waiting, though.
func (c *Collection) ahead(first func(), others []func()) {
	var group errgroup.Group
	group.SetLimit(c.options.Concurrency)
	over := make(chan struct{})
	group.Go(func() error {
		defer close(over)
		first()
		return nil // it has noted what went wrong
	})
	select {
	case <-over:
	case <-time.After(probeGrace):
	}
	for _, other := range others {
		group.Go(func() error {
			other()
			return nil
		})
	}
	_ = group.Wait()
}

// readTask asks for one task and notes the answer.
func (c *Collection) readTask(ctx context.Context, p *pass, e *entry) {
	if ctx.Err() != nil {
		c.noteTaskFailure(p, e, context.Cause(ctx), false)
		return
	}
	log, err := c.api.OperationLog(ctx, e.id)
	switch {
	case err == nil:
		c.noteTasks(p, nil, log)
	case cbrapi.IsNotFound(err):
		c.noteMissing(p, e)
	default:
		c.noteTaskFailure(p, e, c.stopFor(ctx, p, err), !errors.Is(err, ErrNotAsked))
	}
}

// stopFor ends the pass if err is a reason for that, and returns what to say of the
// failure: why a request was cancelled, not that it was.
func (c *Collection) stopFor(ctx context.Context, p *pass, err error) error {
	if cause := context.Cause(ctx); cause != nil && !errors.Is(err, cause) {
		err = cause
	}
	if stopsPass(err) {
		p.stop(err)
	}
	return err
}

// stopsPass reports whether the other tasks would fail for the same reason, and do
// harm: refused requests and logins lock a key or a user for everybody.
func stopsPass(err error) bool {
	reason := cbrapi.ReasonOf(err)
	return reason == cbrapi.ReasonCredentials || reason == cbrapi.ReasonClock || errors.Is(err, cbrapi.ErrLogin)
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
