package exporter_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/cbr-exporter/cbr_exporter/simulator"
)

// TestConfiguredIDsBesideLists has 100 configured tasks run. The lists of what is
// active stand for them where the user may read lists; where not, nothing is
// missing, and nobody goes on trying.
func TestConfiguredIDsBesideLists(t *testing.T) {
	const unlimited = "\nscrape: {requests_per_second: 0}\n"
	well := func(t *testing.T, when, page string) {
		t.Helper()
		expectLines(t, when, page, `cbr_up{project="test"} 1`, `cbr_scrape_collector_success{collector="tasks",project="test"} 1`)
		all := samplesOf(t, page)
		for _, s := range all["cbr_scrape_error"] {
			if s.value != 0 {
				t.Errorf("%s: cbr_scrape_error has reason %s", when, s.labels["reason"])
			}
		}
		if got := len(all["cbr_task_info"]); got != 100 {
			t.Errorf("%s: %d tasks are shown, want 100", when, got)
		}
	}
	type requests struct{ listed, shown uint64 }
	cases := []struct {
		name   string
		fault  func(*http.Request) simulator.Fault
		first  requests // of the first scrape
		steady requests // of each scrape within an hour
		later  requests // of one an hour later
	}{
		// To find where lists end takes a request more at first.
		{name: "lists are allowed", first: requests{3, 0}, steady: requests{2, 0}, later: requests{2, 0}},
		{name: "lists are refused", fault: refuseLists, first: requests{1, 100}, steady: requests{0, 100}, later: requests{1, 100}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			atNoon(t, func(t *testing.T) {
				cloud, ids := fleet(100, nil)
				cloud.SetFault(c.fault)
				e := startQuiet(t, hosts{"test.test": cloud}, "projects:"+projectAt("test", token, ids)+unlimited)
				var seen requests
				expect := func(when string, want requests) {
					t.Helper()
					well(t, when, e.scrape(t))
					now := cloud.Requests()
					got := requests{now.Listed - seen.listed, now.Shown - seen.shown}
					if got != want {
						t.Errorf("%s: %d requests for lists and %d for tasks, want %d and %d", when, got.listed, got.shown, want.listed, want.shown)
					}
					seen = requests{now.Listed, now.Shown}
				}
				expect("first scrape", c.first)
				for _, minute := range []float64{1, 30, 59} {
					time.Sleep(time.Until(minutes(minute)))
					expect("steady scrape", c.steady)
				}
				time.Sleep(time.Until(minutes(61)))
				expect("an hour later", c.later)
				if got := e.log.String(); got != "" {
					t.Errorf("the log has a warning, and nothing is missing:\n%s", got)
				}
			})
		})
	}
}
