package ledger

import (
	"cmp"
	"strings"
	"time"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
)

type task struct {
	log       *cbrapi.OperationLog // nil for a finished task, to save memory
	status    cbrapi.Status
	operation cbrapi.OperationType // canonical
	vaultID   string
	resource  string // id of the first resource of a task that names no vault
	created   time.Time
	changed   time.Time // updated_at; zero if unknown
}

func newTask(log *cbrapi.OperationLog) *task {
	t := &task{
		status:    log.Status,
		operation: log.OperationType.Canonical(),
		vaultID:   log.VaultID,
		created:   log.CreatedAt,
		changed:   log.UpdatedAt,
	}
	if t.vaultID == "" {
		if resources := log.Resources(); len(resources) > 0 {
			t.resource = resources[0].ID
		}
	}
	if t.active() {
		t.log = log
	}
	return t
}

func (t *task) active() bool { return !t.status.Finished() }

func (t *task) endedBefore(start time.Time) bool {
	return !t.active() && t.created.Before(start) && t.changed.Before(start)
}

// Supersedes reports whether log, which was read later, replaces the known record of
// its task. The last change wins, but a finished task never becomes active again.
func Supersedes(log, known *cbrapi.OperationLog) bool { return newTask(known).supersededBy(log) }

func (t *task) supersededBy(log *cbrapi.OperationLog) bool {
	if finished := log.Status.Finished(); finished == t.active() {
		return finished
	}
	return !log.UpdatedAt.Before(t.changed)
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

// last holds the last task of a key, and the last one that has finished.
type last struct {
	latest   time.Time            // creation of the last task, active or finished
	finished *cbrapi.OperationLog // nil if there is none
}

func (l *last) add(log *cbrapi.OperationLog) {
	if created := CreatedAt(log); created.After(l.latest) {
		l.latest = created
	}
	switch {
	case !log.Status.Finished():
	case l.finished != nil && l.finished.ID == log.ID:
		if Supersedes(log, l.finished) {
			l.finished = log
		}
	case l.finished == nil || positionOf(log).compare(positionOf(l.finished)) >= 0:
		l.finished = log
	}
}

// forget removes the finished task if it is too old, as if it had never been read.
func (l *last) forget(oldest time.Time) {
	if l.finished != nil && CreatedAt(l.finished).Before(oldest) {
		l.finished = nil
	}
}

// CreatedAt returns the creation of a task or, if unknown, its earliest known time.
func CreatedAt(log *cbrapi.OperationLog) time.Time {
	return cmp.Or(log.CreatedAt, log.StartedAt, log.UpdatedAt, log.EndedAt)
}
