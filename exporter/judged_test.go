package exporter_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/cbr-exporter/cbr_exporter/protection"
	"github.com/cbr-exporter/cbr_exporter/simulator"
)

// TestJudgedOnce requests pages after one pass, and after a second one.
func TestJudgedOnce(t *testing.T) {
	atNoon(t, func(t *testing.T) {
		e := settledPages(t)
		verdict := func() *protection.Verdict { return &e.LastSnapshots()[0].Verdicts[0] }
		first := verdict()
		e.get(t, "/", "")
		if verdict() != first {
			t.Error("a page judges again what was judged by the pass")
		}
		e.Refresh(t.Context())
		if verdict() == first {
			t.Error("after the second pass the page has what the first one has judged")
		}
	})
}

// TestPageBetweenPasses has everything but the lists of active tasks read slowly, so that most
// is read after the scrape that began it.
func TestPageBetweenPasses(t *testing.T) {
	atNoon(t, func(t *testing.T) {
		slow := func(r *http.Request) time.Duration {
			switch query := r.URL.Query(); {
			case strings.HasSuffix(r.URL.Path, "/vaults"):
				return 5 * time.Second
			case !query.Has("status") && !query.Has("start_time"): // the full sync, and policies
				return 10 * time.Second
			default:
				return 0
			}
		}
		cloud := simulator.New(simulator.Options{Now: time.Now, Empty: true, Tokens: []string{token}, Latency: slow})
		cloud.SetListing(simulator.Listing{MaxLimit: 1})
		cloud.Add(backup("1", "success", -120, -110), backup("2", "success", -90, -80), backup("3", "failed", -60, -50))
		cloud.SetVaults(vault("1", "before", bound("1")))
		e := start(t, hosts{"cbr.test": cloud}, followed+"    discovery: {}\n    vaults: {}\n")
		e.get(t, "/metrics", "2")

		for _, c := range []struct {
			seconds time.Duration
			want    string
		}{{5, ""}, {35, "uncovered"}, {45, "failing"}} {
			time.Sleep(time.Until(noon().Add(c.seconds * time.Second)))
			got := ""
			for _, r := range e.status(t).Resources.Rows {
				got += string(r.States[0])
			}
			if got != c.want {
				t.Errorf("%d s after the scrape: got %q, want %q", c.seconds, got, c.want)
			}
		}

		time.Sleep(5 * time.Minute)
		cloud.SetVaults(vault("1", "after", bound("1")))
		e.get(t, "/metrics", "2")
		for _, want := range []string{"before", "after"} {
			if got := e.status(t).Vaults.Rows[0].VaultName; got != want {
				t.Errorf("got the vault %q, want %q", got, want)
			}
			time.Sleep(20 * time.Second)
		}
	})
}

// TestAgeBetweenPasses has the vaults fail: the page says for how long, also between two passes.
func TestAgeBetweenPasses(t *testing.T) {
	atNoon(t, func(t *testing.T) {
		cloud := simulator.New(simulator.Options{Now: time.Now, Empty: true, Tokens: []string{token}})
		cloud.SetFault(faultOf(http.StatusBadGateway, "/vaults"))
		e := start(t, hosts{"cbr.test": cloud}, followed+"    vaults: {}\n")
		e.scrape(t)
		for n := range 3 {
			c := e.LastSnapshots()[0].Collectors()[0]
			if want := time.Duration(n) * time.Minute; c.Name != protection.VaultsCollector || c.Incomplete.Truncate(time.Minute) != want {
				t.Errorf("got %s incomplete for %s, want vaults for %s", c.Name, c.Incomplete, want)
			}
			time.Sleep(time.Minute)
		}
	})
}
