// Package inventory keeps the vaults and policies of one project: what should be
// backed up, and how often.
//
// Both lists change rarely, so they are read in the background and a scrape returns
// the last known state. Only the first scrape waits for a reading. Scrapes start the
// readings: without scrapes there are no requests.
package inventory

import (
	"context"
	"sync"
	"time"

	"github.com/go-kit/log"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/cbr-exporter/cbr_exporter/background"
	"github.com/cbr-exporter/cbr_exporter/cbrapi"
	"github.com/cbr-exporter/cbr_exporter/problem"
)

// API reads the two lists. *cbrapi.Client implements it.
type API interface {
	Vaults() *cbrapi.List[cbrapi.Vault]
	Policies(context.Context) ([]*cbrapi.Policy, []cbrapi.InvalidField, error)
}

// Options configure an Inventory.
type Options struct {
	Project string        // name, for logs
	Refresh time.Duration // time between two readings
	Timeout time.Duration // limit for reading one list

	Now           func() time.Time
	Logger        log.Logger
	InvalidFields *prometheus.CounterVec // counts invalid fields, by the label field
	Hints         problem.Hints          // for the log
}

// Inventory follows the vaults and policies of one project. It is safe for
// concurrent use.
type Inventory struct {
	options  Options
	api      API
	logger   log.Logger
	problems *problem.Log
	readings *background.Group
	since    time.Time // when it was made

	mu       sync.Mutex
	current  *reading // the one that runs; nil if none does
	known    known
	revision uint64 // grows with what is known
}

// New returns an inventory that has not read anything yet.
func New(api API, o Options) *Inventory {
	logger := log.With(o.Logger, "project", o.Project)
	return &Inventory{
		options:  o,
		api:      api,
		logger:   logger,
		problems: problem.NewLog(logger),
		readings: background.NewGroup(),
		since:    o.Now(),
	}
}

// Collect starts a reading if one is due and returns the last known state. It waits
// for the first reading, but not after ctx is done. A reading outlives the scrape that
// started it.
func (i *Inventory) Collect(ctx context.Context) Snapshot {
	if first := i.start(); first != nil {
		select {
		case <-first.done:
		case <-ctx.Done():
		}
	}
	return i.Last()
}

// Last returns the last known state without sending a request.
func (i *Inventory) Last() Snapshot {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.snapshot()
}

// Close cancels the running reading and waits for its end.
func (i *Inventory) Close() { i.readings.Close() }

// Inherit takes over the known state of old, so that a reload loses nothing. It must
// be called before the first reading. What old reads afterwards is lost.
func (i *Inventory) Inherit(old *Inventory) {
	old.mu.Lock()
	defer old.mu.Unlock()
	i.mu.Lock()
	defer i.mu.Unlock()
	i.known, i.since = old.known, old.since
}

// start starts a reading if one is due and none runs. It returns the running reading
// if it is the first one.
func (i *Inventory) start() *reading {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.current == nil {
		r := i.known.due(i.options.Now(), i.options.Refresh)
		if r == nil || !i.readings.Go(func(ctx context.Context) { i.run(ctx, r) }) {
			return nil
		}
		i.current = r
	}
	if i.known.attempted() { // a list that failed at first may go on failing
		return nil
	}
	return i.current
}
