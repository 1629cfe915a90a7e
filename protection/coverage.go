package protection

import (
	"cmp"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
	"github.com/cbr-exporter/cbr_exporter/tasks/ledger"
)

// Coverage says whether an enabled policy backs up a resource that is bound to a vault.
type Coverage struct {
	VaultID    string
	ResourceID string
	Covered    bool
}

// makesBackups reports whether policies make backups for a vault. The resources of a hybrid
// vault are synchronized, those of a replication vault are copied.
func makesBackups(v *cbrapi.Vault) bool {
	return v.Billing.ProtectType != "hybrid" && v.Billing.ProtectType != "replication"
}

// cover sets the coverage of the resources that are bound to vaults for which policies
// make backups.
func (s *Snapshot) cover() {
	if s.Inventory == nil || s.Inventory.Expected == nil {
		return
	}
	backedUp := map[string]bool{}
	for _, e := range s.Inventory.Expected {
		if e.OperationType == cbrapi.OperationBackup {
			backedUp[e.ResourceID] = true
		}
	}
	for _, v := range s.Inventory.Vaults {
		if !makesBackups(v) {
			continue
		}
		for n := range v.Resources {
			r := &v.Resources[n]
			if r.ProtectStatus != cbrapi.ProtectDeleted {
				s.Coverage = append(s.Coverage, Coverage{v.ID, r.ID, backedUp[r.ID]})
			}
		}
	}
}

// Inconsistent reports whether the last finished backup of a resource is only
// crash-consistent, although its vault is set to application-consistent.
func (s *Snapshot) Inconsistent(state *ledger.ResourceState) bool {
	b, bound := s.bindings[state.ResourceID]
	v, backup := s.vaults[b.VaultID], state.LastFinished.ExtraInfo.Backup
	return bound && !b.Deleted && v != nil && makesBackups(v) && v.Billing.ConsistentLevel == "app_consistent" &&
		state.OperationType == cbrapi.OperationBackup && backup != nil && backup.AppConsistencyStatus == "0"
}

// WhyUncovered says, in one sentence without a full stop, why no policy backs up a resource
// of the vault.
func (s *Snapshot) WhyUncovered(resourceID, vaultID string) string {
	if s.bindings[resourceID].Manual {
		return "it does not follow the policies of its vault"
	}
	found := false
	for _, p := range s.Inventory.Policies {
		if p.OperationType != cbrapi.OperationBackup || !slices.Contains(p.VaultIDs, vaultID) {
			continue
		}
		if isFalse(p.Enabled) {
			return "the policy " + cmp.Or(p.Name, p.ID) + " of its vault is disabled"
		}
		found = true
	}
	if found {
		return "when the policy of its vault runs cannot be read"
	}
	return "its vault has no policy for backups"
}

// Protectables are the resources of the project that exist in the cloud.
type Protectables struct {
	Counts []ProtectableCount // by type
	// Unprotected are those that no vault holds and that are not excluded, by type, name
	// and id.
	Unprotected []*cbrapi.Protectable
}

// ProtectableCount counts the resources of one type, such as OS::Nova::Server.
type ProtectableCount struct {
	Type                             string
	Protected, Unprotected, Excluded int // Unprotected are without the excluded ones
}

// findUnprotected sets the protectable resources. The bindings of the list of vaults are
// fresher than those that the list of protectable resources has.
func (s *Snapshot) findUnprotected() {
	if s.Inventory == nil || s.Waiting || s.Inventory.Protectables == nil || s.Inventory.Protectables.Protected == nil {
		return
	}
	counts := make(map[string]ProtectableCount, len(s.Inventory.Protectables.Protected))
	for kind, n := range s.Inventory.Protectables.Protected {
		counts[kind] = ProtectableCount{Type: kind, Protected: n}
	}
	s.Protectables = &Protectables{}
	for _, p := range s.Inventory.Protectables.Unprotected {
		n := counts[p.Type]
		n.Type = p.Type
		switch _, bound := s.bindings[p.ID]; {
		case bound:
			n.Protected++
		case s.options.excludes(p):
			n.Excluded++
		default:
			n.Unprotected++
			s.Protectables.Unprotected = append(s.Protectables.Unprotected, p)
		}
		counts[p.Type] = n
	}
	slices.SortFunc(s.Protectables.Unprotected, func(a, b *cbrapi.Protectable) int {
		return cmp.Or(strings.Compare(a.Type, b.Type), strings.Compare(a.Name, b.Name), strings.Compare(a.ID, b.ID))
	})
	for _, kind := range slices.Sorted(maps.Keys(counts)) {
		s.Protectables.Counts = append(s.Protectables.Counts, counts[kind])
	}
}

// excludes reports whether a resource is meant to have no backup.
func (o Options) excludes(p *cbrapi.Protectable) bool {
	return slices.ContainsFunc(o.Excluded, func(entry string) bool {
		matches, _ := path.Match(entry, p.Name) // an id is a pattern too, and an invalid one excludes nothing
		return matches || strings.EqualFold(entry, p.ID)
	})
}
