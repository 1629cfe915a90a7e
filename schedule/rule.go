package schedule

import (
	"errors"
	"iter"
	"slices"
	"time"

	"github.com/teambition/rrule-go"
)

const dayMinutes = 24 * 60

// rule is a pattern whose runs have been counted out. They repeat after some days.
type rule struct {
	days int   // at least one
	runs []int // in minutes since the epoch, less than these days; sorted, none twice
}

// epoch is where the days of all rules begin, a Monday.
func epoch() time.Time { return time.Date(2001, time.January, 1, 0, 0, 0, 0, time.UTC) }

// newRule counts out one repetition of p, which has at most 24 runs on 7 days.
func newRule(p pattern, start time.Time) (rule, error) {
	days := p.interval
	switch {
	case p.weekly:
		days = 7 * p.interval
	case p.days != nil:
		days = lcm(p.interval, 7)
	}
	cycle := days * dayMinutes
	first := p.anchor(start, cycle)
	// The library would look for a run until the year 9999.
	if weekday := first / dayMinutes % 7; !p.weekly && p.days != nil && p.interval%7 == 0 && !slices.Contains(p.days, weekday) {
		return rule{}, errors.New("never runs: its start is on another day")
	}
	options := rrule.ROption{
		Freq:     rrule.DAILY,
		Interval: p.interval,
		Dtstart:  epoch().Add(time.Duration(first) * time.Minute),
		Until:    epoch().Add(time.Duration(first+cycle-1) * time.Minute),
		Byhour:   p.hours,
		Byminute: p.minutes,
	}
	if p.weekly {
		options.Freq = rrule.WEEKLY
	}
	weekdays := []rrule.Weekday{rrule.MO, rrule.TU, rrule.WE, rrule.TH, rrule.FR, rrule.SA, rrule.SU}
	for _, day := range p.days {
		options.Byweekday = append(options.Byweekday, weekdays[day])
	}
	recurrence, err := rrule.NewRRule(options)
	if err != nil {
		return rule{}, err
	}
	r := rule{days: days}
	for _, at := range recurrence.All() {
		r.runs = append(r.runs, int(at.Sub(epoch())/time.Minute)%cycle)
	}
	if r.runs == nil {
		return rule{}, errors.New("never runs")
	}
	slices.Sort(r.runs)
	return r, nil
}

// anchor returns the start, or one that does as well, in minutes since the epoch and
// less than cycle, after which all repeats. Seconds do not count: no pattern has any.
func (p pattern) anchor(start time.Time, cycle int) int {
	if start.IsZero() {
		if p.days == nil {
			return 0
		}
		return p.days[0] * dayMinutes
	}
	seconds := (start.Unix() - epoch().Unix()) % int64(cycle*60)
	if seconds < 0 {
		seconds += int64(cycle * 60)
	}
	return int(seconds / 60)
}

// longestGap returns the longest time between two runs, which come sorted, in minutes.
// They repeat after cycle minutes: the gap from the last to the first one counts.
func longestGap(runs iter.Seq[int], cycle int) int {
	first, last, longest := -1, -1, 0
	for run := range runs {
		if first < 0 {
			first, last = run, run
		}
		longest = max(longest, run-last)
		last = run
	}
	return max(longest, first+cycle-last)
}
