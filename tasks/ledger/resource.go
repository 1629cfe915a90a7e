package ledger

import (
	"cmp"
	"maps"
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
	LastAttempt  *cbrapi.OperationLog // the last finished one that was not skipped; nil if unknown
	LastSuccess  *Outcome             // nil if unknown
	LastFailure  *Outcome             // nil if unknown
	// ConsecutiveFailures counts the failures since the last success, within
	// Options.Lookback. A skipped task neither counts nor resets it.
	ConsecutiveFailures int
}

// Outcome is the end of a finished task.
type Outcome struct {
	Created     time.Time
	End         time.Time // zero if the API did not send it
	Duration    time.Duration
	HasDuration bool
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
	var states []ResourceState
	for key, r := range l.resources {
		if r.finished == nil {
			continue
		}
		states = append(states, ResourceState{
			ResourceKey:         key,
			VaultID:             r.vaultID,
			LastFinished:        r.finished,
			LastAttempt:         r.attempt(),
			LastSuccess:         outcomeOf(r.success),
			LastFailure:         outcomeOf(r.failure),
			ConsecutiveFailures: len(r.failures),
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

// resource is the state of one key. Its tasks are nil if there is none.
type resource struct {
	last
	vaultID  string   // of the latest task that names one
	vaultAt  position // of that task
	success  *cbrapi.OperationLog
	failure  *cbrapi.OperationLog
	failures map[string]position // by id: the failures after the last success
}

func outcomeOf(log *cbrapi.OperationLog) *Outcome {
	if log == nil {
		return nil
	}
	o := Outcome{Created: CreatedAt(log)}
	o.End, _ = log.FinishedAt()
	o.Duration, o.HasDuration = log.Duration()
	return &o
}

func (l *Ledger) resource(key ResourceKey) *resource {
	r := l.resources[key]
	if r == nil {
		r = &resource{failures: map[string]position{}}
		l.resources[key] = r
	}
	return r
}

func (r *resource) add(log *cbrapi.OperationLog) {
	p := positionOf(log)
	if log.VaultID != "" && p.compare(r.vaultAt) >= 0 {
		r.vaultID, r.vaultAt = log.VaultID, p
	}
	for _, known := range []**cbrapi.OperationLog{&r.success, &r.failure} {
		if *known == nil || (*known).ID != log.ID {
			continue
		}
		if !Supersedes(log, *known) {
			return
		}
		*known = nil // the task may have another end now
		delete(r.failures, log.ID)
	}
	r.last.add(log)
	switch log.Status {
	case cbrapi.StatusSuccess:
		if p.isLatest(r.success) {
			r.success = log
			maps.DeleteFunc(r.failures, func(_ string, failure position) bool { return failure.compare(p) <= 0 })
		}
	case cbrapi.StatusFailed, cbrapi.StatusTimeout:
		if p.isLatest(r.failure) {
			r.failure = log
		}
		if p.isLatest(r.success) {
			r.failures[log.ID] = p
		}
	}
}

// attempt returns the last finished task that was not skipped, or nil.
func (r *resource) attempt() *cbrapi.OperationLog {
	if r.failure == nil || r.success != nil && positionOf(r.failure).compare(positionOf(r.success)) < 0 {
		return r.success
	}
	return r.failure
}

// forget removes what is too old, as if it had never been read.
func (r *resource) forget(oldest time.Time) {
	r.last.forget(oldest)
	for _, log := range []**cbrapi.OperationLog{&r.success, &r.failure} {
		if *log != nil && CreatedAt(*log).Before(oldest) {
			*log = nil
		}
	}
	if r.vaultAt.created.Before(oldest) {
		r.vaultID = ""
	}
	maps.DeleteFunc(r.failures, func(_ string, failure position) bool {
		return failure.created.Before(oldest)
	})
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
		if p.compare(l.resourceNames[r.ID].position) >= 0 {
			l.resourceNames[r.ID] = resourceName{p, Resource{r.ID, r.Name, r.Type}}
		}
	}
}
