package inventory_test

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
	"github.com/cbr-exporter/cbr_exporter/inventory"
)

// TestOneListFails has only the list that failed be read again after 30 seconds.
func TestOneListFails(t *testing.T) {
	t.Parallel()
	for failing, other := range map[string]string{"vaults": "policies", "policies": "vaults"} {
		t.Run(failing, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				c := &cloud{vaults: []object{vault("v", "r")}, policies: []object{policy("d", "v")}}
				p := start(t, c)
				first := p.settle()
				c.takeRequests()

				c.set(func() {
					c.vaults = []object{vault("v", "r").with("name", "new")}
					c.fault = fails(failing, statusError(http.StatusInternalServerError))
				})
				time.Sleep(refresh)
				s := p.settle()
				want := map[string]string{"vaults": "v", "policies": "new"}[failing]
				if names(s) != want || len(s.Policies) != 1 || len(s.Expected) != 1 || s.Complete || !s.Up || !s.Reasons[cbrapi.ReasonUpstream] {
					t.Errorf("first failure: %+v", s)
				}
				if age := s.LastComplete.Sub(first.LastComplete).Abs(); age > latency { // each list ends at another time
					t.Errorf("LastComplete is %s after the one before the failure", age)
				}
				c.expectRequests(t, "first failure", "vaults", "policies")

				time.Sleep(retry - 10*time.Second)
				p.settle()
				c.expectRequests(t, "too early")

				time.Sleep(10 * time.Second)
				second := p.settle()
				if second.Complete || second.Up {
					t.Errorf("second failure: %+v", second)
				}
				if len(second.Problems) != 1 || !second.Problems[0].Since.Equal(s.Problems[0].Since) || s.Problems[0].Since.IsZero() {
					t.Errorf("second failure: problems %v, want one since the first, %v", second.Problems, s.Problems)
				}
				c.expectRequests(t, "second failure", failing)

				c.set(func() { c.fault = nil })
				time.Sleep(retry)
				if s := p.settle(); !s.Complete || names(s) != "new" || len(s.Reasons) != 0 || !s.LastComplete.After(first.LastComplete.Add(refresh)) {
					t.Errorf("recovered: %+v", s)
				}
				c.expectRequests(t, "recovered", failing)

				time.Sleep(refresh - 62*time.Second)
				p.settle()
				c.expectRequests(t, "refresh of the other list", other)
				if n := p.warnings(); n != 1 {
					t.Errorf("%d warnings, want 1:\n%s", n, p.log)
				}
				p.expectLog(t, `level=info project=test msg="reading `+failing+` recovered"`)
			})
		})
	}
}

// TestStopAtFirstFailure has no request follow one whose failure concerns all.
func TestStopAtFirstFailure(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		err      error
		requests []string
		reason   cbrapi.Reason
	}{
		"credentials": {statusError(http.StatusUnauthorized), []string{"vaults"}, cbrapi.ReasonCredentials},
		"clock":       {cbrapi.ErrClock, []string{"vaults"}, cbrapi.ReasonClock},
		"login":       {errors.Join(cbrapi.ErrLogin, &cbrapi.Error{StatusCode: http.StatusBadGateway}), []string{"vaults"}, cbrapi.ReasonUpstream},
		"project id":  {errors.Join(cbrapi.ErrProjectID, errors.New("no route")), []string{"vaults"}, cbrapi.ReasonNetwork},
		"permission":  {statusError(http.StatusForbidden), []string{"vaults", "policies"}, cbrapi.ReasonPermission},
		"network":     {errors.New("no route"), []string{"vaults", "policies"}, cbrapi.ReasonNetwork},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				c := &cloud{fault: fails("", test.err)}
				p := start(t, c)
				s := p.settle()
				if diff := cmp.Diff(map[cbrapi.Reason]bool{test.reason: true}, s.Reasons); diff != "" {
					t.Errorf("reasons differ (-want +got):\n%s", diff)
				}
				if len(s.Problems) != 1 {
					t.Errorf("problems %v, want one", s.Problems)
				}
				if s.Up || s.Complete || s.Vaults != nil || s.Policies != nil || s.Expected != nil {
					t.Errorf("first reading: %+v", s)
				}
				c.expectRequests(t, "first scrape", test.requests...)
				if got := p.warnings(); got != len(test.requests) {
					t.Errorf("%d warnings, want %d:\n%s", got, len(test.requests), p.log)
				}
				p.settle()
				c.expectRequests(t, "next scrape")
				time.Sleep(retry)
				p.settle()
				c.expectRequests(t, "retry", test.requests...)
			})
		})
	}
}

// TestPermission has one list be refused for good.
func TestPermission(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := start(t, &cloud{vaults: []object{vault("v", "r")}, fault: fails("policies", statusError(http.StatusForbidden))})
		for range 5 {
			p.settle()
			time.Sleep(time.Minute)
		}
		if s := p.Last(); names(s) != "v" || s.Expected != nil || !s.LastComplete.IsZero() {
			t.Errorf("after five failures: %+v", s)
		}
		p.expectLog(t, `level=warn project=test msg="reading policies failed" reason=permission err="ListPolicies: HTTP status 403`)
		p.expectLog(t, `hint="allow cbr:vaults:list and cbr:policies:list,`)
		if n := p.warnings(); n != 1 {
			t.Errorf("%d warnings, want 1:\n%s", n, p.log)
		}
	})
}

// TestHangingVaults has the policies be read although the vaults hang.
func TestHangingVaults(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := &cloud{vaults: []object{vault("v", "r")}, policies: []object{policy("d", "v")}}
		p := start(t, c)
		p.settle()
		c.set(func() {
			c.policies = []object{policy("d", "v").with("enabled", false)}
			c.fault = func(ctx context.Context, list string) error {
				if list == "vaults" {
					return hang(ctx, list)
				}
				return nil
			}
		})
		time.Sleep(refresh)
		p.scrape(time.Second)
		time.Sleep(time.Minute)
		if s := p.Last(); len(s.Expected) != 0 || *s.Policies[0].Enabled || s.Complete {
			t.Errorf("expected %v, complete %t; want the policy disabled", gaps(s), s.Complete)
		}
	})
}

// bound returns the resources of the vaults, such as v/r.
func bound(s inventory.Snapshot) []string {
	var all []string
	for _, v := range s.Vaults {
		for _, r := range v.Resources {
			all = append(all, letter(v.ID)+"/"+letter(r.ID))
		}
	}
	slices.Sort(all)
	return all
}

// TestIncompleteVaults has invalid entries be kept as they were, with a reason.
func TestIncompleteVaults(t *testing.T) {
	t.Parallel()
	v, w := vault("v", "r", "s"), vault("w", "q")
	invalid := object{"id": map[string]any{}}
	for name, test := range map[string]struct {
		vaults   []object
		count    any
		want     []string
		complete bool
	}{
		"deleted vault":     {[]object{v}, nil, []string{"v/r", "v/s"}, true},
		"removed resource":  {[]object{vault("v", "r"), w}, nil, []string{"v/r", "w/q"}, true},
		"no resources left": {[]object{vault("v"), w}, nil, []string{"w/q"}, true},
		"invalid name":      {[]object{vault("v", "r").with("name", []int{}), w}, nil, []string{"v/r", "w/q"}, true},
		"invalid row":       {[]object{v, invalid}, nil, []string{"v/r", "v/s", "w/q"}, false},
		"count above rows":  {[]object{v, w}, 3, []string{"v/r", "v/s", "w/q"}, true},
		"invalid count":     {[]object{v}, "odd", []string{"v/r", "v/s"}, true},
		"invalid resource":  {[]object{v.with("resources", []object{{"id": uuid("r")}, invalid}), w}, nil, []string{"v/r", "v/s", "w/q"}, false},
		"invalid resources": {[]object{v.with("resources", "odd"), w}, nil, []string{"v/r", "v/s", "w/q"}, false},
		"no vault left":     {nil, nil, []string{"v/r", "v/s", "w/q"}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				c := &cloud{vaults: []object{v, w}, policies: []object{policy("d", "v", "w")}}
				p := start(t, c)
				first := p.settle()
				c.set(func() { c.vaults, c.count = test.vaults, test.count })
				time.Sleep(refresh)
				s := p.settle()
				if got := bound(s); !slices.Equal(got, test.want) || len(s.Expected) != len(test.want) {
					t.Errorf("got %v and %d expectations, want %v", got, len(s.Expected), test.want)
				}
				if s.Complete != test.complete || s.Reasons[cbrapi.ReasonUpstream] == test.complete || !s.Up {
					t.Errorf("complete %t, reasons %v, up %t; want complete %t", s.Complete, s.Reasons, s.Up, test.complete)
				}
				time.Sleep(refresh)
				if again := p.settle(); again.Complete != test.complete || !slices.Equal(bound(again), test.want) {
					t.Errorf("the next reading got %v, complete %t; want %v, %t", bound(again), again.Complete, test.want, test.complete)
				}
				if stays := s.LastComplete.Sub(first.LastComplete) < latency*2; stays == test.complete {
					t.Errorf("LastComplete is %s after %s", s.LastComplete, first.LastComplete)
				}
			})
		})
	}
}

// TestIncompletePolicies has an invalid vault of a policy, or an invalid policy, be left
// out, with a reason.
func TestIncompletePolicies(t *testing.T) {
	t.Parallel()
	for name, policies := range map[string][]object{
		"invalid vault": {policy("d").with("associated_vaults", []object{{"vault_id": uuid("v")}, {"vault_id": []int{}}})},
		"invalid row":   {policy("e", "v"), object{"id": []int{}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				p := start(t, &cloud{vaults: []object{vault("v", "r")}, policies: policies})
				if s := p.settle(); len(s.Expected) != 1 || s.Complete || !s.Up || !s.Reasons[cbrapi.ReasonUpstream] {
					t.Errorf("expected %v, complete %t, up %t, reasons %v; want what is valid, and a reason", gaps(s), s.Complete, s.Up, s.Reasons)
				}
			})
		})
	}
}

// TestUnreadableRow has one row be unreadable: the message names it, and the list is complete
// again as soon as the row is gone.
func TestUnreadableRow(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		list string
		row  object
		want string // of the error
	}{
		"vault":  {"vaults", object{"id": 7, "name": "vault-7"}, "ListVault: HTTP status 200: entries that cannot be read: 1, vaults.id is 7 in row 2, vault-7"},
		"policy": {"policies", object{"name": "nightly"}, "ListPolicies: HTTP status 200: entries that cannot be read: 1, policies.id is null in row 2, nightly"},
		"resource": {
			"vaults", vault("w").with("resources", []object{{"id": uuid("q")}, {"name": "x"}}).with("name", "vault-w"),
			`ListVault: HTTP status 200: entries that cannot be read: 1, vaults.resources.id is null in "vault-w"`,
		},
		"vault of a policy": {
			"policies", policy("e", "v").with("name", "offsite").with("associated_vaults", []any{7}),
			`ListPolicies: HTTP status 200: entries that cannot be read: 1, policies.associated_vaults is 7 in "offsite"`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				c := &cloud{vaults: []object{vault("v", "r")}, policies: []object{policy("d", "v")}}
				set := func(rows *[]object, more ...object) { c.set(func() { *rows = slices.Concat((*rows)[:1], more) }) }
				rows := map[string]*[]object{"vaults": &c.vaults, "policies": &c.policies}[test.list]
				p := start(t, c)
				set(rows, test.row)
				s := p.settle()
				if s.Complete || len(s.Problems) != 1 || s.Problems[0].Err.Error() != test.want {
					t.Errorf("complete %t, problems %v, want %s", s.Complete, s.Problems, test.want)
				}
				if len(s.Expected) != 1 || len(s.Vaults) == 0 || len(s.Policies) == 0 {
					t.Errorf("the other rows are lost too: %+v", s)
				}
				set(rows)
				time.Sleep(retry)
				if s := p.settle(); !s.Complete || len(s.Problems) != 0 {
					t.Errorf("the row is gone: complete %t, problems %v", s.Complete, s.Problems)
				}
			})
		})
	}
}

// TestUnreadableRows has several rows be unreadable.
func TestUnreadableRows(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := start(t, &cloud{vaults: []object{vault("v", "r"), {"id": "a"}, {"id": "b"}, {"id": "c"}, {"id": "d"}}})
		const want = "entries that cannot be read: 4, vaults.id is a in row 2; vaults.id is b in row 3; vaults.id is c in row 4; …"
		if s := p.settle(); len(s.Problems) != 1 || !strings.HasSuffix(s.Problems[0].Err.Error(), want) || names(s) != "v" {
			t.Errorf("problems %v, vaults %s", s.Problems, names(s))
		}
	})
}

// TestOnlyUnreadableRow has the only row of each list be unreadable.
func TestOnlyUnreadableRow(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := &cloud{vaults: []object{{"id": "a"}}, policies: []object{{"id": "b"}}}
		p := start(t, c)
		s := p.settle()
		if s.Vaults != nil || s.Complete || s.Up || s.Problems[0].Reason != cbrapi.ReasonUpstream {
			t.Errorf("got %+v, want no list and a problem", s)
		}
		c.set(func() { c.vaults, c.policies = []object{vault("v", "r")}, []object{policy("d", "v")} })
		time.Sleep(retry)
		if s := p.settle(); !s.Complete || len(s.Expected) != 1 {
			t.Errorf("recovered: %+v", s)
		}
	})
}

// TestOnlyBadRows has a list of which no vault can be read follow one with vaults. It fails
// without end: unlike an empty one, it is never believed.
func TestOnlyBadRows(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := &cloud{vaults: []object{vault("v", "r")}}
		p := start(t, c)
		p.settle()
		c.set(func() { c.vaults = []object{{"id": "a"}} })
		for n := range 3 {
			time.Sleep(time.Hour)
			if s := p.settle(); s.Complete || names(s) != "v" || len(s.Problems) != 1 || !strings.Contains(s.Problems[0].Err.Error(), "vaults.id is a in row 1") {
				t.Errorf("after %d hours: %+v", n+1, s)
			}
		}
		c.set(func() { c.vaults = []object{vault("v", "r")} })
		time.Sleep(refresh)
		if s := p.settle(); !s.Complete {
			t.Errorf("the vaults are back: %+v", s)
		}
	})
}

// TestLastVaultDeleted has an empty list follow one with vaults: it is doubted for an
// hour, and then believed.
func TestLastVaultDeleted(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := &cloud{vaults: []object{vault("v", "r")}, policies: []object{policy("d", "v")}}
		p := start(t, c)
		p.settle()
		empty := func() { c.set(func() { c.vaults = nil }) }
		empty()
		time.Sleep(refresh)
		s := p.settle()
		const want = "ListVault: HTTP status 200: the list is empty, but had 1 rows before: check that the user may still see them; from 2000-01-01T01:05:01Z on it is believed"
		if s.Complete || names(s) != "v" || len(s.Expected) != 1 || len(s.Problems) != 1 || s.Problems[0].Err.Error() != want {
			t.Errorf("first empty list: %+v", s)
		}
		for range 50 {
			time.Sleep(time.Minute)
			p.settle()
		}
		if s := p.Last(); s.Complete || names(s) != "v" {
			t.Errorf("after 50 minutes: %+v", s)
		}

		c.set(func() { c.vaults = []object{vault("v", "r")} })
		time.Sleep(time.Minute)
		if s := p.settle(); !s.Complete || names(s) != "v" {
			t.Errorf("vaults are back: %+v", s)
		}
		empty()
		for range 58 {
			time.Sleep(time.Minute)
			p.settle()
		}
		if s := p.Last(); s.Complete || names(s) != "v" {
			t.Errorf("the doubt did not begin anew: %+v", s)
		}
		for range 10 {
			time.Sleep(time.Minute)
			p.settle()
		}
		if s := p.Last(); !s.Complete || names(s) != "" || len(s.Expected) != 0 || len(s.Problems) != 0 {
			t.Errorf("after an hour: %+v", s)
		}
		p.expectLog(t, `level=info project=test msg="reading vaults recovered"`)
	})
}

// TestTooManyResources has the list of vaults end when it has more resources than can be
// followed. What was known stays.
func TestTooManyResources(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := &cloud{vaults: []object{vault("v", "r")}, policies: []object{policy("d", "v")}}
		p := start(t, c, func(o *inventory.Options) { o.MaxResources = 3 })
		p.settle()
		c.set(func() { c.vaults = append(c.vaults, vault("w", "a", "b", "c")) })
		time.Sleep(refresh)
		s := p.settle()
		if s.Complete || len(s.Vaults) != 1 || len(s.Problems) != 1 || !strings.Contains(s.Problems[0].Err.Error(), "more than 3 resources") {
			t.Errorf("complete %t, %d vaults, problems %v", s.Complete, len(s.Vaults), s.Problems)
		}
		time.Sleep(time.Hour)
		p.settle()
		if p.warnings() != 1 {
			t.Errorf("got %d warnings, want one", p.warnings())
		}
		c.set(func() { c.vaults = c.vaults[:1] })
		time.Sleep(retry)
		if s := p.settle(); !s.Complete {
			t.Errorf("after that: problems %v", s.Problems)
		}
	})
}
