package collection

import (
	"cmp"
	"slices"
	"strings"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
)

// ResourceKey identifies what is done again and again: one kind of operation on
// one resource in one vault.
type ResourceKey struct {
	VaultID       string // "" where the API did not say
	ResourceID    string
	OperationType cbrapi.OperationType // copy counts as replication, its new name
}

// compare orders keys as Prometheus orders their series, which then has less to sort.
func (k ResourceKey) compare(other ResourceKey) int {
	return cmp.Or(
		cmp.Compare(k.OperationType, other.OperationType),
		cmp.Compare(k.ResourceID, other.ResourceID),
		cmp.Compare(k.VaultID, other.VaultID),
	)
}

// LastFinished is the newest finished task of a key. Newer tasks that are still
// active neither hide nor cure it.
type LastFinished struct {
	ResourceKey
	VaultName string // the newest known name of the vault
	Log       *cbrapi.OperationLog
}

// Resources is what a set of tasks says of the resources in it, in a fixed order.
type Resources struct {
	LastFinished []LastFinished
	// Newest is the newest record of each resource, whose name may have changed.
	Newest []cbrapi.Resource
}

// ResourcesOf reduces the tasks to their resources, whatever order they are in.
// A task without a resource tells only the name of its vault.
func ResourcesOf(tasks []*cbrapi.OperationLog) Resources {
	var (
		finished   = map[ResourceKey]*cbrapi.OperationLog{}
		records    = map[string]*cbrapi.OperationLog{}
		vaultNames = map[string]*cbrapi.OperationLog{}
	)
	for _, l := range tasks {
		if l.VaultID != "" && l.VaultName != "" {
			keepNewer(vaultNames, l.VaultID, l)
		}
		key, ok := keyOf(l)
		if !ok {
			continue
		}
		keepNewer(records, key.ResourceID, l)
		if l.Status.Finished() {
			keepNewer(finished, key, l)
		}
	}

	var r Resources
	for key, l := range finished {
		last := LastFinished{ResourceKey: key, VaultName: l.VaultName, Log: l}
		if named := vaultNames[key.VaultID]; named != nil {
			last.VaultName = named.VaultName
		}
		r.LastFinished = append(r.LastFinished, last)
	}
	slices.SortFunc(r.LastFinished, func(a, b LastFinished) int { return a.compare(b.ResourceKey) })
	for _, l := range records {
		r.Newest = append(r.Newest, *l.ExtraInfo.Resource)
	}
	slices.SortFunc(r.Newest, func(a, b cbrapi.Resource) int { return strings.Compare(a.ID, b.ID) })
	return r
}

// keyOf returns the key of a task, which one without a resource does not have.
func keyOf(l *cbrapi.OperationLog) (key ResourceKey, ok bool) {
	resource := l.ExtraInfo.Resource
	if resource == nil || resource.ID == "" {
		return ResourceKey{}, false
	}
	key = ResourceKey{VaultID: l.VaultID, ResourceID: resource.ID, OperationType: l.OperationType}
	if key.OperationType == cbrapi.OperationCopy {
		key.OperationType = cbrapi.OperationReplication
	}
	return key, true
}

func keepNewer[K comparable](newest map[K]*cbrapi.OperationLog, key K, l *cbrapi.OperationLog) {
	if old := newest[key]; old == nil || newer(l, old) {
		newest[key] = l
	}
}

// newer orders tasks by their creation, and by id where that is the same. A
// task whose creation is not known is older than every other.
func newer(a, b *cbrapi.OperationLog) bool {
	if order := a.CreatedAt.Compare(b.CreatedAt); order != 0 {
		return order > 0
	}
	return strings.Compare(a.ID, b.ID) > 0
}
