package protection

import (
	"slices"
	"time"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
	"github.com/cbr-exporter/cbr_exporter/inventory"
	"github.com/cbr-exporter/cbr_exporter/tasks/ledger"
)

const (
	maxDays   = 31
	dayLength = 24 * time.Hour // in UTC
)

// Day is what happened to a resource key on one day, in UTC. A task belongs to the day on
// which it was created, a run of the policies to the day on which it was due.
type Day struct {
	Start time.Time
	// Known means that this is all that happened until the tasks were read. Otherwise the
	// known history begins during the day or later, or too late to judge a run of the day; or
	// it is not known whether the policies ran for the resource then.
	Known bool

	Tasks map[cbrapi.Status]int // finished ones, by status; nil if there are none
	// Due is how many runs the policies were to start until the tasks were read. Missed is
	// how many of them have no success, although their grace is over.
	Due, Missed int
}

// Calendar finds the days of resource keys. It is not safe for concurrent use.
type Calendar struct {
	snapshot *Snapshot
	planned  map[*inventory.Plan][]due // which most resources share with others
}

// Calendar returns the calendar of the snapshot.
func (s *Snapshot) Calendar() *Calendar { return &Calendar{s, map[*inventory.Plan][]due{}} }

// Days returns the days of the lookback, 31 at most, the latest last; nil without discovery
// or before the tasks are known.
func (c *Calendar) Days(key ledger.ResourceKey) []Day {
	d := c.snapshot.Discovered
	if d == nil || !d.Synced || d.KnownUntil.IsZero() {
		return nil
	}
	days := make([]Day, 0, maxDays)
	for start := c.snapshot.firstDay(); !start.After(d.KnownUntil); start = start.Add(dayLength) {
		days = append(days, Day{Start: start, Known: !start.Before(d.HistoryStart)})
	}
	f := c.snapshot.of(key)
	tasks := f.state.Runs.List()
	addTasks(days, tasks)
	if f.expected != nil {
		c.addDue(days, &f, tasks)
	}
	return days
}

func addTasks(days []Day, tasks []ledger.Run) {
	for i := range tasks {
		task := &tasks[i]
		n := dayOf(days[0].Start, task.Created)
		if n < 0 || n >= len(days) {
			continue
		}
		if days[n].Tasks == nil {
			days[n].Tasks = map[cbrapi.Status]int{}
		}
		days[n].Tasks[task.Status]++
	}
}

// addDue adds the runs that were due. The verdict decides about the latest one whose grace is
// over.
func (c *Calendar) addDue(days []Day, f *facts, tasks []ledger.Run) {
	e, verdict := f.expected, f.verdict
	// The API does not say since when a resource is bound: before the vaults were first read,
	// only an earlier task shows that it was.
	all := tasks
	bound := func(run, next *due) bool {
		return !run.at.Before(c.snapshot.Inventory.Since) || len(all) > 0 && all[0].Created.Before(next.from)
	}
	runs := c.runs(e.Plan)
	first, _ := slices.BinarySearchFunc(runs, e.Bound, func(r due, bound time.Time) int { return r.at.Compare(bound) })
	for n := first; n < len(runs); n++ {
		run := &runs[n]
		day := &days[dayOf(days[0].Start, run.at)]
		day.Due++
		if verdict == nil || run.at.After(verdict.Due) {
			continue
		}
		if run.at.Equal(verdict.Due) { // the latest one
			day.Known = day.Known && verdict.Overdue != nil
			if isTrue(verdict.Overdue) {
				day.Missed++
			}
			continue
		}
		next := &runs[n+1]
		for len(tasks) > 0 && (tasks[0].Status != cbrapi.StatusSuccess || tasks[0].Created.Before(run.from)) {
			tasks = tasks[1:]
		}
		switch {
		case len(tasks) > 0 && tasks[0].Created.Before(next.from): // a success
		case run.from.Before(c.snapshot.Discovered.HistoryStart), !bound(run, next):
			day.Known = false
		case len(f.active) > 0 && f.excused(run):
		default:
			day.Missed++
		}
	}
}

// dayOf returns the number of the day of t, from 0 for the first one.
func dayOf(first, t time.Time) int {
	if t.Before(first) {
		return -1
	}
	return int(t.Sub(first) / dayLength)
}

// firstDay returns the start of the first of the days.
func (s *Snapshot) firstDay() time.Time {
	until := s.Discovered.KnownUntil.UTC()
	first := until.Truncate(dayLength).Add(-(maxDays - 1) * dayLength)
	if start := until.Add(-s.options.Lookback).Truncate(dayLength); start.After(first) {
		return start
	}
	return first
}

// runs returns the runs of a plan that were due since the first of the days, the latest last.
func (c *Calendar) runs(plan *inventory.Plan) []due {
	if runs, known := c.planned[plan]; known {
		return runs
	}
	var runs []due
	first, e := c.snapshot.firstDay(), &inventory.Expectation{Plan: plan}
	at := previousRun(e, c.snapshot.Discovered.KnownUntil.Add(1))
	for ; !at.Before(first); at = previousRun(e, at) {
		runs = append(runs, dueAt(e, at, c.snapshot.options.Grace))
	}
	slices.Reverse(runs)
	c.planned[plan] = runs
	return runs
}
