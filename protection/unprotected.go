package protection

import (
	"cmp"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
)

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
