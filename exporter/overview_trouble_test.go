package exporter_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/cbr-exporter/cbr_exporter/simulator"
)

// TestOverviewOfTroubles reads the page while all is well, while a backup has
// failed, and while the API cannot be read: what the API said, since when, and all
// times to the second.
func TestOverviewOfTroubles(t *testing.T) {
	atNoon(t, func(t *testing.T) {
		cloud := simulator.New(simulator.Options{Now: time.Now, Empty: true, Tokens: []string{token}})
		cloud.Add(backup("1", "success", -60, -50), backup("2", "", -5, -6))
		e := startQuiet(t, hosts{"cbr.test": cloud}, followed+"    discovery: {}\n")
		read := func(when string, wants ...string) string {
			t.Helper()
			e.scrape(t)
			time.Sleep(30 * time.Second)
			page := e.get(t, "/", "")
			for _, want := range wants {
				if !strings.Contains(page, want) {
					t.Errorf("%s: the page lacks %s:\n%s", when, want, page)
				}
			}
			return page
		}

		if page := e.get(t, "/", ""); strings.Contains(page, "title=") {
			t.Errorf("before any scrape, the page tells of times:\n%s", page)
		}
		read("at first")
		page := read("while all is well",
			`<div title="as of 2026-11-20 12:00:30 UTC">`,
			`<p class="verdict trusted">The newest finished task succeeded for 1 of 1 `,
			`<p class="swept" title="2026-11-20 12:00:00 UTC">The whole task list was read 60 s ago.</p>`,
			// When it ended, and when it succeeded.
			`<td class="number" title="2026-11-20 11:10:00 UTC">51 min ago</td><td class="number" title="2026-11-20 11:10:00 UTC">51 min ago</td>`,
			// When the one that runs was created.
			`<td class="number" title="2026-11-20 11:55:00 UTC">6 min ago</td>`,
		)
		if strings.Contains(page, `<ul class="troubles">`) {
			t.Errorf("while all is well, the page tells of troubles:\n%s", page)
		}

		cloud.Add(backup("3", "failed", 0, 1))
		time.Sleep(time.Minute)
		read("after a backup has failed", `<p class="verdict trusted failing">The newest finished task succeeded for 0 of 1 `)

		cloud.SetFault(func(*http.Request) simulator.Fault { return simulator.Fault{Status: http.StatusInternalServerError} })
		read("while the API is down", `<ul class="troubles">`, `<li>upstream, for the first time <span title="2026-11-20 12:02:30 UTC">30 s ago</span>: ListOpLogs: HTTP status 500`)
		time.Sleep(3 * time.Hour)
		read("hours later", `<li>upstream, for the first time <span title="2026-11-20 12:02:30 UTC">3 h ago</span>: ListOpLogs: HTTP status 500`)
	})
}
