package ledger

import (
	"slices"
	"strings"
	"time"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
)

// names are what vaults and resources are called, by their newest records.
type names struct {
	vaults    map[string]vaultName
	resources map[string]resourceRecord
}

type vaultName struct {
	from record
	name string
}

type resourceRecord struct {
	from     record
	resource Resource
}

// Resource is what a resource is called.
type Resource struct {
	ID   string
	Name string
	Type string    // such as OS::Nova::Server
	At   time.Time // when that was so, by the API's clock; zero where no task tells
}

func newNames() names {
	return names{vaults: map[string]vaultName{}, resources: map[string]resourceRecord{}}
}

// add takes note of the names in a record. A task without a resource tells only
// the name of its vault.
func (n names) add(log *cbrapi.OperationLog) {
	from := recordOf(log)
	if log.VaultID != "" && log.VaultName != "" {
		if known, ok := n.vaults[log.VaultID]; !ok || known.from.yieldsTo(from) {
			n.vaults[log.VaultID] = vaultName{from, log.VaultName}
		}
	}
	if r := log.ExtraInfo.Resource; r != nil && r.ID != "" {
		if known, ok := n.resources[r.ID]; !ok || known.from.yieldsTo(from) {
			n.resources[r.ID] = resourceRecord{from, Resource{r.ID, r.Name, r.Type, from.created}}
		}
	}
}

// keep forgets all names but those of the ids.
func (n names) keep(ids map[string]bool) {
	for id := range n.vaults {
		if !ids[id] {
			delete(n.vaults, id)
		}
	}
	for id := range n.resources {
		if !ids[id] {
			delete(n.resources, id)
		}
	}
}

// vault returns the newest name of a vault, and when that was so; "" and zero where
// none is known.
func (n names) vault(id string) (name string, at time.Time) {
	known := n.vaults[id]
	return known.name, known.from.created
}

// Resources returns the id, name and type of each resource of which a task is
// known, from its newest task, by id.
func (l *Ledger) Resources() []Resource {
	l.forget()
	known := map[string]bool{}
	var resources []Resource
	for key := range l.resources {
		if !known[key.ResourceID] {
			known[key.ResourceID] = true
			resources = append(resources, l.names.resources[key.ResourceID].resource)
		}
	}
	slices.SortFunc(resources, func(a, b Resource) int { return strings.Compare(a.ID, b.ID) })
	return resources
}
