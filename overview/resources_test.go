package overview_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
	"github.com/cbr-exporter/cbr_exporter/overview"
	"github.com/cbr-exporter/cbr_exporter/protection"
	"github.com/cbr-exporter/cbr_exporter/tasks"
	"github.com/cbr-exporter/cbr_exporter/tasks/ledger"
)

func resourceLine(r overview.Resource) string {
	return joined(r.ResourceName, r.VaultName, r.OperationType, r.States, r.Alert, r.Why)
}

// everyVerdict has a resource of each verdict, and failed tasks without one.
func everyVerdict(t testing.TB) protection.Snapshot {
	full, frozen := vault("vault-2", "vault-full", "resource-3"), vault("vault-3", "vault-frozen", "resource-4")
	full.Billing.Used = new(int64(100 * gib))
	frozen.Frozen = new(true) // its status stays available
	manual := vault("vault-6", "vault-manual", "resource-8", "resource-9")
	manual.Resources[0].AutoProtect = new(false)
	paused := policy("paused", daily, "vault-5")
	paused.Enabled = new(false)

	old := state("3", cbrapi.StatusFailed, hoursAgo(1))
	old.VaultID, old.LastSuccess, old.ConsecutiveFailures = "vault-2", &ledger.Run{Status: cbrapi.StatusSuccess, Created: hoursAgo(241), End: hoursAgo(240)}, 9
	old.LastAttempt.Error = cbrapi.ErrorInfo{Code: "BackupService.6114", Message: "The vault is full."}
	failed := state("5", cbrapi.StatusFailed, hoursAgo(1))
	failed.LastSuccess = &ledger.Run{Status: cbrapi.StatusSuccess, Created: hoursAgo(10), End: hoursAgo(9)}
	skipped := state("7", cbrapi.StatusSkipped, hoursAgo(1))
	skipped.LastSuccess = failed.LastSuccess
	restored := func(n string, ended time.Time) ledger.ResourceState {
		s := state(n, cbrapi.StatusFailed, ended)
		s.OperationType, s.LastFinished.OperationType = cbrapi.OperationRestore, cbrapi.OperationRestore
		return s
	}
	s := discovered(state("1", cbrapi.StatusSuccess, hoursAgo(9)), skipped, old, failed, restored("1", hoursAgo(20)), restored("5", hoursAgo(30)))
	deletion := operationLog("task-10", cbrapi.StatusFailed, hoursAgo(5), hoursAgo(5), hoursAgo(4))
	deletion.OperationType, deletion.ErrorInfo.Code, deletion.ExtraInfo.Resource = cbrapi.OperationVaultDelete, "BackupService.6115", nil
	succeeded := operationLog("task-11", cbrapi.StatusSuccess, hoursAgo(5), hoursAgo(5), hoursAgo(4))
	s.VaultTasks = []*cbrapi.OperationLog{deletion, succeeded}
	s.Inventory = inventoryOf(t,
		[]*cbrapi.Vault{
			vault("vault-1", "vault-db", "resource-1", "resource-2", "resource-5", "resource-7"), full, frozen,
			vault("vault-5", "vault-paused", "resource-6"), manual, vault("vault-7", "vault-rare", "resource-10"),
		},
		policy("nightly", daily, "vault-1", "vault-2", "vault-3"), paused, policy("yearly", "FREQ=DAILY;INTERVAL=366;BYHOUR=2;BYMINUTE=00", "vault-7"))
	return s
}

func TestResources(t *testing.T) {
	t.Parallel()
	got := get(t, "", source(everyVerdict(t)))
	want := []string{
		"ecs-2 | vault-db | backup | overdue | CBRBackupOverdue | no backup has started since 2026-10-21 12:00 UTC",
		"ecs-4 | vault-frozen | backup | overdue | CBRBackupOverdue | the vault is frozen; no backup has started since 2026-10-21 12:00 UTC",
		"ecs-3 | vault-full | backup | overdue failing | CBRBackupOverdue | the vault is full; 9 in a row failed, the latest (created 2026-11-20 10:00 UTC): BackupService.6114: The vault is full",
		"ecs-1 | vault-db | restore | failing | CBROperationFailed | the latest restore failed (created 2026-11-19 15:00 UTC)",
		"ecs-5 | vault-db | restore | failing | CBROperationFailed | the latest restore failed (created 2026-11-19 05:00 UTC)",
		"ecs-5 | vault-db | backup | failing in_time | CBRTaskFailing | the latest backup failed (created 2026-11-20 10:00 UTC)",
		"ecs-6 | vault-paused | backup | uncovered | CBRResourceNotCovered | the policy paused of its vault is disabled",
		"ecs-8 | vault-manual | backup | uncovered | CBRResourceNotCovered | it does not follow the policies of its vault",
		"ecs-9 | vault-manual | backup | uncovered | CBRResourceNotCovered | its vault has no policy for backups",
		" | vault-db | vault_delete | failed | CBRVaultOperationFailed | BackupService.6115",
		"ecs-10 | vault-rare | backup | unjudged |  | the latest run was due before the known history",
		"ecs-1 | vault-db | backup | in_time |  | ",
		"ecs-7 | vault-db | backup | in_time |  | ",
	}
	if diff := cmp.Diff(want, lines(got.Resources.Rows, resourceLine)); diff != "" {
		t.Errorf("the rows differ (-want +got):\n%s", diff)
	}
	tiles := []string{"overdue 3 of 6", "failing 4 of 5", "blind 0 of 1", "vaults 2 of 6", "uncovered 3 of 10", "stuck 0"}
	if diff := cmp.Diff(tiles, lines(got.Tiles, count)); diff != "" {
		t.Errorf("the tiles differ (-want +got):\n%s", diff)
	}
}

// TestResource has all that is known of one resource.
func TestResource(t *testing.T) {
	t.Parallel()
	rows := get(t, "?q=ecs-3", source(everyVerdict(t))).Resources.Rows
	if len(rows) != 1 || len(rows[0].Days) != 31 {
		t.Fatalf("got %+v, want one row with 31 days", rows)
	}
	rows[0].Days = rows[0].Days[30:]
	want := overview.Resource{
		Place:      overview.Place{Project: "test", VaultID: "vault-2", VaultName: "vault-full"},
		ResourceID: "resource-3", ResourceName: "ecs-3", ResourceType: "OS::Nova::Server", OperationType: "backup",
		States:      []overview.State{overview.StateOverdue, overview.StateFailing},
		Why:         "the vault is full; 9 in a row failed, the latest (created 2026-11-20 10:00 UTC): BackupService.6114: The vault is full",
		Alert:       "CBRBackupOverdue",
		Due:         hoursAgo(10),
		LastSuccess: &overview.Run{Status: "success", Created: hoursAgo(241), Ended: hoursAgo(240)},
		Last:        &overview.Run{ID: "task-3", Status: "failed", Created: hoursAgo(2), Ended: hoursAgo(1), Duration: new(3600.0)},
		Failures:    9,
		Days:        []overview.Day{{Date: "2026-11-20", Outcome: overview.OutcomeFailed, Tasks: map[cbrapi.Status]int{"failed": 1}, Due: 1, Missed: 1}},
	}
	if diff := cmp.Diff(want, rows[0]); diff != "" {
		t.Errorf("the row differs (-want +got):\n%s", diff)
	}
	success := get(t, "?q=ecs-1&state=in_time", source(everyVerdict(t))).Resources.Rows[0].LastSuccess
	if diff := cmp.Diff(&overview.Run{ID: "task-1", Status: "success", Created: hoursAgo(10), Ended: hoursAgo(9), Duration: new(3600.0)}, success); diff != "" {
		t.Errorf("the last success differs (-want +got):\n%s", diff)
	}
	never := get(t, "?q=ecs-2", source(everyVerdict(t))).Resources.Rows[0]
	if never.LastSuccess != nil || !never.NoneSince.Equal(hoursAgo(30*24)) {
		t.Errorf("got %+v, want none since the known history", never)
	}
}

// TestGone leaves out a resource that does not exist any more, unless it is judged.
func TestGone(t *testing.T) {
	t.Parallel()
	restored := state("2", cbrapi.StatusFailed, hoursAgo(1))
	restored.OperationType, restored.LastFinished.OperationType = cbrapi.OperationRestore, cbrapi.OperationRestore
	s := discovered(state("1", cbrapi.StatusFailed, hoursAgo(1)), restored)
	v := vault("vault-1", "vault-db", "resource-1", "resource-2")
	v.Resources[0].ProtectStatus, v.Resources[1].ProtectStatus = cbrapi.ProtectDeleted, cbrapi.ProtectDeleted
	s.Inventory = inventoryOf(t, []*cbrapi.Vault{v})
	got := get(t, "", source(s))
	want := []string{"ecs-2 | vault-db | restore | failing | CBROperationFailed | the latest restore failed (created 2026-11-20 10:00 UTC)"}
	if diff := cmp.Diff(want, lines(got.Resources.Rows, resourceLine)); diff != "" {
		t.Errorf("the rows differ (-want +got):\n%s", diff)
	}
}

// TestResourcesOfConfiguredTasks are not judged: a later task may have succeeded.
func TestResourcesOfConfiguredTasks(t *testing.T) {
	t.Parallel()
	s := discovered(state("1", cbrapi.StatusSuccess, hoursAgo(1)), state("2", cbrapi.StatusFailed, hoursAgo(1)))
	s.Discovered, s.LastComplete = nil, noon
	s.Tasks = []tasks.Task{{ID: "task-1", Known: true, Log: s.ResourceStates[0].LastFinished}}
	got := get(t, "", source(s))
	want := []string{"ecs-2 | vault-db | backup | failed |  | ", "ecs-1 | vault-db | backup | finished |  | "}
	if diff := cmp.Diff(want, lines(got.Resources.Rows, resourceLine)); diff != "" {
		t.Errorf("the rows differ (-want +got):\n%s", diff)
	}
	for _, r := range got.Resources.Rows {
		if r.LastSuccess != nil || !r.NoneSince.IsZero() || r.Failures != 0 || r.Days != nil {
			t.Errorf("the history is not known, but got %+v", r)
		}
	}
	tiles := []string{"overdue –", "failing –", "blind 0 of 1", "vaults –", "uncovered –", "stuck 0"}
	if diff := cmp.Diff(tiles, lines(got.Tiles, count)); diff != "" {
		t.Errorf("the tiles differ (-want +got):\n%s", diff)
	}
}

// TestDays has a day of each outcome.
func TestDays(t *testing.T) {
	t.Parallel()
	s := state("1", cbrapi.StatusSuccess, hoursAgo(9)) // created on the 20th
	var logs []*cbrapi.OperationLog
	run := func(daysAgo int, status cbrapi.Status) {
		created := hoursAgo(float64(10 + 24*daysAgo))
		log := operationLog("1", status, created, created, created.Add(time.Hour))
		log.ID = fmt.Sprint(len(logs))
		logs = append(logs, log)
	}
	run(6, cbrapi.StatusFailed)
	run(6, cbrapi.StatusTimeout)
	run(5, cbrapi.StatusFailed)
	run(5, cbrapi.StatusSuccess)
	run(3, cbrapi.StatusSkipped)
	run(2, cbrapi.StatusSuccess)
	run(2, cbrapi.StatusSkipped)
	run(1, cbrapi.StatusSuccess)
	run(0, cbrapi.StatusSuccess)
	s.Runs = runsOf(logs...)
	known := discovered(s)
	known.Discovered.HistoryStart = hoursAgo(24*8 + 3)
	known.Inventory = inventoryOf(t, []*cbrapi.Vault{vault("vault-1", "vault-db", "resource-1")}, policy("nightly", daily, "vault-1"))
	var got []string
	for _, d := range get(t, "", source(known)).Resources.Rows[0].Days[21:] {
		got = append(got, joined(d.Date, d.Outcome, d.Missed))
	}
	want := []string{
		"2026-11-11 | unknown | 0",
		"2026-11-12 | unknown | 0",
		"2026-11-13 | missed | 1",
		"2026-11-14 | timeout | 1",
		"2026-11-15 | failed | 0",
		"2026-11-16 | missed | 1",
		"2026-11-17 | missed | 1",
		"2026-11-18 | skipped | 0",
		"2026-11-19 | success | 0",
		"2026-11-20 | success | 0",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the days differ (-want +got):\n%s", diff)
	}
}

// TestNewlyBound has a resource for which no run has been due yet.
func TestNewlyBound(t *testing.T) {
	t.Parallel()
	s := discovered()
	s.Inventory = inventoryOf(t, []*cbrapi.Vault{vault("vault-1", "vault-db", "resource-1")}, policy("nightly", daily, "vault-1"))
	s.Inventory.Expected[0].Bound = hoursAgo(1)
	got := get(t, "", source(s))
	want := []string{"ecs-1 | vault-db | backup | unjudged |  | no run has been due since the exporter knows of it"}
	if diff := cmp.Diff(want, lines(got.Resources.Rows, resourceLine)); diff != "" {
		t.Errorf("the rows differ (-want +got):\n%s", diff)
	}
}

// TestBlind has a project that could not be read lately beside one in which something is
// wrong: its rows are as they were, and do not look well.
func TestBlind(t *testing.T) {
	t.Parallel()
	unread := refused(discovered(state("1", cbrapi.StatusSuccess, hoursAgo(9)), state("2", cbrapi.StatusFailed, hoursAgo(9))), cbrapi.ReasonNetwork)
	unread.ResourceStates[1].LastSuccess = &ledger.Run{Status: cbrapi.StatusSuccess, Created: hoursAgo(10), End: hoursAgo(9)}
	unread.Active = []tasks.ActiveTask{{Log: operationLog("1", cbrapi.StatusRunning, hoursAgo(0.5), hoursAgo(0.5), time.Time{}), ReadAt: noon}}
	unread.Inventory = inventoryOf(t, []*cbrapi.Vault{vault("vault-1", "vault-db", "resource-1", "resource-2")}, policy("nightly", daily, "vault-1"))
	good := discovered(state("3", cbrapi.StatusSuccess, hoursAgo(9)), state("4", cbrapi.StatusFailed, hoursAgo(100)))
	projects := []overview.Source{source(called("a", unread)), source(called("b", good))}
	got := get(t, "", projects...)
	want := []string{
		"ecs-4 | vault-db | backup | failing | CBRTaskFailing | the latest backup failed (created 2026-11-16 07:00 UTC)",
		"ecs-2 | vault-db | backup | failing blind in_time | CBRTaskFailing | the latest backup failed (created 2026-11-20 02:00 UTC)",
		"ecs-1 | vault-db | backup | blind in_time |  | not everything has been read since 2026-11-20 11:00 UTC",
		"ecs-3 | vault-db | backup | in_time |  | ",
	}
	if diff := cmp.Diff(want, lines(got.Resources.Rows, resourceLine)); diff != "" {
		t.Errorf("the rows differ (-want +got):\n%s", diff)
	}
	states := joined(got.Tasks.Rows[0].States, got.Vaults.Rows[0].States)
	if want := "active blind | blind ok"; states != want {
		t.Errorf("got a task and a vault with %s, want %s", states, want)
	}
	if tile := count(got.Tiles[0]); tile != "overdue 0 of 3" { // as in the metrics
		t.Errorf("got the tile %s", tile)
	}
	if all := get(t, "?state=blind", projects...); all.Resources.Selected != 2 || all.Tasks.Selected != 1 || all.Vaults.Selected != 1 {
		t.Errorf("got %d, %d and %d rows that are blind", all.Resources.Selected, all.Tasks.Selected, all.Vaults.Selected)
	}
	page := do(t, overview.New(options(projects...)).ServePage, "/").Body.String()
	for text, n := range map[string]int{
		`<span class="badge warn">blind</span><span class="badge plain">in time</span>`: 2,
		`<span class="badge warn">blind</span><span class="badge plain">ok</span>`:      1,
		`<span class="badge good">in time</span>`:                                       1,
		`<summary>1 without problems</summary>`:                                         1, // that of the other project
	} {
		if got := strings.Count(page, text); got != n {
			t.Errorf("the page has %d times %s, want %d", got, text, n)
		}
	}
}

// TestBlindSince checks since when a row is old.
func TestBlindSince(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(*protection.Snapshot)
		want   string
	}{
		"read": {func(*protection.Snapshot) {}, ""},
		"vaults unread": {func(s *protection.Snapshot) {
			s.Inventory.Complete, s.Inventory.LastComplete = false, hoursAgo(3)
		}, "not everything has been read since 2026-11-20 09:00 UTC"},
		"both unread": {func(s *protection.Snapshot) {
			s.Inventory.Complete, s.Inventory.LastComplete = false, hoursAgo(3)
			s.Discovered.Complete, s.Discovered.LastComplete = false, hoursAgo(2)
		}, "not everything has been read since 2026-11-20 09:00 UTC"},
		"policies never read": {func(s *protection.Snapshot) {
			s.Inventory.Complete, s.Inventory.LastComplete = false, time.Time{}
		}, "not everything has been read yet"},
		"not scraped": {func(s *protection.Snapshot) { s.At = hoursAgo(1) }, "not everything has been read since 2026-11-20 11:00 UTC"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := discovered(state("1", cbrapi.StatusSuccess, hoursAgo(9)))
			s.Inventory = inventoryOf(t, []*cbrapi.Vault{vault("vault-1", "vault-db", "resource-1")}, policy("nightly", daily, "vault-1"))
			c.change(&s)
			if got := get(t, "", source(s)).Resources.Rows[0].Why; got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

// TestUnjudged has resources that cannot be judged: only a success is said to be finished.
func TestUnjudged(t *testing.T) {
	t.Parallel()
	failed := state("1", cbrapi.StatusSkipped, hoursAgo(9))
	failed.LastFinished.ErrorInfo.Code = "BackupService.1"
	never := policy("nightly", daily, "vault-1")
	never.StartTime = noon
	for name, c := range map[string]struct {
		state ledger.ResourceState
		vault *cbrapi.Vault // nil if vaults are not read
		want  string
		quiet bool
	}{
		"success":              {state("1", cbrapi.StatusSuccess, hoursAgo(9)), vault("vault-1", "vault-db", "resource-1"), "finished | ", true},
		"skipped":              {state("1", cbrapi.StatusSkipped, hoursAgo(9)), nil, "unjudged | the latest task was skipped", false},
		"skipped for a reason": {failed, nil, "unjudged | BackupService.1", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := discovered(c.state, state("2", cbrapi.StatusFailed, hoursAgo(9)))
			if c.vault == nil {
				s.Discovered.Synced = true
			} else {
				s.Inventory = inventoryOf(t, []*cbrapi.Vault{c.vault}, never)
			}
			rows := get(t, "?q=ecs-1", source(s)).Resources.Rows
			got := ""
			for _, r := range rows {
				if r.OperationType == c.state.OperationType {
					got = joined(r.States, r.Why)
				}
			}
			if got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
			page := do(t, overview.New(options(source(s))).ServePage, "/").Body.String()
			if strings.Contains(page, `good">finished`) {
				t.Error("finished looks good")
			}
			if folded := strings.Contains(page, "<summary>1 without problems"); folded != c.quiet {
				t.Errorf("folded: %t", folded)
			}
		})
	}
}

// TestInconsistent has backups that are only crash-consistent, which matters if their vault is
// set to application-consistent and still holds the resource.
func TestInconsistent(t *testing.T) {
	t.Parallel()
	const why = "the latest backup is only crash-consistent, but its vault is set to application-consistent"
	for name, c := range map[string]struct {
		status, level string
		bound         []string
		want          string
	}{
		"lost":            {"0", "app_consistent", []string{"resource-1"}, "ecs-1 | vault-db | backup | inconsistent in_time | CBRAppConsistencyLost | " + why},
		"kept":            {"1", "app_consistent", []string{"resource-1"}, "ecs-1 | vault-db | backup | in_time |  | "},
		"not known":       {"", "app_consistent", []string{"resource-1"}, "ecs-1 | vault-db | backup | in_time |  | "},
		"not asked for":   {"0", "crash_consistent", []string{"resource-1"}, "ecs-1 | vault-db | backup | in_time |  | "},
		"unbound since":   {"0", "app_consistent", nil, "ecs-1 | vault-db | backup | finished |  | "},
		"other operation": {"0", "app_consistent", []string{"resource-1"}, "ecs-1 | vault-db | restore | finished |  | "},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := state("1", cbrapi.StatusSuccess, hoursAgo(9))
			s.LastFinished.ExtraInfo.Backup = &cbrapi.Backup{AppConsistencyStatus: c.status}
			if name == "other operation" {
				s.OperationType = cbrapi.OperationRestore
			}
			known := discovered(s)
			v := vault("vault-1", "vault-db", c.bound...)
			v.Billing.ConsistentLevel = c.level
			known.Inventory = inventoryOf(t, []*cbrapi.Vault{v}, policy("nightly", daily, "vault-1"))
			got := get(t, "", source(known))
			if !slices.Contains(lines(got.Resources.Rows, resourceLine), c.want) {
				t.Errorf("got %q, want %q", lines(got.Resources.Rows, resourceLine), c.want)
			}
			if lost := got.Summary == "1 latest backup is only crash-consistent."; lost != (name == "lost") || lost && got.State != overview.StateAttention {
				t.Errorf("got %s: %s", got.State, got.Summary)
			}
		})
	}
}
