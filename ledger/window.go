package ledger

import (
	"cmp"
	"iter"
	"slices"
	"strings"
	"time"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
)

// Tally counts the tasks of one kind of operation in one vault that were created
// within the window.
type Tally struct {
	VaultID       string    // "" where the API did not say
	VaultName     string    // the newest known name; "" where it has none
	VaultNamedAt  time.Time // when it had that name, by the API's clock
	OperationType cbrapi.OperationType
	Tasks         map[cbrapi.Status]int
}

type tallyKey struct {
	vaultID   string
	operation cbrapi.OperationType
}

// Tallies returns the counts of each vault and operation of which a task is known,
// in a fixed order: one of which none is in the window has no tasks.
func (l *Ledger) Tallies() []Tally {
	l.forget()
	counts := map[tallyKey]map[cbrapi.Status]int{}
	of := func(key tallyKey) map[cbrapi.Status]int {
		if counts[key] == nil {
			counts[key] = map[cbrapi.Status]int{}
		}
		return counts[key]
	}
	for key := range l.resources {
		of(tallyKey{key.VaultID, key.OperationType})
	}
	for t := range l.inWindow() {
		of(tallyKey{t.vaultID, t.operation})[t.status]++
	}
	var tallies []Tally
	for key, tasks := range counts {
		name, at := l.names.vault(key.vaultID)
		tallies = append(tallies, Tally{key.vaultID, name, at, key.operation, tasks})
	}
	slices.SortFunc(tallies, func(a, b Tally) int {
		return cmp.Or(cmp.Compare(a.OperationType, b.OperationType), strings.Compare(a.VaultID, b.VaultID))
	})
	return tallies
}

// Dropped returns how many tasks of the window are not in the tallies, because
// there were more than Options.MaxTasks.
func (l *Ledger) Dropped() int {
	l.forget()
	return len(l.dropped)
}

// windowStart returns the creation of the oldest task that is counted; the zero time
// where all tasks are kept.
func (l *Ledger) windowStart() time.Time {
	if l.options.Window == 0 {
		return time.Time{}
	}
	return l.now.Add(-l.options.Window)
}

// inWindow yields the tasks that were created within the window.
func (l *Ledger) inWindow() iter.Seq[*task] {
	return func(yield func(*task) bool) {
		if l.options.Window == 0 {
			return
		}
		start := l.windowStart()
		for _, t := range l.tasks {
			if !t.created.Before(start) && !yield(t) {
				return
			}
		}
	}
}

// dropTasks drops the oldest tasks of the window that have ended beyond MaxTasks.
// Those that are active stay and do not count, or one that ends would have to bring
// back another; how a resource stands is known apart.
func (l *Ledger) dropTasks() {
	if len(l.tasks) <= l.options.MaxTasks {
		return
	}
	var ended []stamp
	for t := range l.inWindow() {
		if !t.active() {
			ended = append(ended, stamp{t.created, t.id})
		}
	}
	excess := len(ended) - l.options.MaxTasks
	if excess <= 0 {
		return
	}
	slices.SortFunc(ended, stamp.compare)
	for _, s := range ended[:excess] {
		delete(l.tasks, s.id)
		l.dropped[s.id] = s.created
	}
}
