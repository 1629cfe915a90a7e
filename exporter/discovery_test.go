package exporter_test

import (
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/cbr-exporter/cbr_exporter/simulator"
)

// followed is the configuration of a project. Indented lines that a test appends belong
// to the project.
const followed = `
scrape: {requests_per_second: 0}
projects:
  - name: test
    project_id: ` + projectID + `
    endpoint: https://cbr.test
    credentials: {token: ` + token + `}
`

// sixLines is the smallest configuration.
const sixLines = `
projects:
  - region: cn-north-4
    project_id: ` + projectID + `
    credentials:
      token: ` + token + `
    discovery: {}
`

// TestDiscoveryPage compares whole pages of metrics of a project with discovery, from
// the responses of the API through the real client, collector and HTTP handler.
func TestDiscoveryPage(t *testing.T) {
	cases := []struct {
		name          string
		configuration string
		tasks         []simulator.Task
		// scrapes is the number of scrapes before the compared one, a minute apart.
		scrapes int
		// fault applies to the last scrape.
		listing simulator.Listing
		fault   func(*http.Request) simulator.Fault
		log     string // part of the log
	}{
		{
			name:          "discovery_first_scrape",
			configuration: followed + "    discovery: {}\n",
			tasks:         everything(),
		},
		{
			name:          "discovery",
			configuration: followed + "    discovery: {}\n",
			tasks:         everything(),
			scrapes:       1,
		},
		{
			name:          "discovery_api_down",
			configuration: followed + "    discovery: {}\n",
			tasks:         twoTasks(),
			scrapes:       1,
			fault:         func(*http.Request) simulator.Fault { return simulator.Fault{Status: http.StatusInternalServerError} },
			log:           "reason=upstream",
		},
		{
			name:          "discovery_refused",
			configuration: followed + "    discovery: {}\n",
			tasks:         twoTasks(),
			scrapes:       1,
			fault:         refuseLists,
			log:           "cbr:tasks:list",
		},
		{
			name:          "discovery_never_allowed",
			configuration: followed + "    discovery: {}\n",
			tasks:         twoTasks(),
			scrapes:       1,
			listing:       simulator.Listing{EnterpriseProject: "another"},
			log:           "cbr:tasks:list",
		},
		{
			name:          "discovery_beside_task_ids",
			configuration: followed + "    discovery: {}\n    task_ids: [" + strings.Join([]string{taskID("1"), taskID("3"), taskID("9")}, ", ") + "]\n",
			tasks: []simulator.Task{
				backup("1", "failed", -120, -110),
				backup("2", "success", -60, -50),
				backup("3", "", -5, -6),
				with(backup("4", "", -4, -5), ofResource("2", "ecs-2", "OS::Nova::Server")),
			},
			scrapes: 1,
		},
		{
			name:          "discovery_six_lines",
			configuration: sixLines,
			tasks:         twoTasks(),
			scrapes:       1,
		},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			atNoon(t, func(t *testing.T) {
				cloud := simulator.New(simulator.Options{Now: time.Now, Empty: true, Tokens: []string{token}, Latency: unlike})
				cloud.SetListing(c.listing)
				cloud.Add(c.tasks...)
				e := start(t, hosts{"cbr.test": cloud, "cbr.cn-north-4.myhuaweicloud.com": cloud}, c.configuration)
				// A new token is tried by one request alone. Without this check it is one for
				// any of three lists, which changes the page.
				e.CheckConnections(t.Context())
				for range c.scrapes {
					e.scrape(t)
					time.Sleep(time.Minute)
				}
				cloud.SetFault(c.fault)
				got := e.scrape(t)
				lint(t, got)
				compare(t, filepath.Join("testdata", c.name+".prom"), got)
				if !strings.Contains(e.log.String(), c.log) {
					t.Errorf("the log lacks %q:\n%s", c.log, e.log)
				}
			})
		})
	}
}

// unlike is a latency that differs by kind of request, so that requests always end in
// the same order.
func unlike(r *http.Request) time.Duration {
	query := r.URL.Query()
	switch {
	case isShow(r):
		return 15 * time.Millisecond
	case query.Get("status") == "running":
		return 20 * time.Millisecond
	case query.Get("status") == "waiting":
		return 25 * time.Millisecond
	case query.Has("start_time"):
		return 30 * time.Millisecond
	default:
		return 100 * time.Millisecond
	}
}

func isShow(r *http.Request) bool { return !strings.HasSuffix(r.URL.Path, "/operation-logs") }

// refuseLists allows single tasks and refuses lists.
func refuseLists(r *http.Request) simulator.Fault {
	if isShow(r) {
		return simulator.Fault{}
	}
	return simulator.Fault{Status: http.StatusForbidden}
}

func twoTasks() []simulator.Task {
	return []simulator.Task{
		backup("1", "success", -70, -60),
		with(backup("2", "", -5, -6), ofResource("2", "ecs-2", "OS::Nova::Server")),
	}
}

// everything returns tasks of each operation type and status, and tasks without each
// optional field.
func everything() []simulator.Task {
	onDisk := ofResource("2", "disk-1", "OS::Cinder::Volume")
	return []simulator.Task{
		// The history of one resource.
		backup("1", "success", -2880, -2870), // older than the window
		backup("2", "failed", -300, -290),
		backup("3", "failed", -200, -190),
		with(backup("4", "", -3, -4), byHand),
		// The other statuses.
		with(backup("5", "skipped", -100, -99), ofResource("3", "ecs-3", "OS::Nova::Server"), inVault("2", "vault-web")),
		with(backup("6", "timeout", -400, -100), onDisk),
		with(backup("7", "", -1, -2), ofResource("4", "ecs-4", "OS::Nova::Server"), func(task *simulator.Task) { task.Started = time.Time{} }),
		with(backup("8", "paused", -60, -30), ofResource("5", "ecs-5", "OS::Nova::Server")),
		// The old and the new name of replication.
		with(backup("10", "failed", -500, -480), doing("copy")),
		with(backup("11", "success", -450, -430), doing("replication")),
		with(backup("12", "success", -90, -80), doing("restore"), byHand),
		with(backup("13", "success", -50, -49), doing("delete"), byHand),
		with(backup("14", "success", -45, -40), doing("sync"), ofResource("6", "vm-1", "OS::Native::Server")),
		with(backup("15", "success", -35, -34), doing("vault_delete"), inVault("3", "vault-old"), byHand, noResource),
		with(backup("16", "success", -33, -32), doing("remove_resource"), onDisk, byHand),
		with(backup("17", "success", -31, -30), doing("migrate_resources"), byHand),
		// Tasks without optional fields.
		with(backup("20", "failed", -25, -20), ofResource("7", "ecs-7", "OS::Nova::Server"), noVault),
		with(backup("21", "success", -15, -10), noResource),
		with(backup("22", "success", -12, -8), ofResource("8", "", "OS::Sfs::Turbo"), inVault("4", "")),
	}
}

func noVault(task *simulator.Task) { task.VaultID, task.VaultName = "", "" }

func noResource(task *simulator.Task) {
	task.ResourceID, task.ResourceName, task.ResourceType = "", "", ""
}
