package simulator

import (
	"iter"
	"time"
)

// A fleet is everything that the simulated project has. It does not change
// after newFleet.
type fleet struct {
	seed      seed
	projectID string
	region    string
	retention time.Duration
	schedules []*schedule
}

// exists reports whether the API knows the task: it has been created and is not
// older than the retention.
func (f *fleet) exists(r run, now time.Time) bool {
	return !now.Before(r.created) && now.Sub(r.created) <= f.retention
}

// find returns the task that a UUID names, if it exists now.
func (f *fleet) find(u uuid, now time.Time) (run, bool) {
	id, ok := taskIDFrom(u, f.seed)
	if !ok || int(id.schedule) >= len(f.schedules) {
		return run{}, false
	}
	r := f.run(f.schedules[id.schedule], id.run)
	return r, f.exists(r, now)
}

// history yields the runs of a schedule that exist now, newest first.
func (f *fleet) history(s *schedule, now time.Time) iter.Seq[run] {
	return func(yield func(run) bool) {
		number, ok := s.lastPlanned(now)
		if !ok {
			return
		}
		if f.run(s, number).created.After(now) {
			number-- // its jitter is not over yet
		}
		for ; ; number-- {
			r := f.run(s, number)
			if !f.exists(r, now) || !yield(r) || number == 0 {
				return
			}
		}
	}
}

// current returns the tasks that tell how each schedule stands: its newest
// finished run and those that wait or run.
func (f *fleet) current(now time.Time) []run {
	var runs []run
	for _, s := range f.schedules {
		for r := range f.history(s, now) {
			runs = append(runs, r)
			if r.hasEnded(now) {
				break
			}
		}
	}
	return runs
}
