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

// step is a change at a minute after noon, and the alerts that fire from the scrape
// after it until the next step.
type step struct {
	minute float64
	do     func(*simulator.Simulator)
	// restart starts a new exporter. Its first scrape has no resources, because it has
	// not read the whole list.
	restart bool
	fires   []string // as samples.alerts returns them
	lines   []string // of the page of this scrape
}

// TestAlerts scrapes every minute while the cloud, the exporter or what it follows changes, and
// checks the alerts at each scrape. What tasks alone do is in tests of tasks/ledger and
// protection. The short test scrapes at the beginning and end of each step.
func TestAlerts(t *testing.T) {
	const failing1 = "failing 1"
	inARow := func(failures int, vault string) string {
		return fmt.Sprintf(`cbr_resource_consecutive_failures{operation_type="backup",project="test",resource_id="%s",resource_name="ecs-1",vault="%s",vault_id="%s"} %d`, resourceID("1"), vault, vaultID("1"), failures)
	}
	hourly := policyOf("1", "hourly", "1", func(p *simulator.Policy) {
		p.Patterns = []string{"FREQ=DAILY;BYHOUR=0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23;BYMINUTE=00"}
	})
	cases := []struct {
		name   string
		tasks  []simulator.Task
		vaults bool // vault 1 with resource 1 and the hourly policy; it scrapes every minute
		steps  []step
	}{
		{
			// Grace is an hour, up to the next run. Vaults are read every five minutes.
			name: "resources are bound and unbound, the API is down, and a policy is disabled",
			tasks: []simulator.Task{
				backup("1", "success", -29*24*60, -29*24*60+10), backup("2", "success", -20, 0), backup("3", "success", 40, 50),
				backup("4", "failed", 60, 61), backup("5", "success", 330, 340),
			},
			vaults: true,
			steps: []step{
				{minute: 20, do: func(s *simulator.Simulator) { s.SetVaults(vault("1", "vault-db", bound("1"), bound("2"))) }},
				{minute: 61, fires: []string{failing1}},
				// At minute 120 backups of both resources become overdue, but later ones could not be read.
				{minute: 100, do: down, fires: []string{failing1}},
				{minute: 300, do: up, fires: []string{failing1}},
				{minute: 301, fires: []string{failing1, "overdue 1", "overdue 2"}},
				{minute: 330, fires: []string{failing1, "overdue 1", "overdue 2"}}, // while the next one runs
				{minute: 340, fires: []string{"overdue 2"}},
				{minute: 350, do: func(s *simulator.Simulator) { s.SetVaults(vault("1", "vault-db", bound("1"))) }, fires: []string{"overdue 2"}},
				{minute: 351},
				{minute: 400, do: func(s *simulator.Simulator) {
					disabled := hourly
					disabled.Enabled = false
					s.SetPolicies(disabled)
				}},
				{minute: 401, fires: []string{"uncovered 1"}},
				{minute: 430, fires: []string{"uncovered 1"}}, // and nothing is due
			},
		},
		{
			name: "a resource moves to another vault",
			tasks: []simulator.Task{
				backup("1", "success", -60, -50), backup("2", "failed", 10, 20),
				with(backup("3", "failed", 30, 40), inVault("2", "vault-web")), with(backup("4", "success", 50, 60), inVault("2", "vault-web")),
			},
			steps: []step{
				{minute: 20, fires: []string{failing1}},
				{minute: 30, fires: []string{"failing 2/1/backup"}}, // its task names the other one
				{minute: 60},
			},
		},
		{
			name: "a vault is renamed while it fails",
			tasks: []simulator.Task{
				backup("1", "failed", -60, -50), backup("2", "failed", 30, 40), backup("3", "success", 70, 80),
			},
			steps: []step{
				{minute: 1, fires: []string{failing1}},
				{
					minute: 20, fires: []string{failing1},
					do: func(s *simulator.Simulator) { s.RenameVault(vaultID("1"), "vault-new") },
				},
				{
					minute: 40, fires: []string{failing1},
					lines: []string{inARow(2, "vault-new")},
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
				{minute: 1, fires: []string{failing1}},
				{
					minute: 20, fires: []string{failing1},
					do: func(s *simulator.Simulator) { s.RenameResource(resourceID("1"), "ecs-new") },
				},
				{
					minute: 40, fires: []string{failing1},
					lines: []string{`cbr_resource_info{project="test",resource_id="` + resourceID("1") + `",resource_name="ecs-new",resource_type="OS::Nova::Server"} 1`},
				},
				{minute: 80},
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
				{minute: 1, fires: []string{failing1}},
				{minute: 30, restart: true},
				{minute: 31, fires: []string{failing1}},
				{minute: 60, fires: []string{failing1}},
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
				// From here on the tasks of the meantime are known.
				{minute: 100, do: up, fires: []string{failing1}, lines: []string{inARow(2, "vault-db")}},
				{minute: 130, do: down, fires: []string{failing1}},
				{minute: 180, do: up},
			},
		},
		{
			name: "tasks before the lookback are forgotten",
			tasks: []simulator.Task{
				backup("1", "failed", 60-30*24*60, 70-30*24*60),
				with(backup("2", "success", -60, -50), ofResource("2", "ecs-2", "OS::Nova::Server")),
			},
			steps: []step{
				{minute: 1, fires: []string{failing1}},
				{minute: 61},
				{minute: 70},
			},
		},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if testing.Short() && c.vaults {
				t.Skip("scrapes 430 times")
			}
			atNoon(t, func(t *testing.T) {
				cloud := simulator.New(simulator.Options{Now: time.Now, Empty: true, Tokens: []string{token}, Latency: unlikeVaults})
				cloud.Add(c.tasks...)
				configuration := followed + "    discovery: {}\n"
				if c.vaults {
					cloud.SetVaults(vault("1", "vault-db", bound("1")))
					cloud.SetPolicies(hourly)
					configuration += "    vaults: {}\n"
				}
				runSteps(t, cloud, configuration, append([]step{{minute: 0, restart: true}}, c.steps...))
			})
		})
	}
}

// runSteps scrapes every minute and compares each page with the current step.
func runSteps(t *testing.T, cloud *simulator.Simulator, configuration string, steps []step) {
	t.Helper()
	var e *running
	for i, now := range steps {
		last := now.minute // of the scrapes of the step
		if i+1 < len(steps) {
			last = steps[i+1].minute - 1
		}
		if now.restart {
			if e != nil {
				e.Close()
			}
			e = start(t, hosts{"cbr.test": cloud}, configuration)
		}
		if now.do != nil {
			now.do(cloud)
		}
		for minute := now.minute; minute <= last; minute++ {
			if testing.Short() && minute != now.minute && minute != last {
				time.Sleep(time.Until(minutes(minute + 1)))
				continue
			}
			when := fmt.Sprintf("minute %g", minute)
			page := e.scrape(t)
			s := samplesOf(t, page)
			s.checkResources(t, when)
			if now.restart && minute == now.minute {
				expectNoResources(t, when, page)
			}
			if minute == now.minute {
				expectLines(t, when, page, now.lines...)
			}
			if diff := cmp.Diff(now.fires, s.alerts()); diff != "" {
				t.Fatalf("%s: the alerts differ (-want +got):\n%s", when, diff)
			}
			time.Sleep(time.Until(minutes(minute + 1)))
		}
	}
}

func down(s *simulator.Simulator) {
	s.SetFault(func(*http.Request) simulator.Fault { return simulator.Fault{Status: http.StatusBadGateway} })
}

func up(s *simulator.Simulator) { s.SetFault(nil) }

// expectNoResources fails the test if the page has metrics that need the whole list.
func expectNoResources(t *testing.T, when, page string) {
	t.Helper()
	for _, family := range []string{"cbr_resource_last", "cbr_resource_consecutive", "cbr_resource_failing", "cbr_resource_overdue", "cbr_tasks"} {
		if strings.Contains(page, "\n"+family) {
			t.Errorf("%s: the page has %s* before the first full sync", when, family)
		}
	}
	expectLines(t, when, page, `cbr_scrape_collector_success{collector="discovery",project="test"} 0`)
}
