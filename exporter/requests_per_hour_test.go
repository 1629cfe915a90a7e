package exporter_test

import (
	"fmt"
	"math"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cbr-exporter/cbr_exporter/simulator"
)

// demand is what decides how many requests an hour a project takes, with the default times.
type demand struct {
	interval    time.Duration // between two scrapes
	tasks       int           // of the last 30 days, with discovery; 0: without
	ids, active int           // configured; without discovery: of which active
	vaults      int           // 0: not read
	backups     int           // 0: not read
	servers     int           // that could be in a vault; 0: not read
}

// perHour is the formula of docs/operations.md, Requests. With ids, all of it is in Seen, and
// there are at most as many.
func (d demand) perHour() simulator.Requests {
	const finishedTaskTTL, vaults, backups, protectables = 15 * time.Minute, 5 * time.Minute, 15 * time.Minute, time.Hour
	times := func(every time.Duration) uint64 { return uint64(time.Hour / every) }
	pages := func(rows, of int) uint64 { return max(1, uint64(math.Ceil(float64(rows)/float64(of)))) }
	var r simulator.Requests
	if d.tasks > 0 {
		r.Listed = 3*times(d.interval) + pages(d.tasks, 1000)
		r.Shown = uint64(d.longTasksPerHour())
	}
	if d.ids > 0 {
		r.Seen = uint64(max(1, d.active))*times(d.interval) + uint64(d.ids-d.active)*times(finishedTaskTTL)
	}
	if d.vaults > 0 {
		r.Vaults, r.Policies = times(vaults)*pages(d.vaults, 1000), times(vaults)
	}
	if d.backups > 0 {
		r.Backups = times(backups) - 1 + pages(d.backups-50, 950)
	}
	if d.servers > 0 {
		r.Protectables = times(protectables) * pages(d.servers, 50)
	}
	r.Seen += r.Listed + r.Shown + r.Vaults + r.Policies + r.Backups + r.Protectables
	return r
}

// longTasksPerHour returns how many tasks end in an hour after more than 15 minutes: every
// other one.
func (d demand) longTasksPerHour() int { return d.tasks / (30 * 24) / 2 }

// TestRequestsPerHour compares the formula with the requests of two hours, and with the
// examples in docs/operations.md.
func TestRequestsPerHour(t *testing.T) {
	t.Parallel()
	content, err := os.ReadFile("../docs/operations.md")
	if err != nil {
		t.Fatal(err)
	}
	docs := strings.Join(strings.Fields(string(content)), " ")
	for _, test := range []struct {
		name string
		demand
	}{
		{"40 ids, 4 of them active, every 60 s", demand{interval: time.Minute, ids: 40, active: 4}},
		{"100 ids, 10 of them active, every 300 s", demand{interval: 5 * time.Minute, ids: 100, active: 10}},
		{"2,880 tasks, every 60 s", demand{interval: time.Minute, tasks: 2880}},
		{"2,880 tasks, 10 vaults, 2,000 backups, 120 servers, every 15 s", demand{interval: 15 * time.Second, tasks: 2880, vaults: 10, backups: 2000, servers: 120}},
		{
			"50,400 tasks, 1,500 vaults, 50,000 backups, 2,000 servers, every 60 s",
			demand{interval: time.Minute, tasks: 50_400, vaults: 1500, backups: 50_000, servers: 2000},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			want := test.perHour()
			bound := ""
			if test.ids > 0 {
				bound = "at most "
			}
			if row := fmt.Sprintf("| %s | %s%d |", test.name, bound, want.Seen); !strings.Contains(docs, row) {
				t.Errorf("docs/operations.md lacks the row %s", row)
			}
			if testing.Short() && (want.Seen > 500 || test.tasks > 10_000) {
				t.Skip("takes too many requests")
			}
			synctest.Test(t, func(t *testing.T) { test.compare(t, want) })
		})
	}
}

// compare compares the requests of two hours with what is wanted for one.
func (d demand) compare(t *testing.T, want simulator.Requests) {
	const hours = 2
	cloud := simulator.New(simulator.Options{Now: time.Now, Empty: true, Tokens: []string{token}})
	e := start(t, hosts{"cbr.test": cloud}, d.fill(cloud))
	scrape := time.NewTicker(d.interval)
	defer scrape.Stop()
	run := func(hours int) simulator.Requests {
		for range hours * int(time.Hour/d.interval) {
			e.Refresh(t.Context())
			<-scrape.C
		}
		return cloud.Requests()
	}
	before := run(1) // the first lists take one request more
	after := run(hours)
	if d.ids > 0 { // which are due together depends on them
		if got, most := after.Seen-before.Seen, hours*want.Seen; got > most || got < most*6/10 {
			t.Errorf("got %d requests in %d hours, want at most %d, but not far less", got, hours, most)
		}
		return
	}
	changed := uint64(0)
	if d.tasks > 10_000 { // some begin while all are read, which costs a request
		changed = hours
	}
	for _, kind := range []struct {
		name              string
		got, want, margin uint64
	}{
		{"lists of tasks", after.Listed - before.Listed, want.Listed, changed},
		{"single tasks", after.Shown - before.Shown, want.Shown, 0},
		{"lists of vaults", after.Vaults - before.Vaults, want.Vaults, 0},
		{"lists of policies", after.Policies - before.Policies, want.Policies, 0},
		{"lists of backups", after.Backups - before.Backups, want.Backups, 0},
		{"lists of servers", after.Protectables - before.Protectables, want.Protectables, 0},
		{"all", after.Seen - before.Seen, want.Seen, changed},
	} {
		if want := hours * kind.want; kind.got > want+kind.margin || kind.got+kind.margin < want {
			t.Errorf("%s: got %d requests in %d hours, want %d ± %d", kind.name, kind.got, hours, want, kind.margin)
		}
	}
}

// fill fills the cloud and returns the configuration.
func (d demand) fill(cloud *simulator.Simulator) string {
	id := func(kind, n int) string { return fmt.Sprintf("%08x-0000-4000-8000-%012x", kind, n) }
	now := time.Now()
	project := fmt.Sprintf("name: test, project_id: %s, endpoint: http://cbr.test, credentials: {token: %s}", simulator.DefaultProjectID, token)
	if d.tasks > 0 {
		project += ", discovery: {}"
		gap := 30 * 24 * time.Hour / time.Duration(d.tasks)
		for n := range d.tasks + d.tasks/100 { // some begin later
			created := now.Add(time.Second - 30*24*time.Hour + time.Duration(n)*gap)
			takes := []time.Duration{10 * time.Minute, 20 * time.Minute}[n%2]
			cloud.Add(simulator.Task{ID: id(1, n), OperationType: "backup", ResourceID: id(2, n%20), Created: created, Started: created, Ended: created.Add(takes)})
		}
	}
	var ids []string
	for n := range d.ids {
		task := simulator.Task{ID: id(3, n), OperationType: "restore", ResourceID: id(3, n), Created: now.Add(-24 * time.Hour), Started: now.Add(-24 * time.Hour)}
		if n >= d.active {
			task.Ended = task.Started.Add(time.Hour)
		}
		cloud.Add(task)
		ids = append(ids, task.ID)
	}
	if d.ids > 0 {
		project += ", task_ids: [" + strings.Join(ids, ", ") + "]"
	}
	if d.vaults > 0 {
		project += ", vaults: {}"
		vaults := make([]simulator.Vault, d.vaults)
		for n := range vaults {
			vaults[n] = simulator.Vault{ID: id(4, n), Name: "vault", ProtectType: "backup", ObjectType: "server", Status: "available"}
		}
		cloud.SetVaults(vaults...)
		cloud.SetPolicies(simulator.Policy{ID: id(5, 0), Name: "daily", OperationType: "backup", Enabled: true, Patterns: []string{"FREQ=DAILY;BYHOUR=2;BYMINUTE=00"}})
	}
	if d.backups > 0 {
		project += ", backups: {}"
		backups := make([]simulator.Backup, d.backups)
		for n := range backups {
			backups[n] = simulator.Backup{ID: id(6, n), VaultID: id(4, 0), ResourceID: id(2, n%20), ResourceType: "OS::Nova::Server", Created: now.Add(-time.Duration(n+60) * time.Minute)}
		}
		cloud.SetBackups(backups...)
	}
	if d.servers > 0 {
		project += ", protectables: {types: [server]}"
		servers := make([]simulator.Protectable, d.servers)
		for n := range servers {
			servers[n] = simulator.Protectable{ID: id(7, n), Name: "server", Type: "OS::Nova::Server", Status: "ACTIVE"}
		}
		cloud.SetProtectables(servers...)
	}
	return "projects:\n- {" + project + "}\n"
}
