package simulator

import (
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// occurrences returns when the patterns of a policy run within some days.
func occurrences(t *testing.T, patterns []string, from time.Time, days int) []time.Time {
	t.Helper()
	numbers := func(list string) (of []int) {
		for text := range strings.SplitSeq(list, ",") {
			n, err := strconv.Atoi(text)
			if err != nil {
				t.Fatal(err)
			}
			of = append(of, n)
		}
		return of
	}
	var times []time.Time
	for _, pattern := range patterns {
		parts := make(map[string]string)
		for part := range strings.SplitSeq(pattern, ";") {
			name, value, _ := strings.Cut(part, "=")
			parts[name] = value
		}
		byDay, known := parts["BYDAY"], parts["FREQ"] == "DAILY" && parts["INTERVAL"] == "1" && parts["BYDAY"] == ""
		if !known && (parts["FREQ"] != "WEEKLY" || byDay == "") {
			t.Fatalf("pattern %s", pattern)
		}
		for n := range days {
			d := from.AddDate(0, 0, n)
			if byDay != "" && !strings.Contains(byDay, strings.ToUpper(d.Weekday().String()[:2])) {
				continue
			}
			for _, hour := range numbers(parts["BYHOUR"]) {
				for _, minute := range numbers(parts["BYMINUTE"]) {
					times = append(times, d.Add(time.Duration(hour)*time.Hour+time.Duration(minute)*time.Minute))
				}
			}
		}
	}
	slices.SortFunc(times, time.Time.Compare)
	return times
}

// A schedule runs when its policy runs while the resource is bound, and at no other
// time.
func TestSchedulesFollowPolicies(t *testing.T) {
	t.Parallel()
	f := newProject(1, false)
	from, days := time.Date(2026, 3, 14, 0, 0, 0, 0, time.UTC), 15
	policies := make(map[string]Policy)
	for _, p := range f.policies {
		policies[p.ID] = p
	}
	followers := 0
	for _, h := range f.holdings {
		for _, b := range h.bindings {
			for _, s := range b.schedules {
				if s.policyID == "" {
					continue
				}
				followers++
				p, ok := policies[s.policyID]
				if !ok || !slices.ContainsFunc(p.Vaults, func(v PolicyVault) bool { return v.ID == h.vault.id }) || !p.Enabled || p.OperationType != s.operation || b.autoProtect != nil && !*b.autoProtect {
					t.Errorf("%s: its tasks follow policy %+v, known %t", b.resource.name, p, ok)
				}
				// Replications run one after the other, see addPolicies.
				var turn time.Duration
				if s.operation == opReplication {
					turn = s.offset
				}
				var want, got []time.Time
				for _, at := range occurrences(t, p.Patterns, from, days) {
					if b.bound(at) {
						want = append(want, at)
					}
				}
				number, _ := s.lastPlanned(from.Add(turn - 1))
				for number++; s.planned(number).Add(-turn).Before(from.AddDate(0, 0, days)); number++ {
					got = append(got, s.planned(number).Add(-turn))
				}
				if len(want) == 0 || !slices.EqualFunc(got, want, time.Time.Equal) {
					t.Errorf("%s: planned at %v, the policy runs at %v", b.resource.name, got, want)
				}
			}
		}
	}
	scheduled := 0
	for _, s := range f.schedules {
		if s.policyID != "" {
			scheduled++
		}
	}
	if followers != scheduled {
		t.Errorf("%d schedules of bound resources follow a policy, want %d", followers, scheduled)
	}
}

// The service refuses more than 24 rules, two policies of a type for a vault, and
// policies of hybrid vaults.
func TestPoliciesAreValid(t *testing.T) {
	t.Parallel()
	f := newProject(1, false)
	bound := make(map[string]bool)
	for _, p := range f.policies {
		if len(p.Patterns) == 0 || len(p.Patterns) > 24 {
			t.Errorf("%s: %d patterns", p.Name, len(p.Patterns))
		}
		for _, v := range p.Vaults {
			if bound[v.ID+p.OperationType] {
				t.Errorf("vault %s has two policies for a %s", v.ID, p.OperationType)
			}
			bound[v.ID+p.OperationType] = true
		}
	}
	for _, v := range f.vaultsAt(time.Unix(1.7e9, 0)) {
		if v.ProtectType == protectHybrid && bound[v.ID+opBackup] {
			t.Errorf("%s has a policy", v.Name)
		}
	}
}
