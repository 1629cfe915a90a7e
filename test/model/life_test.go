package model_test

import (
	"cmp"
	"slices"
	"time"

	"github.com/cbr-exporter/cbr_exporter/simulator"
)

// life is the whole truth about a task, from its creation on.
type life struct {
	simulator.Task
	removed time.Time // when the service forgot it; zero: it has not
}

// status is what the task is at a moment; "" before it is created.
func (l *life) status(at time.Time) string {
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

func (l *life) finished(at time.Time) bool { return !l.Ended.IsZero() && !at.Before(l.Ended) }

// had reports whether the task had the status at some moment between two.
func (l *life) had(status string, from, to time.Time) bool {
	if l.status(from) == status || l.status(to) == status {
		return true
	}
	for _, turn := range []time.Time{l.Created, l.Started, l.Ended} {
		if !turn.IsZero() && turn.After(from) && !turn.After(to) && l.status(turn) == status {
			return true
		}
	}
	return false
}

func (l *life) failure() bool { return l.Outcome == "failed" || l.Outcome == "timeout" }

// key returns the key of its resource; it is not ok where it has none.
func (l *life) key() (k key, ok bool) {
	return key{l.VaultID, l.ResourceID, l.operation()}, l.ResourceID != ""
}

// operation is what the task does under the newer of its names.
func (l *life) operation() string {
	if l.OperationType == "copy" {
		return "replication"
	}
	return l.OperationType
}

// compareLives orders tasks as those of a key go.
func compareLives(a, b *life) int {
	return cmp.Or(a.Created.Compare(b.Created), cmp.Compare(a.ID, b.ID))
}

// newest returns the last of some tasks; nil if there is none.
func newest(lives []*life, of func(*life) bool) *life {
	var last *life
	for _, l := range lives {
		if of(l) && (last == nil || compareLives(l, last) > 0) {
			last = l
		}
	}
	return last
}

func count(lives []*life, of func(*life) bool) int {
	n := 0
	for _, l := range lives {
		if of(l) {
			n++
		}
	}
	return n
}

// sorted returns the tasks in their order.
func sorted(lives []*life) []*life {
	lives = slices.Clone(lives)
	slices.SortFunc(lives, compareLives)
	return lives
}
