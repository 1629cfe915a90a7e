package ledger

import (
	"cmp"
	"slices"
	"time"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
)

// ResourceKey identifies what is done again and again: one kind of operation on
// one resource in one vault.
type ResourceKey struct {
	VaultID       string // "" where the API did not say
	ResourceID    string
	OperationType cbrapi.OperationType // copy counts as replication, its new name
}

// KeyOf returns the key of a task, which one without a resource does not have.
func KeyOf(log *cbrapi.OperationLog) (key ResourceKey, ok bool) {
	resource := log.ExtraInfo.Resource
	if resource == nil || resource.ID == "" {
		return ResourceKey{}, false
	}
	return ResourceKey{log.VaultID, resource.ID, log.OperationType.Canonical()}, true
}

// compare orders keys as Prometheus orders their series, which then has less to sort.
func (k ResourceKey) compare(other ResourceKey) int {
	return cmp.Or(
		cmp.Compare(k.OperationType, other.OperationType),
		cmp.Compare(k.ResourceID, other.ResourceID),
		cmp.Compare(k.VaultID, other.VaultID),
	)
}

// Standing is how a resource stands with one kind of operation. Only tasks that
// have ended count: one that has just begun neither hides a failure nor cures it.
type Standing struct {
	ResourceKey
	VaultName    string    // the newest known name of the vault; "" where it has none
	VaultNamedAt time.Time // when it had that name, by the API's clock

	LastFinished *cbrapi.OperationLog
	LastSuccess  *Outcome // nil where none is known
	LastFailure  *Outcome // nil where none is known
	// ConsecutiveFailures counts those since the newest success, as far back as
	// Options.Lookback. A skipped task neither counts nor resets.
	ConsecutiveFailures int
}

// Outcome is what is kept of a task that has ended.
type Outcome struct {
	End         time.Time // zero where the API did not say
	Duration    time.Duration
	HasDuration bool
}

// Standings returns how each resource stands of which a task has ended, in a fixed
// order.
func (l *Ledger) Standings() []Standing {
	l.forget()
	var standings []Standing
	for key, r := range l.resources {
		if r.finished == nil {
			continue
		}
		name, at := l.names.vault(key.VaultID)
		standings = append(standings, Standing{
			ResourceKey:         key,
			VaultName:           name,
			VaultNamedAt:        at,
			LastFinished:        r.finished,
			LastSuccess:         r.success.kept(),
			LastFailure:         r.failure.kept(),
			ConsecutiveFailures: len(r.failures),
		})
	}
	slices.SortFunc(standings, func(a, b Standing) int { return a.compare(b.ResourceKey) })
	return standings
}

// AnyAfter reports whether a task of a resource is known that was created after t.
func (l *Ledger) AnyAfter(t time.Time) bool {
	for _, r := range l.resources {
		if r.newest.After(t) {
			return true
		}
	}
	return false
}

// resource is what is known of one key.
type resource struct {
	newest   time.Time            // when its newest task was created, whatever became of it
	finished *cbrapi.OperationLog // nil if no task has ended
	success  outcome
	failure  outcome
	failures map[string]stamp // by id: those after the newest success
}

// outcome is an Outcome and the record that it is of. It has no id where there is none.
type outcome struct {
	from record
	Outcome
}

func (o outcome) kept() *Outcome {
	if o.from.id == "" {
		return nil
	}
	return &o.Outcome
}

func outcomeOf(log *cbrapi.OperationLog) outcome {
	o := outcome{from: recordOf(log)}
	o.End, _ = log.FinishedAt()
	o.Duration, o.HasDuration = log.Duration()
	return o
}

// resource returns what is known of a key, which may be new.
func (l *Ledger) resource(key ResourceKey) *resource {
	r := l.resources[key]
	if r == nil {
		r = &resource{failures: map[string]stamp{}}
		l.resources[key] = r
	}
	return r
}

// add takes note of a record of a task of the resource.
func (r *resource) add(log *cbrapi.OperationLog) {
	if age := ageOf(log); age.After(r.newest) {
		r.newest = age
	}
	if !log.Status.Finished() {
		return
	}
	if r.finished == nil || finishedYieldsTo(r.finished, log) {
		r.finished = log
	}
	switch log.Status {
	case cbrapi.StatusSuccess:
		if r.success.from.yieldsTo(recordOf(log)) {
			r.success = outcomeOf(log)
			for id, failure := range r.failures {
				if failure.compare(r.success.from.stamp) <= 0 {
					delete(r.failures, id)
				}
			}
		}
	case cbrapi.StatusFailed, cbrapi.StatusTimeout:
		if r.failure.from.yieldsTo(recordOf(log)) {
			r.failure = outcomeOf(log)
		}
		if s := stampOf(log); s.compare(r.success.from.stamp) > 0 {
			r.failures[log.ID] = s
		}
	}
}

// finishedYieldsTo reports whether log takes the place of the newest finished task
// known: because it is newer, or a later record of the same one.
func finishedYieldsTo(known, log *cbrapi.OperationLog) bool {
	order := cmp.Or(
		stampOf(log).compare(stampOf(known)),
		log.UpdatedAt.Compare(known.UpdatedAt),
		cmp.Compare(log.Status, known.Status),
	)
	return order >= 0 // the same again, read later, is no worse
}

// forgetFailures removes those that are known to have been created before oldest.
func (r *resource) forgetFailures(oldest time.Time) {
	for id, failure := range r.failures {
		if !failure.created.IsZero() && failure.created.Before(oldest) {
			delete(r.failures, id)
		}
	}
}
