package coverage

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
	"github.com/cbr-exporter/cbr_exporter/inventory"
	"github.com/cbr-exporter/cbr_exporter/ledger"
)

// rename gives each vault one name wherever it stands: the one in the list of vaults,
// or a newer one that a task tells.
func (s *Snapshot) rename() {
	names := map[string]string{}
	for _, v := range s.Inventory.Vaults {
		names[v.ID] = v.Name
	}
	hear := func(id, name string, at time.Time) {
		if listed, ok := names[id]; name != "" && (!ok || listed == "" || at.After(s.Inventory.VaultsAsOf)) {
			names[id] = name
		}
	}
	s.Standings = slices.Clone(s.Standings)
	for n := range s.Standings {
		hear(s.Standings[n].VaultID, s.Standings[n].VaultName, s.Standings[n].VaultNamedAt)
	}
	if s.Found != nil {
		found := *s.Found
		found.Tallies = slices.Clone(found.Tallies)
		s.Found = &found
		for n := range found.Tallies {
			hear(found.Tallies[n].VaultID, found.Tallies[n].VaultName, found.Tallies[n].VaultNamedAt)
		}
		for n := range found.Tallies {
			found.Tallies[n].VaultName = names[found.Tallies[n].VaultID]
		}
	}
	for n := range s.Standings {
		s.Standings[n].VaultName = names[s.Standings[n].VaultID]
	}
	s.Inventory.Vaults = slices.Clone(s.Inventory.Vaults)
	for n, v := range s.Inventory.Vaults {
		if name := names[v.ID]; name != v.Name {
			renamed := *v
			renamed.Name = name
			s.Inventory.Vaults[n] = &renamed
		}
	}
}

// resources returns what the resources are called that have tasks or are bound to a
// vault, each once, by id: as the list of vaults says, or a newer task.
func resources(ofTasks []ledger.Resource, vaults *inventory.Snapshot) []ledger.Resource {
	listed := map[string]*cbrapi.VaultResource{}
	for _, v := range vaults.Vaults {
		for n := range v.Resources {
			r := &v.Resources[n]
			if listed[r.ID] == nil { // it may be bound to two vaults
				listed[r.ID] = r
			}
		}
	}
	all := make([]ledger.Resource, 0, max(len(ofTasks), len(listed)))
	for _, r := range ofTasks {
		if l := listed[r.ID]; l != nil {
			if r.At.After(vaults.VaultsAsOf) {
				r.Name, r.Type = cmp.Or(r.Name, l.Name), cmp.Or(r.Type, l.Type)
			} else {
				r.Name, r.Type, r.At = cmp.Or(l.Name, r.Name), cmp.Or(l.Type, r.Type), vaults.VaultsAsOf
			}
			delete(listed, r.ID)
		}
		all = append(all, r)
	}
	for _, r := range listed {
		all = append(all, ledger.Resource{ID: r.ID, Name: r.Name, Type: r.Type, At: vaults.VaultsAsOf})
	}
	slices.SortFunc(all, func(a, b ledger.Resource) int { return strings.Compare(a.ID, b.ID) })
	return all
}
