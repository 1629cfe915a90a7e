package inventory_test

import (
	"net/http"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	dto "github.com/prometheus/client_model/go"

	"github.com/cbr-exporter/cbr_exporter/inventory"
)

func TestPlan(t *testing.T) {
	t.Parallel()
	const sundays, monthly = "FREQ=WEEKLY;BYDAY=SU;BYHOUR=3", "FREQ=MONTHLY"
	one := []object{vault("v", "r")}
	daily := policy("d", "v")
	replication := policy("p", "v").with("operation_type", "replication")
	for name, test := range map[string]struct {
		vaults   []object
		policies []object
		want     map[string]time.Duration
		invalid  int // patterns
	}{
		"daily":             {vaults: one, policies: []object{daily}, want: map[string]time.Duration{"backup v/r": day}},
		"no policy":         {vaults: one},
		"disabled":          {vaults: one, policies: []object{daily.with("enabled", false)}},
		"enabled unknown":   {vaults: one, policies: []object{daily.with("enabled", nil)}},
		"another vault":     {vaults: one, policies: []object{policy("d", "w")}},
		"no pattern":        {vaults: one, policies: []object{daily.runs()}},
		"weekly":            {vaults: one, policies: []object{daily.runs(sundays)}, want: map[string]time.Duration{"backup v/r": week}},
		"replication":       {vaults: one, policies: []object{replication}, want: map[string]time.Duration{"replication v/r": day}},
		"copy":              {vaults: one, policies: []object{daily.with("operation_type", "copy")}, want: map[string]time.Duration{"replication v/r": day}},
		"another operation": {vaults: one, policies: []object{daily.with("operation_type", "sync")}},
		"backup and replication": {
			vaults: one, policies: []object{daily, replication.runs(sundays)},
			want: map[string]time.Duration{"backup v/r": day, "replication v/r": week},
		},
		"two policies": {
			vaults: one, policies: []object{daily, policy("e", "v").runs("FREQ=DAILY;BYHOUR=8")},
			want: map[string]time.Duration{"backup v/r": 18 * time.Hour},
		},
		"one of two disabled": {
			vaults: one, policies: []object{daily.runs("FREQ=WEEKLY;BYDAY=MO"), policy("e", "v").with("enabled", false)},
			want: map[string]time.Duration{"backup v/r": week},
		},
		"one of two invalid": {
			vaults: one, policies: []object{daily, policy("e", "v").runs("FREQ=DAILY", monthly)}, invalid: 1,
			want: map[string]time.Duration{"backup v/r": day},
		},
		"invalid patterns":     {vaults: one, policies: []object{daily.runs("FREQ=DAILY", monthly, "at night")}, invalid: 2},
		"pattern not a string": {vaults: one, policies: []object{daily.with("trigger", object{"properties": object{"pattern": []any{sundays, object{}}}})}, invalid: 1},
		"auto_protect": {
			vaults: []object{vault("v").with("resources", []object{
				{"id": uuid("r"), "auto_protect": true}, {"id": uuid("q"), "auto_protect": false}, {"id": uuid("p")},
			})},
			policies: []object{daily},
			want:     map[string]time.Duration{"backup v/p": day, "backup v/r": day},
		},
		"frozen vault": {
			vaults:   []object{vault("v", "r").with("billing", object{"status": "frozen"})},
			policies: []object{daily}, want: map[string]time.Duration{"backup v/r": day},
		},
		"resource deleted": {
			vaults: []object{vault("v").with("resources", []object{
				{"id": uuid("r"), "protect_status": "deleted"}, {"id": uuid("q"), "protect_status": "error"},
			})},
			policies: []object{daily}, want: map[string]time.Duration{"backup v/q": day},
		},
		"one policy of two vaults": { // of which one has another policy
			vaults:   []object{vault("v", "r"), vault("w", "q")},
			policies: []object{policy("d", "v", "w").runs(sundays), policy("e", "w").runs("FREQ=DAILY;BYHOUR=2,14")},
			want:     map[string]time.Duration{"backup v/r": week, "backup w/q": 12 * time.Hour},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				p := start(t, &cloud{vaults: test.vaults, policies: test.policies})
				s := p.settle()
				if test.want == nil {
					test.want = map[string]time.Duration{}
				}
				if diff := cmp.Diff(test.want, gaps(s)); diff != "" {
					t.Errorf("plans differ (-want +got):\n%s", diff)
				}
				var counted dto.Metric
				if err := p.invalid.WithLabelValues("policies.trigger.properties.pattern").Write(&counted); err != nil {
					t.Fatal(err)
				}
				if got := int(counted.GetCounter().GetValue()); got != test.invalid {
					t.Errorf("%d invalid patterns counted, want %d", got, test.invalid)
				}
				time.Sleep(refresh)
				p.settle()
				if got := p.warnings(); got != test.invalid {
					t.Errorf("%d warnings after two readings, want %d:\n%s", got, test.invalid, p.log)
				}
			})
		})
	}
}

// times are when r was bound and since when its policies run, as numbers of readings; 0 is
// unknown, since it was so at the first one.
type times struct {
	Bound    int
	Policies []int // by id
}

// timesOf returns the times of a resource. The readings began at the given times.
func timesOf(t *testing.T, s inventory.Snapshot, resource string, began []time.Time) times {
	t.Helper()
	number := func(at time.Time) int {
		if at.IsZero() {
			return 0
		}
		return slices.IndexFunc(began, at.Equal)
	}
	for _, e := range s.Expected {
		if letter(e.ResourceID) != resource {
			continue
		}
		got := times{Bound: number(e.Bound)}
		for _, p := range e.Plan.Policies {
			got.Policies = append(got.Policies, number(p.Since))
		}
		if binding := s.Bindings[e.ResourceID]; !binding.Since.Equal(e.Bound) || binding.VaultID != e.VaultID {
			t.Errorf("expected in %s since %s, but the binding is %+v", letter(e.VaultID), e.Bound, binding)
		}
		return got
	}
	t.Fatalf("nothing is expected of %s", resource)
	return times{}
}

// TestSince changes the cloud before each reading but the first one.
func TestSince(t *testing.T) {
	t.Parallel()
	one, daily := vault("v", "r"), policy("d", "v")
	follows := vault("v").with("resources", []object{{"id": uuid("r"), "auto_protect": true}})
	manual := vault("v").with("resources", []object{{"id": uuid("r"), "auto_protect": false}})
	none := func(*cloud) {}
	vaults := func(vaults ...object) func(*cloud) { return func(c *cloud) { c.vaults = vaults } }
	policies := func(policies ...object) func(*cloud) { return func(c *cloud) { c.policies = policies } }
	unreadable := func(list string) func(*cloud) {
		return func(c *cloud) { c.fault = fails(list, statusError(http.StatusBadGateway)) }
	}
	readable := func(c *cloud) { c.fault = nil }
	for name, test := range map[string]struct {
		first   func(*cloud)
		changes []func(*cloud)
		want    times // after the last reading
	}{
		"first reading": {none, nil, times{0, []int{0}}},
		"unchanged":     {none, []func(*cloud){none, none}, times{0, []int{0}}},

		"bound later":                 {vaults(vault("v")), []func(*cloud){vaults(one), none}, times{1, []int{0}}},
		"with its vault":              {vaults(), []func(*cloud){vaults(one)}, times{1, []int{0}}},
		"another one bound later":     {none, []func(*cloud){vaults(vault("v", "q", "r"))}, times{0, []int{0}}},
		"unbound and bound again":     {none, []func(*cloud){vaults(vault("v")), vaults(one), none}, times{2, []int{0}}},
		"moved":                       {policies(policy("d", "v", "w")), []func(*cloud){vaults(vault("w", "r")), none}, times{0, []int{0}}},
		"moved and back":              {none, []func(*cloud){vaults(vault("w", "r")), vaults(one)}, times{0, []int{0}}},
		"in two vaults, of which one": {vaults(one, vault("w", "r")), []func(*cloud){vaults(one)}, times{0, []int{0}}},
		"follows the policies again":  {vaults(manual), []func(*cloud){vaults(one), none}, times{1, []int{0}}},
		"followed them all the time":  {vaults(one), []func(*cloud){vaults(follows), vaults(one)}, times{0, []int{0}}},
		"vault renamed":               {none, []func(*cloud){vaults(one.with("name", "new"))}, times{0, []int{0}}},

		"policy enabled":                   {policies(daily.with("enabled", false)), []func(*cloud){policies(daily), none}, times{0, []int{1}}},
		"policy disabled and enabled":      {none, []func(*cloud){policies(daily.with("enabled", false)), policies(daily)}, times{0, []int{2}}},
		"policy created":                   {policies(), []func(*cloud){policies(daily), none}, times{0, []int{1}}},
		"another policy created":           {none, []func(*cloud){none, policies(daily, policy("e", "v")), none}, times{0, []int{0, 2}}},
		"another policy disabled":          {policies(daily, policy("e", "v")), []func(*cloud){policies(daily, policy("e", "v").with("enabled", false))}, times{0, []int{0}}},
		"policy assigned":                  {policies(policy("d", "w")), []func(*cloud){policies(policy("d", "v", "w")), none}, times{0, []int{1}}},
		"policy assigned to another vault": {none, []func(*cloud){policies(policy("d", "v", "w"))}, times{0, []int{0}}},
		"policy renamed":                   {none, []func(*cloud){policies(daily.with("name", "new"))}, times{0, []int{0}}},
		"pattern changed":                  {none, []func(*cloud){policies(daily.runs("FREQ=DAILY;BYHOUR=3")), none}, times{0, []int{1, 0}}},
		"pattern changed and back":         {none, []func(*cloud){policies(daily.runs("FREQ=DAILY;BYHOUR=3")), policies(daily)}, times{0, []int{2, 1, 0}}},
		"pattern added":                    {none, []func(*cloud){policies(daily.runs("FREQ=DAILY;BYHOUR=2", "FREQ=DAILY;BYHOUR=3"))}, times{0, []int{1, 0}}},
		"patterns in another order":        {policies(daily.runs("FREQ=DAILY;BYHOUR=2", "FREQ=DAILY;BYHOUR=3")), []func(*cloud){policies(daily.runs("FREQ=DAILY;BYHOUR=3", "FREQ=DAILY;BYHOUR=2"))}, times{0, []int{0}}},
		"start changed":                    {none, []func(*cloud){policies(daily.starts(time.Date(1999, 1, 1, 0, 0, 0, 0, time.UTC)))}, times{0, []int{1, 0}}},

		"enabled cannot be read for once":          {none, []func(*cloud){policies(daily.with("enabled", "odd")), policies(daily)}, times{0, []int{0}}},
		"pattern cannot be read for once":          {none, []func(*cloud){policies(daily.runs("FREQ=ODD")), policies(daily)}, times{0, []int{0}}},
		"vaults unreadable":                        {none, []func(*cloud){unreadable("vaults"), readable}, times{0, []int{0}}},
		"policies unreadable":                      {none, []func(*cloud){unreadable("policies"), readable}, times{0, []int{0}}},
		"vaults unreadable at first":               {unreadable("vaults"), []func(*cloud){readable, none}, times{0, []int{0}}},
		"policies unreadable at first":             {unreadable("policies"), []func(*cloud){readable, none}, times{0, []int{0}}},
		"bound while policies were unreadable":     {func(c *cloud) { vaults(vault("v"))(c); unreadable("policies")(c) }, []func(*cloud){vaults(one), readable}, times{1, []int{0}}},
		"bound while vaults were unreadable":       {vaults(vault("v")), []func(*cloud){unreadable("vaults"), func(c *cloud) { vaults(one)(c); readable(c) }}, times{2, []int{0}}},
		"enabled while policies were unreadable":   {policies(), []func(*cloud){unreadable("policies"), func(c *cloud) { policies(daily)(c); readable(c) }}, times{0, []int{2}}},
		"all vaults gone for a reading":            {none, []func(*cloud){vaults(), vaults(one)}, times{0, []int{0}}},
		"the vault is missing, a row is lost":      {vaults(one, vault("w")), []func(*cloud){vaults(vault("w").with("id", "odd")), vaults(one, vault("w"))}, times{0, []int{0}}},
		"the policy is missing, its vault is lost": {none, []func(*cloud){policies(daily.with("associated_vaults", []any{7})), policies(daily)}, times{0, []int{0}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				c := &cloud{vaults: []object{one}, policies: []object{daily}}
				p := start(t, c)
				test.first(c)
				began := []time.Time{time.Now()}
				s := p.settle()
				for _, change := range test.changes {
					time.Sleep(refresh)
					c.set(func() { change(c) })
					began = append(began, time.Now())
					s = p.settle()
				}
				if diff := cmp.Diff(test.want, timesOf(t, s, "r", began)); diff != "" {
					t.Errorf("times differ (-want +got):\n%s", diff)
				}
			})
		})
	}
}

// TestEarlierSchedule has a policy run at another time. The readings between which that
// changed may have missed a run of either schedule.
func TestEarlierSchedule(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := &cloud{vaults: []object{vault("v", "r")}, policies: []object{policy("d", "v")}}
		p := start(t, c)
		p.settle()
		time.Sleep(refresh)
		last := time.Now()
		p.settle()
		c.set(func() { c.fault = fails("policies", statusError(http.StatusBadGateway)) })
		time.Sleep(refresh)
		p.settle()
		c.set(func() { c.fault, c.policies = nil, []object{policy("d", "v").runs("FREQ=DAILY;BYHOUR=3")} })
		time.Sleep(refresh)
		seen := time.Now()
		got := p.settle().Expected[0].Plan.Policies
		if len(got) != 2 || !got[0].Since.Equal(seen) || !got[0].Until.IsZero() || !got[1].Until.Equal(last) {
			t.Errorf("got %+v, want a schedule since %s and one until %s", got, seen, last)
		}
	})
}

// TestSinceVaultCreated has the policies of a vault run for it since it was created, if
// they were not first seen later.
func TestSinceVaultCreated(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		created := time.Now().Add(-2 * time.Hour)
		old := vault("v", "r").with("created_at", created.Format("2006-01-02T15:04:05.000000"))
		c := &cloud{vaults: []object{old}, policies: []object{policy("d", "v")}}
		p := start(t, c)
		since := func(s inventory.Snapshot) (all []time.Time) {
			for _, policy := range s.Expected[0].Plan.Policies {
				all = append(all, policy.Since)
			}
			return all
		}
		if diff := cmp.Diff([]time.Time{created}, since(p.settle())); diff != "" {
			t.Errorf("first reading (-want +got):\n%s", diff)
		}
		c.set(func() { c.policies = append(c.policies, policy("e", "v")) })
		time.Sleep(refresh)
		began := time.Now()
		if diff := cmp.Diff([]time.Time{created, began}, since(p.settle())); diff != "" {
			t.Errorf("another policy (-want +got):\n%s", diff)
		}
	})
}

// TestSinceUnreadableRow has a row be unreadable for two readings. Afterwards everything is so
// since the same time.
func TestSinceUnreadableRow(t *testing.T) {
	t.Parallel()
	one, two := vault("v", "r"), vault("w", "q")
	weekly, daily := policy("p", "w").runs("FREQ=WEEKLY;BYDAY=SU"), policy("d", "v", "w")
	for name, lose := range map[string]func(*cloud){
		"vault":        func(c *cloud) { c.vaults = []object{one, two.with("id", "odd")} },
		"resource":     func(c *cloud) { c.vaults = []object{one, two.with("resources", []object{{"id": object{}}})} },
		"all vaults":   func(c *cloud) { c.vaults = []object{one.with("id", "odd"), two.with("id", "odd")} },
		"one policy":   func(c *cloud) { c.policies = []object{daily.with("id", "odd"), weekly} },
		"all policies": func(c *cloud) { c.policies = []object{daily.with("id", "odd"), weekly.with("id", nil)} },
		"the vault of a policy": func(c *cloud) {
			c.policies = []object{daily.with("associated_vaults", []object{{"vault_id": object{}}}), weekly}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				c := &cloud{vaults: []object{one, two}, policies: []object{daily, weekly}}
				p := start(t, c)
				p.settle()
				c.set(func() { lose(c) })
				for range 2 {
					time.Sleep(refresh)
					if s := p.settle(); s.Complete || len(s.Expected) != 2 {
						t.Errorf("the reading without the row: complete %t, expected %v", s.Complete, s.Expected)
					}
				}
				c.set(func() { c.vaults, c.policies = []object{one, two}, []object{daily, weekly} })
				time.Sleep(refresh)
				s := p.settle()
				for resource, want := range map[string]times{"r": {0, []int{0}}, "q": {0, []int{0, 0}}} {
					if diff := cmp.Diff(want, timesOf(t, s, resource, nil)); diff != "" {
						t.Errorf("%s (-want +got):\n%s", resource, diff)
					}
				}
			})
		})
	}
}

// TestSinceBesideUnreadableRow has a resource be unbound and bound again while another row is
// unreadable for long.
func TestSinceBesideUnreadableRow(t *testing.T) {
	t.Parallel()
	lost := vault("w").with("id", "odd")
	for name, c := range map[string]*cloud{
		"lost at first": {vaults: []object{vault("v", "r", "q"), lost}, policies: []object{policy("d", "v")}},
		"lost later":    {vaults: []object{vault("v", "r", "q"), vault("w")}, policies: []object{policy("d", "v")}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				p := start(t, c)
				p.settle()
				began := []time.Time{time.Now()}
				for _, resources := range [][]string{{"r", "q"}, {"r"}, {"r", "q"}} {
					time.Sleep(day)
					c.set(func() { c.vaults = []object{vault("v", resources...), lost} })
					began = append(began, time.Now())
					p.settle()
				}
				time.Sleep(refresh)
				if diff := cmp.Diff(times{3, []int{0}}, timesOf(t, p.settle(), "q", began)); diff != "" {
					t.Errorf("-want +got:\n%s", diff)
				}
			})
		})
	}
}
