package protection_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
	"github.com/cbr-exporter/cbr_exporter/inventory"
	"github.com/cbr-exporter/cbr_exporter/tasks"
)

// TestStuck has tasks that may run for 12 h and wait for 4 h.
func TestStuck(t *testing.T) {
	t.Parallel()
	const running, waiting, unknown = cbrapi.StatusRunning, cbrapi.StatusWaiting, cbrapi.Status("odd")
	ago := func(d time.Duration) time.Time { return noon().Add(-d) }
	took := func(d time.Duration) *cbrapi.OperationLog {
		log := success(ago(10 * day))
		log.EndedAt = log.StartedAt.Add(d)
		return log
	}
	for name, test := range map[string]struct {
		task   *cbrapi.OperationLog
		others []*cbrapi.OperationLog
		change func(*tasks.Snapshot, *inventory.Snapshot)
		want   bool
	}{
		"running, the limit":                {task: task("1", running, ago(12*time.Hour))},
		"running for longer":                {task: task("1", running, ago(12*time.Hour+1)), want: true},
		"running, created long ago":         {task: changed(task("1", running, ago(day)), func(l *cbrapi.OperationLog) { l.StartedAt = ago(time.Hour) })},
		"unknown status":                    {task: task("1", unknown, ago(12*time.Hour+1)), want: true},
		"three times the last, the limit":   {task: task("1", running, ago(15*time.Hour)), others: []*cbrapi.OperationLog{took(5 * time.Hour)}},
		"three times the last, longer":      {task: task("1", running, ago(15*time.Hour+1)), others: []*cbrapi.OperationLog{took(5 * time.Hour)}, want: true},
		"the last was short":                {task: task("1", running, ago(12*time.Hour+1)), others: []*cbrapi.OperationLog{took(time.Hour)}, want: true},
		"the last of another resource":      {task: task("1", running, ago(15*time.Hour)), others: []*cbrapi.OperationLog{ofResource(took(5*time.Hour), "q")}, want: true},
		"the last of another operation":     {task: ofType(task("1", running, ago(15*time.Hour)), cbrapi.OperationCopy), others: []*cbrapi.OperationLog{took(5 * time.Hour)}, want: true},
		"copy and replication are the same": {task: ofType(task("1", running, ago(15*time.Hour)), cbrapi.OperationCopy), others: []*cbrapi.OperationLog{ofType(took(5*time.Hour), cbrapi.OperationReplication)}},
		"the longest of several resources": {
			task: changed(task("1", running, ago(15*time.Hour)), func(l *cbrapi.OperationLog) {
				l.ExtraInfo = cbrapi.ExtraInfo{RemoveResources: &cbrapi.RemoveResources{Resources: []cbrapi.Resource{{ID: "r"}, {ID: "q"}}}}
			}),
			others: []*cbrapi.OperationLog{took(5 * time.Hour), changed(ofResource(took(time.Hour), "q"), func(l *cbrapi.OperationLog) { l.ID = "2" })},
		},
		"waiting, the limit":     {task: task("1", waiting, ago(4*time.Hour))},
		"waiting for longer":     {task: task("1", waiting, ago(4*time.Hour+1)), want: true},
		"waiting, the last long": {task: task("1", waiting, ago(4*time.Hour+1)), others: []*cbrapi.OperationLog{took(day)}, want: true},
		"no time":                {task: task("1", running, time.Time{})},
		"read before the limit": {task: task("1", running, ago(5*day)), change: func(s *tasks.Snapshot, _ *inventory.Snapshot) {
			s.Active[0].ReadAt = ago(5*day - 12*time.Hour)
		}},
		"three times the last, without discovery": {
			task: task("1", running, ago(15*time.Hour)), others: []*cbrapi.OperationLog{took(5 * time.Hour)},
			change: func(s *tasks.Snapshot, _ *inventory.Snapshot) { s.Discovered = nil; s.Tasks = []tasks.Task{{ID: "1"}} },
		},
		"without discovery": {task: task("1", running, ago(12*time.Hour+1)), want: true, change: func(s *tasks.Snapshot, _ *inventory.Snapshot) {
			s.Discovered = nil
			s.Tasks = []tasks.Task{{ID: "1"}}
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := fixture{logs: append(test.others, test.task), change: test.change}
			got := f.snapshot().ActiveTasks
			if len(got) != 1 || got[0].Log != test.task || got[0].Stuck != test.want {
				t.Errorf("got %+v, want stuck %t", got, test.want)
			}
		})
	}
}

// TestActiveTasks shows those that are followed or configured, also while the API cannot
// be read.
func TestActiveTasks(t *testing.T) {
	t.Parallel()
	f := fixture{logs: []*cbrapi.OperationLog{
		task("1", cbrapi.StatusRunning, noon()), inVault(task("2", cbrapi.StatusRunning, noon()), "w"),
		inVault(task("3", cbrapi.StatusRunning, noon()), "w"), inVault(task("4", cbrapi.StatusRunning, noon()), ""),
	}}
	f.options.Follows = func(vaultID string, _ cbrapi.OperationType) bool { return vaultID == "v" }
	f.change = func(s *tasks.Snapshot, _ *inventory.Snapshot) { s.Tasks = []tasks.Task{{ID: "3"}} }
	var got []string
	for _, active := range f.snapshot().ActiveTasks {
		got = append(got, active.Log.ID)
	}
	if diff := cmp.Diff([]string{"1", "3", "4"}, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}
