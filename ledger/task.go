package ledger

import (
	"cmp"
	"strings"
	"time"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
)

// task is the record of a task that is believed.
type task struct {
	id        string
	log       *cbrapi.OperationLog // nil where the task has ended: a resource may have it
	status    cbrapi.Status
	operation cbrapi.OperationType // canonical
	vaultID   string
	created   time.Time
	changed   time.Time // updated_at; zero where that is not known
}

func newTask(log *cbrapi.OperationLog) *task {
	t := &task{
		id:        log.ID,
		status:    log.Status,
		operation: log.OperationType.Canonical(),
		vaultID:   log.VaultID,
		created:   log.CreatedAt,
		changed:   log.UpdatedAt,
	}
	if t.active() {
		t.log = log
	}
	return t
}

func (t *task) active() bool { return !t.status.Finished() }

// endedBefore reports whether the task has ended, and was neither created nor changed
// from the time on.
func (t *task) endedBefore(oldest time.Time) bool {
	return !t.active() && t.created.Before(oldest) && t.changed.Before(oldest)
}

// Supersedes reports whether a record of a task, read later, replaces the one that
// is known. What has ended does not begin again, whatever a list says that lags
// behind; otherwise the record that changed last is the true one.
func Supersedes(log, known *cbrapi.OperationLog) bool { return newTask(known).yieldsTo(log) }

// yieldsTo is Supersedes for the record that t was made from.
func (t *task) yieldsTo(log *cbrapi.OperationLog) bool {
	if finished := log.Status.Finished(); finished == t.active() {
		return finished
	}
	if order := log.UpdatedAt.Compare(t.changed); order != 0 {
		return order > 0
	}
	if !t.active() {
		return log.Status >= t.status // two ends at once: any rule will do that is one
	}
	return compareActive(log, t.log) >= 0
}

// compareActive orders records of a task that changed at the same time: the one
// that has got further comes last.
func compareActive(a, b *cbrapi.OperationLog) int {
	progress := func(l *cbrapi.OperationLog) float64 {
		if p := l.ExtraInfo.Common.Progress; p != nil {
			return *p
		}
		return -1
	}
	return cmp.Or(
		a.StartedAt.Compare(b.StartedAt),
		cmp.Compare(progress(a), progress(b)),
		strings.Compare(string(a.Status), string(b.Status)),
		strings.Compare(a.VaultName, b.VaultName),
	)
}

// stamp is the place of a task among others: they go by their creation, or what is
// nearest to it of what is known, and by id where that is the same. A task of which
// no time is known is older than every other.
type stamp struct {
	created time.Time
	id      string
}

func stampOf(log *cbrapi.OperationLog) stamp { return stamp{ageOf(log), log.ID} }

func (s stamp) compare(other stamp) int {
	return cmp.Or(s.created.Compare(other.created), strings.Compare(s.id, other.id))
}

// record is the place of a record among those of all tasks.
type record struct {
	stamp
	changed time.Time // updated_at
}

func recordOf(log *cbrapi.OperationLog) record { return record{stampOf(log), log.UpdatedAt} }

// yieldsTo reports whether another record is newer: of a newer task or, of the same
// one, changed or at least read later. Nobody knows whether the service keeps a
// name with the task or looks it up.
func (r record) yieldsTo(other record) bool {
	return cmp.Or(other.compare(r.stamp), other.changed.Compare(r.changed)) >= 0
}

// ageOf returns the time from which on a task ages: its creation, or what is
// nearest to it of what is known.
func ageOf(log *cbrapi.OperationLog) time.Time {
	for _, t := range []time.Time{log.CreatedAt, log.StartedAt, log.UpdatedAt} {
		if !t.IsZero() {
			return t
		}
	}
	return log.EndedAt
}
