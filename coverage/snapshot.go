package coverage

import (
	"github.com/cbr-exporter/cbr_exporter/cbrapi"
	"github.com/cbr-exporter/cbr_exporter/collection"
	"github.com/cbr-exporter/cbr_exporter/inventory"
	"github.com/cbr-exporter/cbr_exporter/ledger"
)

// Snapshot is what is known of a project at one moment, under the newest names. It
// is shared and must not be changed.
type Snapshot struct {
	collection.Snapshot
	// Inventory is nil where vaults and policies are not read.
	Inventory *inventory.Snapshot
	// TagKeys are the keys of those tags of a vault that are shown, by their labels.
	TagKeys map[string]string
	// Follows reports whether the tasks of an operation in a vault are looked at. Nil:
	// all are.
	Follows func(vaultID string, operation cbrapi.OperationType) bool
}

// Missable reports whether a success for a resource can be missed. Where the tasks are
// not looked at, nobody knows of one.
func (s *Snapshot) Missable(k ledger.ResourceKey) bool {
	return s.Follows == nil || s.Follows(k.VaultID, k.OperationType)
}

// Of lays the vaults and policies of a project beside its tasks.
func Of(tasks collection.Snapshot, vaults inventory.Snapshot) Snapshot {
	s := Snapshot{Snapshot: tasks, Inventory: &vaults}
	if len(tasks.Tasks) == 0 && tasks.Found == nil { // a pass has nothing to ask
		s.Up, s.Duration, s.At = vaults.Up, vaults.Duration, vaults.At
	}
	if !vaults.VaultsAsOf.IsZero() {
		s.rename()
		s.Resources = resources(tasks.Resources, &vaults)
	}
	return s
}
