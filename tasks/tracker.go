// Package tasks tracks the tasks of one project.
//
// A Tracker reads the API in passes. A pass has its own deadline and outlives the
// scrape that started it: a scrape that arrives meanwhile joins it, and a scrape that
// must leave early cancels nothing.
package tasks

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/go-kit/log"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/cbr-exporter/cbr_exporter/background"
	"github.com/cbr-exporter/cbr_exporter/cbrapi"
	"github.com/cbr-exporter/cbr_exporter/problem"
)

// API is the part of cbrapi.Client that a Tracker needs.
type API interface {
	OperationLog(ctx context.Context, id string) (*cbrapi.OperationLog, error)
	OperationLogs(f cbrapi.ListFilter) *cbrapi.List[cbrapi.OperationLog]
}

// Options configure a Tracker.
type Options struct {
	Project   string     // name for logs and snapshots
	TaskIDs   []string   // configured tasks: unique lower-case UUIDs
	Discovery *Discovery // nil: only the configured tasks are tracked

	Timeout         time.Duration // of a pass
	Concurrency     int           // requests at a time
	FinishedTaskTTL time.Duration // age at which a finished task is read again; 0: in every pass

	Now           func() time.Time
	Logger        log.Logger
	InvalidFields *prometheus.CounterVec // counts invalid fields by the label field
	Hints         problem.Hints          // for the log
}

// Tracker tracks the tasks of one project. It is safe for concurrent use.
type Tracker struct {
	options  Options
	api      API
	logger   log.Logger
	warnings *problem.Log
	group    *background.Group // runs passes and full syncs
	since    time.Time         // when it was made

	mu         sync.Mutex
	configured []*entry          // in the order of Options.TaskIDs
	entries    map[string]*entry // by id: configured tasks and active tasks from lists
	discovered *discovered       // nil without Options.Discovery
	current    *pass             // latest pass, running or finished; nil before the first
	previous   *pass             // the pass before current
	lastTasks  time.Time         // end of the last pass that knew all configured tasks
	problems   []problem.Problem // of the last finished pass and the full sync
	revision   uint64            // of the latest snapshot
}

// New returns a Tracker that has not read anything yet.
func New(api API, o Options) *Tracker {
	logger := log.With(o.Logger, "project", o.Project)
	t := &Tracker{
		options:  o,
		api:      api,
		logger:   logger,
		warnings: problem.NewLog(logger),
		group:    background.NewGroup(),
		since:    o.Now(),
		entries:  map[string]*entry{},
	}
	for _, id := range o.TaskIDs {
		e := &entry{id: id, configured: true}
		t.configured = append(t.configured, e)
		t.entries[id] = e
	}
	if o.Discovery != nil {
		t.discovered = newDiscovered(*o.Discovery)
	}
	return t
}

// Collect joins the running pass, or starts one, and returns its result. If ctx ends
// first, it returns the result of the previous pass or, if that is too old, what the running
// pass knows.
func (t *Tracker) Collect(ctx context.Context) Snapshot {
	p := t.join()
	select {
	case <-p.done:
	case <-ctx.Done():
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	switch {
	case p.over():
		return p.result
	case t.previous != nil && t.options.Now().Sub(t.previous.ended) <= maxPreviousAge:
		return t.previous.result
	default:
		return t.snapshot(p)
	}
}

// Last returns the result of the last finished pass without reading the API; ok is
// false if there is none.
func (t *Tracker) Last() (s Snapshot, ok bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if p := t.lastPass(); p != nil {
		return p.result, true
	}
	return Snapshot{Project: t.options.Project}, false
}

// lastPass returns the last finished pass; nil if there is none. The caller holds the mutex.
func (t *Tracker) lastPass() *pass {
	for _, p := range []*pass{t.current, t.previous} {
		if p != nil && p.over() {
			return p
		}
	}
	return nil
}

// Close cancels everything that runs and waits for its end.
func (t *Tracker) Close() { t.group.Close() }

// join returns the running pass. If none runs, it starts one.
func (t *Tracker) join() *pass {
	t.mu.Lock()
	defer t.mu.Unlock()
	number := uint64(1)
	if t.current != nil {
		if !t.current.over() {
			return t.current
		}
		number = t.current.number + 1
	}
	p := &pass{number: number, started: t.options.Now(), failures: failures{}, done: make(chan struct{})}
	if !t.group.Go(func(ctx context.Context) { t.run(ctx, p) }) { // closed
		p.result = t.snapshot(p)
		p.ended = p.started
		close(p.done)
		return p
	}
	t.previous, t.current = t.current, p
	return p
}

// Inherit takes over from old, the Tracker of the previous configuration: the
// configured tasks, of which those that had not finished are to be read again, and, if
// Discovery is the same, everything that has been discovered. If the configured tasks are
// the same too, the result of its last pass stays until the first pass, which it must
// precede.
func (t *Tracker) Inherit(old *Tracker) {
	old.mu.Lock()
	defer old.mu.Unlock()
	t.mu.Lock()
	defer t.mu.Unlock()
	t.problems = old.problems
	all := true
	for _, e := range t.configured {
		before := old.entries[e.id]
		if before == nil {
			all = false
			continue
		}
		e.log, e.readAt, e.triedAt = before.log, before.readAt, before.triedAt
		all = all && before.finished() // it has to be read again
	}
	if all {
		t.lastTasks = old.lastTasks
	}
	if !t.discovered.sameAs(old.discovered) {
		return
	}
	t.since = old.since
	if last := old.lastPass(); last != nil && slices.Equal(t.options.TaskIDs, old.options.TaskIDs) {
		t.current, t.revision = new(*last), old.revision
	}
	if t.discovered == nil {
		return
	}
	// Each Tracker has a mutex of its own, so they must not share this.
	t.discovered, old.discovered = old.discovered, newDiscovered(*old.options.Discovery)
	t.discovered.sync, t.discovered.syncing = nil, false // its list uses the old client
	for id, before := range old.entries {
		if t.entries[id] == nil && t.discovered.follows(before) {
			t.entries[id] = &entry{id: id, log: before.log, readAt: before.readAt}
		}
	}
}
