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

// nameResources adds the resources that are bound to vaults or have backups. The list of
// vaults describes them or, where it says nothing, their latest tasks or, of those that are
// known to neither, their latest backups.
func (s *Snapshot) nameResources() {
	if s.Inventory == nil {
		return
	}
	all := make(map[string]ledger.Resource, len(s.Resources))
	for _, r := range s.Resources {
		all[r.ID] = r
	}
	for _, v := range s.Inventory.Vaults {
		for _, r := range v.Resources {
			all[r.ID] = ledger.Resource{ID: r.ID, Name: cmp.Or(r.Name, all[r.ID].Name), Type: cmp.Or(r.Type, all[r.ID].Type)}
		}
	}
	if b := s.backups(); b != nil {
		for id := range b.Resources {
			if r := all[id]; r.Name == "" || r.Type == "" {
				backup := b.Resources[id].Resource
				all[id] = ledger.Resource{ID: id, Name: cmp.Or(r.Name, backup.Name), Type: cmp.Or(r.Type, backup.Type)}
			}
		}
	}
	s.Resources = slices.SortedFunc(maps.Values(all), func(a, b ledger.Resource) int { return strings.Compare(a.ID, b.ID) })
}

// ResourceName returns the latest name of a resource; "" if none is known.
func (s *Snapshot) ResourceName(id string) string { return s.resource(id).Name }

// ResourceType returns the type of a resource, such as OS::Nova::Server; "" if none is known.
func (s *Snapshot) ResourceType(id string) string { return s.resource(id).Type }

func (s *Snapshot) resource(id string) ledger.Resource {
	n, found := slices.BinarySearchFunc(s.Resources, id, func(known ledger.Resource, id string) int { return strings.Compare(known.ID, id) })
	if !found {
		return ledger.Resource{}
	}
	return s.Resources[n]
}
