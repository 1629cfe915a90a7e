package overview_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-kit/log"
	"github.com/google/go-cmp/cmp"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
	"github.com/cbr-exporter/cbr_exporter/inventory"
	"github.com/cbr-exporter/cbr_exporter/overview"
	"github.com/cbr-exporter/cbr_exporter/problem"
	"github.com/cbr-exporter/cbr_exporter/protection"
	"github.com/cbr-exporter/cbr_exporter/tasks"
	"github.com/cbr-exporter/cbr_exporter/tasks/ledger"
)

var noon = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)

func hoursAgo(n float64) time.Time { return noon.Add(-time.Duration(n * float64(time.Hour))) }

// get returns the page of projects at noon.
func get(t *testing.T, projects ...overview.Project) string {
	t.Helper()
	return getRefused(t, nil, projects...)
}

// getRefused returns the page after a configuration has been refused.
func getRefused(t *testing.T, refused *overview.Refusal, projects ...overview.Project) string {
	t.Helper()
	handler := overview.Handler(overview.Options{
		Projects:      func() []overview.Project { return projects },
		Refused:       func() *overview.Refusal { return refused },
		TelemetryPath: "/metrics",
		Now:           func() time.Time { return noon },
		Logger:        log.NewNopLogger(),
	})
	recorder := httptest.NewRecorder()
	handler.ServeHTTP(recorder, httptest.NewRequest(http.MethodGet, "/", nil))
	if recorder.Code != http.StatusOK {
		t.Fatalf("got status %d, want 200:\n%s", recorder.Code, recorder.Body)
	}
	if policy := recorder.Header().Get("Content-Security-Policy"); !strings.HasPrefix(policy, "default-src 'none'; ") {
		t.Errorf("got the policy %q", policy)
	}
	return recorder.Body.String()
}

// TestOrderOfProjects has the worst project last in the configuration.
func TestOrderOfProjects(t *testing.T) {
	t.Parallel()
	project := func(name string, change func(*protection.Snapshot)) overview.Project {
		s := discovered(state("1", cbrapi.StatusSuccess, hoursAgo(1)))
		s.Project = name
		change(&s)
		return overview.Project{Snapshot: protection.NewSnapshot(s.Snapshot, s.Inventory, protection.Options{}), Scraped: true}
	}
	p := get(t,
		project("good", func(*protection.Snapshot) {}),
		project("blind", func(s *protection.Snapshot) { s.Discovered.Complete = false }),
		project("also good", func(*protection.Snapshot) {}),
		project("failing", func(s *protection.Snapshot) { s.ResourceStates[0] = state("1", cbrapi.StatusFailed, hoursAgo(1)) }),
	)
	var got []string
	for _, match := range regexp.MustCompile(`<h2>Project (.*)</h2>`).FindAllStringSubmatch(p, -1) {
		got = append(got, match[1])
	}
	if diff := cmp.Diff([]string{"failing", "blind", "good", "also good"}, got); diff != "" {
		t.Errorf("the order differs (-want +got):\n%s", diff)
	}
}

func TestRefusedConfiguration(t *testing.T) {
	t.Parallel()
	p := getRefused(t, &overview.Refusal{At: hoursAgo(3), Err: errors.New("c.yml:7: <b>\nc.yml:9: odd")})
	expect(t, p, `The configuration was refused <span title="2026-11-20 09:00:00 UTC">3 h ago</span>. The one before is in force.`,
		"<li>c.yml:7: &lt;b&gt;</li>\n<li>c.yml:9: odd</li>")
	if strings.Contains(get(t), "refused") {
		t.Error("the page of an accepted configuration says that it was refused")
	}
}

// page returns the page of a snapshot.
func page(t *testing.T, s protection.Snapshot) string {
	t.Helper()
	known := protection.NewSnapshot(s.Snapshot, s.Inventory, protection.Options{
		Grace: 6 * time.Hour, ExpectedInterval: 24 * time.Hour, StuckAfter: 12 * time.Hour, Lookback: 30 * 24 * time.Hour,
	})
	known.Info = s.Info
	return get(t, overview.Project{Snapshot: known, Scraped: true})
}

func expect(t *testing.T, page string, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if !strings.Contains(page, part) {
			t.Errorf("the page lacks %q:\n%s", part, page)
		}
	}
}

// cells returns the cells of the table below the heading.
func cells(page, heading string) [][]string {
	_, table, found := strings.Cut(page, "<h3>"+heading)
	if !found {
		return nil
	}
	table, _, _ = strings.Cut(table, "</table>")
	var rows [][]string
	cell := regexp.MustCompile(`<td[^>]*>(.*?)</td>`)
	for line := range strings.Lines(table) {
		var row []string
		for _, match := range cell.FindAllStringSubmatch(line, -1) {
			row = append(row, match[1])
		}
		if row != nil {
			rows = append(rows, row)
		}
	}
	return rows
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
	s := ledger.ResourceState{
		ResourceKey:  ledger.ResourceKey{ResourceID: "resource-" + n, OperationType: cbrapi.OperationBackup},
		VaultID:      "vault-1",
		LastFinished: last,
	}
	if status != cbrapi.StatusSkipped {
		s.LastAttempt = last
	}
	if status == cbrapi.StatusSuccess {
		s.LastSuccess = &ledger.Outcome{Created: last.CreatedAt, End: ended, Duration: time.Hour, HasDuration: true}
	}
	return s
}

// discovered returns a snapshot of a project with discovery, just after a pass.
func discovered(states ...ledger.ResourceState) protection.Snapshot {
	s := protection.Snapshot{Snapshot: tasks.Snapshot{
		Project: "test", Up: true, Complete: true, At: noon, ResourceStates: states, VaultNames: map[string]string{"vault-1": "vault-db", "vault-5": "<script>alert(2)</script>"},
		Discovered: &tasks.Discovered{
			Complete: true, LastComplete: noon, KnownUntil: noon,
			Synced: true, SyncedAt: noon.Add(-time.Minute), HistoryStart: hoursAgo(30 * 24),
		},
	}}
	for _, state := range states {
		s.Resources = append(s.Resources, ledger.Resource{ID: state.ResourceID, Name: strings.Replace(state.ResourceID, "resource", "ecs", 1)})
	}
	slices.SortFunc(s.Resources, func(a, b ledger.Resource) int { return strings.Compare(a.ID, b.ID) })
	return s
}

func TestBeforeTheFirstScrape(t *testing.T) {
	p := get(t, overview.Project{Snapshot: protection.Snapshot{Snapshot: tasks.Snapshot{Project: "test"}}})
	expect(t, p, `<a href="metrics">`, `<a href="config">`, `<a href="-/healthy">`, `<a href="-/ready">`, "<h2>Project test</h2>",
		`<p class="summary">No data yet. The exporter reads the API when it is scraped.</p>`)
	if strings.Contains(p, "title=") {
		t.Errorf("the page has a time:\n%s", p)
	}
}

func TestBeforeTheFirstFullSync(t *testing.T) {
	s := protection.Snapshot{Snapshot: tasks.Snapshot{
		Project: "test", Complete: true, At: noon, Discovered: &tasks.Discovered{},
		Active: []tasks.ActiveTask{{Log: operationLog("9", cbrapi.StatusRunning, noon.Add(-5*time.Minute), noon, time.Time{}), ReadAt: noon}},
	}}
	p := page(t, s)
	expect(t, p, `<p class="summary">Resources are shown once the whole task list has been read.</p>`, `<p class="reading">Tasks: not read completely yet.</p>`)
	want := [][]string{{"running", "backup", "ecs-9", "vault-db", "", "5 min ago", "0 s so far", "", "9"}}
	if diff := cmp.Diff(want, cells(p, "Active and configured tasks")); diff != "" {
		t.Errorf("the tasks differ (-want +got):\n%s", diff)
	}
}

func TestBeforeTheVaultsAreRead(t *testing.T) {
	s := discovered(state("1", cbrapi.StatusSuccess, hoursAgo(1)))
	s.Tasks = []tasks.Task{{ID: "9", Known: true, Log: operationLog("9", cbrapi.StatusFailed, hoursAgo(2), hoursAgo(2), hoursAgo(1))}}
	s.Inventory = &inventory.Snapshot{Reasons: map[cbrapi.Reason]bool{cbrapi.ReasonDeadline: true}}
	p := page(t, s)
	expect(t, p, `<p class="summary">Tasks and resources are shown once the vaults have been read.</p>`, `<p class="reading">Vaults or policies could not be read. Reason: deadline;`)
	if rows := cells(p, "Resources"); rows != nil {
		t.Errorf("the page has resources: %q", rows)
	}
	if diff := cmp.Diff([][]string{{"not read yet", "", "", "", "", "", "", "", "9"}}, cells(p, "Active and configured tasks")); diff != "" {
		t.Errorf("the tasks differ (-want +got):\n%s", diff)
	}
}

func TestResources(t *testing.T) {
	failed := state("2", cbrapi.StatusFailed, hoursAgo(3))
	failed.ConsecutiveFailures = 2
	failed.LastFinished.ErrorInfo = cbrapi.ErrorInfo{Code: "BackupService.6114", Message: "The vault is full."}
	odd := state("5", cbrapi.StatusFailed, hoursAgo(10))
	odd.VaultID, odd.ConsecutiveFailures = "vault-5", 1
	odd.LastSuccess = &ledger.Outcome{End: hoursAgo(50)}
	odd.LastFinished.ErrorInfo = cbrapi.ErrorInfo{Code: "BackupService.6114", Message: "<script>alert(1)</script>"}
	timeout := state("3", cbrapi.StatusTimeout, hoursAgo(3))
	timeout.ConsecutiveFailures = 1
	skipped := state("4", cbrapi.StatusSkipped, hoursAgo(1.5))
	skipped.LastFinished.ErrorInfo.Code = "BackupService.6113"
	s := discovered(state("1", cbrapi.StatusSuccess, hoursAgo(50.0/60)), skipped, timeout, odd, failed)
	s.Resources[4].Name = `<b onclick="x">ecs-5</b>`
	p := page(t, s)
	expect(t, p,
		`<div title="as of 2026-11-20 12:00:00 UTC">`,
		`<p class="summary failing">Overdue: 1 of 2 resources and operations. Failing: 3 of 4 resources and operations.</p>`,
		`<p class="reading current">Tasks: read 0 s ago, the whole list 60 s ago.</p>`,
		`<td class="number" title="2026-11-20 11:10:00 UTC">50 min ago</td><td class="number" title="2026-11-20 11:10:00 UTC">50 min ago</td>`)
	want := [][]string{
		// Status, resource, vault, operation, ended, last success, failures, why, task.
		{"failed", "ecs-2", "vault-db", "backup", "3 h ago", "none in 30 days", "2", "2 in a row failed, the latest failed (created 2026-11-20 08:00 UTC): BackupService.6114, The vault is full", "task-2"},
		{"failed", "&lt;b onclick=&#34;x&#34;&gt;ecs-5&lt;/b&gt;", "&lt;script&gt;alert(2)&lt;/script&gt;", "backup", "10 h ago", "2 days ago", "1", "the latest backup failed (created 2026-11-20 01:00 UTC): BackupService.6114, &lt;script&gt;alert(1)&lt;/script&gt;", "task-5"},
		{"timeout", "ecs-3", "vault-db", "backup", "3 h ago", "none in 30 days", "1", "the latest backup timed out (created 2026-11-20 08:00 UTC)", "task-3"},
		{"skipped", "ecs-4", "vault-db", "backup", "90 min ago", "none in 30 days", "", "BackupService.6113", "task-4"},
		{"success", "ecs-1", "vault-db", "backup", "50 min ago", "50 min ago", "", "", "task-1"},
	}
	if diff := cmp.Diff(want, cells(p, "Resources")); diff != "" {
		t.Errorf("the resources differ (-want +got):\n%s", diff)
	}
}

// TestTasksWithoutResource shows failed tasks of vaults among the resources.
func TestTasksWithoutResource(t *testing.T) {
	task := func(operation cbrapi.OperationType, status cbrapi.Status) *cbrapi.OperationLog {
		log := operationLog("task-"+string(operation), status, hoursAgo(4), hoursAgo(4), hoursAgo(3))
		log.OperationType, log.ErrorInfo.Code, log.ExtraInfo.Resource = operation, "BackupService.6115", nil
		return log
	}
	s := discovered(state("1", cbrapi.StatusSuccess, hoursAgo(1)))
	s.VaultTasks = []*cbrapi.OperationLog{task(cbrapi.OperationMigrateResources, cbrapi.StatusFailed), task(cbrapi.OperationVaultDelete, cbrapi.StatusSuccess)}
	p := page(t, s)
	expect(t, p, `<p class="summary failing">Overdue: 0 of 1 resources and operations. Failing: 0 of 1 resources and operations. 1 failed task names no resource.</p>`)
	want := [][]string{
		{"failed", "", "vault-db", "migrate_resources", "3 h ago", "", "", "BackupService.6115", "task-migrate_resources"},
		{"success", "ecs-1", "vault-db", "backup", "60 min ago", "60 min ago", "", "", "task-1"},
	}
	if diff := cmp.Diff(want, cells(p, "Resources")); diff != "" {
		t.Errorf("the rows differ (-want +got):\n%s", diff)
	}
}

// TestSummary checks what the page says of a project, and the colors.
func TestSummary(t *testing.T) {
	success, failed := state("1", cbrapi.StatusSuccess, hoursAgo(1)), state("1", cbrapi.StatusFailed, hoursAgo(1))
	configured := func(all ...tasks.Task) protection.Snapshot {
		return protection.Snapshot{Snapshot: tasks.Snapshot{Project: "test", Complete: true, LastComplete: noon, At: noon, Tasks: all}}
	}
	task := func(status cbrapi.Status) tasks.Task {
		return tasks.Task{ID: "1", Known: true, Log: operationLog("1", status, hoursAgo(2), hoursAgo(2), hoursAgo(1))}
	}
	unknown := tasks.Task{ID: "2", Err: errors.New("error")}
	with := func(s protection.Snapshot, change func(*protection.Snapshot)) protection.Snapshot {
		s.Info.Hints.Project = "project_id"
		change(&s)
		return s
	}
	refused := map[cbrapi.Reason]bool{cbrapi.ReasonPermission: true}
	const (
		none       = "Overdue: 0 of 1 resources and operations. Failing: 0 of 1 resources and operations."
		read       = "Tasks: read 0 s ago, the whole list 60 s ago."
		permission = "Tasks could not be read. Reason: permission; allow cbr:tasks:list and cbr:tasks:get, for example with the system policy CBR ReadOnlyAccess; if that is granted, check project_id, and set enterprise_project_id if it is granted in an enterprise project. "
	)
	for name, c := range map[string]struct {
		snapshot protection.Snapshot
		class    string // of the summary
		summary  string // "" if there is none
		current  bool
		reading  string
	}{
		"all succeeded": {discovered(success), "summary current", none, true, read},
		"one failed":    {discovered(failed), "summary failing", "Overdue: not known. Failing: 1 of 1 resources and operations.", true, read},
		"no resource": {
			discovered(), "summary current",
			"No finished task of a resource is known. If there should be some, check project_id, enterprise_project_id and discovery.", true, read,
		},
		"no resource, refused": {
			with(discovered(), func(s *protection.Snapshot) {
				s.Discovered.Complete, s.Discovered.LastComplete, s.Reasons = false, noon.Add(-time.Minute), refused
			}),
			"", "", false, permission + "Tasks: last read completely 60 s ago, the whole list 60 s ago.",
		},
		"one task":        {configured(task(cbrapi.StatusSuccess)), "", "", true, "Configured tasks: read 0 s ago."},
		"one failed task": {configured(task(cbrapi.StatusTimeout)), "summary failing", "1 configured task failed.", true, "Configured tasks: read 0 s ago."},
		"with discovery": {
			with(discovered(success), func(s *protection.Snapshot) {
				s.Tasks, s.LastComplete = []tasks.Task{task(cbrapi.StatusFailed), task(cbrapi.StatusFailed)}, noon
			}),
			"summary failing", none + " 2 configured tasks failed.", true, "Configured tasks: read 0 s ago. " + read,
		},
		"three days later": {
			with(configured(task(cbrapi.StatusSuccess)), func(s *protection.Snapshot) { s.At, s.LastComplete = hoursAgo(72), hoursAgo(72) }),
			"", "", false, "Configured tasks: read 3 days ago. Nothing has been read for 3 days. Is Prometheus still scraping?",
		},
		"one of two unknown": {
			with(configured(task(cbrapi.StatusSuccess), unknown), func(s *protection.Snapshot) {
				s.Complete, s.LastComplete, s.Reasons = false, time.Time{}, refused
			}),
			"", "", false, permission + "Configured tasks: not read completely yet.",
		},
		"lists refused": {
			with(discovered(success), func(s *protection.Snapshot) {
				s.Discovered.Complete, s.Discovered.LastComplete, s.Reasons = false, noon.Add(-time.Minute), refused
			}),
			"summary", none, false, permission + "Tasks: last read completely 60 s ago, the whole list 60 s ago.",
		},
	} {
		t.Run(name, func(t *testing.T) {
			p, class := page(t, c.snapshot), "reading"
			if c.current {
				class = "reading current"
			}
			expect(t, p, `<p class="`+class+`">`+c.reading+`</p>`)
			if c.summary != "" {
				expect(t, p, `<p class="`+c.class+`">`+c.summary+`</p>`)
			} else if strings.Contains(p, `<p class="summary`) {
				t.Errorf("the page has a summary:\n%s", p)
			}
		})
	}
}

// TestStuckTasks has a task that has run for too long, and one that has not.
func TestStuckTasks(t *testing.T) {
	s := discovered(state("1", cbrapi.StatusSuccess, hoursAgo(1)))
	for id, hours := range map[string]float64{"2": 2, "13": 13} {
		log := operationLog(id, cbrapi.StatusRunning, hoursAgo(hours), hoursAgo(hours), time.Time{})
		s.Active = append(s.Active, tasks.ActiveTask{Log: log, ReadAt: noon})
	}
	s.Tasks, s.LastComplete = []tasks.Task{{ID: "13", Err: errors.New("no response")}}, noon
	p := page(t, s)
	expect(t, p, `Failing: 0 of 1 resources and operations. 1 task is stuck.</p>`, `<td class="status stuck">`)
	want := [][]string{
		{"unreadable, stuck", "", "", "", "", "", "", "no response", "13"},
		{"running", "backup", "ecs-2", "vault-db", "", "2 h ago", "2 h so far", "", "2"},
	}
	if diff := cmp.Diff(want, cells(p, "Active and configured tasks")); diff != "" {
		t.Errorf("the tasks differ (-want +got):\n%s", diff)
	}
}

func TestProblems(t *testing.T) {
	s := discovered()
	s.Problems = []problem.Problem{{Reason: cbrapi.ReasonUpstream, Err: errors.New("ListOpLogs: HTTP status 500 <b>"), Since: hoursAgo(3)}}
	s.Inventory = &inventory.Snapshot{Problems: []problem.Problem{{Reason: cbrapi.ReasonPermission, Err: errors.New("ListVault: HTTP status 403"), Since: noon.Add(-time.Minute)}}}
	expect(t, page(t, s),
		`<li>upstream, first seen <span title="2026-11-20 09:00:00 UTC">3 h ago</span>: ListOpLogs: HTTP status 500 &lt;b&gt;</li>`,
		`<li>permission, first seen <span title="2026-11-20 11:59:00 UTC">60 s ago</span>: ListVault: HTTP status 403</li>`)
	if p := page(t, discovered()); strings.Contains(p, `<ul class="problems">`) {
		t.Errorf("the page has problems:\n%s", p)
	}
}

func TestConfiguredTasks(t *testing.T) {
	known := func(id string, status cbrapi.Status) tasks.Task {
		return tasks.Task{ID: id, Known: true, Log: operationLog(id, status, hoursAgo(10), hoursAgo(10), hoursAgo(10).Add(10*time.Minute))}
	}
	percent := 42.4
	running := known("4", cbrapi.StatusRunning)
	running.Log.EndedAt, running.Log.ExtraInfo.Common.Progress = time.Time{}, &percent
	failed := known("1", cbrapi.StatusFailed)
	failed.Log.ErrorInfo = cbrapi.ErrorInfo{Code: "BackupService.6114", Message: "The vault is full."}
	failed.Err = errors.New("no response")
	all := []tasks.Task{
		known("6", cbrapi.StatusSuccess), known("5", cbrapi.StatusWaiting), running, known("3", cbrapi.StatusSkipped),
		known("2", cbrapi.StatusTimeout), failed,
		{ID: "7", Known: true},
		{ID: "8", Err: errors.New("ShowOpLog: HTTP status 403")},
		{ID: "9"},
	}
	p := page(t, protection.Snapshot{Snapshot: tasks.Snapshot{Project: "test", At: noon, Tasks: all}})
	want := [][]string{
		// Status, operation, resource, vault, progress, created, duration, error, task.
		{"not found", "", "", "", "", "", "", "the API has no such task", "7"},
		{"unreadable", "", "", "", "", "", "", "ShowOpLog: HTTP status 403", "8"},
		{"failed", "backup", "ecs-1", "vault-db", "", "10 h ago", "10 min", "BackupService.6114: The vault is full.", "1"},
		{"timeout", "backup", "ecs-2", "vault-db", "", "10 h ago", "10 min", "", "2"},
		{"skipped", "backup", "ecs-3", "vault-db", "", "10 h ago", "10 min", "", "3"},
		{"running", "backup", "ecs-4", "vault-db", "42 %", "10 h ago", "10 h so far", "", "4"},
		{"waiting", "backup", "ecs-5", "vault-db", "", "10 h ago", "", "", "5"},
		{"success", "backup", "ecs-6", "vault-db", "", "10 h ago", "10 min", "", "6"},
		{"not read yet", "", "", "", "", "", "", "", "9"},
	}
	if diff := cmp.Diff(want, cells(p, "Configured tasks")); diff != "" {
		t.Errorf("the tasks differ (-want +got):\n%s", diff)
	}
}

func TestAge(t *testing.T) {
	for d, want := range map[time.Duration]string{
		-time.Second:             "0 s",
		0:                        "0 s",
		119 * time.Second:        "119 s",
		2 * time.Minute:          "2 min",
		119 * time.Minute:        "119 min",
		2 * time.Hour:            "2 h",
		47 * time.Hour:           "47 h",
		48 * time.Hour:           "2 days",
		30 * 24 * time.Hour:      "30 days",
		90*time.Hour + time.Hour: "4 days",
	} {
		if got := overview.Age(d); got != want {
			t.Errorf("Age(%s): got %q, want %q", d, got, want)
		}
	}
}
