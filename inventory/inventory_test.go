package inventory_test

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
	"github.com/cbr-exporter/cbr_exporter/test/pause"
)

func TestRefresh(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := &cloud{vaults: []object{vault("v", "r")}, policies: []object{policy("d", "v")}}
		p := start(t, c)
		if s := p.Last(); s.Complete || s.Up || s.Vaults != nil || s.Expected != nil || !s.LastComplete.IsZero() {
			t.Errorf("before the first reading: %+v", s)
		}
		c.expectRequests(t, "before the first scrape")

		s, took := p.scrape(time.Hour)
		if names(s) != "v" || len(s.Expected) != 1 || !s.Complete || !s.Up || len(s.Reasons) != 0 || s.Duration != 2*latency || took != 2*latency {
			t.Errorf("first scrape, after %s: %+v", took, s)
		}
		c.expectRequests(t, "first scrape", "vaults", "policies")

		c.set(func() { c.vaults = []object{vault("v", "r").with("name", "new")} })
		time.Sleep(refresh - 2*latency - time.Nanosecond)
		if s, took := p.scrape(time.Hour); names(s) != "v" || took != 0 {
			t.Errorf("before the refresh, after %s: %+v", took, s)
		}
		c.expectRequests(t, "before the refresh")

		time.Sleep(time.Nanosecond)
		for range 2 { // neither waits for the reading
			if s, took := p.scrape(time.Hour); names(s) != "v" || !s.Complete || took != 0 {
				t.Errorf("during the refresh, after %s: %+v", took, s)
			}
		}
		time.Sleep(time.Second)
		if s, _ := p.scrape(time.Hour); names(s) != "new" {
			t.Errorf("after the refresh: %+v", s)
		}
		c.expectRequests(t, "refresh", "vaults", "policies")
		if got := strings.Count(p.log.String(), "vaults and policies read"); got != 2 || strings.Count(p.log.String(), "level=info") != 1 {
			t.Errorf("log of two readings, want one line at info and one at debug:\n%s", p.log)
		}
	})
}

// TestScrapeTimeout has a scrape leave before the first reading ends.
func TestScrapeTimeout(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := &cloud{vaults: []object{vault("v", "r")}}
		p := start(t, c)
		s, took := p.scrape(latency / 2)
		if took != latency/2 || s.Complete || s.Vaults != nil || !s.Reasons[cbrapi.ReasonDeadline] || s.Duration != latency/2 {
			t.Errorf("first scrape, after %s: %+v", took, s)
		}
		time.Sleep(time.Second)
		if s, took := p.scrape(0); names(s) != "v" || !s.Complete || took != 0 {
			t.Errorf("next scrape, after %s: %+v", took, s)
		}
		c.expectRequests(t, "both scrapes", "vaults", "policies")
	})
}

// TestHangingAPI has only the first scrape wait, for one timeout per list.
func TestHangingAPI(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := &cloud{fault: hang}
		p := start(t, c)
		if s, took := p.scrape(time.Hour); took != 2*timeout || !s.Reasons[cbrapi.ReasonDeadline] || s.Complete || s.Up {
			t.Errorf("first scrape, after %s: %+v", took, s)
		}
		c.expectRequests(t, "first scrape", "vaults", "policies")
		if _, took := p.scrape(time.Hour); took != 0 {
			t.Errorf("next scrape took %s", took)
		}
		c.expectRequests(t, "next scrape")
		time.Sleep(retry)
		if _, took := p.scrape(time.Hour); took != 0 {
			t.Errorf("scrape that starts another reading took %s", took)
		}
		p.Close() // goleak finds a reading that goes on
		if s, took := p.scrape(time.Hour); took != 0 || s.Complete {
			t.Errorf("scrape after Close, after %s: %+v", took, s)
		}
		if n := p.warnings(); n != 2 {
			t.Errorf("%d warnings, want one per list and none about Close:\n%s", n, p.log)
		}
	})
}

func TestInherit(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := &cloud{vaults: []object{vault("v", "r")}, policies: []object{policy("d", "v")}}
		old := start(t, c)
		before := old.settle()
		created := time.Now()
		p := start(t, c)
		p.Inherit(old.Inventory)
		old.Close()
		c.takeRequests()
		s, took := p.scrape(time.Hour)
		if took != 0 || names(s) != "v" || !s.LastComplete.Equal(before.LastComplete) || len(s.Expected) != 1 || !s.Complete {
			t.Errorf("first scrape, after %s: %+v", took, s)
		}
		c.expectRequests(t, "first scrape")
		if !s.Since.Equal(before.Since) || !s.Since.Before(created) {
			t.Errorf("followed since %s, want %s, before the reload at %s", s.Since, before.Since, created)
		}
		c.set(func() { c.vaults = []object{vault("v", "r", "q")} })
		time.Sleep(refresh)
		began := []time.Time{{}, time.Now()}
		s = p.settle()
		c.expectRequests(t, "refresh", "vaults", "policies")
		for resource, want := range map[string]times{"r": {0, []int{0}}, "q": {1, []int{0}}} {
			if diff := cmp.Diff(want, timesOf(t, s, resource, began)); diff != "" {
				t.Errorf("%s (-want +got):\n%s", resource, diff)
			}
		}
	})
}

// TestHangingPolicies has the vaults be known although the policies hang.
func TestHangingPolicies(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := start(t, &cloud{vaults: []object{vault("v", "r")}, fault: func(ctx context.Context, list string) error {
			if list == "policies" {
				return hang(ctx, list)
			}
			return nil
		}})
		for _, when := range []string{"first", "second"} {
			s, _ := p.scrape(2 * time.Second)
			if names(s) != "v" || s.Expected != nil || s.Complete || !s.Up || !s.Reasons[cbrapi.ReasonDeadline] || s.Duration == 0 {
				t.Errorf("%s scrape: %+v", when, s)
			}
		}
	})
}

// TestSlowVaults has the pages of a list take longer than the limit, together.
func TestSlowVaults(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := start(t, &cloud{vaults: []object{vault("v", "r")}, fault: func(ctx context.Context, list string) error {
			if list == "vaults" { // an empty page follows
				return pause.For(ctx, timeout*2/3)
			}
			return nil
		}})
		if s, took := p.scrape(time.Hour); took != timeout+latency || s.Vaults != nil || !s.Reasons[cbrapi.ReasonDeadline] {
			t.Errorf("first scrape, after %s: %+v", took, s)
		}
	})
}
