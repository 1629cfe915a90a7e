package inventory

import (
	"time"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
	"github.com/cbr-exporter/cbr_exporter/collection"
)

// Snapshot is what is known of the vaults and policies of a project at one moment.
// What is in it is shared and must not be changed. When the API cannot be read it
// holds what was read last: LastComplete says as of when it is true.
type Snapshot struct {
	Vaults   []*cbrapi.Vault  // by id; none before VaultsAsOf
	Policies []*cbrapi.Policy // by id
	Expected []Expectation    // by operation, vault and resource; none before both lists are read
	// VaultsAsOf is when the list of vaults was as it is, by the API's clock; zero
	// where it has not been read.
	VaultsAsOf time.Time

	// Up reports whether the API gave a valid answer in the newest reading.
	Up bool
	// Reasons are why a list could not be read when it was tried last. It holds
	// cbrapi.ReasonDeadline while the first reading runs.
	Reasons map[cbrapi.Reason]bool
	// Troubles say more of the reasons, in the order in which the lists are read.
	Troubles []collection.Trouble
	// Duration is how long the newest reading took that is over.
	Duration time.Duration
	// Complete reports whether both lists were read when they were tried last, and
	// all that is in them.
	Complete bool
	// LastComplete is from when on the older of the two lists is; zero where one has
	// never been read.
	LastComplete time.Time
	// At is when the snapshot was taken.
	At time.Time
}

// snapshot returns what is known. It must be called with the mutex held.
func (i *Inventory) snapshot() Snapshot {
	k := &i.known
	s := Snapshot{
		Vaults:     k.allVaults,
		Policies:   k.allPolicies,
		Expected:   k.expected,
		VaultsAsOf: k.vaultsAsOf,
		Up:         k.answered,
		Reasons:    map[cbrapi.Reason]bool{},
		Duration:   k.took,
		At:         i.options.Now(),
	}
	if !k.attempted() {
		s.Reasons[cbrapi.ReasonDeadline] = true
		if i.current != nil {
			s.Duration = s.At.Sub(i.current.started)
		}
		return s
	}
	for _, list := range []*attempts{&k.vaults, &k.policies} {
		if list.err == nil {
			continue
		}
		reason := cbrapi.ReasonOf(list.err)
		if !s.Reasons[reason] { // or both have the same to say
			s.Troubles = append(s.Troubles, collection.Trouble{Reason: reason, Err: list.err, Since: list.since})
		}
		s.Reasons[reason] = true
	}
	s.Complete = len(s.Reasons) == 0
	if !k.vaults.completeAt.IsZero() && !k.policies.completeAt.IsZero() {
		s.LastComplete = k.vaults.completeAt
		if k.policies.completeAt.Before(s.LastComplete) {
			s.LastComplete = k.policies.completeAt
		}
	}
	return s
}
