package protection

import (
	"maps"
	"slices"
	"time"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
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
		v.Overdue, v.Failing = s.overdue(f, d), failing(f)
		if v.Overdue != nil || v.Failing != nil || !v.Due.IsZero() {
			v.Why = s.why(&v, f, d)
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
	if f.state == nil || f.state.LastAttempt == nil {
		return nil
	}
	return new(f.state.LastAttempt.Status != cbrapi.StatusSuccess)
}

// overdue reports whether the success is missing that was due last; nil if nothing was due,
// or if that was before the known history.
func (s *Snapshot) overdue(f *facts, d due) *bool {
	if s.Inventory == nil {
		return s.outdated(f)
	}
	if d.at.IsZero() {
		return nil
	}
	switch {
	case f.succeededSince(d.from):
		return new(false)
	case d.from.Before(s.Discovered.HistoryStart):
		return nil
	case d.before != nil && !d.before.from.Before(s.Discovered.HistoryStart) && !f.succeededSince(d.before.from) && !f.excused(d.before):
		return new(true) // since the run before: the verdict is not to be 0 during each attempt
	default:
		return new(!f.excused(&d))
	}
}

func (f *facts) succeededSince(t time.Time) bool {
	return f.state != nil && f.state.LastSuccess != nil && !f.state.LastSuccess.Created.Before(t)
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
	if interval == 0 || f.key.OperationType != cbrapi.OperationBackup || f.state == nil || f.state.LastSuccess == nil {
		return nil
	}
	success := f.state.LastSuccess.Created
	end := success.Add(interval + interval/2)
	return new(end.Before(s.Discovered.KnownUntil) && !f.excused(&due{from: success, graceEnd: end}))
}
