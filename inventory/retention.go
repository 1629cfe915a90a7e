package inventory

import (
	"slices"
	"time"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
)

// retention is which backups the policies of a vault keep in it.
type retention struct {
	policies []retained // by id
	settled  time.Time  // when the latest change has deleted what it is to delete; zero if none was seen
}

type retained struct {
	policyID string
	cbrapi.Retention
}

// retain returns the retention of each vault that has or had an enabled policy, by its id.
func (s *vaultState) retain(now time.Time) map[string]retention {
	next := map[string]retention{}
	for id := range s.retention { // a vault may have lost its last policy
		next[id] = retention{}
	}
	for _, p := range s.policies {
		if !deletes(p) {
			continue
		}
		for _, id := range p.VaultIDs {
			r := next[id]
			r.policies = append(r.policies, retained{p.ID, p.Retention})
			next[id] = r
		}
	}
	for id, r := range next {
		before := s.retention[id]
		r.settled = before.settled
		// Without a policy nothing more is deleted, unless somebody deletes it.
		if s.retention != nil && slices.ContainsFunc(r.policies, func(p retained) bool { return !slices.Contains(before.policies, p) }) {
			r.settled = s.settled(id, now)
		}
		next[id] = r
	}
	return next
}

// least returns how many restore points are left at least when a policy deletes some for their
// number; 0 if none does so. The cloud deletes them every other day: of hourly backups far more
// than half may go at once. Of the rules for days and longer those count that the time since the
// oldest restore point can have filled.
//
// See https://registry.terraform.io/providers/huaweicloud/huaweicloud/latest/docs/resources/cbr_policy.
func (r retention) least(span time.Duration) (least int) {
	filled := func(n, days int) int { return min(n, int(span/day)/days) }
	for _, p := range r.policies {
		if p.MaxBackups <= 0 {
			continue
		}
		n := max(p.MaxBackups, filled(p.DayBackups, 1), filled(p.WeekBackups, 7), filled(p.MonthBackups, 31), filled(p.YearBackups, 366))
		if least == 0 || n < least {
			least = n
		}
	}
	return least
}

// deletes reports whether a policy deletes backups of its vaults, by its retention. One for
// replication keeps copies elsewhere.
func deletes(p *cbrapi.Policy) bool {
	return p.OperationType.Canonical() != cbrapi.OperationReplication && (p.Enabled == nil || *p.Enabled)
}

// settled returns when the policies of a vault have deleted what they do not keep, if they are
// new to it or to its backups at now: they delete it when they run next, or within two days,
// as the cloud clears backups every other day.
//
// See https://support.huaweicloud.com/en-us/cbr_faq/cbr_06_0044.html.
func (s *vaultState) settled(vaultID string, now time.Time) time.Time {
	last := now.Add(day)
	for _, p := range s.policies {
		runs, _ := Runs(p)
		if !deletes(p) || !slices.Contains(p.VaultIDs, vaultID) {
			continue
		}
		if next, ok := runs.Next(now); ok {
			last = latest(last, next)
		}
	}
	return last.Add(day)
}
