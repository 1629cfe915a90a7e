package collection

import (
	"slices"
	"time"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
	"github.com/cbr-exporter/cbr_exporter/ledger"
)

// Discovery says which tasks are followed without being named.
type Discovery struct {
	Lookback       time.Duration          // how far back the state of a resource is read
	Window         time.Duration          // what is counted, by creation
	MaxTasks       int                    // counted at the most
	OperationTypes []cbrapi.OperationType // none: all; replication stands for copy as well
	VaultIDs       []string               // in lower case; none: all
}

// equal reports whether the same tasks are followed: a list in another order is the
// same.
func (d Discovery) equal(other Discovery) bool {
	return d.Lookback == other.Lookback && d.Window == other.Window && d.MaxTasks == other.MaxTasks &&
		slices.Equal(slices.Sorted(slices.Values(d.OperationTypes)), slices.Sorted(slices.Values(other.OperationTypes))) &&
		slices.Equal(slices.Sorted(slices.Values(d.VaultIDs)), slices.Sorted(slices.Values(other.VaultIDs)))
}

// filter returns what the service can leave out by itself: it takes one value of
// each kind.
func (d Discovery) filter() cbrapi.ListFilter {
	var f cbrapi.ListFilter
	if len(d.VaultIDs) == 1 {
		f.VaultID = d.VaultIDs[0]
	}
	// A list of replications may lack those that go by the old name.
	if len(d.OperationTypes) == 1 && d.OperationTypes[0].Canonical() != cbrapi.OperationReplication {
		f.OperationType = d.OperationTypes[0]
	}
	return f
}

// covers reports whether a task is among those that are followed. The service may
// have ignored the filter.
func (d Discovery) covers(log *cbrapi.OperationLog) bool {
	return d.Follows(log.VaultID, log.OperationType)
}

// Follows reports whether the tasks of an operation in a vault are followed.
func (d Discovery) Follows(vaultID string, operation cbrapi.OperationType) bool {
	if len(d.VaultIDs) > 0 && !slices.Contains(d.VaultIDs, vaultID) {
		return false
	}
	return len(d.OperationTypes) == 0 || slices.ContainsFunc(d.OperationTypes, func(t cbrapi.OperationType) bool {
		return t.Canonical() == operation.Canonical()
	})
}

const (
	// newsOverlap is how far each reading of the news goes back before the one
	// before it: a task may appear in a list some time after it has started.
	newsOverlap = 15 * time.Minute
	// clockDoubt is what is added to that where the API does not tell its time: by
	// so much a clock may be off, or it would refuse what we sign.
	clockDoubt = 15 * time.Minute
	// maxClockOffset is how far the API's clock may be off ours: one answer of a
	// proxy with another date must not age all that is known.
	maxClockOffset = 24 * time.Hour
)

// discovered is what has been found, and how far the reading has got. It is guarded
// by the mutex of its collection.
type discovered struct {
	Discovery
	ledger *ledger.Ledger

	date      time.Time // of the newest list, by the API's clock
	newsAt    time.Time // as of when the newest complete news are, by the API's clock; zero before the first
	newsRead  time.Time // the same by our clock
	lastFound time.Time // when the newest pass ended that knew all, by our clock

	sweep      *sweep    // what runs, or was interrupted; nil if there is nothing to go on with
	sweeping   bool      // it runs
	sweptAt    time.Time // when the newest complete sweep began, by our clock; zero before
	lost       bool      // the newest sweep has found nothing where there should be something
	sweepError error     // why the sweep was interrupted
	oldest     time.Time // when the oldest task was created that the sweep found; zero for none
}

func newDiscovered(d Discovery) *discovered {
	return &discovered{Discovery: d, ledger: ledger.New(ledger.Options{
		Lookback: d.Lookback,
		Window:   d.Window,
		MaxTasks: d.MaxTasks,
	})}
}

// advance notes the time by the API's clock. Where that went back, an earlier answer
// had a wrong date, and what has been forgotten since has to be found again.
func (d *discovered) advance(now time.Time) {
	if d.ledger.Now().Sub(now) > 2*clockDoubt {
		*d = *newDiscovered(d.Discovery)
	}
	d.date = now
	d.ledger.Advance(now)
}

// since returns from when on the news are to be read, by the API's clock, if it is
// now by that clock and by ours. Neither has to be right, nor to go on evenly, and the
// tasks may go by another than the answers: the news go back to the earliest of what
// the two say.
func (d *discovered) since(now, ours time.Time) time.Time {
	if d.newsAt.IsZero() { // the first sweep is still to come
		return now.Add(-newsOverlap)
	}
	start := d.newsAt
	for _, t := range []time.Time{d.newsRead, now.Add(d.newsRead.Sub(ours))} {
		if t.Before(start) {
			start = t
		}
	}
	return start.Add(-newsOverlap)
}

// newsUntil notes that everything was read that had started at one time by the API's
// clock, and another by ours.
func (d *discovered) newsUntil(date, ours time.Time) { d.newsAt, d.newsRead = date, ours }

// historyStart returns how far back everything is known, of what the API remembers.
func (d *discovered) historyStart() time.Time {
	start := d.ledger.Now().Add(-d.Lookback)
	if d.oldest.After(start) {
		return d.oldest
	}
	return start
}

// swept reports whether all that the API remembers was read lately, so that nothing
// is missing, and there was no reason to doubt it.
func (d *discovered) swept(now time.Time) bool {
	return !d.lost && !d.sweptAt.IsZero() && now.Sub(d.sweptAt) < 2*sweepInterval
}

// note takes in a record, and reports whether it is of a task that is followed. Of
// those that were found, the active ones have an entry each.
func (c *Collection) note(log *cbrapi.OperationLog, now time.Time, in uint64) (followed bool) {
	e := c.entries[log.ID]
	if e != nil {
		e.take(log, now, in)
	}
	d := c.discovered
	if d == nil || !d.covers(log) {
		return e != nil
	}
	d.ledger.Add(log)
	switch active := d.ledger.IsActive(log.ID); {
	case active && e == nil:
		e = &entry{id: log.ID}
		e.take(log, now, in)
		c.entries[log.ID] = e
	case !active && e != nil && !e.configured:
		delete(c.entries, log.ID)
	}
	return true
}

// forget takes note that a task does not exist any more.
func (c *Collection) forget(e *entry) {
	if c.discovered != nil {
		c.discovered.ledger.Forget(e.id)
	}
	if !e.configured {
		delete(c.entries, e.id)
	}
}
