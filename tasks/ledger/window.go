package ledger

import (
	"slices"
	"time"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
)

// TaskGroup are the tasks with one status and type of operation in one vault or, if they
// name none, of one resource.
type TaskGroup struct {
	VaultID       string // "" if the tasks name none
	ResourceID    string // "" if the tasks name a vault or no resource
	OperationType cbrapi.OperationType
	Status        cbrapi.Status
}

// TaskCounts returns the number of tasks in the window of each group that has some.
func (l *Ledger) TaskCounts() map[TaskGroup]int {
	l.forget()
	counts := map[TaskGroup]int{}
	for _, t := range l.tasks {
		if l.inWindow(t) {
			counts[TaskGroup{t.vaultID, t.resource, t.operation, t.status}]++
		}
	}
	return counts
}

// Dropped returns how many tasks TaskCounts leaves out because of Options.MaxTasks.
func (l *Ledger) Dropped() int {
	l.forget()
	return len(l.dropped)
}

func (l *Ledger) windowStart() time.Time {
	if l.options.Window == 0 {
		return time.Time{}
	}
	return l.now.Add(-l.options.Window)
}

func (l *Ledger) inWindow(t *task) bool {
	return l.options.Window > 0 && !t.created.Before(l.windowStart())
}

// dropTasks drops the oldest finished tasks beyond MaxTasks. Active tasks do not count,
// or the end of one would have to bring back another.
func (l *Ledger) dropTasks() {
	if len(l.tasks) <= l.options.MaxTasks {
		return
	}
	var finished []position
	for id, t := range l.tasks {
		if !t.active() && l.inWindow(t) {
			finished = append(finished, position{t.created, id})
		}
	}
	excess := len(finished) - l.options.MaxTasks
	if excess <= 0 {
		return
	}
	slices.SortFunc(finished, position.compare)
	for _, p := range finished[:excess] {
		delete(l.tasks, p.id)
		l.dropped[p.id] = p.created
	}
}
