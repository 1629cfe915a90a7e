package protection

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
	"github.com/cbr-exporter/cbr_exporter/tasks/ledger"
)

// nameVaults finds one name of each vault: that in the list of vaults or, failing that,
// that in its latest task.
func (s *Snapshot) nameVaults() {
	s.vaultNames = map[string]string{}
	logs := s.Logs()
	for _, active := range s.Active {
		logs = append(logs, active.Log)
	}
	slices.SortFunc(logs, func(a, b *cbrapi.OperationLog) int { return a.CreatedAt.Compare(b.CreatedAt) })
	for _, log := range logs {
		if log.VaultID != "" && log.VaultName != "" {
			s.vaultNames[log.VaultID] = log.VaultName
		}
	}
	maps.Copy(s.vaultNames, s.VaultNames)
	if s.Inventory == nil {
		return
	}
	for _, v := range s.Inventory.Vaults {
		if v.Name != "" {
			s.vaultNames[v.ID] = v.Name
		}
	}
}

// VaultName returns the name of a vault, or its id if it has none.
func (s *Snapshot) VaultName(id string) string { return cmp.Or(s.vaultNames[id], id) }

// nameResources describes the resources that have tasks or backups or are bound to vaults. The
// list of vaults counts or, where it says nothing, their latest tasks or, of those that are
// known to neither, their latest backups.
func (s *Snapshot) nameResources() {
	s.resources = make(map[string]ledger.Resource, len(s.Resources))
	add := func(id, name, kind string) {
		known := s.resources[id]
		s.resources[id] = ledger.Resource{ID: id, Name: cmp.Or(known.Name, name), Type: cmp.Or(known.Type, kind)}
	}
	if s.Inventory != nil {
		for _, v := range s.Inventory.Vaults {
			for n := range v.Resources {
				add(v.Resources[n].ID, v.Resources[n].Name, v.Resources[n].Type)
			}
		}
	}
	for _, r := range s.Resources {
		add(r.ID, r.Name, r.Type)
	}
	if b := s.backups(); b != nil {
		for id := range b.Resources {
			add(id, b.Resources[id].Resource.Name, b.Resources[id].Resource.Type)
		}
	}
	s.Resources = slices.SortedFunc(maps.Values(s.resources), func(a, b ledger.Resource) int { return strings.Compare(a.ID, b.ID) })
}

// ResourceName returns the latest name of a resource; "" if none is known.
func (s *Snapshot) ResourceName(id string) string { return s.resources[id].Name }

// ResourceType returns the type of a resource, such as OS::Nova::Server; "" if none is known.
func (s *Snapshot) ResourceType(id string) string { return s.resources[id].Type }
