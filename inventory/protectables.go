package inventory

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
)

// Protectables is what is known of the resources that exist in the cloud.
type Protectables struct {
	Reading
	// Protected is how many resources are in a vault, by their type, such as
	// OS::Nova::Server. It is nil until they are read.
	Protected map[string]int
	// Unprotected are those that no vault holds, by id.
	Unprotected []*cbrapi.Protectable
}

// protectableState is what is known of the resources that could be in a vault, by their kind.
type protectableState map[cbrapi.ProtectableType]protectableList

// protectableList is what is known of one kind.
type protectableList struct {
	list        listState
	rows        int
	protected   map[string]int // by type; nil until the list is read
	unprotected []*cbrapi.Protectable
}

// of returns the state of the kinds alone.
func (s protectableState) of(kinds []cbrapi.ProtectableType) protectableState {
	selected := protectableState{}
	for _, kind := range kinds {
		if one, known := s[kind]; known {
			selected[kind] = one
		}
	}
	return selected
}

func (s protectableState) due(now time.Time, kinds []cbrapi.ProtectableType, refresh time.Duration) bool {
	return slices.ContainsFunc(kinds, func(kind cbrapi.ProtectableType) bool {
		one := s[kind]
		return one.list.due(now, refresh)
	})
}

// collectProtectables reads the lists that are due.
func (i *Inventory) collectProtectables(ctx context.Context, r *reading, next *protectableState) {
	state := maps.Clone(*next) // the old one is shared
	for _, kind := range i.options.ProtectableTypes {
		one := state[kind]
		if !one.list.due(r.started, i.options.ProtectablesRefresh) {
			continue
		}
		before := one.list.completeAt
		r.try(ctx, "protectable resources of type "+string(kind), &one.list, i.options.Hints.Protectables, func(ctx context.Context) error {
			return i.readProtectables(ctx, kind, &one, r.started)
		})
		state[kind] = one
		if one.list.err != nil {
			continue
		}
		_ = i.success(before.IsZero()).Log("msg", "protectable resources read", "type", kind, "resources", one.rows, "in_no_vault", len(one.unprotected))
	}
	*next = state
}

func (i *Inventory) readProtectables(ctx context.Context, kind cbrapi.ProtectableType, p *protectableList, started time.Time) error {
	protected, unprotected := map[string]int{}, []*cbrapi.Protectable{}
	rows, bad, err := readList(ctx, i, i.api.Protectables(kind), func(row *cbrapi.Protectable, bad *badEntries) error {
		i.report(bad, row.ID, row.Name, row.Invalid)
		if !protectable(kind, row) || slices.ContainsFunc(row.Invalid, isEntry) { // a vault may hold it
			return nil
		}
		if row.VaultID == "" {
			protected[row.Type] += 0 // the type is known
			unprotected = append(unprotected, row)
		} else {
			protected[row.Type]++
		}
		return nil
	})
	if err != nil {
		return err
	}
	if err := p.list.doubt("ListProtectable", rows, p.rows, started); err != nil {
		return err
	}
	if len(protected) == 0 {
		protected[resourceType(kind)] = 0
	}
	p.rows, p.protected, p.unprotected = rows, protected, unprotected
	p.list.partial = len(bad) > 0
	return bad.err("ListProtectable")
}

// protectable reports whether a row is a resource that could be in a vault by itself.
func protectable(kind cbrapi.ProtectableType, p *cbrapi.Protectable) bool {
	if kind == cbrapi.ProtectableDisk { // an attached one is backed up with its server
		return strings.EqualFold(p.Status, "available")
	}
	return !strings.EqualFold(p.Status, "deleted")
}

// resourceType returns the usual type of the resources of a kind.
func resourceType(kind cbrapi.ProtectableType) string {
	switch kind {
	case cbrapi.ProtectableServer:
		return "OS::Nova::Server"
	case cbrapi.ProtectableDisk:
		return "OS::Cinder::Volume"
	case cbrapi.ProtectableTurbo:
		return "OS::Sfs::Turbo"
	default:
		return "OS::Workspace::DesktopV2"
	}
}

// known returns what is known of the kinds.
func (s protectableState) known(kinds []cbrapi.ProtectableType) *Protectables {
	var (
		p     Protectables
		lists []*listState
	)
	for _, kind := range kinds {
		one := s[kind]
		lists = append(lists, &one.list)
		for name, count := range one.protected {
			if p.Protected == nil {
				p.Protected = map[string]int{}
			}
			p.Protected[name] += count
		}
		p.Unprotected = append(p.Unprotected, one.unprotected...)
	}
	slices.SortFunc(p.Unprotected, func(a, b *cbrapi.Protectable) int { return cmp.Compare(a.ID, b.ID) })
	p.Unprotected = slices.CompactFunc(p.Unprotected, func(a, b *cbrapi.Protectable) bool { return a.ID == b.ID }) // two kinds of desktops
	p.Reading = readingOf(lists...)
	return &p
}
