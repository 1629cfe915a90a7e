package inventory_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
	"github.com/cbr-exporter/cbr_exporter/inventory"
)

// bound returns what is bound to which vault.
func bound(s inventory.Snapshot) []string {
	var all []string
	for _, v := range s.Vaults {
		for _, r := range v.Resources {
			all = append(all, v.ID+"/"+r.ID)
		}
	}
	slices.Sort(all)
	return all
}

// TestFlaws has a part of the lists be unreadable: what was known of it stays, and does not
// count as read. What is gone for good is gone.
func TestFlaws(t *testing.T) {
	resource := func(ids ...string) (all []cbrapi.VaultResource) {
		for _, id := range ids {
			all = append(all, cbrapi.VaultResource{ID: id})
		}
		return all
	}
	vault := func(id string, invalid string, resources ...string) *cbrapi.Vault {
		v := &cbrapi.Vault{ID: id, Resources: resource(resources...)}
		if invalid != "" {
			v.Invalid = []cbrapi.InvalidField{{Field: invalid, Value: "odd"}}
		}
		return v
	}
	all := []string{"v/r", "v/s", "w/q"}
	for name, test := range map[string]struct {
		vaults   []*cbrapi.Vault
		invalid  []cbrapi.InvalidField
		want     []string
		complete bool
	}{
		"a vault is gone":              {[]*cbrapi.Vault{vault("v", "", "r", "s")}, nil, []string{"v/r", "v/s"}, true},
		"a resource is gone":           {[]*cbrapi.Vault{vault("v", "", "r"), vault("w", "", "q")}, nil, []string{"v/r", "w/q"}, true},
		"another field is odd":         {[]*cbrapi.Vault{vault("v", "vaults.name", "r"), vault("w", "", "q")}, nil, []string{"v/r", "w/q"}, true},
		"a row is odd":                 {[]*cbrapi.Vault{vault("v", "", "r", "s")}, []cbrapi.InvalidField{{Field: "vaults.id"}}, all, false},
		"the count is odd":             {[]*cbrapi.Vault{vault("v", "", "r", "s")}, []cbrapi.InvalidField{{Field: "count"}}, []string{"v/r", "v/s"}, true},
		"a resource is odd":            {[]*cbrapi.Vault{vault("v", "vaults.resources.id", "r"), vault("w", "", "q")}, nil, all, false},
		"the resources are odd":        {[]*cbrapi.Vault{vault("v", "vaults.resources"), vault("w", "", "q")}, nil, all, false},
		"the resources are not sent":   {[]*cbrapi.Vault{{ID: "v"}, vault("w", "", "q")}, nil, all, false},
		"all vaults are gone":          {nil, nil, all, false},
		"an odd resource of a new one": {[]*cbrapi.Vault{vault("v", "", "r", "s"), vault("w", "", "q"), vault("x", "vaults.resources.id", "p")}, nil, append(slices.Clone(all), "x/p"), false},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a := &api{
					vaults:   []*cbrapi.Vault{vault("v", "", "r", "s"), vault("w", "", "q")},
					policies: []*cbrapi.Policy{daily("v", "w", "x")},
				}
				r := start(t, a)
				first := r.settle()
				a.change(func() { a.vaults, a.invalid = test.vaults, test.invalid })
				time.Sleep(refresh)
				a.takeAsked()
				s := r.settle()
				if got := bound(s); !slices.Equal(got, test.want) || len(s.Expected) != len(test.want) {
					t.Errorf("got %v and %d expectations, want %v", got, len(s.Expected), test.want)
				}
				if s.Complete != test.complete || s.Reasons[cbrapi.ReasonUpstream] == test.complete || !s.Up {
					t.Errorf("complete %t, reasons %v, up %t; want complete %t", s.Complete, s.Reasons, s.Up, test.complete)
				}
				if stays := s.LastComplete.Sub(first.LastComplete) < latency*2; stays == test.complete {
					t.Errorf("the last success is at %s, after one at %s", s.LastComplete, first.LastComplete)
				}
				time.Sleep(retry)
				a.takeAsked()
				r.settle()
				if asked := a.takeAsked(); len(asked) > 0 {
					t.Errorf("%v are asked for again soon, which mends nothing", asked)
				}
			})
		})
	}
}

// retry is for how long a list is left alone that could not be read.
const retry = 30 * time.Second

// TestHangingVaults has the list of vaults hang: a policy that somebody disables is seen.
func TestHangingVaults(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := &api{vaults: oneVault("v"), policies: []*cbrapi.Policy{daily("v")}}
		r := start(t, a)
		r.settle()
		a.change(func() {
			a.policies = []*cbrapi.Policy{of(disabled)}
			a.fault = func(ctx context.Context, list string) error {
				if list == "vaults" {
					<-ctx.Done()
					return ctx.Err()
				}
				return nil
			}
		})
		time.Sleep(refresh)
		r.collect(time.Second)
		time.Sleep(time.Minute)
		if s := r.Last(); len(s.Expected) != 0 || *s.Policies[0].Enabled || s.Complete {
			t.Errorf("got %s, complete %t; want the policy to be disabled", fmt.Sprint(intervals(s)), s.Complete)
		}
	})
}

// TestUnreadableBinding has one of a policy's vaults be unreadable: what is in that is still
// expected.
func TestUnreadableBinding(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := &api{vaults: oneVault("v"), policies: []*cbrapi.Policy{daily("v", "w")}}
		r := start(t, a)
		r.settle()
		odd := daily("w")
		odd.Invalid = []cbrapi.InvalidField{{Field: "policies.associated_vaults.vault_id", Value: "[]"}}
		a.change(func() { a.policies = []*cbrapi.Policy{odd} })
		time.Sleep(refresh)
		if s := r.settle(); len(s.Expected) != 1 || s.Complete || !s.Reasons[cbrapi.ReasonUpstream] {
			t.Errorf("got %v, complete %t, reasons %v; want what was expected before, and a reason", intervals(s), s.Complete, s.Reasons)
		}
	})
}

// TestUnreadablePatterns has cbrapi refuse one of a policy's patterns: it may run more often
// than the others say.
func TestUnreadablePatterns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := of(runs("FREQ=WEEKLY;BYDAY=SU;BYHOUR=2"))
		p.Invalid = []cbrapi.InvalidField{{Field: "policies.trigger.properties.pattern", Value: "map[]"}}
		r := start(t, &api{vaults: oneVault("v"), policies: []*cbrapi.Policy{p}})
		if s := r.settle(); len(s.Expected) != 0 {
			t.Errorf("got %v, want no interval", intervals(s))
		}
	})
}

// TestVaultsInCommon has two vaults share a policy of which one has another besides.
func TestVaultsInCommon(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		often := daily("w")
		often.ID, often.Patterns = "often", []string{"FREQ=DAILY;BYHOUR=2,14"}
		weekly := daily("v", "w")
		weekly.ID, weekly.Patterns = "a-weekly", []string{"FREQ=WEEKLY;BYDAY=SU;BYHOUR=3"}
		r := start(t, &api{
			vaults: []*cbrapi.Vault{
				{ID: "v", Resources: []cbrapi.VaultResource{{ID: "r"}}},
				{ID: "w", Resources: []cbrapi.VaultResource{{ID: "r"}}},
			},
			policies: []*cbrapi.Policy{weekly, often},
		})
		got := intervals(r.settle())
		if got["backup v/r"] != week || got["backup w/r"] > 12*time.Hour {
			t.Errorf("got %v, want a week and at most twelve hours", got)
		}
	})
}
