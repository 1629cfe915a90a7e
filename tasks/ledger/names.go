package ledger

import (
	"slices"
	"strings"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
)

// Resource describes a resource.
type Resource struct {
	ID   string
	Name string
	Type string // such as OS::Nova::Server
}

// Resources returns the latest description of each resource, ordered by id.
func (l *Ledger) Resources() []Resource {
	l.forget()
	resources := make([]Resource, 0, len(l.resourceNames))
	for _, n := range l.resourceNames {
		resources = append(resources, n.Resource)
	}
	slices.SortFunc(resources, func(a, b Resource) int { return strings.Compare(a.ID, b.ID) })
	return resources
}

// VaultNames returns the name of each vault in its latest task that has one, by id.
func (l *Ledger) VaultNames() map[string]string {
	l.forget()
	names := make(map[string]string, len(l.vaultNames))
	for id, n := range l.vaultNames {
		names[id] = n.name
	}
	return names
}

type resourceName struct {
	position // of the task with the name
	Resource
}

type vaultName struct {
	position // of the task with the name
	name     string
}

func (l *Ledger) addNames(log *cbrapi.OperationLog) {
	p := positionOf(log)
	if log.VaultID != "" && log.VaultName != "" && p.compare(l.vaultNames[log.VaultID].position) >= 0 {
		l.vaultNames[log.VaultID] = vaultName{p, log.VaultName}
	}
	for _, r := range log.Resources() {
		if l.keys[key{ResourceKey: ResourceKey{r.ID, log.OperationType.Canonical()}}] == nil {
			continue // left out
		}
		if p.compare(l.resourceNames[r.ID].position) >= 0 {
			l.resourceNames[r.ID] = resourceName{p, Resource{r.ID, r.Name, r.Type}}
		}
	}
}
