package ledger_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
	"github.com/cbr-exporter/cbr_exporter/ledger"
)

// noon is when most tests look at the ledger.
func noon() time.Time { return time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC) }

func monthly() ledger.Options {
	return ledger.Options{Lookback: 720 * time.Hour, Window: 24 * time.Hour, MaxTasks: 1000}
}

// record is a backup of the resource r in the vault v, created so many hours
// before noon. It changed an hour after that, when it ended if it has.
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

// with returns a changed record.
func with(log *cbrapi.OperationLog, change func(*cbrapi.OperationLog)) *cbrapi.OperationLog {
	change(log)
	return log
}

// of returns a ledger at noon that was told of the records.
func of(o ledger.Options, logs ...*cbrapi.OperationLog) *ledger.Ledger {
	l := ledger.New(o)
	l.Advance(noon())
	for _, log := range logs {
		l.Add(log)
	}
	l.Advance(noon())
	return l
}

// only returns how the only resource of a ledger stands.
func only(t *testing.T, l *ledger.Ledger) ledger.Standing {
	t.Helper()
	standings := l.Standings()
	if len(standings) != 1 {
		t.Fatalf("got %d standings, want one", len(standings))
	}
	return standings[0]
}

func TestStanding(t *testing.T) {
	const (
		success, failed, timeout = cbrapi.StatusSuccess, cbrapi.StatusFailed, cbrapi.StatusTimeout
		skipped, running         = cbrapi.StatusSkipped, cbrapi.StatusRunning
	)
	type want struct {
		last        string // id
		success     int    // hours before noon at which it ended; 0 for none
		failure     int
		consecutive int
	}
	for _, test := range []struct {
		name string
		logs []*cbrapi.OperationLog
		want want
	}{
		{"a failure is cured by a success", []*cbrapi.OperationLog{record("a", failed, 10), record("b", success, 5)}, want{"b", 4, 9, 0}},
		{"an attempt that runs hides nothing", []*cbrapi.OperationLog{record("a", success, 20), record("b", failed, 10), record("c", running, 1)}, want{"b", 19, 9, 1}},
		{"a timeout is a failure", []*cbrapi.OperationLog{record("a", success, 20), record("b", failed, 10), record("c", timeout, 5)}, want{"c", 19, 4, 2}},
		{
			"a skip neither counts nor resets",
			[]*cbrapi.OperationLog{record("a", success, 20), record("b", failed, 10), record("c", failed, 8), record("d", skipped, 5)},
			want{"d", 19, 7, 2},
		},
		{"never succeeded", []*cbrapi.OperationLog{record("a", failed, 10), record("b", failed, 5)}, want{"b", 0, 4, 2}},
		{"never failed", []*cbrapi.OperationLog{record("a", success, 10)}, want{"a", 9, 0, 0}},
		{"the same creation: the greater id is newer", []*cbrapi.OperationLog{record("b", failed, 10), record("a", success, 10)}, want{"b", 9, 9, 1}},
		{
			"a creation that is not known is replaced by the start",
			[]*cbrapi.OperationLog{with(record("z", failed, 5), func(l *cbrapi.OperationLog) { l.CreatedAt = time.Time{} }), record("a", success, 10)},
			want{"z", 9, 4, 1},
		},
		{
			"an end that is not known is replaced by the last change",
			[]*cbrapi.OperationLog{with(record("a", success, 10), func(l *cbrapi.OperationLog) { l.EndedAt = time.Time{} })},
			want{"a", 9, 0, 0},
		},
		{
			"copy counts as replication",
			[]*cbrapi.OperationLog{
				with(record("a", failed, 10), func(l *cbrapi.OperationLog) { l.OperationType = cbrapi.OperationCopy }),
				with(record("b", success, 5), func(l *cbrapi.OperationLog) { l.OperationType = cbrapi.OperationReplication }),
			},
			want{"b", 4, 9, 0},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := only(t, of(monthly(), test.logs...))
			got := want{last: s.LastFinished.ID, consecutive: s.ConsecutiveFailures}
			ago := func(o *ledger.Outcome) int {
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

func TestWhichRecordIsTrue(t *testing.T) {
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
		{"the newer one", changed(5, cbrapi.StatusWaiting), changed(10, cbrapi.StatusRunning), cbrapi.StatusRunning},
		{"changed at the same time: the finished one", changed(10, cbrapi.StatusRunning), changed(10, cbrapi.StatusFailed), cbrapi.StatusFailed},
		{"change not known: the finished one", changed(10, cbrapi.StatusRunning), changed(0, cbrapi.StatusFailed), cbrapi.StatusFailed},
		{"no change known: the finished one", changed(0, cbrapi.StatusRunning), changed(0, cbrapi.StatusFailed), cbrapi.StatusFailed},
		{"what has ended does not begin again", changed(10, cbrapi.StatusSuccess), changed(11, cbrapi.StatusRunning), cbrapi.StatusSuccess},
		{"two ends: the newer one", changed(10, cbrapi.StatusFailed), changed(20, cbrapi.StatusSuccess), cbrapi.StatusSuccess},
	} {
		t.Run(test.name, func(t *testing.T) {
			for _, logs := range [][]*cbrapi.OperationLog{{test.one, test.other}, {test.other, test.one}, {test.one, test.other, test.one}} {
				l := of(monthly(), logs...)
				if got := l.Tallies()[0].Tasks; got[test.status] != 1 || len(got) != 1 {
					t.Errorf("got the tasks %v, want one that is %s", got, test.status)
				}
				if got := l.IsActive("a"); got == test.status.Finished() {
					t.Errorf("active: %t", got)
				}
			}
		})
	}
}

func TestWhatIsForgotten(t *testing.T) {
	day := func(n int) time.Time { return noon().Add(time.Duration(n) * 24 * time.Hour) }
	l := of(monthly(),
		record("old", cbrapi.StatusSuccess, 48),
		record("new", cbrapi.StatusFailed, 2),
		record("runs", cbrapi.StatusRunning, 3))
	if got := len(l.Active()); got != 1 {
		t.Errorf("got %d active tasks, want 1", got)
	}
	if got := l.Tallies()[0].Tasks; !cmp.Equal(got, map[cbrapi.Status]int{cbrapi.StatusFailed: 1, cbrapi.StatusRunning: 1}) {
		t.Errorf("the window has %v", got)
	}

	l.Advance(day(2))
	if got := l.Tallies(); len(got) != 1 || len(got[0].Tasks) != 0 {
		t.Errorf("two days later: got %v, want the vault with no tasks", got)
	}
	if got := len(l.Active()); got != 1 {
		t.Errorf("a task that runs is forgotten")
	}

	l.Advance(day(29))
	if got := only(t, l); got.LastFinished.ID != "new" || got.LastSuccess == nil || got.ConsecutiveFailures != 1 {
		t.Errorf("within the lookback of its newest task: got %+v", got)
	}
	l.Add(record("too old", cbrapi.StatusSuccess, 48)) // nobody knows what came after it
	if got := only(t, l); got.LastFinished.ID != "new" {
		t.Errorf("a task of before the lookback counts: got %+v", got)
	}
	l.Forget("runs")
	l.Advance(day(31))
	if len(l.Standings()) != 0 || len(l.Resources()) != 0 || len(l.Tallies()) != 0 || len(l.Active()) != 0 {
		t.Errorf("beyond the lookback: got %v, %v, %v", l.Standings(), l.Resources(), l.Tallies())
	}

	l.Advance(day(1))
	l.Add(record("late", cbrapi.StatusSuccess, 1))
	l.Advance(day(1))
	if len(l.Standings()) != 0 {
		t.Error("time goes back")
	}
}

// TestEndsAfterLookback has a task run for longer than the lookback. It is known to
// have ended then, whatever a list says that lags behind, and is no news of its
// resource.
func TestEndsAfterLookback(t *testing.T) {
	l := ledger.New(monthly())
	l.Advance(noon().Add(-700 * time.Hour))
	runs := record("a", cbrapi.StatusRunning, 730)
	l.Add(runs)
	l.Advance(noon())
	l.Add(runs)
	if !l.IsActive("a") {
		t.Fatal("a task that runs is forgotten")
	}
	l.Add(with(record("a", cbrapi.StatusFailed, 730), func(log *cbrapi.OperationLog) {
		log.EndedAt, log.UpdatedAt = noon(), noon()
	}))
	l.Add(runs)
	l.Advance(noon())
	if l.IsActive("a") || len(l.Active()) != 0 {
		t.Error("a task that has ended is active")
	}
	if len(l.Standings()) != 0 {
		t.Errorf("a task of before the lookback counts: got %+v", l.Standings())
	}
}

// TestLateEnd has a task run for longer than the window. That it has ended is remembered
// for as long as a list may lag behind.
func TestLateEnd(t *testing.T) {
	ended := with(record("a", cbrapi.StatusSuccess, 48), func(l *cbrapi.OperationLog) {
		l.EndedAt, l.UpdatedAt = noon().Add(-time.Hour), noon().Add(-time.Hour)
	})
	for name, logs := range map[string][]*cbrapi.OperationLog{
		"ran before": {record("a", cbrapi.StatusRunning, 48), ended}, "never seen to run": {ended},
	} {
		t.Run(name, func(t *testing.T) {
			l := of(monthly(), logs...)
			l.Standings() // forgets what is too old
			l.Add(record("a", cbrapi.StatusRunning, 48))
			if l.IsActive("a") {
				t.Error("a task that has ended is active again")
			}
		})
	}
}

// TestFailuresBeyondLookback has a resource fail for months: those that are too old do not
// count any more, whatever comes.
func TestFailuresBeyondLookback(t *testing.T) {
	l := of(monthly(), record("a", cbrapi.StatusFailed, 700), record("b", cbrapi.StatusFailed, 600), record("c", cbrapi.StatusFailed, 10))
	if got := only(t, l).ConsecutiveFailures; got != 3 {
		t.Fatalf("got %d failures in a row, want 3", got)
	}
	l.Advance(noon().Add(50 * time.Hour)) // a is too old now
	if got := only(t, l).ConsecutiveFailures; got != 2 {
		t.Errorf("got %d failures in a row, want 2 within the lookback", got)
	}
}

// TestNamesOfWhatIsGone has a name come back with a resource that had been forgotten: the old
// one is not remembered.
func TestNamesOfWhatIsGone(t *testing.T) {
	l := of(monthly(), record("a", cbrapi.StatusSuccess, 700))
	l.Advance(noon().Add(100 * time.Hour))
	if len(l.Standings()) != 0 {
		t.Fatal("the resource is not forgotten")
	}
	l.Add(with(record("b", cbrapi.StatusSuccess, -99), func(log *cbrapi.OperationLog) {
		log.VaultName, log.ExtraInfo.Resource.Name = "", ""
	}))
	if got := only(t, l); got.VaultName != "" || l.Resources()[0].Name != "" {
		t.Errorf("got the names %q and %q of what was forgotten", got.VaultName, l.Resources()[0].Name)
	}
}

// TestDroppedStaysDropped has a list that lags behind say of a task that was dropped that it
// runs.
func TestDroppedStaysDropped(t *testing.T) {
	o := monthly()
	o.MaxTasks = 1
	l := of(o, record("a", cbrapi.StatusFailed, 10), record("b", cbrapi.StatusSuccess, 9))
	if l.Dropped() != 1 {
		t.Fatalf("%d tasks are dropped, want 1", l.Dropped())
	}
	l.Add(record("a", cbrapi.StatusRunning, 10))
	if l.IsActive("a") || len(l.Active()) != 0 || l.Dropped() != 1 {
		t.Error("a task that was dropped runs again")
	}
}

func TestForgetLeavesWhatHasEnded(t *testing.T) {
	l := of(monthly(), record("a", cbrapi.StatusSuccess, 2))
	l.Forget("a")
	l.Forget("never heard of")
	if got := l.Tallies()[0].Tasks[cbrapi.StatusSuccess]; got != 1 {
		t.Error("a task that has ended was forgotten")
	}
}

func TestMaxTasks(t *testing.T) {
	o := monthly()
	o.MaxTasks = 1
	logs := []*cbrapi.OperationLog{
		record("a", cbrapi.StatusFailed, 10), record("b", cbrapi.StatusRunning, 9),
		record("c", cbrapi.StatusSkipped, 8), record("d", cbrapi.StatusSuccess, 7),
	}
	l := of(o, logs...)
	for range 3 { // however often they are read again
		if got := l.Tallies()[0].Tasks; !cmp.Equal(got, map[cbrapi.Status]int{cbrapi.StatusRunning: 1, cbrapi.StatusSuccess: 1}) || l.Dropped() != 2 {
			t.Errorf("got %v and %d dropped, want the active and the newest, and 2", got, l.Dropped())
		}
		for _, log := range logs {
			l.Add(log)
		}
		l.Add(record("c", cbrapi.StatusWaiting, 8)) // a list that lags behind
		l.Advance(noon())
	}
	if got := only(t, l); got.LastFinished.ID != "d" || got.LastFailure == nil {
		t.Errorf("got %+v; want nothing of it dropped", got)
	}
	if got := of(o, logs[0], logs[2]).Dropped(); got != 1 {
		t.Errorf("one more than may be counted: got %d dropped", got)
	}
	l.Advance(noon().Add(15 * time.Hour))
	if got := l.Dropped(); got != 1 {
		t.Errorf("got %d dropped, want the one that is still in the window", got)
	}
}

func TestNames(t *testing.T) {
	renamed := func(id string, hours int, vault, resource string) *cbrapi.OperationLog {
		return with(record(id, cbrapi.StatusRunning, hours), func(l *cbrapi.OperationLog) {
			l.VaultName, l.ExtraInfo.Resource.Name = vault, resource
		})
	}
	noResource := renamed("c", 2, "newest vault", "")
	noResource.ExtraInfo.Resource = nil
	noName := renamed("d", 1, "", "")
	l := of(monthly(), renamed("b", 5, "new vault", "new resource"), record("a", cbrapi.StatusSuccess, 10), noResource)
	if got := only(t, l).VaultName; got != "newest vault" {
		t.Errorf("got the vault name %q, want that of the newest task", got)
	}
	if got := l.Resources(); len(got) != 1 || got[0].Name != "new resource" {
		t.Errorf("got the resources %v, want one with its newest name", got)
	}
	l.Add(noName)
	if got := only(t, l).VaultName; got != "newest vault" {
		t.Errorf("got the vault name %q after a task that does not tell it", got)
	}
}

// TestWithoutLimits has a ledger keep all, whatever its age.
func TestWithoutLimits(t *testing.T) {
	l := of(ledger.Options{}, record("a", cbrapi.StatusSuccess, 100_000))
	if got := only(t, l); got.LastFinished.ID != "a" {
		t.Errorf("got %+v", got)
	}
	if got := l.Tallies()[0].Tasks; len(got) != 0 {
		t.Errorf("without a window: got %v", got)
	}
}
