package inventory

import (
	"slices"
	"time"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
	"github.com/cbr-exporter/cbr_exporter/problem"
)

// known is the state after the latest reading. Its slices are shared with snapshots
// and never changed.
type known struct {
	vaultList  listState
	policyList listState

	vaults       []*cbrapi.Vault  // by id; nil until they are read
	policies     []*cbrapi.Policy // by id
	policiesRead bool
	// Start of the latest reading of the policies, and of the one before it.
	policiesAt, policiesBefore time.Time
	bindings                   map[string]Binding      // by resource; nil until the vaults are read
	enabled                    map[assignment]*enabled // nil until both lists are read
	expected                   []Expectation           // nil until both lists are read

	up       bool          // the API gave a valid response in the latest reading
	duration time.Duration // of the latest reading
}

func (k *known) attempted() bool { return !k.vaultList.ended.IsZero() }

func (k *known) lastComplete() time.Time {
	return slices.MinFunc([]time.Time{k.vaultList.completeAt, k.policyList.completeAt}, time.Time.Compare)
}

// Snapshot is the state of the vaults and policies of a project at one moment. It is
// shared and must not be changed. While the API cannot be read it holds the last
// known state; LastComplete is how old that is.
type Snapshot struct {
	Revision uint64             // snapshots of an Inventory with the same one differ in At alone
	Vaults   []*cbrapi.Vault    // by id; nil until they are read
	Bindings map[string]Binding // by resource; nil until the vaults are read
	Policies []*cbrapi.Policy   // by id
	Expected []Expectation      // by operation type, vault and resource; nil until both lists are read

	Up bool // the API gave a valid response in the latest reading
	// Reasons are why the latest attempt to read a list failed. Before the end of the
	// first attempt that is cbrapi.ReasonDeadline.
	Reasons  map[cbrapi.Reason]bool
	Problems []problem.Problem // explain the reasons, vaults before policies
	Duration time.Duration     // of the latest reading, so far if that is the first one
	Complete bool              // the latest attempts returned both lists, completely
	// LastComplete is when the older of the two lists was completely read; zero if one
	// never was.
	LastComplete time.Time
	FailingSince time.Time // when the older of the lists that now fail began to fail; zero if none does
	Since        time.Time // since when the lists are followed
	At           time.Time
}

// snapshot returns the known state. The caller holds the mutex.
func (i *Inventory) snapshot() Snapshot {
	k := &i.known
	if k.policyList.ended.IsZero() { // the duration goes on
		i.revision++
	}
	s := Snapshot{
		Revision:     i.revision,
		Vaults:       k.vaults,
		Bindings:     k.bindings,
		Policies:     k.policies,
		Expected:     k.expected,
		Up:           k.up,
		Reasons:      map[cbrapi.Reason]bool{},
		Duration:     k.duration,
		LastComplete: k.lastComplete(),
		Since:        i.since,
		At:           i.options.Now(),
	}
	if k.policyList.ended.IsZero() && i.current != nil {
		s.Duration = s.At.Sub(i.current.started)
	}
	for _, list := range []*listState{&k.vaultList, &k.policyList} {
		if list.ended.IsZero() {
			s.Reasons[cbrapi.ReasonDeadline] = true
		}
		if list.err == nil {
			continue
		}
		reason := cbrapi.ReasonOf(list.err)
		if !s.Reasons[reason] { // one problem per reason
			s.Problems = append(s.Problems, problem.Problem{Reason: reason, Err: list.err, Since: list.failing})
		}
		s.Reasons[reason] = true
		if s.FailingSince.IsZero() || list.since.Before(s.FailingSince) {
			s.FailingSince = list.since
		}
	}
	s.Complete = len(s.Reasons) == 0
	return s
}

// Waiting reports whether the first attempt to read the vaults is not over: any task may
// be in any vault.
func (s *Snapshot) Waiting() bool { return s.Vaults == nil && len(s.Problems) == 0 }
