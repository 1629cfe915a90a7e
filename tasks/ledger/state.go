package ledger

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
)

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

// ResourceStates returns the states of all keys with a finished task, ordered by key.
func (l *Ledger) ResourceStates() []ResourceState {
	l.forget()
	states := make([]ResourceState, 0, len(l.keys))
	for key, s := range l.keys {
		if key.ResourceID == "" || s.finished == nil {
			continue
		}
		history := s.history.read()
		states = append(states, ResourceState{
			ResourceKey:         key.ResourceKey,
			VaultID:             s.vaultID,
			LastFinished:        s.finished,
			LastAttempt:         history.attempt,
			LastSuccess:         history.success,
			LastFailure:         history.failure,
			ConsecutiveFailures: history.failures,
			Runs:                Runs{s.history.runs},
		})
	}
	slices.SortFunc(states, func(a, b ResourceState) int { return a.Compare(b.ResourceKey) })
	return states
}

// VaultTasks returns the last finished task of each vault and type of operation that
// names no resource, such as the deletion of the vault, ordered by type and vault.
func (l *Ledger) VaultTasks() []*cbrapi.OperationLog {
	l.forget()
	var logs []*cbrapi.OperationLog
	for key, s := range l.keys {
		if key.ResourceID == "" && s.finished != nil {
			logs = append(logs, s.finished)
		}
	}
	slices.SortFunc(logs, func(a, b *cbrapi.OperationLog) int {
		return cmp.Or(cmp.Compare(a.OperationType.Canonical(), b.OperationType.Canonical()), strings.Compare(a.VaultID, b.VaultID))
	})
	return logs
}

// TaskGroup are the tasks with one status and type of operation in one vault or, if they
// name none, of one resource.
type TaskGroup struct {
	VaultID       string // "" if the tasks name none
	ResourceID    string // "" if the tasks name a vault or no resource
	OperationType cbrapi.OperationType
	Status        cbrapi.Status
}

// GroupOf returns the group of a task.
func GroupOf(log *cbrapi.OperationLog) TaskGroup {
	return keysOf(log)[0].group(log.VaultID, log.Status)
}

func (k key) group(vaultID string, status cbrapi.Status) TaskGroup {
	if vaultID != "" {
		return TaskGroup{vaultID, "", k.OperationType, status}
	}
	return TaskGroup{"", k.ResourceID, k.OperationType, status}
}

// TaskCounts returns the number of finished tasks of each group that were created at since or
// later.
func (l *Ledger) TaskCounts(since time.Time) map[TaskGroup]int {
	counts := map[TaskGroup]int{}
	for k, s := range l.keys {
		for _, r := range s.history.since(since) {
			if end := r.end.Value(); !end.further {
				counts[k.group(end.vaultID, end.status)]++
			}
		}
	}
	return counts
}

// state is what is known of the tasks of a key.
type state struct {
	latest   time.Time            // creation of the latest task, active or finished
	finished *cbrapi.OperationLog // the latest one that has finished; nil if there is none
	vaultID  string               // of the latest task that names one
	vaultAt  position             // of that task
	history  history
}

// add adds a record. A further one is of a task that another key has as well.
func (s *state) add(log *cbrapi.OperationLog, further bool) {
	p := positionOf(log)
	if p.created.After(s.latest) {
		s.latest = p.created
	}
	if log.VaultID != "" && p.compare(s.vaultAt) >= 0 {
		s.vaultID, s.vaultAt = log.VaultID, p
	}
	if !log.Status.Finished() {
		return
	}
	s.history.add(log, further)
	switch {
	case s.finished != nil && s.finished.ID == log.ID:
		if Supersedes(log, s.finished) {
			s.finished = log
		}
	case s.finished == nil || p.compare(positionOf(s.finished)) >= 0:
		s.finished = log
	}
}

// forget removes what is too old, as if it had never been read.
func (s *state) forget(oldest time.Time) {
	s.history.forget(oldest)
	if s.finished != nil && CreatedAt(s.finished).Before(oldest) {
		s.finished = nil
	}
	if s.vaultAt.created.Before(oldest) {
		s.vaultID = ""
	}
}
