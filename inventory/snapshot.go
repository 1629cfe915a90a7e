package inventory

import (
	"time"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
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
	// Duration is how long the newest reading took that is over.
	Duration time.Duration
	// Complete reports whether both lists were read when they were tried last.
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
	for _, err := range []error{k.vaults.err, k.policies.err} {
		if err != nil {
			s.Reasons[cbrapi.ReasonOf(err)] = true
		}
	}
	if k.all() {
		s.Complete = len(s.Reasons) == 0
		s.LastComplete = k.vaults.readAt
		if k.policies.readAt.Before(s.LastComplete) {
			s.LastComplete = k.policies.readAt
		}
	}
	return s
}
