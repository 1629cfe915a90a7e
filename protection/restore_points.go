package protection

import (
	"cmp"
	"fmt"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
	"github.com/cbr-exporter/cbr_exporter/inventory"
	"github.com/cbr-exporter/cbr_exporter/tasks/ledger"
)

// RestorePoints are the backups of one resource, and whether too many of them are gone.
type RestorePoints struct {
	inventory.RestorePoints
	ResourceID string
	VaultID    string // to which the resource is bound, or else of its latest backup
	// Restorable reports whether there is a restore point, or a backup has ended so lately
	// that its restore point is not known yet. It is nil unless the resource exists and is in
	// a vault for backups.
	Restorable *bool
	// Missing means that there should be a restore point, and there is none: the resource is
	// not restorable, although it has been bound for a day.
	Missing bool
	// Lost reports whether more than half of the restore points have gone within the last
	// day, other than by expiry and without a change of the retention. It is nil if that is
	// not known, as the exporter has not followed them for so long.
	Lost *bool
	Why  string // why they are lost, in words; else ""
}

// backups returns what is known of the backups; nil until they and the vaults are read. If
// the vaults cannot be read, it does not wait for them.
func (s *Snapshot) backups() *inventory.Backups {
	if s.Inventory == nil || s.Waiting || s.Inventory.Backups == nil || s.Inventory.Backups.Resources == nil {
		return nil
	}
	return s.Inventory.Backups
}

// findRestorePoints sets the restore points, by resource: of those that have backups or had
// some, and of those that are bound to a vault and exist.
func (s *Snapshot) findRestorePoints() {
	b := s.backups()
	if b == nil {
		return
	}
	forBackups := make(map[string]bool, len(s.Coverage))
	for _, c := range s.Coverage {
		forBackups[c.ResourceID] = true
	}
	s.RestorePoints = make([]RestorePoints, 0, len(s.Resources))
	for _, r := range s.Resources {
		points, known := b.Resources[r.ID]
		binding, bound := s.bindings[r.ID]
		vaultID := cmp.Or(binding.VaultID, points.VaultID)
		if !known && (!bound || binding.Deleted) || !s.Followed(vaultID, cbrapi.OperationBackup) {
			continue
		}
		one := RestorePoints{RestorePoints: points, ResourceID: r.ID, VaultID: vaultID, Lost: lost(&points)}
		if forBackups[r.ID] {
			f := s.of(ledger.ResourceKey{ResourceID: r.ID, OperationType: cbrapi.OperationBackup})
			one.Restorable = new(points.Count > 0 || f.succeededLately())
			one.Missing = !*one.Restorable && (binding.Since.IsZero() || s.At.Sub(binding.Since) >= dayLength)
		}
		if isTrue(one.Lost) {
			one.Why = fmt.Sprintf("%d of %d restore points are gone within a day, other than by expiry", points.Peak-points.Count, points.Peak)
		}
		s.RestorePoints = append(s.RestorePoints, one)
	}
}

// lost reports whether more than half of the restore points are gone, and more than the
// policies delete for their number.
func lost(p *inventory.RestorePoints) *bool {
	switch {
	case 2*p.Count < p.Peak && (p.Kept == 0 || p.Count < p.Kept):
		return new(true)
	case p.Watched:
		return new(false)
	default:
		return nil
	}
}

// RestorePointsOf returns what is known of the backups of a resource; nil if nothing is.
func (s *Snapshot) RestorePointsOf(resourceID string) *RestorePoints {
	for n := range s.RestorePoints {
		if s.RestorePoints[n].ResourceID == resourceID {
			return &s.RestorePoints[n]
		}
	}
	return nil
}
