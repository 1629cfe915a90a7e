package model_test

import (
	"cmp"
	"slices"
	"time"

	"github.com/cbr-exporter/cbr_exporter/simulator"
)

// task is a task of the cloud.
type task struct {
	simulator.Task
	removed time.Time // when it was removed; zero: never
}

// status returns the status at a moment; "" before its creation.
func (l *task) status(at time.Time) string {
	switch {
	case at.Before(l.Created):
		return ""
	case l.finished(at):
		return l.Outcome
	case !l.Started.IsZero() && !at.Before(l.Started):
		return "running"
	}
	return "waiting"
}

func (l *task) finished(at time.Time) bool { return !l.Ended.IsZero() && !at.Before(l.Ended) }

// had reports whether the task had the status at some moment between two.
func (l *task) had(status string, from, to time.Time) bool {
	if l.status(from) == status || l.status(to) == status {
		return true
	}
	for _, moment := range []time.Time{l.Created, l.Started, l.Ended} {
		if !moment.IsZero() && moment.After(from) && !moment.After(to) && l.status(moment) == status {
			return true
		}
	}
	return false
}

func (l *task) failure() bool { return l.Outcome == "failed" || l.Outcome == "timeout" }

// resources returns the ids of the resources that the task names.
func (l *task) resources() []string {
	if l.ResourceID != "" {
		return []string{l.ResourceID}
	}
	var ids []string
	for _, r := range l.Removed {
		ids = append(ids, r.ID)
	}
	return ids
}

// keys returns its resource keys.
func (l *task) keys() []key {
	var keys []key
	for _, id := range l.resources() {
		keys = append(keys, key{id, l.operation()})
	}
	return keys
}

// vault returns the vault that the task names, or the one to which its first resource is
// bound; "" if there is none.
func (l *task) vault(bound map[string]string) string {
	if resources := l.resources(); l.VaultID == "" && len(resources) > 0 {
		return bound[resources[0]]
	}
	return l.VaultID
}

func (l *task) vaultKey() vaultKey { return vaultKey{l.VaultID, l.operation()} }

// operation returns the operation type, with copy as replication.
func (l *task) operation() string {
	if l.OperationType == "copy" {
		return "replication"
	}
	return l.OperationType
}

// compareTasks orders the tasks of a key.
func compareTasks(a, b *task) int {
	return cmp.Or(a.Created.Compare(b.Created), cmp.Compare(a.ID, b.ID))
}

// latest returns the latest of some tasks; nil if there is none.
func latest(tasks []*task, of func(*task) bool) *task {
	var last *task
	for _, l := range tasks {
		if of(l) && (last == nil || compareTasks(l, last) > 0) {
			last = l
		}
	}
	return last
}

func count(tasks []*task, of func(*task) bool) int {
	n := 0
	for _, l := range tasks {
		if of(l) {
			n++
		}
	}
	return n
}

// sorted returns tasks in the order of compareTasks.
func sorted(tasks []*task) []*task {
	tasks = slices.Clone(tasks)
	slices.SortFunc(tasks, compareTasks)
	return tasks
}
