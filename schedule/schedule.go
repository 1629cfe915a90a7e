// Package schedule computes when a policy is due from its iCalendar patterns. The
// API documents a part of RFC 2445; the package refuses the rest.
//
// All times are UTC, as in the API: there is no daylight saving time.
package schedule

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"time"
)

const (
	// horizon bounds the time that LongestGap looks ahead, in days: about ten years.
	// Any two patterns whose intervals are the documented 1 to 30 days, without BYDAY,
	// repeat within 870 days.
	horizon = 10 * 366

	dayMinutes = 24 * 60

	monday  = 4 * dayMinutes    // 5 January 1970
	unknown = math.MinInt64 / 2 // the start if it is unknown: before all times
)

// Schedule is the moments at which one or more policies are due: those of all its
// rules. Schedules of several policies are joined with append.
type Schedule []rule

// New returns the schedule of a policy, which is due whenever one of its patterns
// is, such as FREQ=WEEKLY;BYDAY=MO,FR;BYHOUR=14;BYMINUTE=00. A pattern has FREQ,
// which is DAILY or WEEKLY, and may have BYDAY, BYHOUR, BYMINUTE and INTERVAL, from 1
// to 366.
//
// A policy is not due before its start. INTERVAL counts from the start, and a
// pattern without day, hour or minute takes them from it. Seconds are ignored. If the
// start is unknown (zero), it is taken to be on a Monday at 00:00.
//
// New returns an error for each pattern that is invalid, or whose INTERVAL counts from an
// unknown start. The schedule is that of the others.
//
// See https://support.huaweicloud.com/intl/en-us/api-cbr/ListPolicies.html, table 8.
func New(patterns []string, start time.Time) (s Schedule, errs []error) {
	for _, text := range patterns {
		p, err := parse(text)
		var r rule
		if err == nil {
			r, err = newRule(p, start)
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("pattern %.100q: %w", text, err))
			continue
		}
		s = append(s, r)
	}
	return s, errs
}

// Next returns the first due moment after t. It reports false if nothing is ever due.
func (s Schedule) Next(t time.Time) (time.Time, bool) {
	if len(s) == 0 {
		return time.Time{}, false
	}
	return moment(s.next(minutes(t))), true
}

// Previous returns the last due moment before t. It reports false if there is none.
func (s Schedule) Previous(t time.Time) (time.Time, bool) {
	end := minutes(t)
	if moment(end).Before(t) {
		end++
	}
	previous := int64(math.MinInt64)
	for _, r := range s {
		if due := r.previous(end); due >= r.start {
			previous = max(previous, due)
		}
	}
	if previous == math.MinInt64 {
		return time.Time{}, false
	}
	return moment(previous), true
}

// LongestGap returns the longest time between two consecutive due moments, once all
// policies have started. It reports false if nothing is ever due.
//
// It looks ahead until the schedule repeats, but no more than ten years.
func (s Schedule) LongestGap() (time.Duration, bool) {
	if len(s) == 0 {
		return 0, false
	}
	days, start := int64(1), int64(0)
	for _, r := range s {
		days = min(lcm(days, r.cycle/dayMinutes), horizon)
		start = max(start, r.start)
	}
	longest := int64(0)
	due := s.next(start - 1)
	for end := due + days*dayMinutes; due < end; {
		next := s.next(due)
		longest, due = max(longest, next-due), next
	}
	return time.Duration(longest) * time.Minute, true
}

func (s Schedule) next(after int64) int64 {
	next := int64(math.MaxInt64)
	for _, r := range s {
		next = min(next, r.next(max(after, r.start-1)))
	}
	return next
}

// rule is one pattern that has been computed for one cycle, after which it repeats. It
// counts in minutes since 1970.
type rule struct {
	start  int64   // not due before
	origin int64   // start of a cycle, a Monday at 00:00
	cycle  int64   // as many weeks as the interval has weeks or days
	due    []int64 // minutes since the start of a cycle; sorted, not empty
}

// newRule computes one cycle of a pattern. Both a weekly and a daily pattern are due
// on at most seven days of it.
func newRule(p pattern, start time.Time) (rule, error) {
	r := rule{cycle: p.interval * 7 * dayMinutes, start: unknown, origin: monday}
	weekday, minute := int64(0), int64(0) // of the start
	if start.IsZero() {
		if p.interval > 1 {
			return rule{}, errors.New("has INTERVAL, which counts from the start of the policy, and that is not known")
		}
		if len(p.days) > 0 {
			weekday = p.days[0]
		}
	} else {
		start = start.UTC()
		weekday, minute = int64(start.Weekday()+6)%7, int64(start.Hour()*60+start.Minute())
		r.start = minutes(start)
		r.origin = r.start - weekday*dayMinutes - minute
	}

	var days []int64 // since the start of the cycle
	if p.frequency == "WEEKLY" {
		days = orDefault(p.days, weekday)
	} else {
		for day := weekday % p.interval; day < 7*p.interval; day += p.interval {
			if p.days == nil || slices.Contains(p.days, day%7) {
				days = append(days, day)
			}
		}
	}
	if len(days) == 0 {
		return rule{}, fmt.Errorf("is never due: INTERVAL=%d counts from a day that BYDAY leaves out", p.interval)
	}
	for _, day := range days {
		for _, h := range orDefault(p.hours, minute/60) {
			for _, m := range orDefault(p.minutes, minute%60) {
				r.due = append(r.due, day*dayMinutes+h*60+m)
			}
		}
	}
	return r, nil
}

func orDefault(values []int64, value int64) []int64 {
	if values == nil {
		return []int64{value}
	}
	return values
}

func (r rule) next(after int64) int64 {
	offset := floorMod(after-r.origin, r.cycle)
	n, _ := slices.BinarySearch(r.due, offset+1)
	if n == len(r.due) {
		return after - offset + r.cycle + r.due[0]
	}
	return after - offset + r.due[n]
}

func (r rule) previous(before int64) int64 {
	offset := floorMod(before-r.origin, r.cycle)
	n, _ := slices.BinarySearch(r.due, offset)
	if n == 0 {
		return before - offset - r.cycle + r.due[len(r.due)-1]
	}
	return before - offset + r.due[n-1]
}

func minutes(t time.Time) int64 { return t.Truncate(time.Minute).Unix() / 60 }

func moment(minutes int64) time.Time { return time.Unix(minutes*60, 0).UTC() }

// floorMod returns the remainder of a/b, which is never negative.
func floorMod(a, b int64) int64 { return (a%b + b) % b }

func lcm(a, b int64) int64 {
	gcd, rest := a, b
	for rest != 0 {
		gcd, rest = rest, gcd%rest
	}
	return a / gcd * b
}
