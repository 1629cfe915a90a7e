package inventory

import (
	"slices"
	"time"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
	"github.com/cbr-exporter/cbr_exporter/schedule"
	"github.com/cbr-exporter/cbr_exporter/tasks/ledger"
)

// Expectation is that the enabled policies of a vault run an operation for a resource.
type Expectation struct {
	ledger.ResourceKey
	VaultID string
	Plan    *Plan
	// Bound is since when the resource follows the policies of the vault, as far as that
	// was seen; zero if it did at the first reading. The API does not date it.
	Bound time.Time
}

// Plan is when the enabled policies of a vault run one type of operation, and when they did
// before their schedules were changed.
type Plan struct {
	Policies []PlannedPolicy
}

// Schedule returns the present schedule of all policies.
func (p *Plan) Schedule() schedule.Schedule {
	var all schedule.Schedule
	for _, one := range p.Policies {
		if one.Until.IsZero() {
			all = append(all, one.Schedule...)
		}
	}
	return all
}

// PlannedPolicy is a schedule of one policy for a vault.
type PlannedPolicy struct {
	Schedule schedule.Schedule
	// Since is when the vault was created or when the policy was first seen to be enabled
	// for it with this schedule, whichever is later. It is zero if both are unknown.
	Since time.Time
	Until time.Time // when another schedule replaced it; zero if none has
}

// Binding is where a resource is bound.
type Binding struct {
	VaultID string
	Deleted bool      // the resource does not exist any more
	Manual  bool      // the resource does not follow the policies of the vault
	Since   time.Time // when it was first seen so; zero if it was so at the first reading
	// Settled is when the policies of this vault have deleted what they do not keep of the
	// backups from the vault before; zero if the resource was not seen to move.
	Settled time.Time
}

// bind returns the binding of each resource, by id. The API binds a resource to one
// vault at most.
func (s *vaultState) bind(now time.Time) map[string]Binding {
	bindings := map[string]Binding{}
	for _, v := range s.vaults {
		for n := range v.Resources {
			r := &v.Resources[n]
			b := Binding{VaultID: v.ID, Deleted: r.ProtectStatus == cbrapi.ProtectDeleted, Manual: r.AutoProtect != nil && !*r.AutoProtect}
			before, bound := s.bindings[r.ID]
			b.Settled = before.Settled
			if bound && before.VaultID != v.ID {
				b.Settled = s.settled(v.ID, now)
			}
			switch {
			case bound && before.Manual == b.Manual: // in whichever vault
				b.Since = before.Since
			case s.bindings != nil:
				b.Since = now
			}
			bindings[r.ID] = b
		}
	}
	return bindings
}

// expect returns what the enabled policies run for the resources that follow them.
func (s *vaultState) expect(plans map[planKey]*Plan) []Expectation {
	expected := []Expectation{} // not nil: both lists are known
	for _, operation := range []cbrapi.OperationType{cbrapi.OperationBackup, cbrapi.OperationReplication} {
		for _, v := range s.vaults {
			plan := plans[planKey{v.ID, operation}]
			if plan == nil {
				continue
			}
			for n := range v.Resources {
				r := &v.Resources[n]
				b := s.bindings[r.ID]
				if b.Manual || b.Deleted || b.VaultID != v.ID {
					continue
				}
				key := ledger.ResourceKey{ResourceID: r.ID, OperationType: operation}
				expected = append(expected, Expectation{key, v.ID, plan, b.Since})
			}
		}
	}
	return expected
}

type planKey struct {
	vaultID   string
	operation cbrapi.OperationType
}

// assignment is a policy for a vault.
type assignment struct{ policyID, vaultID string }

// enabled is an enabled policy for a vault, as it was last readable.
type enabled struct {
	patterns []string // sorted
	start    time.Time
	PlannedPolicy
	before []PlannedPolicy // its earlier schedules
}

// maxGap is how long the runs of an earlier schedule matter: the API documents intervals of
// 30 days at most.
const maxGap = 31 * 24 * time.Hour

const patternField = "policies.trigger.properties.pattern"

// plan returns the plans of the enabled policies, which were last read at last before now. It
// leaves out a policy with an invalid pattern: when that one runs is not known.
func (i *Inventory) plan(s *vaultState, last, now time.Time) map[planKey]*Plan {
	created := map[string]time.Time{}
	for _, v := range s.vaults {
		created[v.ID] = v.CreatedAt
	}
	before, since := s.enabled, now
	if before == nil { // the first reading: it may have been so for long
		since = time.Time{}
	}
	s.enabled = map[assignment]*enabled{}
	plans := map[planKey]*Plan{}
	for _, policy := range s.policies {
		runs, errs := Runs(policy)
		for _, err := range errs {
			i.options.InvalidFields.WithLabelValues(patternField).Inc()
			_ = i.problems.Once("pattern "+policy.ID+" "+err.Error()).Log("msg", "invalid schedule, policy ignored",
				"policy_id", policy.ID, "policy_name", policy.Name, "err", err)
		}
		for _, vaultID := range policy.VaultIDs {
			a := assignment{policy.ID, vaultID}
			e := before[a]
			switch {
			case policy.Enabled != nil && !*policy.Enabled:
				continue
			case len(runs) == 0: // what cannot be read for once is as before
				if e != nil {
					s.enabled[a] = e
				}
				continue
			}
			e = e.runs(policy, runs, last, since)
			s.enabled[a] = e
			key := planKey{vaultID, policy.OperationType.Canonical()}
			if plans[key] == nil {
				plans[key] = &Plan{}
			}
			for _, p := range append([]PlannedPolicy{e.PlannedPolicy}, e.before...) {
				if created[vaultID].After(p.Since) {
					p.Since = created[vaultID]
				}
				plans[key].Policies = append(plans[key].Policies, p)
			}
		}
	}
	return plans
}

// runs returns what follows e, which was last seen at last and is nil for a policy that was
// not enabled before, when the policy runs s since then.
func (e *enabled) runs(policy *cbrapi.Policy, s schedule.Schedule, last, since time.Time) *enabled {
	next := &enabled{slices.Sorted(slices.Values(policy.Patterns)), policy.StartTime, PlannedPolicy{Schedule: s, Since: since}, nil}
	switch {
	case e == nil:
		return next
	case slices.Equal(e.patterns, next.patterns) && e.start.Equal(next.start):
		return e
	default:
		next.before = slices.DeleteFunc(append([]PlannedPolicy{{e.Schedule, e.Since, last}}, e.before...), func(p PlannedPolicy) bool {
			return since.Sub(p.Until) > maxGap
		})
		return next
	}
}

// Runs returns when a policy runs: never if it is disabled or not all of its patterns can
// be read. The errors are about single patterns.
func Runs(policy *cbrapi.Policy) (schedule.Schedule, []error) {
	s, errs := schedule.New(policy.Patterns, policy.StartTime)
	if policy.Enabled == nil || !*policy.Enabled || len(errs) > 0 || slices.ContainsFunc(policy.Invalid, isPattern) {
		return nil, errs
	}
	return s, nil
}

func isPattern(f cbrapi.InvalidField) bool { return f.Field == patternField }
