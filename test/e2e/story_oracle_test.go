//go:build e2e

package e2e

import (
	"slices"
	"strings"
	"time"

	"github.com/cbr-exporter/cbr_exporter/simulator"
)

// expectation is that something succeeds at least once in an interval.
type expectation struct {
	interval time.Duration
	since    time.Time
	disabled bool // the last word of a policy that is disabled by now
}

// oracle knows by the truth what ought to have had a success by now, as of when the
// API could be asked for the last time. It asks the cloud itself and not its API.
type oracle struct {
	cloud    *cloud
	asOf     time.Time
	expected map[string]expectation // nil before anything is known
	success  map[string]time.Time   // the newest, by the same keys
	history  time.Time              // all tasks since then are known
	overdue  map[string]bool        // by the same keys
}

// look takes in the truth as it is now.
func (o *oracle) look(now time.Time) {
	o.asOf, o.history = now, now
	o.success = map[string]time.Time{}
	for _, t := range o.cloud.Tasks() {
		if t.Created.Before(o.history) {
			o.history = t.Created
		}
		key := strings.Join([]string{t.VaultID, t.ResourceID, strings.ReplaceAll(t.OperationType, "copy", "replication")}, " ")
		if t.Status == "success" && t.Ended.After(o.success[key]) {
			o.success[key] = t.Ended
		}
	}
	before := o.expected
	o.expected = map[string]expectation{}
	for key, interval := range o.intervals() {
		e, known := before[key]
		switch {
		case before == nil: // as old as the policies, which are younger than the vaults
			e.since = o.cloud.begin.Add(-80 * day)
		case !known || e.disabled || interval < e.interval:
			e.since = now
		}
		o.expected[key] = expectation{interval: interval, since: e.since}
	}
	for key := range o.disabled() {
		if _, enabled := o.expected[key]; !enabled && before[key].interval > 0 {
			o.expected[key] = expectation{before[key].interval, before[key].since, true}
		}
	}
}

// intervals returns how long it may be between two runs, by vault, resource and
// operation.
func (o *oracle) intervals() map[string]time.Duration {
	hours := map[string][]int{}
	for _, p := range o.cloud.Policies() {
		for _, v := range o.cloud.Vaults() {
			for _, r := range v.Resources {
				bound := slices.ContainsFunc(p.Vaults, func(of simulator.PolicyVault) bool { return of.ID == v.ID })
				if p.Enabled && bound && (r.AutoProtect == nil || *r.AutoProtect) {
					key := strings.Join([]string{v.ID, r.ID, p.OperationType}, " ")
					hours[key] = append(hours[key], o.cloud.plans[p.ID].hours...)
				}
			}
		}
	}
	intervals := map[string]time.Duration{}
	for key, all := range hours {
		if len(all) > 0 { // or nobody can read the pattern
			intervals[key] = longestGap(all)
		}
	}
	return intervals
}

// disabled returns what is bound to a vault whose policy is disabled.
func (o *oracle) disabled() map[string]bool {
	keys := map[string]bool{}
	for _, p := range o.cloud.Policies() {
		for _, v := range o.cloud.Vaults() {
			for _, r := range v.Resources {
				if !p.Enabled && slices.ContainsFunc(p.Vaults, func(of simulator.PolicyVault) bool { return of.ID == v.ID }) {
					keys[strings.Join([]string{v.ID, r.ID, p.OperationType}, " ")] = true
				}
			}
		}
	}
	return keys
}

// missing returns what had a success, but for too long none, and what never had one.
// A success has half an interval and an hour more time than from one run to the next,
// be it from the last one or from when it was first expected. What is overdue stays so
// under another policy.
func (o *oracle) missing() (overdue, never []string) {
	before := o.overdue
	o.overdue = map[string]bool{}
	for key, e := range o.expected {
		late := func(since time.Time) bool {
			return o.asOf.Sub(since) > e.interval+e.interval/2+time.Hour
		}
		success, known := o.success[key]
		switch {
		case known && late(success) && (late(e.since) || before[key]):
			overdue = append(overdue, key)
			o.overdue[key] = true
		case !known && late(o.history) && late(e.since):
			never = append(never, key)
		}
	}
	slices.Sort(overdue)
	slices.Sort(never)
	return overdue, never
}
