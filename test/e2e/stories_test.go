//go:build e2e

package e2e

import (
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/cbr-exporter/cbr_exporter/simulator"
)

// startExporterOfStories starts an exporter of projects with what the demo does not have,
// or not at any time of the day:
//
//   - pair: a resource that is backed up and replicated; a backup runs and one waits, a
//     replication runs; a policy has an invalid pattern.
//   - ids: only task ids: a restore, a failure and a task that does not exist.
//   - refused: the cloud refuses the credentials.
//   - empty: no tasks.
func startExporterOfStories(t *testing.T) exporter {
	t.Helper()
	const token = "a-token"
	cloud := func(o simulator.Options) (*simulator.Simulator, string) {
		o.Now, o.Tokens = time.Now, []string{token}
		s := simulator.New(o)
		server := httptest.NewServer(s)
		t.Cleanup(server.Close)
		return s, server.URL
	}
	pair, pairURL := cloud(simulator.Options{Empty: true})
	addPair(pair, time.Now())
	broken, brokenURL := cloud(simulator.Options{Empty: true})
	addBroken(broken, time.Now())
	fleet, fleetURL := cloud(simulator.Options{})
	_, emptyURL := cloud(simulator.Options{Empty: true})

	var config strings.Builder
	config.WriteString("projects:\n")
	project := func(name, endpoint, token, what string) {
		fmt.Fprintf(&config, "  - {name: %s, project_id: %s, endpoint: %q, credentials: {token: %s}, %s}\n",
			name, simulator.DefaultProjectID, endpoint, token, what)
	}
	ids := []string{"00000000-0000-4000-8000-000000000000", someTask(t, fleet, func(r simulator.TaskRecord) bool {
		return r.OperationType == "restore"
	}), someTask(t, fleet, func(r simulator.TaskRecord) bool {
		return r.OperationType == "backup" && r.Status == "failed"
	})}
	project("pair", pairURL, token, "discovery: {}, vaults: {}")
	project("broken", brokenURL, token, "discovery: {}, vaults: {}")
	project("ids", fleetURL, token, "task_ids: ["+strings.Join(ids, ", ")+"]")
	project("refused", emptyURL, "another-token", "discovery: {}")
	project("empty", emptyURL, token, "discovery: {}")

	file := filepath.Join(t.TempDir(), "config.yml")
	if err := os.WriteFile(file, []byte(config.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	return startExporter(t, "--config.file="+file)
}

// someTask returns the latest matching task: the oldest may be deleted at any moment.
func someTask(t *testing.T, s *simulator.Simulator, is func(simulator.TaskRecord) bool) string {
	t.Helper()
	var latest simulator.TaskRecord
	for _, r := range s.Tasks() {
		if is(r) && r.Created.After(latest.Created) && !r.Created.After(time.Now()) {
			latest = r
		}
	}
	if latest.ID == "" {
		t.Fatal("the simulated cloud has no such task")
	}
	return latest.ID
}

func addPair(s *simulator.Simulator, now time.Time) {
	const (
		resource = "11111111-1111-4111-8111-111111111111"
		near     = "22222222-2222-4222-8222-222222222222"
		far      = "33333333-3333-4333-8333-333333333333"
	)
	task := func(operation, vault string, created, started, ended time.Duration) {
		at := func(ago time.Duration) time.Time {
			if ago == 0 {
				return time.Time{}
			}
			return now.Add(-ago)
		}
		s.Add(simulator.Task{
			OperationType: operation, VaultID: vault, VaultName: "vault-" + vault[:1], ResourceID: resource, ResourceName: "paired",
			ResourceType: "OS::Nova::Server", Created: at(created), Started: at(started), Ended: at(ended),
		})
	}
	task("backup", near, 3*time.Hour, 3*time.Hour, 2*time.Hour)
	task("replication", far, 5*time.Hour, 5*time.Hour, 4*time.Hour)
	task("backup", near, time.Hour, 50*time.Minute, 0)
	task("backup", near, 30*time.Minute, 0, 0)
	task("replication", far, time.Hour, 40*time.Minute, 0)

	vault := func(id, protect string) simulator.Vault {
		return simulator.Vault{
			ID: id, Name: "vault-" + id[:1], ObjectType: "server", ProtectType: protect, ChargingMode: "post_paid",
			ConsistentLevel: "crash_consistent", Status: "available", Size: 100, Allocated: 40, Used: 20 << 10,
		}
	}
	backups, replicas := vault(near, "backup"), vault(far, "replication")
	backups.Resources = []simulator.VaultResource{{ID: resource, Name: "paired", Type: "OS::Nova::Server", ProtectStatus: "available"}}
	s.SetVaults(backups, replicas)
	s.SetPolicies(simulator.Policy{
		ID: "44444444-4444-4444-8444-444444444444", Name: "odd", OperationType: "backup", Enabled: true,
		Patterns: []string{"FREQ=SOMETIMES"}, Vaults: []simulator.PolicyVault{{ID: near}},
	})
}

// addBroken adds a resource whose daily backup succeeded until yesterday and failed today.
func addBroken(s *simulator.Simulator, now time.Time) {
	const (
		resource = "55555555-5555-4555-8555-555555555555"
		vault    = "66666666-6666-4666-8666-666666666666"
	)
	task := simulator.Task{OperationType: "backup", ResourceID: resource, ResourceName: "broken", ResourceType: "OS::Nova::Server"}
	for days, code := range []string{"BackupService.7003", "", ""} {
		task.Created = now.Add(-time.Hour - time.Duration(days)*24*time.Hour)
		task.Started, task.Ended = task.Created, task.Created.Add(time.Minute)
		task.Outcome, task.ErrorCode = "success", code
		if code != "" {
			task.Outcome = "failed"
		}
		s.Add(task)
	}
	s.SetVaults(simulator.Vault{
		ID: vault, Name: "vault-6", ObjectType: "server", ProtectType: "backup", Status: "available", Size: 100,
		Resources: []simulator.VaultResource{{ID: resource, Name: "broken", Type: "OS::Nova::Server", ProtectStatus: "available"}},
	})
	s.SetPolicies(simulator.Policy{
		ID: "77777777-7777-4777-8777-777777777777", Name: "daily", OperationType: "backup", Enabled: true,
		Patterns: []string{"FREQ=DAILY;INTERVAL=1;BYHOUR=2;BYMINUTE=00"}, Vaults: []simulator.PolicyVault{{ID: vault}},
	})
}
