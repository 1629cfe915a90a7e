package simulator

import (
	"cmp"
	"time"
)

// progressInterval is how often a running task's record is written; progress
// and updated_at move together, as in a real record.
const progressInterval = 10 * time.Second

// A run is one task's whole life, past and future. What is visible of it
// depends on the clock.
type run struct {
	id       taskID
	given    uuid // of a scripted task, instead of that made from id
	schedule *schedule
	vault    *vault    // nil: the task does not tell its vault
	resource *resource // nil: it has none

	created time.Time
	started time.Time // zero: never (skipped)
	ended   time.Time // zero: never
	outcome string    // the status once it has ended
	reach   int       // the progress once it has ended, percent
	err     errorInfo // empty where nothing went wrong
}

// run draws the life of one run.
func (f *fleet) run(s *schedule, number uint32) run {
	chance := f.seed.rand("run", s.index, number)

	life := run{
		id:       taskID{s.index, number},
		schedule: s,
		resource: s.resource,
		created:  s.planned(number).Add(span{0, s.jitter}.draw(chance)),
		outcome:  s.habit.outcome(chance.IntN(100)),
	}
	life.vault = f.vaultOf(life)
	wait, length := s.wait.draw(chance), s.length.draw(chance)
	// What goes wrong does so late, after most of the work. The demo relies on
	// it, see newFleet.
	shortfall := 80 + chance.IntN(18)
	reason := chance.Int()

	vaultFull := s.operation == opBackup && f.full(s.vault, life.created)
	if vaultFull && life.outcome == statusSuccess {
		life.outcome = statusFailed
	}

	if life.outcome == statusSkipped {
		life.ended = life.created.Add(wait)
		life.err = pick(skipReasons(s), reason)
		return life
	}
	life.started = life.created.Add(wait)
	switch life.outcome {
	case statusSuccess:
		life.reach = 100
	case statusTimeout:
		life.reach = shortfall // in the time of a success: it got slower and slower
	case statusFailed:
		life.reach = shortfall
		length = (length * time.Duration(shortfall) / 100).Truncate(time.Microsecond)
		life.err = pick(failureReasons(s.operation), reason)
		if vaultFull {
			life.err = errVaultFull()
		}
	}
	life.ended = life.started.Add(length)
	return life
}

// compareRuns orders runs by their creation.
func compareRuns(a, b run) int {
	return cmp.Or(
		a.created.Compare(b.created),
		cmp.Compare(a.id.schedule, b.id.schedule),
		cmp.Compare(a.id.run, b.id.run),
	)
}

func (r run) uuid(s seed) uuid {
	if r.id.schedule == scripted {
		return r.given
	}
	return r.id.uuid(s)
}

// provider is that of the resource. Where there is none, somebody has to be.
func (r run) provider() provider {
	if r.resource == nil {
		return serverProvider()
	}
	return r.resource.provider
}

func (r run) vaultID() string {
	if r.vault == nil {
		return ""
	}
	return r.vault.id
}

func (r run) vaultName() string {
	if r.vault == nil {
		return ""
	}
	return r.vault.name
}

func (r run) resourceID() string {
	if r.resource == nil {
		return ""
	}
	return r.resource.id
}

func (r run) resourceName() string {
	if r.resource == nil {
		return ""
	}
	return r.resource.name
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

// updated is when the record was written last.
func (r run) updated(now time.Time) time.Time {
	switch {
	case r.hasEnded(now):
		return r.ended
	case r.hasStarted(now):
		return r.started.Add(now.Sub(r.started).Truncate(progressInterval))
	}
	return r.created
}

// progress is in percent, and 100 only at a success.
func (r run) progress(now time.Time) int {
	switch {
	case r.hasEnded(now):
		return r.reach
	case r.hasStarted(now):
		elapsed := r.updated(now).Sub(r.started)
		if r.ended.IsZero() {
			return min(r.reach, int(elapsed/time.Minute)) // and there it hangs
		}
		return int(time.Duration(r.reach) * elapsed / r.ended.Sub(r.started))
	}
	return 0
}
