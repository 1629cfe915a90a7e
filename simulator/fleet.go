package simulator

import (
	"iter"
	"slices"
	"time"
)

// A fleet is everything that the simulated project has by itself. It does not change
// after newFleet.
type fleet struct {
	seed      seed
	projectID string
	region    string
	retention time.Duration
	schedules []*schedule
	holdings  []*holding
	policies  []Policy
}

// exists reports whether the API knows the task: it has been created and is not
// older than the retention.
func (f *fleet) exists(r run, now time.Time) bool {
	return !now.Before(r.created) && now.Sub(r.created) <= f.retention
}

// identify says which of the fleet's tasks a UUID names.
func (f *fleet) identify(u uuid) (id taskID, ok bool) {
	id, ok = taskIDFrom(u, f.seed)
	return id, ok && int(id.schedule) < len(f.schedules)
}

// find returns the task that a UUID names, if it exists now.
func (f *fleet) find(u uuid, now time.Time) (run, bool) {
	id, ok := f.identify(u)
	if !ok {
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
// finished run and those that wait or run. Those that were removed are not there.
func (f *fleet) current(now time.Time, removed map[taskID]struct{}) []run {
	var runs []run
	for _, s := range f.schedules {
		for r := range f.history(s, now) {
			if _, gone := removed[r.id]; gone {
				continue
			}
			runs = append(runs, r)
			if r.hasEnded(now) {
				break
			}
		}
	}
	return runs
}

// created returns the runs that are created at from or later, but before to, in
// the order of compareRuns.
func (f *fleet) created(from, to time.Time) []run {
	var runs []run
	for _, s := range f.schedules {
		number, ok := s.lastPlanned(to)
		for ; ok && !s.planned(number).Add(s.jitter).Before(from); number-- {
			r := f.run(s, number)
			if !r.created.Before(from) && r.created.Before(to) {
				runs = append(runs, r)
			}
			ok = number > 0
		}
	}
	slices.SortFunc(runs, compareRuns)
	return runs
}
