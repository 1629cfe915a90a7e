package protection_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
	"github.com/cbr-exporter/cbr_exporter/inventory"
	"github.com/cbr-exporter/cbr_exporter/protection"
	"github.com/cbr-exporter/cbr_exporter/tasks"
	"github.com/cbr-exporter/cbr_exporter/tasks/ledger"
)

func TestUsual(t *testing.T) {
	t.Parallel()
	f := fixture{policies: []inventory.PlannedPolicy{policy(t, time.Time{}, daily)}, logs: []*cbrapi.OperationLog{
		changed(task("1", cbrapi.StatusSuccess, at("2026-11-19 02:00")), func(l *cbrapi.OperationLog) { l.EndedAt = l.StartedAt.Add(time.Hour) }),
		task("2", cbrapi.StatusRunning, at("2026-11-19 03:00")),
		task("3", cbrapi.StatusRunning, at("2026-11-20 11:00")),
		ofType(task("4", cbrapi.StatusRunning, at("2026-11-20 11:00")), cbrapi.OperationCopy),
		ofResource(changed(task("5", cbrapi.StatusSuccess, at("2026-11-20 11:00")), func(l *cbrapi.OperationLog) { l.StartedAt = time.Time{} }), "q"),
	}}
	f.vault.Resources = []cbrapi.VaultResource{{ID: "q"}, {ID: "r"}}
	s := f.snapshot()

	replication := ledger.ResourceKey{ResourceID: "r", OperationType: cbrapi.OperationReplication}
	if took, known := s.Usual(key("r")); took != time.Hour || !known {
		t.Errorf("usual %s, %t", took, known)
	}
	if took, known := s.Usual(key("q")); known {
		t.Errorf("usual %s of a task without a start", took)
	}
	if _, known := s.Usual(replication); known {
		t.Error("something is known of replications")
	}
}

// TestKeysOfOthers has a vault that is not followed, and no list of vaults.
func TestKeysOfOthers(t *testing.T) {
	t.Parallel()
	f := fixture{policies: []inventory.PlannedPolicy{policy(t, time.Time{}, daily)}}
	f.options.Follows = func(string, cbrapi.OperationType) bool { return false }
	due := func() (n int) {
		s := f.snapshot()
		for _, d := range s.Calendar().Days(key("r")) {
			n += d.Due
		}
		return n
	}
	if n := due(); n != 0 {
		t.Errorf("not followed, but %d runs were due", n)
	}
	f.withoutVaults = true
	if n := due(); n != 0 {
		t.Errorf("no vaults are read, but %d runs were due", n)
	}
}

func TestBinding(t *testing.T) {
	t.Parallel()
	f := fixture{change: func(_ *tasks.Snapshot, vaults *inventory.Snapshot) {
		vaults.Bindings["r"] = inventory.Binding{VaultID: "v", Manual: true, Since: noon()}
	}}
	f.vault.Resources = []cbrapi.VaultResource{{ID: "r", Type: "OS::Nova::Server"}}
	s := f.snapshot()
	if b, bound := s.Binding("r"); !bound || !b.Manual || b.VaultID != "v" || !b.Since.Equal(noon()) {
		t.Errorf("bound %t: %+v", bound, b)
	}
	if b, bound := s.Binding("q"); bound {
		t.Errorf("q is bound: %+v", b)
	}
	if got := s.ResourceType("r"); got != "OS::Nova::Server" {
		t.Errorf("the type is %q", got)
	}
	if got := s.ResourceType("q"); got != "" {
		t.Errorf("the type of q is %q", got)
	}
	f.withoutVaults = true
	s = f.snapshot()
	if b, bound := s.Binding("r"); bound {
		t.Errorf("bound without vaults: %+v", b)
	}
}

// TestNext has the tasks known until noon of a Friday.
func TestNext(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		policy cbrapi.Policy
		change func(*tasks.Snapshot)
		want   []string
	}{
		"daily":                {policy: cbrapi.Policy{Enabled: new(true), Patterns: []string{daily}}, want: []string{"2026-11-21 02:00", "2026-11-22 02:00", "2026-11-23 02:00"}},
		"weekdays":             {policy: cbrapi.Policy{Enabled: new(true), Patterns: []string{weekdays}}, want: []string{"2026-11-23 02:00", "2026-11-24 02:00", "2026-11-25 02:00"}},
		"two patterns":         {policy: cbrapi.Policy{Enabled: new(true), Patterns: []string{daily, "FREQ=DAILY;BYHOUR=12,13"}}, want: []string{"2026-11-20 13:00", "2026-11-21 02:00", "2026-11-21 12:00"}},
		"starts later":         {policy: cbrapi.Policy{Enabled: new(true), Patterns: []string{daily}, StartTime: at("2027-01-01 03:00")}, want: []string{"2027-01-02 02:00", "2027-01-03 02:00", "2027-01-04 02:00"}},
		"disabled":             {policy: cbrapi.Policy{Enabled: new(false), Patterns: []string{daily}}},
		"perhaps disabled":     {policy: cbrapi.Policy{Patterns: []string{daily}}},
		"an unreadable one":    {policy: cbrapi.Policy{Enabled: new(true), Patterns: []string{daily, "odd"}}},
		"no pattern":           {policy: cbrapi.Policy{Enabled: new(true)}},
		"without a known time": {policy: cbrapi.Policy{Enabled: new(true), Patterns: []string{daily}}, change: func(s *tasks.Snapshot) { s.Discovered.KnownUntil = time.Time{} }, want: []string{"2026-11-24 02:00", "2026-11-25 02:00", "2026-11-26 02:00"}},
		"without discovery":    {policy: cbrapi.Policy{Enabled: new(true), Patterns: []string{daily}}, change: func(s *tasks.Snapshot) { s.Discovered = nil }, want: []string{"2026-11-24 02:00", "2026-11-25 02:00", "2026-11-26 02:00"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			known := tasks.Snapshot{At: noon().Add(3 * day), Tasks: []tasks.Task{{ID: "1"}}, Discovered: &tasks.Discovered{Synced: true, KnownUntil: noon()}}
			if test.change != nil {
				test.change(&known)
			}
			s := protection.NewSnapshot(known, nil, protection.Options{})
			var got []string
			for _, next := range s.Next(&test.policy, 3) {
				got = append(got, next.Format("2006-01-02 15:04"))
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}
