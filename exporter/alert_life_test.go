package exporter_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cbr-exporter/cbr_exporter/simulator"
)

// step is what a story does at a minute after noon, before the scrape, and what
// fires from this scrape on until that of the next step.
type step struct {
	minute float64
	do     func(*simulator.Simulator)
	// restart has another process begin. Until it has read the whole list it claims
	// nothing, which is so in this scrape.
	restart bool
	fires   []string // "alert resource", or "alert vault/resource/operation" where it is not vault 1 and a backup
	shows   []string // lines of this scrape's page
}

// TestAlertLife scrapes every minute while tasks come and go. What fires has to be
// right at each scrape, not only at the end.
func TestAlertLife(t *testing.T) {
	const failed1 = "failed 1"
	key := func(vault, resource, operation string) string {
		return fmt.Sprintf(`operation_type="%s",project="test",resource_id="%s",vault="%s",vault_id="%s"`, operation, resourceID(resource), vault, vaultID("1"))
	}
	cases := []struct {
		name  string
		tasks []simulator.Task
		steps []step
	}{
		{
			name: "a failure is cured by the next success",
			tasks: []simulator.Task{
				backup("1", "success", -60, -50), backup("2", "failed", 10, 20), backup("3", "success", 70, 80),
			},
			steps: []step{
				{minute: 20, fires: []string{failed1}},
				{minute: 80},
				{minute: 100},
			},
		},
		{
			name: "a new attempt that always runs hides no failure",
			tasks: []simulator.Task{
				backup("1", "success", -60, -50),
				backup("2", "failed", 0, 60), backup("3", "failed", 60, 120), backup("4", "failed", 120, 180),
				backup("5", "", 180, 0),
			},
			steps: []step{
				{minute: 60, fires: []string{failed1}},
				{minute: 180, fires: []string{failed1, "repeated 1"}},
				{minute: 200, fires: []string{failed1, "repeated 1"}},
			},
		},
		{
			name: "a skipped attempt neither counts nor cures",
			tasks: []simulator.Task{
				backup("1", "success", -60, -50),
				backup("2", "failed", 10, 20), backup("3", "failed", 30, 40), backup("4", "skipped", 50, 55),
				backup("5", "failed", 70, 80), backup("6", "success", 90, 100),
			},
			steps: []step{
				{minute: 20, fires: []string{failed1}},
				{minute: 55, fires: []string{"skipped 1"}, shows: []string{"cbr_resource_consecutive_failures{" + key("vault-db", "1", "backup") + "} 2"}},
				{minute: 80, fires: []string{failed1, "repeated 1"}},
				{minute: 100},
			},
		},
		{
			name: "never a success",
			tasks: []simulator.Task{
				backup("1", "failed", -30, -20), backup("2", "skipped", 10, 15), backup("3", "success", 30, 40),
			},
			steps: []step{
				{minute: 1, fires: []string{failed1, "never 1"}},
				{minute: 15, fires: []string{"never 1", "skipped 1"}},
				{minute: 40},
			},
		},
		{
			name: "the first task of a resource is no alert while it runs",
			tasks: []simulator.Task{
				backup("1", "timeout", 10, 70),
			},
			steps: []step{
				{minute: 10, shows: []string{`cbr_tasks{operation_type="backup",project="test",status="running",vault="vault-db",vault_id="` + vaultID("1") + `"} 1`}},
				{minute: 70, fires: []string{failed1, "never 1"}},
			},
		},
		{
			name: "one of two vaults fails",
			tasks: []simulator.Task{
				backup("1", "success", -60, -50), with(backup("2", "success", -60, -50), inVault("2", "vault-web")),
				backup("3", "success", 10, 20), with(backup("4", "failed", 10, 20), inVault("2", "vault-web")),
				backup("5", "success", 30, 40), with(backup("6", "success", 50, 60), inVault("2", "vault-web")),
			},
			steps: []step{
				{minute: 20, fires: []string{"failed 2/1/backup"}},
				{minute: 60},
			},
		},
		{
			name: "a vault is renamed while it fails",
			tasks: []simulator.Task{
				backup("1", "failed", -60, -50), backup("2", "failed", 30, 40), backup("3", "success", 70, 80),
			},
			steps: []step{
				{minute: 1, fires: []string{failed1, "never 1"}},
				{
					minute: 20, fires: []string{failed1, "never 1"},
					do: func(s *simulator.Simulator) { s.RenameVault(vaultID("1"), "vault-new") },
				},
				{
					minute: 40, fires: []string{failed1, "never 1"},
					shows: []string{"cbr_resource_consecutive_failures{" + key("vault-new", "1", "backup") + "} 2"},
				},
				{minute: 80},
			},
		},
		{
			name: "a resource is renamed while it fails",
			tasks: []simulator.Task{
				backup("1", "failed", -60, -50), backup("2", "failed", 30, 40), backup("3", "success", 70, 80),
			},
			steps: []step{
				{minute: 1, fires: []string{failed1, "never 1"}},
				{
					minute: 20, fires: []string{failed1, "never 1"},
					do: func(s *simulator.Simulator) { s.RenameResource(resourceID("1"), "ecs-new") },
				},
				{
					minute: 40, fires: []string{failed1, "never 1"},
					shows: []string{`cbr_resource_info{project="test",resource_id="` + resourceID("1") + `",resource_name="ecs-new",resource_type="OS::Nova::Server"} 1`},
				},
				{minute: 80},
			},
		},
		{
			name: "copy is replication",
			tasks: []simulator.Task{
				with(backup("1", "success", -60, -50), doing("replication")),
				with(backup("2", "failed", 10, 20), doing("copy")),
				with(backup("3", "failed", 30, 40), doing("replication")),
				with(backup("4", "failed", 50, 60), doing("copy")),
				with(backup("5", "success", 70, 80), doing("copy")),
			},
			steps: []step{
				{minute: 20, fires: []string{"failed 1/1/replication"}},
				{minute: 60, fires: []string{"failed 1/1/replication", "repeated 1/1/replication"}},
				{minute: 80},
			},
		},
		{
			name: "a task times out after hours",
			tasks: []simulator.Task{
				backup("1", "success", -60, -50), backup("2", "timeout", 10, 130), backup("3", "success", 140, 150),
			},
			steps: []step{
				{minute: 130, fires: []string{failed1}},
				{minute: 150},
			},
		},
		{
			name: "a success by hand between failures of the policy",
			tasks: []simulator.Task{
				backup("1", "success", -60, -50),
				backup("2", "failed", 0, 10), backup("3", "failed", 20, 30),
				with(backup("4", "success", 40, 50), byHand),
				backup("5", "failed", 60, 70), backup("6", "failed", 80, 90), backup("7", "failed", 100, 110),
			},
			steps: []step{
				{minute: 10, fires: []string{failed1}},
				{minute: 50},
				{minute: 70, fires: []string{failed1}},
				{minute: 110, fires: []string{failed1, "repeated 1"}},
			},
		},
		{
			name: "an older task that ends later says nothing of the newer one",
			tasks: []simulator.Task{
				backup("1", "success", -60, -50), backup("2", "failed", 0, 100), backup("3", "success", 50, 60),
			},
			steps: []step{
				{minute: 100},
				{minute: 120},
			},
		},
		{
			name: "the exporter restarts while backups fail",
			tasks: []simulator.Task{
				backup("1", "success", -600, -590),
				backup("2", "failed", -180, -170), backup("3", "failed", -120, -110), backup("4", "failed", -60, -50),
				with(backup("5", "skipped", -60, -50), ofResource("2", "ecs-2", "OS::Nova::Server")),
				backup("6", "", 5, 0),
			},
			steps: []step{
				{minute: 1, fires: []string{failed1, "never 2", "repeated 1", "skipped 2"}},
				{minute: 30, restart: true},
				{minute: 31, fires: []string{failed1, "never 2", "repeated 1", "skipped 2"}},
				{minute: 60, fires: []string{failed1, "never 2", "repeated 1", "skipped 2"}},
			},
		},
		{
			name: "the API is down while a backup fails, and while another one succeeds",
			tasks: []simulator.Task{
				backup("1", "success", -60, -50),
				backup("2", "failed", 40, 50), backup("3", "failed", 60, 70),
				backup("4", "success", 140, 150), backup("5", "", 160, 0),
			},
			steps: []step{
				{minute: 30, do: down},
				{minute: 45, do: up},
				{minute: 48, do: down},
				// From here on it is known what went on meanwhile.
				{minute: 100, do: up, fires: []string{failed1}, shows: []string{"cbr_resource_consecutive_failures{" + key("vault-db", "1", "backup") + "} 2"}},
				{minute: 130, do: down, fires: []string{failed1}},
				{minute: 180, do: up},
			},
		},
		{
			name: "what was long ago is forgotten",
			tasks: []simulator.Task{
				backup("1", "failed", 60-30*24*60, 70-30*24*60),
				with(backup("2", "success", -60, -50), ofResource("2", "ecs-2", "OS::Nova::Server")),
			},
			steps: []step{
				{minute: 1, fires: []string{failed1, "never 1"}},
				{minute: 61},
				{minute: 70},
			},
		},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			atNoon(t, func(t *testing.T) {
				cloud := simulator.New(simulator.Options{Now: time.Now, Empty: true, Tokens: []string{token}, Latency: unlike})
				cloud.Add(c.tasks...)
				tell(t, cloud, append([]step{{minute: 0, restart: true}}, c.steps...))
			})
		})
	}
}

// tell scrapes every minute, and checks each page against the step that is the
// newest by then.
func tell(t *testing.T, cloud *simulator.Simulator, steps []step) {
	t.Helper()
	var e *quiet
	for i, now := range steps {
		last := now.minute // of the scrapes of the step
		if i+1 < len(steps) {
			last = steps[i+1].minute - 1
		}
		if now.restart {
			if e != nil {
				e.Close()
			}
			e = startQuiet(t, hosts{"cbr.test": cloud}, followed+"    discovery: {}\n")
		}
		if now.do != nil {
			now.do(cloud)
		}
		for minute := now.minute; minute <= last; minute++ {
			when := fmt.Sprintf("minute %g", minute)
			page := e.scrape(t)
			s := samplesOf(t, page)
			s.checkShape(t, when)
			if now.restart && minute == now.minute {
				claimsNothing(t, when, page)
			}
			if minute == now.minute {
				expectLines(t, when, page, now.shows...)
			}
			if diff := cmp.Diff(inFull(now.fires), s.alerts()); diff != "" {
				t.Fatalf("%s: what fires differs (-want +got):\n%s", when, diff)
			}
			time.Sleep(time.Until(minutes(minute + 1)))
		}
	}
}

func down(s *simulator.Simulator) {
	s.SetFault(func(*http.Request) simulator.Fault { return simulator.Fault{Status: http.StatusBadGateway} })
}

func up(s *simulator.Simulator) { s.SetFault(nil) }

// inFull writes out what a step fires.
func inFull(fires []string) []string {
	var full []string
	for _, f := range fires {
		alert, of, _ := strings.Cut(f, " ")
		parts := strings.Split(of, "/")
		if len(parts) == 1 {
			parts = []string{"1", of, "backup"}
		}
		full = append(full, strings.Join([]string{alert, vaultID(parts[0]), resourceID(parts[1]), parts[2]}, " "))
	}
	return full
}

// claimsNothing fails the test where a page says anything that half a list may
// have wrong.
func claimsNothing(t *testing.T, when, page string) {
	t.Helper()
	for _, family := range []string{"cbr_resource_", "cbr_tasks"} {
		if strings.Contains(page, "\n"+family) {
			t.Errorf("%s: the page has %s* before the whole list is read", when, family)
		}
	}
	expectLines(t, when, page, `cbr_scrape_collector_success{collector="discovery",project="test"} 0`)
}
