package schedule

import (
	"fmt"
	"slices"
	"time"
)

const (
	// maxPatterns is how many patterns the API documents for a policy.
	maxPatterns = 24
	// maxDays bounds the days over which schedules are laid on top of one another.
	maxDays = 10 * 366
	// maxRuns bounds the runs in these days.
	maxRuns = 4_000_000
)

// Schedule is when something runs again and again. The zero value never runs.
type Schedule struct {
	rules []rule
}

// New returns the schedule of a policy that runs whenever one of its patterns says
// so, such as FREQ=WEEKLY;BYDAY=MO,FR;BYHOUR=14;BYMINUTE=00. A pattern has FREQ,
// which is DAILY or WEEKLY, and may have BYDAY, BYHOUR, BYMINUTE and INTERVAL.
//
// The intervals count from start, and a pattern that has no day, hour or minute has
// the start's. A start that is not known is zero: it is then taken for a Monday at
// 00:00, which matters only where patterns with intervals, or without times, meet.
//
// There is an error for each pattern that cannot be read, and one for those behind
// the 24th. The schedule is that of the others.
//
// See https://support.huaweicloud.com/intl/en-us/api-cbr/ListPolicies.html, table 8.
func New(patterns []string, start time.Time) (Schedule, []error) {
	var (
		s    Schedule
		errs []error
	)
	for i, text := range patterns {
		if i == maxPatterns {
			errs = append(errs, fmt.Errorf("%d patterns, of which the first %d are read", len(patterns), maxPatterns))
			break
		}
		p, err := parse(text)
		if err == nil {
			var r rule
			if r, err = newRule(p, start); err == nil {
				s.rules = append(s.rules, r)
				continue
			}
		}
		errs = append(errs, fmt.Errorf("pattern %.100q: %w", text, err))
	}
	return s, errs
}

// LongestGap returns the longest time between two runs, one behind the other, of all
// the schedules together. It is not ok where nothing ever runs.
//
// It is exact where the schedules together repeat within ten years, as a policy with
// one interval always does. Otherwise it is the longest gap of the pattern that leaves
// the shortest one, which is never too short.
func LongestGap(schedules ...Schedule) (gap time.Duration, ok bool) {
	var rules []rule
	for _, s := range schedules {
		rules = append(rules, s.rules...)
	}
	if len(rules) == 0 {
		return 0, false
	}
	longest := 0
	if days, ok := repeat(rules); ok {
		longest = together(rules, days)
	} else {
		longest = shortest(rules)
	}
	return time.Duration(longest) * time.Minute, true
}

// together returns the longest gap of all rules on top of one another, in minutes.
func together(rules []rule, days int) int {
	minutes := make([]bool, days*dayMinutes)
	for _, r := range rules {
		for first := 0; first < len(minutes); first += r.days * dayMinutes {
			for _, run := range r.runs {
				minutes[first+run] = true
			}
		}
	}
	return longestGap(func(yield func(int) bool) {
		for minute, runs := range minutes {
			if runs && !yield(minute) {
				return
			}
		}
	}, len(minutes))
}

// shortest returns the shortest of the longest gaps of each rule alone, in minutes.
func shortest(rules []rule) int {
	gap := maxDays * dayMinutes
	for _, r := range rules {
		gap = min(gap, longestGap(slices.Values(r.runs), r.days*dayMinutes))
	}
	return gap
}

// repeat returns the days after which all rules together repeat; ok is false where
// these, or the runs in them, are too many.
func repeat(rules []rule) (days int, ok bool) {
	days = 1
	for _, r := range rules {
		if days = lcm(days, r.days); days > maxDays {
			return 0, false
		}
	}
	runs := 0
	for _, r := range rules {
		if runs += len(r.runs) * (days / r.days); runs > maxRuns {
			return 0, false
		}
	}
	return days, true
}

func lcm(a, b int) int {
	gcd, rest := a, b
	for rest != 0 {
		gcd, rest = rest, gcd%rest
	}
	return a / gcd * b
}
