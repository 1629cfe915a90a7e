package collection

import (
	"context"
	"sync"
	"time"

	"github.com/go-kit/log"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
)

// API reads a task. cbrapi.Client is one.
type API interface {
	OperationLog(ctx context.Context, id string) (*cbrapi.OperationLog, error)
}

// Options say what a collection follows, and how.
type Options struct {
	Project string   // its name, for logs and snapshots
	TaskIDs []string // UUIDs in lower case, each once

	// Prepare comes before the requests of a pass, which fails with it. Nil: there
	// is nothing to prepare.
	Prepare func(context.Context) error

	Timeout         time.Duration // the longest that a pass may take
	Concurrency     int           // requests at a time
	FinishedTaskTTL time.Duration // a finished task is read again after this; 0: in every pass

	Now            func() time.Time
	Logger         log.Logger
	OnInvalidField func(field string) // is told of every field that could not be read
}

// Collection follows the tasks of one project. It is safe for concurrent use.
type Collection struct {
	options Options
	api     API
	journal *journal

	alive   context.Context // of the collection; every pass ends with it
	close   context.CancelFunc
	running sync.WaitGroup

	mu          sync.Mutex
	entries     []entry // one for each of TaskIDs, in that order
	current     *pass   // the newest pass, running or over; nil before the first
	previous    *pass   // the one before it
	lastSuccess time.Time
}

// New returns a collection that has not read anything yet.
func New(api API, o Options) *Collection {
	c := &Collection{options: o, api: api, journal: newJournal(log.With(o.Logger, "project", o.Project))}
	c.alive, c.close = context.WithCancel(context.Background())
	c.entries = make([]entry, len(o.TaskIDs))
	for i, id := range o.TaskIDs {
		c.entries[i].id = id
	}
	return c
}

// Collect joins the pass that runs, or begins one, and returns what is known at
// its end, or when ctx is done if that is earlier.
func (c *Collection) Collect(ctx context.Context) Snapshot {
	p := c.join() //nolint:contextcheck // a pass outlives the scrape that began it
	select {
	case <-p.done:
		return p.result
	case <-ctx.Done():
		c.mu.Lock()
		defer c.mu.Unlock()
		if p.over() {
			return p.result
		}
		return c.snapshot(p)
	}
}

// Last returns what was known at the end of the last pass, without asking the
// API; ok is false before that.
func (c *Collection) Last() (s Snapshot, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, p := range []*pass{c.current, c.previous} {
		if p != nil && p.over() {
			return p.result, true
		}
	}
	return Snapshot{Project: c.options.Project}, false
}

// Adopt takes over what old knows of tasks that have ended, so that a new
// configuration forgets nothing. It must come before the first pass.
func (c *Collection) Adopt(old *Collection) {
	old.mu.Lock()
	defer old.mu.Unlock()
	c.mu.Lock()
	defer c.mu.Unlock()
	known := map[string]*entry{}
	for i := range old.entries {
		known[old.entries[i].id] = &old.entries[i]
	}
	all := true
	for i := range c.entries {
		before := known[c.entries[i].id]
		if before == nil || !before.final() {
			all = false
			continue
		}
		e := &c.entries[i]
		e.log, e.readAt, e.triedAt = before.log, before.readAt, before.triedAt
	}
	if all {
		c.lastSuccess = old.lastSuccess
	}
}

// Close cancels the pass that runs and waits for its end. Collect then returns
// at once what was known at that moment.
func (c *Collection) Close() {
	c.mu.Lock()
	c.close() // with the mutex held, so that no pass begins behind it
	c.mu.Unlock()
	c.running.Wait()
}

// join returns the pass that runs, which it begins if there is none.
func (c *Collection) join() *pass {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.current != nil && !c.current.over() {
		return c.current
	}
	number := uint64(1)
	if c.current != nil {
		number = c.current.number + 1
	}
	p := newPass(number, c.options.Now())
	if c.alive.Err() != nil {
		p.result = c.snapshot(p)
		close(p.done)
		return p
	}
	c.previous, c.current = c.current, p
	c.running.Go(func() { c.run(p) })
	return p
}
