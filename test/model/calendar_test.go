package model_test

import (
	"slices"
	"time"
)

// The calendar is walked hour by hour: policies run at whole hours.

// runs reports whether a policy runs at a whole hour.
func (p *policy) runs(at time.Time) bool {
	at = at.UTC()
	return slices.Contains(p.hours, int(at.Weekday())*24+at.Hour())
}

// plan is the policies that run one operation for a vault.
type plan []policy

// planOf returns the enabled policies that run an operation for a vault.
func (s *state) planOf(vaultID, operation string) plan {
	var all plan
	for _, p := range s.policies {
		if p.enabled && p.operation == operation && len(p.hours) > 0 && slices.Contains(p.vaults, vaultID) {
			all = append(all, p)
		}
	}
	return all
}

// runs reports whether any of the policies runs at a whole hour.
func (p plan) runs(at time.Time) bool {
	return slices.ContainsFunc(p, func(one policy) bool { return one.runs(at) })
}

// previous returns the last run before a moment.
func (p plan) previous(t time.Time) time.Time {
	at := t.Add(-1).Truncate(time.Hour)
	for !p.runs(at) {
		at = at.Add(-time.Hour)
	}
	return at
}

// next returns the first run after a moment.
func (p plan) next(t time.Time) time.Time {
	at := t.Truncate(time.Hour).Add(time.Hour)
	for !p.runs(at) {
		at = at.Add(time.Hour)
	}
	return at
}

// run is a due moment, and since when and until when a task of it may have been created.
type run struct{ at, from, until time.Time }

// due returns the latest run that counts and whose grace is over at a moment, and the one
// before it. They are zero if there is none within two weeks.
func (p plan) due(now time.Time, grace time.Duration, counts func(policy, time.Time) bool) (due, before run) {
	var next time.Time // the run after at
	for at := now.Truncate(time.Hour).Add(31 * day); now.Sub(at) < 14*day; at = at.Add(-time.Hour) {
		var enabled plan
		for _, one := range p {
			if counts(one, at) {
				enabled = append(enabled, one)
			}
		}
		if !enabled.runs(at) {
			continue
		}
		r := run{at: at, until: at.Add(grace)}
		if next.Before(r.until) && !next.IsZero() {
			r.until = next
		}
		if least := at.Add(30 * time.Minute); r.until.Before(least) {
			r.until = least
		}
		next = at
		if now.Before(r.until) {
			continue
		}
		r.from = at.Add(-at.Sub(enabled.previous(at)) / 4)
		if !due.at.IsZero() {
			return due, r
		}
		due = r
	}
	return due, run{}
}
