package collection

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/go-kit/log"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
)

// API reads tasks, one or many.
type API interface {
	// OperationLog returns one task. Its error is that of cbrapi.Client, or has
	// ErrNotAsked in its chain.
	OperationLog(ctx context.Context, id string) (*cbrapi.OperationLog, error)
	// List returns a list of the tasks that the filter names. The service may
	// ignore the filter.
	List(cbrapi.ListFilter) List
	// ListToEnd returns a list that ends where nothing more comes, whatever the
	// service says of its length.
	ListToEnd(cbrapi.ListFilter) List
}

// List is a list that is read page by page, by one goroutine. cbrapi.Listing is
// one, and says what the methods do.
type List interface {
	Next(context.Context) ([]*cbrapi.OperationLog, error)
	Done() bool
	Date() time.Time
	Invalid() []cbrapi.InvalidField
}

// ErrNotAsked is in the chain of an error that says that a request was not sent.
var ErrNotAsked = errors.New("not asked")

// Options say what a collection follows, and how.
type Options struct {
	Project   string             // its name, for logs and snapshots
	Info      func() ProjectInfo // what the project is, as far as is known; nil: nothing is
	TaskIDs   []string           // UUIDs in lower case, each once
	Discovery *Discovery         // nil: the list of tasks is not followed

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

	mu         sync.Mutex
	configured []*entry          // one for each of TaskIDs, in that order
	entries    map[string]*entry // by id: the configured ones, and those that were found and are active
	discovered *discovered       // nil without Discovery
	latestDate time.Time         // that a list has had, right or wrong
	listsAgain time.Time         // without Discovery: no list is asked for before
	current    *pass             // the newest pass, running or over; nil before the first
	previous   *pass             // the one before it
	lastTasks  time.Time         // when the newest pass ended that knew all configured tasks
	troubles   []Trouble         // of the newest pass that is over
}

// New returns a collection that has not read anything yet.
func New(api API, o Options) *Collection {
	c := &Collection{
		options: o,
		api:     api,
		journal: newJournal(log.With(o.Logger, "project", o.Project)),
		entries: map[string]*entry{},
	}
	c.alive, c.close = context.WithCancel(context.Background())
	for _, id := range o.TaskIDs {
		e := &entry{id: id, configured: true}
		c.configured = append(c.configured, e)
		c.entries[id] = e
	}
	if o.Discovery != nil {
		c.discovered = newDiscovered(*o.Discovery)
	}
	return c
}

// Collect joins the pass that runs, or begins one, and returns what is known at
// its end, or when ctx is done if that is earlier.
func (c *Collection) Collect(ctx context.Context) Snapshot {
	p := c.join() //nolint:contextcheck // a pass outlives the scrape that began it
	select {
	case <-p.done:
	case <-ctx.Done():
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if p.over() {
		return p.result
	}
	return c.snapshot(p)
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

// Close cancels what runs and waits for its end. Collect then returns at once what
// was known at that moment.
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
		p.ended = p.started
		close(p.done)
		return p
	}
	c.previous, c.current = c.current, p
	c.running.Go(func() { c.run(p) })
	return p
}
