package protection

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
	"github.com/cbr-exporter/cbr_exporter/tasks"
	"github.com/cbr-exporter/cbr_exporter/tasks/ledger"
)

// Verdict is what is judged about one type of operation on one resource. What cannot be
// judged is nil.
type Verdict struct {
	ledger.ResourceKey
	VaultID string

	Due     time.Time // the latest due moment whose grace is over; zero if there is none
	Overdue *bool     // whether a success is missing
	Failing *bool     // whether the latest finished task that was not skipped is a failure
	Why     string    // why it is overdue or failing, in words; else ""
}

// judge sets the verdicts, by key. It judges as of the time up to which the tasks are known:
// while the API cannot be read, nothing becomes overdue. Without discovery it judges nothing:
// a later task may have succeeded. Nor does it before the list of vaults is known: what
// failed may have been unbound.
func (s *Snapshot) judge() {
	if s.Discovered == nil || !s.Discovered.Synced || s.Discovered.KnownUntil.IsZero() || s.Inventory != nil && s.Inventory.Vaults == nil {
		return
	}
	s.Verdicts = make([]Verdict, 0, len(s.keys)) // grows no more: the facts point into it
	for _, f := range slices.SortedFunc(maps.Values(s.keys), func(a, b *facts) int { return a.key.Compare(b.key) }) {
		if !s.judged(f.key) {
			continue
		}
		v := Verdict{ResourceKey: f.key, VaultID: f.vaultID}
		var d due
		if f.expected != nil {
			d = lastDue(f.expected, s.options.Grace, s.Discovered.KnownUntil)
			v.Due = d.at
		}
		var missed *due
		v.Overdue, missed = s.overdue(f, &d)
		v.Failing = failing(f)
		if v.Overdue != nil || v.Failing != nil || !v.Due.IsZero() {
			v.Why = s.why(&v, f, &d, missed)
			s.Verdicts = append(s.Verdicts, v)
			f.verdict = &s.Verdicts[len(s.Verdicts)-1]
		}
	}
}

// judged reports whether a key is to be judged. With a list of vaults, a backup, replication
// or sync is only expected of a resource that is bound to a vault and exists.
func (s *Snapshot) judged(key ledger.ResourceKey) bool {
	if s.Inventory == nil {
		return true
	}
	switch key.OperationType {
	case cbrapi.OperationBackup, cbrapi.OperationReplication, cbrapi.OperationSync:
		b, bound := s.bindings[key.ResourceID]
		return bound && !b.Deleted
	default:
		return true
	}
}

// failing reports whether the latest attempt failed; nil if none is known.
func failing(f *facts) *bool {
	if f.state.LastAttempt == nil {
		return nil
	}
	return new(f.state.LastAttempt.Status != cbrapi.StatusSuccess)
}

// overdue reports whether what was due last is missing, and with policies of which due
// moment; nil if nothing was due, or if that is not known.
func (s *Snapshot) overdue(f *facts, d *due) (overdue *bool, missed *due) {
	if s.Inventory == nil {
		return s.outdated(f), nil
	}
	if d.at.IsZero() || s.backupsUnread(f) {
		return nil, nil
	}
	switch {
	case s.met(f, d):
		return new(false), nil
	case !s.decided(f, d):
		return nil, nil
	case d.before != nil && s.decided(f, d.before) && !s.met(f, d.before) && !f.excused(d.before):
		return new(true), d.before // the verdict is not to be 0 during each attempt
	case f.excused(d):
		return new(false), nil
	default:
		return new(true), d
	}
}

// backupsUnread reports whether the backups that decide about a key have not been read yet:
// a restart is not to end what was overdue. If the user may not read them, the tasks decide.
func (s *Snapshot) backupsUnread(f *facts) bool {
	b := s.Inventory.Backups
	return f.key.OperationType == cbrapi.OperationBackup && b != nil && b.Resources == nil && !b.Reasons[cbrapi.ReasonPermission]
}

// listDelay is how long after the end of its task the API may not list a backup as available.
const listDelay = 15 * time.Minute

// met reports whether what was due is there: a success of the tasks or, where backups are
// read, a restore point.
func (s *Snapshot) met(f *facts, d *due) bool {
	if f.backups == nil {
		return f.succeededSince(d.from)
	}
	return !f.backups.Resources[f.key.ResourceID].LatestCreated.Before(d.from) ||
		f.succeededSince(d.from) && (f.succeededLately() || s.hasExpired(f, d, f.state.LastSuccess.Created))
}

// hasExpired reports whether a backup for d was to be kept until the run after d and not longer:
// it is gone before the grace of that run is over.
func (s *Snapshot) hasExpired(f *facts, d *due, created time.Time) bool {
	next, ok := f.expected.Plan.Schedule().Next(d.at)
	return ok && slices.ContainsFunc(s.Inventory.Policies, func(p *cbrapi.Policy) bool {
		expiry := created.AddDate(0, 0, p.Retention.Days)
		return p.Retention.Days > 0 && p.OperationType == cbrapi.OperationBackup && slices.Contains(p.VaultIDs, f.vaultID) &&
			!expiry.Before(next) && !expiry.After(f.backups.FullAt)
	})
}

// succeededLately reports whether the latest success has ended so lately that its backup may
// not be known yet.
func (f *facts) succeededLately() bool {
	return f.backups != nil && f.state.LastSuccess != nil && f.state.LastSuccess.End.After(f.backups.FullAt.Add(-listDelay))
}

// decided reports whether what is known reaches back to a due moment: the tasks do, or all
// backups were read after its grace. If there is none and no task, the resource may have been
// bound since. If it has expired by now, whether there was one has been forgotten.
func (s *Snapshot) decided(f *facts, d *due) bool {
	if !d.from.Before(s.Discovered.HistoryStart) {
		return true
	}
	if f.backups == nil || !f.backups.FullAt.After(d.graceEnd) || s.hasExpired(f, d, d.at) {
		return false
	}
	_, hadBackups := f.backups.Resources[f.key.ResourceID]
	return hadBackups || f.state.LastFinished != nil
}

func (f *facts) succeededSince(t time.Time) bool {
	return f.state.LastSuccess != nil && !f.state.LastSuccess.Created.Before(t)
}

// excused reports whether an active task that was created in time may still bring the
// success that is due.
func (f *facts) excused(d *due) bool {
	return slices.ContainsFunc(f.active, func(t ActiveTask) bool {
		created := ledger.CreatedAt(t.Log)
		return !t.Stuck && !created.Before(d.from) && !created.After(d.graceEnd)
	})
}

// outdated is overdue where no policies are read: it reports whether the last success of a
// backup is older than one and a half of the expected interval.
func (s *Snapshot) outdated(f *facts) *bool {
	interval := s.options.ExpectedInterval
	if interval == 0 || f.key.OperationType != cbrapi.OperationBackup || f.state.LastSuccess == nil {
		return nil
	}
	success := f.state.LastSuccess.Created
	end := success.Add(interval + interval/2)
	return new(end.Before(s.Discovered.KnownUntil) && !f.excused(&due{from: success, graceEnd: end}))
}

// ActiveTask is an active task as it was when it was last read.
type ActiveTask struct {
	Log    *cbrapi.OperationLog
	Stuck  bool // it runs or waits for too long
	ReadAt time.Time
}

// judgeActive sets the active tasks, by id.
func (s *Snapshot) judgeActive() {
	for _, active := range s.Active {
		task := ActiveTask{active.Log, s.stuck(active), active.ReadAt}
		s.ActiveTasks = append(s.ActiveTasks, task)
		for _, key := range keysOf(active.Log) {
			if f := s.keys[key]; f != nil {
				f.active = append(f.active, task)
			}
		}
	}
}

// stuck reports whether a task was running for longer than StuckAfter and than three times
// its last success took, or waiting for longer than a third of StuckAfter.
func (s *Snapshot) stuck(active tasks.ActiveTask) bool {
	log := active.Log
	since, limit := ledger.CreatedAt(log), s.options.StuckAfter/3
	if log.Status != cbrapi.StatusWaiting {
		since, limit = cmp.Or(log.StartedAt, since), s.options.StuckAfter
		for _, key := range keysOf(log) {
			usual, _ := s.of(key).usual()
			limit = max(limit, 3*usual)
		}
	}
	return !since.IsZero() && active.ReadAt.Sub(since) > limit
}
