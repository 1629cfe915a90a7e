package inventory

import (
	"context"
	"sync"
	"time"

	"github.com/go-kit/log"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
)

// API reads the two lists.
type API interface {
	// Vaults returns the list of vaults. It sends nothing yet.
	Vaults() VaultList
	// Policies returns all policies, none twice, and what could not be read of
	// their list.
	Policies(context.Context) ([]*cbrapi.Policy, []cbrapi.InvalidField, error)
}

// VaultList is a list that is read page by page, by one goroutine.
// cbrapi.VaultListing is one, and says what the methods do.
type VaultList interface {
	Next(context.Context) ([]*cbrapi.Vault, error)
	Done() bool
	Date() time.Time
	Invalid() []cbrapi.InvalidField
}

// Options say what an inventory reads, and how.
type Options struct {
	Project string        // its name, for logs
	Refresh time.Duration // the time from one reading to the next
	Timeout time.Duration // the longest that the reading of one list may take

	// Prepare comes before the requests of a reading, which fails with it. Nil: there
	// is nothing to prepare.
	Prepare func(context.Context) error

	Now            func() time.Time
	Logger         log.Logger
	OnInvalidField func(field string) // is told of every field that could not be read
}

// Inventory follows the vaults and policies of one project. It is safe for
// concurrent use.
type Inventory struct {
	options Options
	api     API
	journal *journal

	alive   context.Context // of the inventory; every reading ends with it
	close   context.CancelFunc
	running sync.WaitGroup

	mu      sync.Mutex
	current *reading // the newest, running or over; nil before the first
	known   known
}

// New returns an inventory that has not read anything yet.
func New(api API, o Options) *Inventory {
	i := &Inventory{
		options: o,
		api:     api,
		journal: newJournal(log.With(o.Logger, "project", o.Project)),
	}
	i.alive, i.close = context.WithCancel(context.Background())
	return i
}

// Collect begins a reading where the time has come, and returns what is known. For the
// first reading it waits, or until ctx is done.
func (i *Inventory) Collect(ctx context.Context) Snapshot {
	if r := i.begin(); r != nil { //nolint:contextcheck // a reading outlives the scrape that began it
		select {
		case <-r.done:
		case <-ctx.Done():
		}
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.snapshot()
}

// Last returns what is known, without asking the API.
func (i *Inventory) Last() Snapshot {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.snapshot()
}

// Close cancels what runs and waits for its end.
func (i *Inventory) Close() {
	i.mu.Lock()
	i.close() // with the mutex held, so that no reading begins behind it
	i.mu.Unlock()
	i.running.Wait()
}

// Adopt takes over what old knows, so that a new configuration forgets nothing. It
// must come before the first reading. What old goes on to read is lost.
func (i *Inventory) Adopt(old *Inventory) {
	old.mu.Lock()
	defer old.mu.Unlock()
	i.mu.Lock()
	defer i.mu.Unlock()
	i.known = old.known
}

// begin begins a reading if the time has come and none runs. It returns the first one,
// which is worth waiting for.
func (i *Inventory) begin() *reading {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.alive.Err() != nil {
		return nil
	}
	if i.current == nil || i.current.over() {
		now := i.options.Now()
		due := i.known.due(now, i.options.Refresh)
		if len(due) == 0 {
			return nil
		}
		r := &reading{started: now, lists: due, done: make(chan struct{})}
		i.current = r
		i.running.Go(func() { i.run(r) })
	}
	if i.known.attempted() { // what could not be read at first may be so for long
		return nil
	}
	return i.current
}
