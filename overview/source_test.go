package overview_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-kit/log"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
	"github.com/cbr-exporter/cbr_exporter/inventory"
	"github.com/cbr-exporter/cbr_exporter/overview"
	"github.com/cbr-exporter/cbr_exporter/protection"
	"github.com/cbr-exporter/cbr_exporter/tasks"
	"github.com/cbr-exporter/cbr_exporter/tasks/ledger"
)

var noon = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)

func hoursAgo(n float64) time.Time { return noon.Add(-time.Duration(n * float64(time.Hour))) }

// options are those of pages at noon.
func options(projects ...overview.Source) overview.Options {
	return overview.Options{
		Sources:       func() []overview.Source { return projects },
		Refused:       func() *overview.Refusal { return nil },
		TelemetryPath: "/metrics",
		Version:       "1.2.3",
		Now:           func() time.Time { return noon },
		Logger:        log.NewNopLogger(),
	}
}

// do returns the response to a request, whose header has pairs of names and values.
func do(t testing.TB, serve http.HandlerFunc, target string, header ...string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequest(http.MethodGet, target, nil)
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	serve(w, r)
	return w
}

// decode returns the JSON that the request is answered with.
func decode[T any](t testing.TB, serve http.HandlerFunc, target string, status int) (v T) {
	t.Helper()
	w := do(t, serve, target)
	if w.Code != status {
		t.Fatalf("%s: got status %d, want %d:\n%s", target, w.Code, status, w.Body)
	}
	if err := json.Unmarshal(w.Body.Bytes(), &v); err != nil {
		t.Fatal(err)
	}
	return v
}

// get returns the status of projects at noon, for a query such as "?state=overdue".
func get(t testing.TB, query string, projects ...overview.Source) overview.Status {
	t.Helper()
	return decode[overview.Status](t, overview.New(options(projects...)).ServeStatus, "/api/v1/status"+query, http.StatusOK)
}

// source judges a snapshot.
func source(s protection.Snapshot) overview.Source {
	known := protection.NewSnapshot(s.Snapshot, s.Inventory, protection.Options{
		Grace: 6 * time.Hour, ExpectedInterval: 24 * time.Hour, StuckAfter: 12 * time.Hour, Lookback: 30 * 24 * time.Hour,
		Backups: s.Inventory != nil && s.Inventory.Backups != nil, Excluded: []string{"build-*"},
	})
	known.Info = s.Info
	return overview.Source{Snapshot: known, Scraped: true}
}

// called returns the snapshot with another name.
func called(name string, s protection.Snapshot) protection.Snapshot {
	s.Project = name
	return s
}

// operationLog returns a backup task that was created, started and ended at these times.
func operationLog(id string, status cbrapi.Status, created, started, ended time.Time) *cbrapi.OperationLog {
	return &cbrapi.OperationLog{
		ID: id, Status: status, OperationType: cbrapi.OperationBackup,
		CreatedAt: created, StartedAt: started, EndedAt: ended,
		VaultID: "vault-1", VaultName: "vault-db",
		ExtraInfo: cbrapi.ExtraInfo{Resource: &cbrapi.Resource{ID: "resource-" + id, Name: "ecs-" + id}},
	}
}

// state returns the state of a resource whose last backup took an hour.
func state(n string, status cbrapi.Status, ended time.Time) ledger.ResourceState {
	last := operationLog("task-"+n, status, ended.Add(-time.Hour), ended.Add(-time.Hour), ended)
	run := &ledger.Run{ID: last.ID, Status: status, Created: last.CreatedAt, End: ended, Duration: time.Hour, HasDuration: true}
	s := ledger.ResourceState{
		ResourceKey:  ledger.ResourceKey{ResourceID: "resource-" + n, OperationType: cbrapi.OperationBackup},
		VaultID:      "vault-1",
		LastFinished: last,
		Runs:         runsOf(last),
	}
	if status != cbrapi.StatusSkipped {
		s.LastAttempt = run
	}
	switch status {
	case cbrapi.StatusSuccess:
		s.LastSuccess = run
	case cbrapi.StatusFailed, cbrapi.StatusTimeout:
		s.LastFailure, s.ConsecutiveFailures = run, 1
	}
	return s
}

// runsOf returns the finished tasks of one resource.
func runsOf(logs ...*cbrapi.OperationLog) ledger.Runs {
	l := ledger.New(ledger.Options{})
	for _, log := range logs {
		l.Add(log)
	}
	return l.ResourceStates()[0].Runs
}

// discovered returns a snapshot of a project with discovery, just after a pass.
func discovered(states ...ledger.ResourceState) protection.Snapshot {
	s := protection.Snapshot{Snapshot: tasks.Snapshot{
		Project: "test", Up: true, Complete: true, At: noon, ResourceStates: states, VaultNames: map[string]string{"vault-1": "vault-db"},
		Discovered: &tasks.Discovered{
			Complete: true, LastComplete: noon, KnownUntil: noon,
			Synced: true, SyncedAt: noon.Add(-time.Minute), HistoryStart: hoursAgo(30 * 24),
		},
	}}
	for _, state := range states {
		s.Resources = append(s.Resources, ledger.Resource{ID: state.ResourceID, Name: strings.Replace(state.ResourceID, "resource", "ecs", 1), Type: "OS::Nova::Server"})
	}
	slices.SortFunc(s.Resources, func(a, b ledger.Resource) int { return strings.Compare(a.ID, b.ID) })
	return s
}

const gib = 1 << 30

// vault returns a vault of 100 GiB that is half full.
func vault(id, name string, resources ...string) *cbrapi.Vault {
	v := &cbrapi.Vault{
		ID: id, Name: name, Resources: []cbrapi.VaultResource{},
		Billing: cbrapi.Billing{Status: cbrapi.VaultAvailable, ProtectType: "backup", Capacity: new(int64(100 * gib)), Used: new(int64(50 * gib))},
	}
	for _, r := range resources {
		v.Resources = append(v.Resources, cbrapi.VaultResource{ID: r, Name: strings.Replace(r, "resource", "ecs", 1), Type: "OS::Nova::Server"})
	}
	return v
}

const daily = "FREQ=DAILY;INTERVAL=1;BYHOUR=2;BYMINUTE=00"

// policy returns a policy for backups that runs for vaults by a pattern.
func policy(name, pattern string, vaultIDs ...string) *cbrapi.Policy {
	return &cbrapi.Policy{
		ID: "policy-" + name, Name: name, Enabled: new(true), OperationType: cbrapi.OperationBackup,
		StartTime: noon.AddDate(-2, 0, 0), Patterns: []string{pattern}, VaultIDs: vaultIDs,
	}
}

// inventoryOf returns the vaults and policies as they are when both lists have just been
// read.
func inventoryOf(t testing.TB, vaults []*cbrapi.Vault, policies ...*cbrapi.Policy) *inventory.Snapshot {
	t.Helper()
	i := &inventory.Snapshot{
		Reading: inventory.Reading{Complete: true, LastComplete: noon.Add(-time.Minute)}, At: noon,
		Vaults: vaults, Policies: policies, Bindings: map[string]inventory.Binding{}, Expected: []inventory.Expectation{},
	}
	for _, v := range vaults {
		for _, r := range v.Resources {
			i.Bindings[r.ID] = inventory.Binding{VaultID: v.ID, Deleted: r.ProtectStatus == cbrapi.ProtectDeleted, Manual: isFalse(r.AutoProtect)}
		}
	}
	for _, operation := range []cbrapi.OperationType{cbrapi.OperationBackup, cbrapi.OperationReplication} {
		for _, v := range vaults {
			plan := &inventory.Plan{}
			for _, p := range policies {
				if s, _ := inventory.Runs(p); p.OperationType == operation && len(s) > 0 && slices.Contains(p.VaultIDs, v.ID) {
					plan.Policies = append(plan.Policies, inventory.PlannedPolicy{Schedule: s})
				}
			}
			for _, r := range v.Resources {
				if b := i.Bindings[r.ID]; len(plan.Policies) > 0 && !b.Deleted && !b.Manual {
					i.Expected = append(i.Expected, inventory.Expectation{
						ResourceKey: ledger.ResourceKey{ResourceID: r.ID, OperationType: operation}, VaultID: v.ID, Plan: plan,
					})
				}
			}
		}
	}
	return i
}

// restorable has a server for each state of restore points, which all have a backup in time
// by their tasks, where they have tasks.
func restorable(t testing.TB) protection.Snapshot {
	s := discovered(state("1", cbrapi.StatusSuccess, hoursAgo(9)), state("2", cbrapi.StatusSuccess, hoursAgo(9)),
		state("3", cbrapi.StatusSuccess, hoursAgo(9)), state("4", cbrapi.StatusSuccess, hoursAgo(9)), state("7", cbrapi.StatusSuccess, hoursAgo(9)))
	s.ResourceStates[4].OperationType = cbrapi.OperationRestore
	manual, gone := vault("vault-2", "vault-manual", "resource-5", "resource-6"), vault("vault-3", "vault-gone", "resource-8")
	gone.Resources[0].ProtectStatus = cbrapi.ProtectDeleted
	gone.Locked, gone.Resources[0].BackupSize = new(true), new(int64(40*gib))
	db := vault("vault-1", "vault-db", "resource-1", "resource-2", "resource-3", "resource-4", "resource-7")
	db.Resources[4].BackupSize = new(int64(gib))
	s.Inventory = inventoryOf(t, []*cbrapi.Vault{db, manual, gone}, policy("nightly", daily, "vault-1"))
	i := s.Inventory
	i.Bindings["resource-6"] = inventory.Binding{VaultID: "vault-2", Since: hoursAgo(3)}
	i.Backups = &inventory.Backups{
		Reading: inventory.Reading{Complete: true, LastComplete: noon.Add(-14 * time.Minute)}, FullAt: noon.Add(-50 * time.Minute),
		Resources: map[string]inventory.RestorePoints{
			"resource-1": points(12, 12),
			"resource-2": points(3, 12),
			"resource-3": {Peak: 12, Watched: true, InError: 2},
			"resource-8": points(1, 4),
			"resource-9": {Count: 2, Latest: hoursAgo(50), LatestCreated: hoursAgo(50), Resource: cbrapi.Resource{ID: "resource-9", Name: "ecs-9"}, VaultID: "vault-1"},
		},
	}
	return s
}

// points returns restore points of which the latest is of this night.
func points(count, peak int) inventory.RestorePoints {
	return inventory.RestorePoints{
		Count: count, Peak: peak, Watched: true, VaultID: "vault-1",
		Latest: hoursAgo(9.5), Oldest: hoursAgo(9.5 + 24*float64(count-1)), LatestCreated: hoursAgo(10), NextExpiry: noon.Add(20 * time.Hour),
	}
}

func isFalse(b *bool) bool { return b != nil && !*b }

// lines formats what a test is about of each row.
func lines[T any](rows []T, format func(T) string) []string {
	var all []string
	for _, r := range rows {
		all = append(all, format(r))
	}
	return all
}

// joined joins what is not empty by bars.
func joined(parts ...any) string {
	var texts []string
	for _, p := range parts {
		text := fmt.Sprint(p)
		if slice, ok := p.([]overview.State); ok {
			text = strings.Trim(fmt.Sprint(slice), "[]")
		}
		texts = append(texts, text)
	}
	return strings.Join(texts, " | ")
}

// count formats a tile.
func count(t overview.Tile) string {
	text := t.Name + " –"
	if t.Count != nil {
		text = fmt.Sprintf("%s %d", t.Name, *t.Count)
	}
	if t.Of != nil {
		text += fmt.Sprintf(" of %d", *t.Of)
	}
	return text
}
