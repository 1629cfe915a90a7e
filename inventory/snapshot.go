package inventory

import (
	"time"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
	"github.com/cbr-exporter/cbr_exporter/problem"
)

// Snapshot is what is known of the lists of a project at one moment. It is shared and must
// not be changed. While a list cannot be read it holds the last known state; LastComplete
// is how old that is.
type Snapshot struct {
	Revision uint64             // snapshots of an Inventory with the same one differ in At alone
	Vaults   []*cbrapi.Vault    // by id; nil until they are read
	Bindings map[string]Binding // by resource; nil until the vaults are read
	Policies []*cbrapi.Policy   // by id
	Expected []Expectation      // by operation type, vault and resource; nil until both lists are read

	Reading                    // of vaults and policies
	Up           bool          // the API gave a valid response in the latest reading of them
	Duration     time.Duration // of that reading, so far if it is the first one
	Backups      *Backups      // nil if they are not configured
	Protectables *Protectables // nil if they are not configured
	Since        time.Time     // since when the lists are followed
	At           time.Time
}

// Reading is how completely some lists are known.
type Reading struct {
	Waiting bool // no attempt to read any of the lists is over
	// Reasons are why the latest attempt to read a list failed. Before the end of the
	// first attempt that is cbrapi.ReasonDeadline.
	Reasons  map[cbrapi.Reason]bool
	Problems []problem.Problem // explain the reasons, in the order of the lists
	Complete bool              // the latest attempts returned all lists, completely
	// LastComplete is when the older of the lists was completely read; zero if one never
	// was.
	LastComplete time.Time
	FailingSince time.Time // when the older of the lists that now fail began to fail; zero if none does
}

// readingOf returns how completely the lists are known.
func readingOf(lists ...*listState) Reading {
	r := Reading{Waiting: true, Reasons: map[cbrapi.Reason]bool{}}
	for n, list := range lists {
		if n == 0 || list.completeAt.Before(r.LastComplete) {
			r.LastComplete = list.completeAt
		}
		if list.ended.IsZero() {
			r.Reasons[cbrapi.ReasonDeadline] = true
		} else {
			r.Waiting = false
		}
		if list.err == nil {
			continue
		}
		reason := cbrapi.ReasonOf(list.err)
		if !r.Reasons[reason] { // one problem per reason
			r.Problems = append(r.Problems, problem.Problem{Reason: reason, Err: list.err, Since: list.failing})
		}
		r.Reasons[reason] = true
		if r.FailingSince.IsZero() || list.since.Before(r.FailingSince) {
			r.FailingSince = list.since
		}
	}
	r.Complete = len(r.Reasons) == 0
	return r
}

// Last returns the last known state without sending a request.
func (i *Inventory) Last() Snapshot {
	i.mu.Lock()
	defer i.mu.Unlock()
	k, reading := &i.vaults.state, i.vaults.current
	if k.policyList.ended.IsZero() { // the duration goes on
		i.revision++
	}
	s := Snapshot{
		Revision:     i.revision,
		Vaults:       k.vaults,
		Bindings:     k.bindings,
		Policies:     k.policies,
		Expected:     k.expected,
		Reading:      readingOf(&k.vaultList, &k.policyList),
		Up:           k.up,
		Duration:     k.duration,
		Backups:      i.knownBackups,
		Protectables: i.knownProtectables,
		Since:        i.since,
		At:           i.options.Now(),
	}
	if k.policyList.ended.IsZero() && reading != nil {
		s.Duration = s.At.Sub(reading.started)
	}
	return s
}
