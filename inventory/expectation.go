package inventory

import (
	"fmt"
	"slices"
	"time"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
	"github.com/cbr-exporter/cbr_exporter/ledger"
	"github.com/cbr-exporter/cbr_exporter/schedule"
)

// Expectation says how often the policies of a vault do something with a resource.
type Expectation struct {
	ledger.ResourceKey
	// Interval is the longest time that the enabled policies leave between two runs.
	Interval time.Duration
	// Since is from when on that has been so, or something more often, as far as is
	// known: before, nobody expected it.
	Since time.Time
}

// patternField is the place of a policy's patterns in an answer.
const patternField = "policies.trigger.properties.pattern"

// expect works out what both lists in k say together, at the time now. A policy with
// a pattern that cannot be read counts for nothing: it may run more often than the
// others say, and nobody knows how often.
func (i *Inventory) expect(k *known, now time.Time) []Expectation {
	plans := plans{byVault: map[planKey][]int{}, intervals: map[string]time.Duration{}}
	for _, p := range k.allPolicies {
		s, errs := schedule.New(p.Patterns, p.StartTime)
		for _, err := range errs {
			i.options.OnInvalidField(patternField)
			i.journal.unreadable(p, err)
		}
		if p.Enabled != nil && *p.Enabled && len(errs) == 0 && !slices.ContainsFunc(p.Invalid, isPattern) {
			plans.add(p, s)
		}
	}
	before := map[ledger.ResourceKey]Expectation{}
	for _, e := range k.expected {
		before[e.ResourceKey] = e
	}
	expected := []Expectation{} // not nil: it is known by now
	for _, operation := range []cbrapi.OperationType{cbrapi.OperationBackup, cbrapi.OperationReplication} {
		for _, v := range k.allVaults {
			interval, start, ok := plans.of(v.ID, operation)
			if !ok {
				continue
			}
			if v.CreatedAt.After(start) {
				start = v.CreatedAt
			}
			if k.expected != nil || start.IsZero() { // it is new, or nobody says how old
				start = now
			}
			for n := range v.Resources {
				r := &v.Resources[n]
				if r.AutoProtect != nil && !*r.AutoProtect {
					continue
				}
				e := Expectation{ledger.ResourceKey{VaultID: v.ID, ResourceID: r.ID, OperationType: operation}, interval, start}
				if b, known := before[e.ResourceKey]; known && b.Interval <= interval {
					e.Since = b.Since
				}
				expected = append(expected, e)
			}
		}
	}
	return expected
}

func isPattern(f cbrapi.InvalidField) bool { return f.Field == patternField }

// plans are the schedules of the enabled policies, by the vaults that they are
// bound to.
type plans struct {
	schedules []schedule.Schedule
	starts    []time.Time
	byVault   map[planKey][]int        // positions in schedules
	intervals map[string]time.Duration // by such positions: many vaults share their policies; 0 for none
}

type planKey struct {
	vaultID   string
	operation cbrapi.OperationType
}

func (p *plans) add(policy *cbrapi.Policy, s schedule.Schedule) {
	for _, vaultID := range policy.VaultIDs {
		key := planKey{vaultID, policy.OperationType.Canonical()}
		p.byVault[key] = append(p.byVault[key], len(p.schedules))
	}
	p.schedules, p.starts = append(p.schedules, s), append(p.starts, policy.StartTime)
}

// of returns how long it may be between two runs in a vault, and from when on its
// first policy counts; zero where that is not known. It is not ok where nothing ever
// runs.
func (p *plans) of(vaultID string, operation cbrapi.OperationType) (interval time.Duration, start time.Time, ok bool) {
	bound := p.byVault[planKey{vaultID, operation}]
	if len(bound) == 0 {
		return 0, time.Time{}, false
	}
	start = p.starts[bound[0]]
	for _, n := range bound {
		if p.starts[n].Before(start) {
			start = p.starts[n]
		}
	}
	key := fmt.Sprint(bound)
	interval, known := p.intervals[key]
	if !known {
		var together []schedule.Schedule
		for _, n := range bound {
			together = append(together, p.schedules[n])
		}
		interval, _ = schedule.LongestGap(together...)
		p.intervals[key] = interval
	}
	return interval, start, interval > 0
}
