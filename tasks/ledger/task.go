package ledger

import (
	"cmp"
	"strings"
	"time"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
)

// Supersedes reports whether log, which was read later, replaces the known record of
// its task. The last change wins, but a finished task never becomes active again.
func Supersedes(log, known *cbrapi.OperationLog) bool {
	if finished := log.Status.Finished(); finished != known.Status.Finished() {
		return finished
	}
	return !log.UpdatedAt.Before(known.UpdatedAt)
}

// CreatedAt returns the creation of a task or, if unknown, its earliest known time.
func CreatedAt(log *cbrapi.OperationLog) time.Time {
	return cmp.Or(log.CreatedAt, log.StartedAt, log.UpdatedAt, log.EndedAt)
}

// position orders tasks by creation, and by id if they were created at the same time.
type position struct {
	created time.Time
	id      string
}

func positionOf(log *cbrapi.OperationLog) position { return position{CreatedAt(log), log.ID} }

func (p position) compare(other position) int {
	return cmp.Or(p.created.Compare(other.created), strings.Compare(p.id, other.id))
}

// ResourceKey identifies one type of operation on one resource, in whatever vault.
type ResourceKey struct {
	ResourceID    string
	OperationType cbrapi.OperationType // canonical: copy counts as replication
}

// Compare orders keys as Prometheus orders their series, which saves it some sorting.
func (k ResourceKey) Compare(other ResourceKey) int {
	return cmp.Or(cmp.Compare(k.OperationType, other.OperationType), strings.Compare(k.ResourceID, other.ResourceID))
}

// key is a ResourceKey or, for tasks that name no resource, one type of operation on a vault.
type key struct {
	ResourceKey
	vaultID string // "" if the tasks name a resource, or no vault
}

// keysOf returns the keys of a task: one for each resource that it names, or one of its vault.
func keysOf(log *cbrapi.OperationLog) []key {
	operation, resources := log.OperationType.Canonical(), log.Resources()
	if len(resources) == 0 {
		return []key{{ResourceKey{"", operation}, log.VaultID}}
	}
	keys := make([]key, len(resources))
	for i, r := range resources {
		keys[i].ResourceKey = ResourceKey{r.ID, operation}
	}
	return keys
}
