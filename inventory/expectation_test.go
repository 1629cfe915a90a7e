package inventory_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
	"github.com/cbr-exporter/cbr_exporter/inventory"
)

const (
	day  = 24 * time.Hour
	week = 7 * day
)

// intervals returns how often something is expected, by resource.
func intervals(s inventory.Snapshot) map[string]time.Duration {
	all := map[string]time.Duration{}
	for _, e := range s.Expected {
		all[fmt.Sprintf("%s %s/%s", e.OperationType, e.VaultID, e.ResourceID)] = e.Interval
	}
	return all
}

func of(changes ...func(*cbrapi.Policy)) *cbrapi.Policy {
	p := daily("v")
	for _, change := range changes {
		change(p)
	}
	return p
}

func runs(patterns ...string) func(*cbrapi.Policy) {
	return func(p *cbrapi.Policy) { p.Patterns = patterns }
}

func disabled(p *cbrapi.Policy) { p.Enabled = new(false) }

func replicating(p *cbrapi.Policy) { p.OperationType = cbrapi.OperationReplication }

func TestExpectations(t *testing.T) {
	bound := []cbrapi.VaultResource{{ID: "r"}}
	one := []*cbrapi.Vault{{ID: "v", Resources: bound}}
	for name, test := range map[string]struct {
		vaults   []*cbrapi.Vault
		policies []*cbrapi.Policy
		want     map[string]time.Duration
		invalid  int
	}{
		"daily":           {vaults: one, policies: []*cbrapi.Policy{of()}, want: map[string]time.Duration{"backup v/r": day}},
		"no policy":       {vaults: one},
		"disabled":        {vaults: one, policies: []*cbrapi.Policy{of(disabled)}},
		"nobody knows":    {vaults: one, policies: []*cbrapi.Policy{of(func(p *cbrapi.Policy) { p.Enabled = nil })}},
		"another vault's": {vaults: one, policies: []*cbrapi.Policy{daily("w")}},
		"without runs":    {vaults: one, policies: []*cbrapi.Policy{of(runs())}},
		"weekly":          {vaults: one, policies: []*cbrapi.Policy{of(runs("FREQ=WEEKLY;BYDAY=SU;BYHOUR=3"))}, want: map[string]time.Duration{"backup v/r": week}},
		"replication":     {vaults: one, policies: []*cbrapi.Policy{of(replicating)}, want: map[string]time.Duration{"replication v/r": day}},
		"its old name": {
			vaults: one, policies: []*cbrapi.Policy{of(func(p *cbrapi.Policy) { p.OperationType = "copy" })},
			want: map[string]time.Duration{"replication v/r": day},
		},
		"another operation": {vaults: one, policies: []*cbrapi.Policy{of(func(p *cbrapi.Policy) { p.OperationType = "sync" })}},
		"both": {
			vaults: one, policies: []*cbrapi.Policy{of(), of(replicating, runs("FREQ=WEEKLY;BYDAY=SU;BYHOUR=3"))},
			want: map[string]time.Duration{"backup v/r": day, "replication v/r": week},
		},
		"two together": {
			vaults: one, policies: []*cbrapi.Policy{of(runs("FREQ=DAILY;BYHOUR=2")), of(runs("FREQ=DAILY;BYHOUR=8"))},
			want: map[string]time.Duration{"backup v/r": 18 * time.Hour},
		},
		"one of two disabled": {
			vaults: one, policies: []*cbrapi.Policy{of(runs("FREQ=WEEKLY;BYDAY=MO")), of(disabled)},
			want: map[string]time.Duration{"backup v/r": week},
		},
		"one of two unreadable": {
			vaults: one, policies: []*cbrapi.Policy{of(), of(runs("FREQ=DAILY", "FREQ=MONTHLY"))}, invalid: 1,
			want: map[string]time.Duration{"backup v/r": day},
		},
		"unreadable": {vaults: one, policies: []*cbrapi.Policy{of(runs("FREQ=DAILY", "FREQ=MONTHLY", "at night"))}, invalid: 2},
		"those that do not follow": {
			vaults: []*cbrapi.Vault{{ID: "v", Resources: []cbrapi.VaultResource{
				{ID: "r", AutoProtect: new(true)}, {ID: "q", AutoProtect: new(false)}, {ID: "p"},
			}}},
			policies: []*cbrapi.Policy{of()},
			want:     map[string]time.Duration{"backup v/p": day, "backup v/r": day},
		},
		"a frozen vault": {
			vaults:   []*cbrapi.Vault{{ID: "v", Resources: bound, Billing: cbrapi.Billing{Status: cbrapi.VaultFrozen}}},
			policies: []*cbrapi.Policy{of()}, want: map[string]time.Duration{"backup v/r": day},
		},
		"one resource in two vaults": {
			vaults:   []*cbrapi.Vault{{ID: "w", Resources: bound}, {ID: "v", Resources: bound}},
			policies: []*cbrapi.Policy{daily("v", "w")},
			want:     map[string]time.Duration{"backup v/r": day, "backup w/r": day},
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := start(t, &api{vaults: test.vaults, policies: test.policies})
				s := r.settle()
				if test.want == nil {
					test.want = map[string]time.Duration{}
				}
				if diff := cmp.Diff(test.want, intervals(s)); diff != "" {
					t.Errorf("the intervals differ (-want +got):\n%s", diff)
				}
				if got := r.invalid["policies.trigger.properties.pattern"]; got != test.invalid {
					t.Errorf("%d unreadable patterns are counted, want %d", got, test.invalid)
				}
				time.Sleep(refresh)
				r.settle()
				if got := strings.Count(r.log.String(), "level=warn"); got != test.invalid {
					t.Errorf("%d warnings after two readings, want %d:\n%s", got, test.invalid, r.log)
				}
			})
		})
	}
}

// TestSince tells from when on something was expected.
func TestSince(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		created, started := began.Add(-time.Hour), began.Add(-2*time.Hour)
		resource := cbrapi.VaultResource{ID: "r"}
		vault := &cbrapi.Vault{ID: "v", CreatedAt: created, Resources: []cbrapi.VaultResource{resource}}
		policy := of(func(p *cbrapi.Policy) { p.StartTime = started })
		a := &api{vaults: []*cbrapi.Vault{vault}, policies: []*cbrapi.Policy{policy}}
		r := start(t, a)
		since := func(s inventory.Snapshot, id string) time.Time {
			for _, e := range s.Expected {
				if e.ResourceID == id {
					return e.Since
				}
			}
			t.Fatalf("nothing is expected of %s", id)
			return time.Time{}
		}
		if got := since(r.settle(), "r"); !got.Equal(created) {
			t.Errorf("at first: since %s, want the vault's creation, %s", got, created)
		}

		bound := *vault
		bound.Resources = []cbrapi.VaultResource{resource, {ID: "new"}}
		a.change(func() { a.vaults = []*cbrapi.Vault{&bound} })
		time.Sleep(refresh)
		noticed := time.Now()
		s := r.settle()
		if got := since(s, "r"); !got.Equal(created) {
			t.Errorf("one that stays: since %s, want %s", got, created)
		}
		if got := since(s, "new"); !got.Equal(noticed) {
			t.Errorf("one that is new: since %s, want %s", got, noticed)
		}

		a.change(func() { a.policies = []*cbrapi.Policy{of(runs("FREQ=DAILY;BYHOUR=0,12"))} })
		time.Sleep(refresh)
		noticed = time.Now()
		if got := since(r.settle(), "r"); !got.Equal(noticed) {
			t.Errorf("with a shorter interval: since %s, want %s", got, noticed)
		}

		a.change(func() { a.policies = []*cbrapi.Policy{of(runs("FREQ=WEEKLY;BYDAY=SU"))} })
		time.Sleep(refresh)
		if got := since(r.settle(), "r"); !got.Equal(noticed) {
			t.Errorf("with a longer interval, which the shorter one kept: since %s, want %s", got, noticed)
		}
	})
}

// TestSinceThePolicyStarts has the vault be older than its policies.
func TestSinceThePolicyStarts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		first := time.Now().Add(-time.Hour)
		starting := func(at time.Time) func(*cbrapi.Policy) { return func(p *cbrapi.Policy) { p.StartTime = at } }
		r := start(t, &api{
			vaults:   oneVault("v"),
			policies: []*cbrapi.Policy{of(starting(first.Add(time.Minute))), of(starting(first))},
		})
		if got := r.settle().Expected; len(got) != 1 || !got[0].Since.Equal(first) {
			t.Errorf("got %+v, want one since the first policy's start, %s", got, first)
		}
	})
}

// TestSinceNobodySays has neither the vault nor the policy say how old it is.
func TestSinceNobodySays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		r := start(t, &api{vaults: []*cbrapi.Vault{{ID: "v", Resources: []cbrapi.VaultResource{{ID: "r"}}}}, policies: []*cbrapi.Policy{of()}})
		for range 2 {
			if got := r.settle().Expected; len(got) != 1 || !got[0].Since.Equal(began) {
				t.Errorf("got %+v, want one since it was read first, %s", got, began)
			}
			time.Sleep(refresh)
		}
	})
}
