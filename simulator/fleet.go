package simulator

import (
	"iter"
	"time"
)

// retention is how long a task can be asked for. The console lists the tasks of
// the past 30 days; how long the API remembers is not published.
const retention = 30 * 24 * time.Hour

// A fleet is everything that the simulated project has. It does not change
// after newFleet.
type fleet struct {
	seed      seed
	projectID string
	region    string
	schedules []*schedule
}

// find returns the task that a UUID names, if it exists now.
func (f *fleet) find(u uuid, now time.Time) (run, bool) {
	id, ok := taskIDFrom(u, f.seed)
	if !ok || int(id.schedule) >= len(f.schedules) {
		return run{}, false
	}
	r := f.run(f.schedules[id.schedule], id.run)
	return r, r.exists(now)
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
			if !r.exists(now) || !yield(r) || number == 0 {
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
