package ledger_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
	"github.com/cbr-exporter/cbr_exporter/tasks/ledger"
)

// noon is the time of most tests.
func noon() time.Time { return time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC) }

func options() ledger.Options {
	return ledger.Options{Lookback: 720 * time.Hour}
}

// record returns a backup of the resource r in the vault v, created so many hours
// before noon. It changed an hour later, which is its end if it has finished.
func record(id string, s cbrapi.Status, hours int) *cbrapi.OperationLog {
	created := noon().Add(-time.Duration(hours) * time.Hour)
	log := &cbrapi.OperationLog{
		ID: id, Status: s, OperationType: cbrapi.OperationBackup, VaultID: "v", VaultName: "vault",
		CreatedAt: created, StartedAt: created.Add(time.Minute), UpdatedAt: created.Add(time.Hour),
		ExtraInfo: cbrapi.ExtraInfo{Resource: &cbrapi.Resource{ID: "r", Name: "resource", Type: "OS::Nova::Server"}},
	}
	if s.Finished() {
		log.EndedAt = log.UpdatedAt
	}
	return log
}

// with changes a record.
func with(log *cbrapi.OperationLog, change func(*cbrapi.OperationLog)) *cbrapi.OperationLog {
	change(log)
	return log
}

// newLedger returns a ledger at noon with the records.
func newLedger(o ledger.Options, logs ...*cbrapi.OperationLog) *ledger.Ledger {
	l := ledger.New(o)
	l.Advance(noon())
	for _, log := range logs {
		l.Add(log)
	}
	l.Advance(noon())
	return l
}

// onlyState returns the state of the only resource of a ledger.
func onlyState(t *testing.T, l *ledger.Ledger) ledger.ResourceState {
	t.Helper()
	states := l.ResourceStates()
	if len(states) != 1 {
		t.Fatalf("got %d resource states, want 1", len(states))
	}
	return states[0]
}

func TestResourceState(t *testing.T) {
	const (
		success, failed, timeout = cbrapi.StatusSuccess, cbrapi.StatusFailed, cbrapi.StatusTimeout
		skipped, running         = cbrapi.StatusSkipped, cbrapi.StatusRunning
	)
	type want struct {
		last        string // id
		attempt     string // id
		success     int    // hours before noon at which it ended; 0 for none
		failure     int
		consecutive int
	}
	for _, test := range []struct {
		name string
		logs []*cbrapi.OperationLog
		want want
	}{
		{"a success clears a failure", []*cbrapi.OperationLog{record("a", failed, 10), record("b", success, 5)}, want{"b", "b", 4, 9, 0}},
		{"a running task hides nothing", []*cbrapi.OperationLog{record("a", success, 20), record("b", failed, 10), record("c", running, 1)}, want{"b", "b", 19, 9, 1}},
		{"a timeout is a failure", []*cbrapi.OperationLog{record("a", success, 20), record("b", failed, 10), record("c", timeout, 5)}, want{"c", "c", 19, 4, 2}},
		{
			"a skipped task neither counts nor resets",
			[]*cbrapi.OperationLog{record("a", success, 20), record("b", failed, 10), record("c", failed, 8), record("d", skipped, 5)},
			want{"d", "c", 19, 7, 2},
		},
		{"never succeeded", []*cbrapi.OperationLog{record("a", failed, 10), record("b", failed, 5)}, want{"b", "b", 0, 4, 2}},
		{"never failed", []*cbrapi.OperationLog{record("a", success, 10)}, want{"a", "a", 9, 0, 0}},
		{"created at the same time: the greater id is later", []*cbrapi.OperationLog{record("b", failed, 10), record("a", success, 10)}, want{"b", "b", 9, 9, 1}},
		{
			"unknown creation: the start counts",
			[]*cbrapi.OperationLog{with(record("z", failed, 5), func(l *cbrapi.OperationLog) { l.CreatedAt = time.Time{} }), record("a", success, 10)},
			want{"z", "z", 9, 4, 1},
		},
		{
			"unknown end: the last change counts",
			[]*cbrapi.OperationLog{with(record("a", success, 10), func(l *cbrapi.OperationLog) { l.EndedAt = time.Time{} })},
			want{"a", "a", 9, 0, 0},
		},
		{
			"copy counts as replication",
			[]*cbrapi.OperationLog{
				with(record("a", failed, 10), func(l *cbrapi.OperationLog) { l.OperationType = cbrapi.OperationCopy }),
				with(record("b", success, 5), func(l *cbrapi.OperationLog) { l.OperationType = cbrapi.OperationReplication }),
			},
			want{"b", "b", 4, 9, 0},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := onlyState(t, newLedger(options(), test.logs...))
			got := want{last: s.LastFinished.ID, attempt: s.LastAttempt.ID, consecutive: s.ConsecutiveFailures}
			ago := func(o *ledger.Run) int {
				if o == nil {
					return 0
				}
				return int(noon().Sub(o.End).Hours())
			}
			got.success, got.failure = ago(s.LastSuccess), ago(s.LastFailure)
			if diff := cmp.Diff(test.want, got, cmp.AllowUnexported(want{})); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

func TestLatestRecordWins(t *testing.T) {
	changed := func(minutes int, s cbrapi.Status) *cbrapi.OperationLog {
		log := record("a", s, 2)
		log.UpdatedAt = time.Time{}
		if minutes > 0 {
			log.UpdatedAt = log.CreatedAt.Add(time.Duration(minutes) * time.Minute)
		}
		return log
	}
	for _, test := range []struct {
		name   string
		one    *cbrapi.OperationLog
		other  *cbrapi.OperationLog
		status cbrapi.Status
	}{
		{"the later change", changed(5, cbrapi.StatusWaiting), changed(10, cbrapi.StatusRunning), cbrapi.StatusRunning},
		{"changed at the same time: finished", changed(10, cbrapi.StatusRunning), changed(10, cbrapi.StatusFailed), cbrapi.StatusFailed},
		{"unknown change: finished", changed(10, cbrapi.StatusRunning), changed(0, cbrapi.StatusFailed), cbrapi.StatusFailed},
		{"both changes unknown: finished", changed(0, cbrapi.StatusRunning), changed(0, cbrapi.StatusFailed), cbrapi.StatusFailed},
		{"a finished task does not become active", changed(10, cbrapi.StatusSuccess), changed(11, cbrapi.StatusRunning), cbrapi.StatusSuccess},
		{"two ends: the later change", changed(10, cbrapi.StatusFailed), changed(20, cbrapi.StatusSuccess), cbrapi.StatusSuccess},
	} {
		t.Run(test.name, func(t *testing.T) {
			for _, order := range [][]*cbrapi.OperationLog{{test.one, test.other}, {test.other, test.one}, {test.one, test.other, test.one}} {
				known := order[0]
				for _, log := range order[1:] {
					if ledger.Supersedes(log, known) {
						known = log
					}
				}
				if known.Status != test.status {
					t.Errorf("got status %s, want %s", known.Status, test.status)
				}
			}
		})
	}
}

func TestForgetting(t *testing.T) {
	day := func(n int) time.Time { return noon().Add(time.Duration(n) * 24 * time.Hour) }
	l := newLedger(options(),
		record("old", cbrapi.StatusSuccess, 48),
		record("new", cbrapi.StatusFailed, 2))
	if got := lastDay(l); len(got) != 1 || got[ledger.GroupOf(record("", cbrapi.StatusFailed, 0))] != 1 {
		t.Errorf("got counts %v", got)
	}

	l.Advance(day(2))
	if got := lastDay(l); len(got) != 0 {
		t.Errorf("two days later: got %v, want the vault without tasks", got)
	}

	l.Advance(day(29))
	if got := onlyState(t, l); got.LastFinished.ID != "new" || got.LastSuccess != nil || got.LastFailure == nil || got.ConsecutiveFailures != 1 {
		t.Errorf("only the latest task is within the lookback: got %+v", got)
	}
	l.Add(record("too old", cbrapi.StatusSuccess, 48))
	if got := onlyState(t, l); got.LastFinished.ID != "new" {
		t.Errorf("with a task from before the lookback: got %+v", got)
	}
	l.Advance(day(31))
	if len(l.ResourceStates()) != 0 || len(l.Resources()) != 0 || len(lastDay(l)) != 0 {
		t.Errorf("beyond the lookback: got %v, %v, %v", l.ResourceStates(), l.Resources(), lastDay(l))
	}

	l.Advance(day(1))
	l.Add(record("late", cbrapi.StatusSuccess, 1))
	l.Advance(day(1))
	if len(l.ResourceStates()) != 0 {
		t.Error("Advance went back in time")
	}
}

// TestHasEnded: an outdated list still has a task as running.
func TestHasEnded(t *testing.T) {
	const success, running = cbrapi.StatusSuccess, cbrapi.StatusRunning
	l := newLedger(options(), record("a", success, 48), without(record("b", success, 2), cbrapi.OperationVaultDelete, "v"), record("c", running, 1))
	for log, want := range map[*cbrapi.OperationLog]bool{
		record("a", running, 48): true,
		without(record("b", running, 2), cbrapi.OperationVaultDelete, "v"): true,
		record("c", running, 1): false,
		without(record("a", running, 48), cbrapi.OperationVaultDelete, "w"): false, // of a key without tasks
	} {
		if got := l.HasEnded(log); got != want {
			t.Errorf("task %s of %s: got %t, want %t", log.ID, log.OperationType, got, want)
		}
	}
}

func TestFailuresBeyondLookback(t *testing.T) {
	l := newLedger(options(), record("a", cbrapi.StatusFailed, 700), record("b", cbrapi.StatusFailed, 600), record("c", cbrapi.StatusFailed, 10))
	if got := onlyState(t, l).ConsecutiveFailures; got != 3 {
		t.Fatalf("got %d consecutive failures, want 3", got)
	}
	l.Advance(noon().Add(50 * time.Hour)) // a has expired
	if got := onlyState(t, l).ConsecutiveFailures; got != 2 {
		t.Errorf("got %d consecutive failures, want the 2 within the lookback", got)
	}
}

// TestNamesAreForgotten: a resource is forgotten and comes back without a name.
func TestNamesAreForgotten(t *testing.T) {
	l := newLedger(options(), record("a", cbrapi.StatusSuccess, 700))
	l.Advance(noon().Add(100 * time.Hour))
	if len(l.ResourceStates()) != 0 {
		t.Fatal("the resource was not forgotten")
	}
	l.Add(with(record("b", cbrapi.StatusSuccess, -99), func(log *cbrapi.OperationLog) {
		log.VaultName, log.ExtraInfo.Resource.Name = "", ""
	}))
	if len(l.VaultNames()) != 0 || l.Resources()[0].Name != "" {
		t.Errorf("got forgotten names %q and %q", l.VaultNames(), l.Resources()[0].Name)
	}
}

// lastDay returns the counts of the last day.
func lastDay(l *ledger.Ledger) map[ledger.TaskGroup]int {
	return l.TaskCounts(l.Now().Add(-24 * time.Hour))
}

func TestNames(t *testing.T) {
	renamed := func(id string, hours int, vault, resource string) *cbrapi.OperationLog {
		return with(record(id, cbrapi.StatusRunning, hours), func(l *cbrapi.OperationLog) {
			l.VaultName, l.ExtraInfo.Resource.Name = vault, resource
		})
	}
	noResource := renamed("c", 2, "latest vault", "")
	noResource.ExtraInfo.Resource = nil
	noName := renamed("d", 1, "", "")
	l := newLedger(options(), renamed("b", 5, "new vault", "new resource"), record("a", cbrapi.StatusSuccess, 10), noResource)
	if got := l.VaultNames()["v"]; got != "latest vault" {
		t.Errorf("got vault name %q, want that of the latest task", got)
	}
	if got := l.Resources(); len(got) != 1 || got[0].Name != "new resource" {
		t.Errorf("got resources %v, want one with its latest name", got)
	}
	l.Add(noName)
	if got := l.VaultNames()["v"]; got != "latest vault" {
		t.Errorf("got vault name %q after a task without one", got)
	}
}

// without removes the resource of a task and changes the rest.
func without(log *cbrapi.OperationLog, operation cbrapi.OperationType, vault string) *cbrapi.OperationLog {
	log.ExtraInfo.Resource, log.OperationType, log.VaultID = nil, operation, vault
	return log
}

func TestVaultOfResource(t *testing.T) {
	in := func(vault string, log *cbrapi.OperationLog) *cbrapi.OperationLog {
		log.VaultID = vault
		return log
	}
	const success, running = cbrapi.StatusSuccess, cbrapi.StatusRunning
	for _, test := range []struct {
		name string
		logs []*cbrapi.OperationLog
		want string
	}{
		{"no task names one", []*cbrapi.OperationLog{in("", record("a", success, 5))}, ""},
		{"the latest names none", []*cbrapi.OperationLog{in("v", record("a", success, 5)), in("", record("b", success, 4))}, "v"},
		{"the resource has moved", []*cbrapi.OperationLog{in("v", record("a", success, 5)), in("w", record("b", success, 4))}, "w"},
		{"an active task names it", []*cbrapi.OperationLog{in("v", record("a", success, 5)), in("w", record("b", running, 4))}, "w"},
	} {
		t.Run(test.name, func(t *testing.T) {
			for _, logs := range [][]*cbrapi.OperationLog{test.logs, {test.logs[len(test.logs)-1], test.logs[0]}} {
				if got := onlyState(t, newLedger(options(), logs...)); got.VaultID != test.want {
					t.Errorf("got vault %q, want %q", got.VaultID, test.want)
				}
			}
		})
	}
}

// TestSeveralResources has a task that names no resource of its own, but several that
// it removes.
func TestSeveralResources(t *testing.T) {
	removal := without(record("a", cbrapi.StatusFailed, 2), cbrapi.OperationRemoveResource, "")
	removal.ExtraInfo.RemoveResources = &cbrapi.RemoveResources{Resources: []cbrapi.Resource{{ID: "q", Name: "one"}, {ID: "s"}}}
	l := newLedger(options(), removal)
	states := l.ResourceStates()
	if len(states) != 2 || states[0].ResourceID != "q" || states[1].ResourceID != "s" || states[1].ConsecutiveFailures != 1 || len(l.VaultTasks()) != 0 {
		t.Errorf("got resource states %+v and tasks of vaults %+v, want one of each resource", states, l.VaultTasks())
	}
	if got := l.Resources(); len(got) != 2 || got[0].Name != "one" {
		t.Errorf("got resources %+v", got)
	}
	counted := 0
	for _, n := range lastDay(l) {
		counted += n
	}
	if counted != 1 {
		t.Errorf("the task is counted %d times", counted)
	}
}

func TestVaultTasks(t *testing.T) {
	const migrate, remove = cbrapi.OperationMigrateResources, cbrapi.OperationRemoveResource
	l := newLedger(options(),
		without(record("a", cbrapi.StatusFailed, 10), migrate, "v"),
		without(record("b", cbrapi.StatusSuccess, 5), migrate, "v"),
		without(record("c", cbrapi.StatusRunning, 3), migrate, "v"),
		without(record("d", cbrapi.StatusTimeout, 4), remove, ""),
		record("e", cbrapi.StatusSuccess, 1),
		without(record("old", cbrapi.StatusFailed, 721), cbrapi.OperationVaultDelete, "w"))
	l.Add(without(record("a", cbrapi.StatusFailed, 10), migrate, "v")) // again
	if got := l.VaultTasks(); len(got) != 2 || got[0].ID != "b" || got[1].ID != "d" {
		t.Errorf("got %+v, want the tasks b and d", got)
	}
	if !l.HasTaskAfter(noon().Add(-3*time.Hour - time.Minute)) {
		t.Error("HasTaskAfter leaves out tasks")
	}
	l.Advance(noon().Add(719 * time.Hour))
	if got := l.VaultTasks(); len(got) != 0 {
		t.Errorf("beyond the lookback: got %+v", got)
	}
}

func TestWithoutLimits(t *testing.T) {
	l := newLedger(ledger.Options{}, record("a", cbrapi.StatusSuccess, 100_000))
	if got := onlyState(t, l); got.LastFinished.ID != "a" {
		t.Errorf("got %+v", got)
	}
}
