package tasks

import (
	"reflect"
	"slices"
	"time"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
	"github.com/cbr-exporter/cbr_exporter/tasks/ledger"
)

// listLag is how far an incremental list overlaps the one before it: a task may appear
// in lists some time after it has started.
const listLag = 15 * time.Minute

// Discovery selects the tasks that are tracked without being configured, of all vaults:
// only the list of vaults says where their resources are now.
type Discovery struct {
	Lookback       time.Duration          // age up to which tasks count for the state of a resource
	Window         time.Duration          // age up to which tasks are counted
	OperationTypes []cbrapi.OperationType // none: all; replication includes copy

	// Further active tasks, and tasks of further resources and vaults, are left out: ever new
	// ones would take all memory. 0 means no limit.
	MaxActive int // active tasks that are not configured
	MaxKeys   int // resources and vaults, by type of operation
}

// filter returns what the API can filter: it accepts one type of operation.
func (d Discovery) filter() cbrapi.ListFilter {
	// A list of replications may lack those with the old name, copy.
	if len(d.OperationTypes) == 1 && d.OperationTypes[0].Canonical() != cbrapi.OperationReplication {
		return cbrapi.ListFilter{OperationType: d.OperationTypes[0]}
	}
	return cbrapi.ListFilter{}
}

// Follows reports whether tasks of the type are tracked.
func (d Discovery) Follows(operation cbrapi.OperationType) bool {
	return len(d.OperationTypes) == 0 || slices.ContainsFunc(d.OperationTypes, func(t cbrapi.OperationType) bool {
		return t.Canonical() == operation.Canonical()
	})
}

// discovered is the state of discovery. The mutex of the Tracker guards it.
type discovered struct {
	Discovery // with a sorted list of types
	ledger    *ledger.Ledger

	// readUntil is the time up to which the incremental lists are complete, by the
	// API's clock or by ours, whichever is earlier: either may be wrong or be set back.
	// It is zero before the first list; until the first full sync any recent time will do.
	readUntil    time.Time
	lastComplete time.Time // end of the last pass after which nothing was missing
	knownUntil   time.Time // readUntil at that time

	sync      *fullSync // running or interrupted; nil if there is none
	syncing   bool      // sync runs
	syncError error     // why the full sync was interrupted
	syncedAt  time.Time // start of the last complete full sync, by our clock; zero before
	leftOut   int       // active tasks beyond MaxActive since the last pass ended
	lost      bool      // the last full sync found none of the tasks that are known
	knownFrom time.Time // from when on it found all tasks
}

func newDiscovered(d Discovery) *discovered {
	d.OperationTypes = slices.Sorted(slices.Values(d.OperationTypes))
	return &discovered{Discovery: d, ledger: ledger.New(ledger.Options{Lookback: d.Lookback, MaxKeys: d.MaxKeys})}
}

// sameAs reports whether d and other discover the same; either may be nil.
func (d *discovered) sameAs(other *discovered) bool {
	if d == nil || other == nil {
		return d == other
	}
	return reflect.DeepEqual(d.Discovery, other.Discovery)
}

// follows reports whether the task of an entry is active and found by discovery, too, if it is
// configured. A nil d follows none.
func (d *discovered) follows(e *entry) bool {
	return d != nil && e.log != nil && !e.finished() && d.Follows(e.log.OperationType)
}

// historyStart returns how far back the tasks are known completely.
func (d *discovered) historyStart() time.Time {
	start := d.ledger.Now().Add(-d.Lookback)
	if d.knownFrom.After(start) {
		return d.knownFrom
	}
	return start
}

func (d *discovered) synced(now time.Time) bool {
	return !d.lost && !d.syncedAt.IsZero() && now.Sub(d.syncedAt) < 2*fullSyncInterval
}

// takeLeftOut returns how many records the limits leave out, and an error that says so; nil
// if there are none. Those of active tasks are new with each pass.
func (d *discovered) takeLeftOut() (int, error) {
	n := d.leftOut + d.ledger.LeftOut()
	d.leftOut = 0
	if n == 0 {
		return 0, nil
	}
	return n, cbrapi.ListError("ListOpLogs", "%d records are left out, as there are more than %d active tasks, or %d resources and vaults by type of operation",
		n, d.MaxActive, d.MaxKeys)
}
