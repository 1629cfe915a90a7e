package ledger

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
)

// ResourceKey identifies one type of operation on one resource, in whatever vault.
type ResourceKey struct {
	ResourceID    string
	OperationType cbrapi.OperationType // canonical: copy counts as replication
}

// Compare orders keys as Prometheus orders their series, which saves it some sorting.
func (k ResourceKey) Compare(other ResourceKey) int {
	return cmp.Or(cmp.Compare(k.OperationType, other.OperationType), strings.Compare(k.ResourceID, other.ResourceID))
}

// ResourceState is the state of a resource regarding one type of operation. Only
// finished tasks count: an active one neither hides a failure nor clears it.
type ResourceState struct {
	ResourceKey
	VaultID string // of its latest task that names one, active or finished; "" if none does

	LastFinished *cbrapi.OperationLog
	LastAttempt  *Run // the last finished one that was not skipped; nil if unknown
	LastSuccess  *Run // nil if unknown
	LastFailure  *Run // nil if unknown
	// ConsecutiveFailures counts the failures since the last success, within
	// Options.Lookback. A skipped task neither counts nor resets it.
	ConsecutiveFailures int
	Runs                Runs // all finished tasks within Options.Lookback
}

// Resource describes a resource.
type Resource struct {
	ID   string
	Name string
	Type string // such as OS::Nova::Server
}

// ResourceStates returns the states of all keys with a finished task, ordered by key.
func (l *Ledger) ResourceStates() []ResourceState {
	l.forget()
	states := make([]ResourceState, 0, len(l.resources))
	for key, r := range l.resources {
		if r.finished == nil {
			continue
		}
		history := r.history.read()
		states = append(states, ResourceState{
			ResourceKey:         key,
			VaultID:             r.vaultID,
			LastFinished:        r.finished,
			LastAttempt:         history.attempt,
			LastSuccess:         history.success,
			LastFailure:         history.failure,
			ConsecutiveFailures: history.failures,
			Runs:                Runs{r.history.runs},
		})
	}
	slices.SortFunc(states, func(a, b ResourceState) int { return a.Compare(b.ResourceKey) })
	return states
}

// Resources returns the latest description of each resource, ordered by id.
func (l *Ledger) Resources() []Resource {
	l.forget()
	seen := map[string]bool{}
	var resources []Resource
	for key := range l.resources {
		if !seen[key.ResourceID] {
			seen[key.ResourceID] = true
			resources = append(resources, l.resourceNames[key.ResourceID].Resource)
		}
	}
	slices.SortFunc(resources, func(a, b Resource) int { return strings.Compare(a.ID, b.ID) })
	return resources
}

// resource is the state of one key.
type resource struct {
	last
	history history
	vaultID string   // of the latest task that names one
	vaultAt position // of that task
}

func (r *resource) add(log *cbrapi.OperationLog) {
	if p := positionOf(log); log.VaultID != "" && p.compare(r.vaultAt) >= 0 {
		r.vaultID, r.vaultAt = log.VaultID, p
	}
	r.last.add(log)
	if log.Status.Finished() {
		r.history.add(log)
	}
}

// forget removes what is too old, as if it had never been read.
func (r *resource) forget(oldest time.Time) {
	r.last.forget(oldest)
	r.history.forget(oldest)
	if r.vaultAt.created.Before(oldest) {
		r.vaultID = ""
	}
}

type resourceName struct {
	position
	Resource
}

func (l *Ledger) addNames(log *cbrapi.OperationLog) {
	p := positionOf(log)
	if log.VaultID != "" && log.VaultName != "" && p.compare(l.vaultNames[log.VaultID].position) >= 0 {
		l.vaultNames[log.VaultID] = vaultName{p, log.VaultName}
	}
	for _, r := range log.Resources() {
		if l.resources[ResourceKey{r.ID, log.OperationType.Canonical()}] == nil {
			continue // left out
		}
		if p.compare(l.resourceNames[r.ID].position) >= 0 {
			l.resourceNames[r.ID] = resourceName{p, Resource{r.ID, r.Name, r.Type}}
		}
	}
}
