package overview_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
	"github.com/cbr-exporter/cbr_exporter/inventory"
	"github.com/cbr-exporter/cbr_exporter/overview"
	"github.com/cbr-exporter/cbr_exporter/protection"
	"github.com/cbr-exporter/cbr_exporter/tasks"
)

func getDetail(t *testing.T, id string, projects ...overview.Source) overview.Detail {
	t.Helper()
	return decode[overview.Detail](t, overview.New(options(projects...)).ServeResourceStatus, "/api/v1/resource?project=test&id="+id, http.StatusOK)
}

func TestDetail(t *testing.T) {
	t.Parallel()
	backup := state("1", cbrapi.StatusFailed, hoursAgo(1))
	var logs []*cbrapi.OperationLog
	for n := range 25 {
		created := hoursAgo(float64(26 - n))
		log := operationLog("1", cbrapi.StatusFailed, created, created, created.Add(time.Minute))
		log.ID, log.ErrorInfo.Code = fmt.Sprintf("task-%d", n), "BackupService.6114"
		logs = append(logs, log)
	}
	backup.Runs = runsOf(logs...)
	restore := state("1", cbrapi.StatusSuccess, hoursAgo(3))
	restore.OperationType = cbrapi.OperationRestore
	s := discovered(backup, state("2", cbrapi.StatusSuccess, hoursAgo(9)), restore)
	s.Active = []tasks.ActiveTask{
		{Log: operationLog("1", cbrapi.StatusRunning, hoursAgo(0.5), hoursAgo(0.5), time.Time{}), ReadAt: noon},
		{Log: operationLog("2", cbrapi.StatusRunning, hoursAgo(0.5), hoursAgo(0.5), time.Time{}), ReadAt: noon},
	}
	disabled := policy("weekly", "FREQ=WEEKLY;BYDAY=SU;BYHOUR=2;BYMINUTE=00", "vault-1")
	disabled.Enabled = new(false)
	s.Inventory = inventoryOf(t, []*cbrapi.Vault{vault("vault-1", "vault-db", "resource-1", "resource-2"), vault("vault-2", "other")},
		policy("nightly", daily, "vault-1"), disabled, policy("other", daily, "vault-2"))
	got := getDetail(t, "resource-1", source(s))

	operations := lines(got.Operations, func(o overview.Operation) string {
		return joined(o.OperationType, o.States, o.Alert, len(o.Runs), o.Runs[0].ID, o.Runs[len(o.Runs)-1].ID, o.Runs[0].Error)
	})
	want := []string{
		"backup | overdue failing | CBRBackupOverdue | 10 | task-24 | task-15 | BackupService.6114",
		"restore | finished |  | 1 | task-1 | task-1 | ",
	}
	if diff := cmp.Diff(want, operations); diff != "" {
		t.Errorf("the operations differ (-want +got):\n%s", diff)
	}
	if len(got.Tasks) != 1 || got.Tasks[0].ID != "1" {
		t.Errorf("got the active tasks %+v", got.Tasks)
	}
	if got.Vault == nil || got.Vault.VaultName != "vault-db" || len(got.Vault.Schedules) != 1 {
		t.Errorf("got the vault %+v", got.Vault)
	}
	tomorrow := time.Date(2026, 11, 21, 2, 0, 0, 0, time.UTC)
	policies := []overview.Policy{
		{
			ID: "policy-nightly", Name: "nightly", OperationType: "backup", Enabled: new(true), Patterns: []string{daily},
			Next: []time.Time{tomorrow, tomorrow.AddDate(0, 0, 1), tomorrow.AddDate(0, 0, 2)},
		},
		{ID: "policy-weekly", Name: "weekly", OperationType: "backup", Enabled: new(false), Patterns: disabled.Patterns},
	}
	if diff := cmp.Diff(policies, got.Policies); diff != "" {
		t.Errorf("the policies differ (-want +got):\n%s", diff)
	}
	got.Operations, got.Tasks, got.Policies, got.Vault = nil, nil, nil, nil
	rest := overview.Detail{
		Version: "1.2.3", At: noon, Place: overview.Place{Project: "test", VaultID: "vault-1", VaultName: "vault-db"},
		ResourceID: "resource-1", ResourceName: "ecs-1", ResourceType: "OS::Nova::Server",
		Binding:    "It is bound to the vault vault-db and follows its policies.",
		Restorable: "Its backups are not read; add backups: {} to its project.",
		Reading:    healthy + " Vaults and policies: read at 11:59:00 UTC.",
	}
	if diff := cmp.Diff(rest, got); diff != "" {
		t.Errorf("the rest differs (-want +got):\n%s", diff)
	}
}

// TestResourceOfConfiguredTask is known even if nothing else is.
func TestResourceOfConfiguredTask(t *testing.T) {
	t.Parallel()
	got := getDetail(t, "resource-1", source(configured(configuredTask(cbrapi.StatusSuccess))))
	if got.ResourceName != "ecs-1" || len(got.Tasks) != 1 {
		t.Errorf("got the name %q and the tasks %+v", got.ResourceName, got.Tasks)
	}
}

func TestBinding(t *testing.T) {
	t.Parallel()
	bound := func(change func(*inventory.Binding)) func(*protection.Snapshot) {
		return func(s *protection.Snapshot) {
			s.Inventory = inventoryOf(t, []*cbrapi.Vault{vault("vault-1", "vault-db", "resource-1")})
			b := s.Inventory.Bindings["resource-1"]
			change(&b)
			s.Inventory.Bindings["resource-1"] = b
		}
	}
	for name, c := range map[string]struct {
		change func(*protection.Snapshot)
		want   string
	}{
		"not read": {func(*protection.Snapshot) {}, "To which vault it is bound is not read."},
		"not known yet": {func(s *protection.Snapshot) {
			s.Inventory = &inventory.Snapshot{Reading: inventory.Reading{Problems: refused(discovered(), "network").Problems}}
		}, "To which vault it is bound is not known yet."},
		"not bound": {func(s *protection.Snapshot) { s.Inventory = inventoryOf(t, []*cbrapi.Vault{}) }, "It is not bound to any vault."},
		"bound":     {bound(func(*inventory.Binding) {}), "It is bound to the vault vault-db and follows its policies."},
		"since":     {bound(func(b *inventory.Binding) { b.Since = hoursAgo(3) }), "It is bound to the vault vault-db and follows its policies; that was first seen on 2026-11-20 09:00 UTC."},
		"manual":    {bound(func(b *inventory.Binding) { b.Manual = true }), "It is bound to the vault vault-db, but does not follow its policies."},
		"gone":      {bound(func(b *inventory.Binding) { b.Deleted = true }), "It is bound to the vault vault-db, but does not exist any more."},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := getDetail(t, "resource-1", source(with(discovered(state("1", cbrapi.StatusSuccess, hoursAgo(1))), c.change)))
			if got.Binding != c.want || got.VaultName != "vault-db" { // else that of its latest task
				t.Errorf("got the vault %q: %s\nwant %s", got.VaultName, got.Binding, c.want)
			}
		})
	}
}

// TestUnknownResource says why nothing is known, as JSON and as a page.
func TestUnknownResource(t *testing.T) {
	t.Parallel()
	known := source(discovered(state("1", cbrapi.StatusSuccess, hoursAgo(1))))
	for name, c := range map[string]struct {
		query   string
		project overview.Source
		status  int
		want    string
	}{
		"no name":    {"", known, 400, "name a resource, as in ?project=NAME&id=ID"},
		"malformed":  {"?project=test&id=%zz", known, 400, `the parameters cannot be read: invalid URL escape "%zz"`},
		"no id":      {"?project=test", known, 400, "name a resource, as in ?project=NAME&id=ID"},
		"no project": {"?project=b&id=resource-1", known, 404, `there is no project "b"; the projects are test`},
		"no such id": {"?project=test&id=%3Cb%3E", known, 404, `project test has no resource "<b>"`},
		"no data":    {"?project=test&id=resource-1", overview.Source{Snapshot: protection.Snapshot{Snapshot: tasks.Snapshot{Project: "test"}}}, 404, "there is no data of project test yet"},
		"first sync": {
			"?project=test&id=resource-1", source(with(discovered(), func(s *protection.Snapshot) { s.Discovered = &tasks.Discovered{} })), 404,
			`project test has no resource "resource-1" so far: the whole task list has not been read yet`,
		},
		"vaults unread": {
			"?project=test&id=resource-1", source(with(discovered(), func(s *protection.Snapshot) {
				s.Inventory = &inventory.Snapshot{Reading: inventory.Reading{Waiting: true}}
			})), 404,
			"resources are shown once the vaults have been read",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			pages := overview.New(options(c.project))
			got := decode[map[string]string](t, pages.ServeResourceStatus, "/api/v1/resource"+c.query, c.status)
			if got["error"] != c.want {
				t.Errorf("got %q, want %q", got["error"], c.want)
			}
			w := do(t, pages.ServeResource, "/resource"+c.query)
			if w.Code != c.status || !strings.HasPrefix(w.Header().Get("Content-Type"), "text/html") || strings.Contains(w.Body.String(), "<b>") {
				t.Errorf("got status %d, %v:\n%s", w.Code, w.Header(), w.Body)
			}
		})
	}
}
