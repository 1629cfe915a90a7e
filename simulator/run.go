package simulator

import (
	"cmp"
	"time"
)

// progressInterval is how often the record of a running task is written: progress
// and updated_at change together, as in real records.
const progressInterval = 10 * time.Second

// A run is the whole life of a task, past and future. The clock decides which part
// of it is visible.
type run struct {
	id       uuid
	schedule *schedule
	number   uint32      // of the run of its schedule
	vault    *vault      // never nil
	resource *resource   // never nil
	others   []*resource // that are removed too

	created time.Time
	started time.Time // zero: never (skipped)
	ended   time.Time // zero: never
	outcome string    // the status once it has ended
	reach   int       // the progress once it has ended, percent
	err     errorInfo // empty if nothing went wrong
}

func (p *project) run(s *schedule, number uint32) run {
	chance := p.seed.rand("run", s.index, number)
	r := run{
		id:       p.seed.uuid("task", s.index, number),
		schedule: s,
		number:   number,
		vault:    s.vault,
		resource: s.resource,
		created:  s.planned(number).Add(span{0, s.jitter}.draw(chance)),
		outcome:  s.habit.outcome(chance.IntN(100)),
	}
	if s.operation == opVaultDelete { // no vault is deleted twice
		id := p.seed.uuid("vault", s.index, number).String()
		r.vault = &vault{id: id, name: "vault-test-" + id[:4]}
	}
	wait, length := s.wait.draw(chance), s.length.draw(chance)
	// Tasks fail after most of the work, so that some always run in the demo.
	shortfall := 80 + chance.IntN(18)
	reason := chance.Int()

	vaultFull := s.operation == opBackup && p.full(s.vault, r.created)
	if vaultFull && r.outcome == statusSuccess {
		r.outcome = statusFailed
	}
	if r.outcome == statusSkipped {
		r.ended = r.created.Add(wait)
		r.err = pick(skipReasons(s), reason)
		return r
	}
	r.started = r.created.Add(wait)
	r.reach = shortfall
	switch r.outcome {
	case statusSuccess:
		r.reach = 100
	case statusFailed:
		length = (length * time.Duration(shortfall) / 100).Truncate(time.Microsecond)
		r.err = pick(failureReasons(s.operation), reason)
		if vaultFull {
			r.err = errVaultFull()
		}
	}
	r.ended = r.started.Add(length)
	return r
}

func compareRuns(a, b run) int {
	return cmp.Or(
		a.created.Compare(b.created),
		cmp.Compare(a.schedule.index, b.schedule.index),
		cmp.Compare(a.number, b.number),
	)
}

// names returns the vault and the policy that the task names; of what it does not name
// the ids are empty.
func (r run) names() (v *vault, policyID string) {
	if r.schedule.anonymous {
		return &vault{}, ""
	}
	return r.vault, r.schedule.policyID
}

func (r run) hasStarted(now time.Time) bool {
	return !r.started.IsZero() && !now.Before(r.started)
}

func (r run) hasEnded(now time.Time) bool { return !r.ended.IsZero() && !now.Before(r.ended) }

func (r run) status(now time.Time) string {
	switch {
	case r.hasEnded(now):
		return r.outcome
	case r.hasStarted(now):
		return statusRunning
	}
	return statusWaiting
}

func (r run) updated(now time.Time) time.Time {
	switch {
	case r.hasEnded(now):
		return r.ended
	case r.hasStarted(now):
		return r.started.Add(now.Sub(r.started).Truncate(progressInterval))
	}
	return r.created
}

// progress returns the progress in percent. Only a success reaches 100.
func (r run) progress(now time.Time) int {
	switch {
	case r.hasEnded(now):
		return r.reach
	case r.hasStarted(now):
		elapsed := r.updated(now).Sub(r.started)
		if r.ended.IsZero() {
			return min(r.reach, int(elapsed/time.Minute)) // then it hangs
		}
		return int(time.Duration(r.reach) * elapsed / r.ended.Sub(r.started))
	}
	return 0
}
