package exporter_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cbr-exporter/cbr_exporter/simulator"
)

// TestOverviewOfDiscovery reads the page for people before and after the whole list
// is read, and when it cannot be read any more.
func TestOverviewOfDiscovery(t *testing.T) {
	atNoon(t, func(t *testing.T) {
		cloud := simulator.New(simulator.Options{Now: time.Now, Empty: true, Tokens: []string{token}, Latency: unlike})
		cloud.Add(
			backup("1", "success", -29.9*24*60, -29.9*24*60+10), // how far back the API remembers
			backup("2", "success", -60, -50),
			with(backup("3", "failed", -3000, -2990), ofResource("2", "ecs-2", "OS::Nova::Server")),
			with(backup("4", "failed", -200, -190), ofResource("2", "ecs-2", "OS::Nova::Server")),
			with(backup("5", "timeout", -300, -180), ofResource("3", "ecs-3", "OS::Nova::Server")),
			with(backup("6", "skipped", -90, -89), ofResource("4", "ecs-4", "OS::Nova::Server")),
			with(backup("7", "success", -3000, -2990), ofResource("5", `<b onclick="x">ecs-5</b>`, "OS::Nova::Server"), inVault("2", "<script>alert(2)</script>")),
			with(backup("8", "failed", -600, -590), ofResource("5", `<b onclick="x">ecs-5</b>`, "OS::Nova::Server"), inVault("2", "<script>alert(2)</script>"),
				func(task *simulator.Task) { task.ErrorMessage = "<script>alert(1)</script>" }),
			backup("9", "", -5, -6),
		)
		e := startQuiet(t, hosts{"cbr.test": cloud}, followed+"    discovery: {}\n")
		read := func(when string, wants ...string) string {
			t.Helper()
			page := e.get(t, "/", "")
			for _, want := range wants {
				if !strings.Contains(page, want) {
					t.Errorf("%s: the page lacks %q:\n%s", when, want, page)
				}
			}
			return page
		}

		read("before any scrape", `<p class="verdict">Nothing has been read yet: reading begins with the first scrape.</p>`)

		e.scrape(t)
		page := read("while the whole list is read",
			`<p class="verdict">The task list has not been read to its end yet; until then nothing is said of resources.</p>`,
			taskID("9"))
		if got := resourceRows(page); got != nil {
			t.Errorf("while the whole list is read, the page tells of resources: %q", got)
		}

		time.Sleep(time.Minute)
		e.scrape(t)
		page = read("afterwards",
			`<p class="verdict trusted failing">The newest finished task succeeded for 1 of 5 resources and operations, failed for 2, timed out for 1, was skipped for 1. As of 0 s ago.</p>`)
		want := [][]string{
			// Status, resource, vault, operation, ended, last success, failures, error, task. The one
			// without a success for the longest time comes first.
			{"failed", "ecs-2", "vault-db", "backup", "3 h ago", "none in 30 days", "2", "BackupService.6114: The vault is full.", taskID("4")},
			{"failed", "&lt;b onclick=&#34;x&#34;&gt;ecs-5&lt;/b&gt;", "&lt;script&gt;alert(2)&lt;/script&gt;", "backup", "10 h ago", "2 days ago", "1", "BackupService.6114: &lt;script&gt;alert(1)&lt;/script&gt;", taskID("8")},
			{"timeout", "ecs-3", "vault-db", "backup", "3 h ago", "none in 30 days", "1", "", taskID("5")},
			{"skipped", "ecs-4", "vault-db", "backup", "90 min ago", "none in 30 days", "", "BackupService.7102: The server has stopped.", taskID("6")},
			{"success", "ecs-1", "vault-db", "backup", "51 min ago", "51 min ago", "", "", taskID("2")},
		}
		if diff := cmp.Diff(want, resourceRows(page)); diff != "" {
			t.Errorf("the rows of resources differ (-want +got):\n%s", diff)
		}

		cloud.SetFault(refuseLists)
		time.Sleep(time.Minute)
		e.scrape(t)
		read("with lists refused",
			`<p class="verdict failing">The newest finished task succeeded for 1 of 5 resources and operations, failed for 2, timed out for 1, was skipped for 1. As of 60 s ago. `+
				`Reason: permission; allow the user cbr:tasks:list and cbr:tasks:get, for example by the system policy CBR ReadOnlyAccess; if that is granted in an enterprise project, set enterprise_project_id. `+
				`All were known 60 s ago for the last time.</p>`,
			"none in 30 days")

		cloud.SetFault(func(*http.Request) simulator.Fault { return simulator.Fault{Status: http.StatusInternalServerError} })
		time.Sleep(3 * time.Hour)
		e.scrape(t)
		page = read("with the API down for hours", "Reason: upstream;", "All were known 3 h ago for the last time.")
		if strings.Contains(page, taskID("9")) {
			t.Error("the page shows a task that may have ended long ago")
		}
	})
}

// resourceRows returns the cells of the table of resources.
func resourceRows(page string) [][]string { return cellsOf(page, "<h3>Resources") }
