package collection

import (
	"context"
	"errors"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
)

// probeGrace is how long the other requests of a pass wait for the first one.
const probeGrace = time.Second

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
