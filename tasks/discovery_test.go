package tasks_test

import (
	"net/http"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
	"github.com/cbr-exporter/cbr_exporter/tasks"
	"github.com/cbr-exporter/cbr_exporter/tasks/ledger"
)

// in returns the backups in a vault with a status.
func in(vault string, status cbrapi.Status) ledger.TaskGroup {
	return ledger.TaskGroup{VaultID: vault, OperationType: cbrapi.OperationBackup, Status: status}
}

func TestDiscovery(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCloud()
		c.put("a", cbrapi.StatusFailed)
		time.Sleep(time.Hour)
		c.put("b", cbrapi.StatusSuccess)
		c.put("w", cbrapi.StatusWaiting)
		c.put("x", cbrapi.StatusRunning)
		tracker := newTracker(t, c, 0, month)

		s := collect(tracker, 0)
		if got := active(s); !slices.Equal(got, []string{"w", "x"}) {
			t.Errorf("first scrape: got active %v, want w and x", got)
		}
		if s.Discovered.Synced || s.Discovered.Complete || len(s.ResourceStates) != 0 || !s.Up {
			t.Errorf("first scrape: got %+v before the full sync", s)
		}
		time.Sleep(time.Minute)
		c.take()

		s = collect(tracker, 0)
		if lists, tasks := c.take(); lists != 3 || tasks != 0 {
			t.Errorf("second scrape: got %d lists and %d tasks, want 3 and none", lists, tasks)
		}
		if !s.Discovered.Synced || !s.Discovered.Complete || s.Discovered.LastComplete.IsZero() || latest(s) != "b" {
			t.Fatalf("second scrape: got %+v", s)
		}
		if got := s.ResourceStates[0]; got.LastSuccess == nil || got.LastFailure == nil || got.ConsecutiveFailures != 0 {
			t.Errorf("second scrape: got %+v", got)
		}
		if diff := cmp.Diff(map[ledger.TaskGroup]int{in("v", "failed"): 1, in("v", "success"): 1, in("v", "running"): 1, in("v", "waiting"): 1}, s.Discovered.TaskCounts); diff != "" {
			t.Errorf("second scrape: the counts differ (-want +got):\n%s", diff)
		}
	})
}

// TestHistoryStart has the API keep its tasks for a week or longer.
func TestHistoryStart(t *testing.T) {
	const day = 24 * time.Hour
	for name, test := range map[string]struct{ age, want time.Duration }{
		"no task":               {0, 7 * day},
		"first task lately":     {time.Hour, 7 * day},
		"API forgets":           {10 * day, 10 * day},
		"older than looked for": {40 * day, 30 * day},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := newCloud()
				if test.age > 0 {
					c.put("a", cbrapi.StatusSuccess)
					time.Sleep(test.age)
				}
				tracker := newTracker(t, c, 0, month)
				collect(tracker, 0)
				time.Sleep(time.Minute)
				s := collect(tracker, 0)
				if got := time.Since(s.Discovered.HistoryStart).Round(time.Hour); got != test.want {
					t.Errorf("the history is known for %s, want %s", got, test.want)
				}
			})
		})
	}
}

// TestActiveTaskVanishes: the API deletes an active task.
func TestActiveTaskVanishes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCloud()
		c.put("x", cbrapi.StatusRunning)
		tracker := synced(t, c, 0, nil)
		c.change(func() { delete(c.tasks, uuid("x")) })
		for minute := range 3 {
			s := collect(tracker, 0)
			if _, tasks := c.take(); tasks != map[bool]int{true: 1}[minute == 0] {
				t.Errorf("minute %d: got %d requests for it, want one in all", minute, tasks)
			}
			if len(active(s)) != 0 || !s.Up || !s.Discovered.Complete || len(s.Reasons) > 0 {
				t.Errorf("minute %d: active %v, up %t, complete %t, reasons %v", minute, active(s), s.Up, s.Discovered.Complete, s.Reasons)
			}
			if running := s.Discovered.TaskCounts[in("v", "running")]; running != 0 {
				t.Errorf("minute %d: %d running tasks are counted", minute, running)
			}
			time.Sleep(time.Minute)
		}
	})
}

// TestOutage: the API fails for an hour. Finished tasks stay, active ones are absent.
func TestOutage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCloud()
		c.put("a", cbrapi.StatusSuccess)
		c.put("x", cbrapi.StatusRunning, func(l *cbrapi.OperationLog) { l.ExtraInfo.Resource = &cbrapi.Resource{ID: "other"} })
		tracker := synced(t, c, 0, nil)
		good := collect(tracker, 0)
		c.setFault(always(fault{status: http.StatusBadGateway}))
		time.Sleep(time.Hour)
		c.take()
		s := collect(tracker, 0)
		if lists, tasks := c.take(); lists != 3 || tasks != 0 {
			t.Errorf("got %d lists and %d tasks from a failing API, want 3 and none", lists, tasks)
		}
		if s.Up || s.Discovered.Complete || len(active(s)) != 0 || !s.Reasons[cbrapi.ReasonUpstream] {
			t.Errorf("during the outage: got %+v", s)
		}
		if latest(s) != "a" || !s.Discovered.LastComplete.Equal(good.Discovered.LastComplete) {
			t.Errorf("during the outage: latest %s, last complete %s; want both as before", latest(s), s.Discovered.LastComplete)
		}
		if len(s.Active) != 1 || short(s.Active[0].Log.ID) != "x" || good.At.Sub(s.Active[0].ReadAt).Abs() > time.Second {
			t.Errorf("during the outage: active %+v, want x as it was read at %s", s.Active, good.At)
		}
		// The first good pass reads what has happened since.
		c.setFault(nil)
		c.put("n", cbrapi.StatusFailed, func(l *cbrapi.OperationLog) { l.StartedAt = l.StartedAt.Add(-30 * time.Minute) })
		if s = collect(tracker, 0); latest(s) != "n" {
			t.Errorf("after the outage: got latest %s, want n", latest(s))
		}
	})
}

// TestKnownUntil has the clock of the API be right, slow or fast. The tasks are known until
// the lists were read, by the slower clock, and no further while a list fails.
func TestKnownUntil(t *testing.T) {
	for name, test := range map[string]struct {
		clock, behind time.Duration
	}{"right": {0, 0}, "slow": {-10 * time.Minute, 10 * time.Minute}, "fast": {10 * time.Minute, 0}} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := newCloud()
				c.clock = test.clock
				c.put("a", cbrapi.StatusSuccess)
				tracker := newTracker(t, c, 0, month)
				if got := collect(tracker, 0).Discovered.KnownUntil; !got.IsZero() {
					t.Errorf("known until %s before the full sync", got)
				}
				check := func(when string, want time.Time) {
					t.Helper()
					got := collect(tracker, 0).Discovered.KnownUntil
					if early := want.Add(-test.behind).Sub(got); early < 0 || early >= time.Second { // a date has seconds
						t.Errorf("%s: known until %s, want %s", when, got, want.Add(-test.behind))
					}
				}
				time.Sleep(time.Minute)
				good := time.Now()
				check("first", good)
				for _, failing := range []string{"running", "waiting", "incremental"} {
					time.Sleep(time.Minute)
					c.setFault(list(failing, fault{status: http.StatusBadGateway}))
					check(failing+" fails", good)
				}
				c.setFault(nil)
				time.Sleep(time.Minute)
				again := time.Now()
				check("again", again)
				time.Sleep(time.Minute)
				c.clock -= 20 * time.Minute
				check("the date goes back", again)
			})
		})
	}
}

// TestDiscoveryIgnoredFilters: the API ignores filters.
func TestDiscoveryIgnoredFilters(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		of := func(op cbrapi.OperationType) func(*cbrapi.OperationLog) {
			return func(l *cbrapi.OperationLog) { l.OperationType = op }
		}
		c := newCloud()
		c.ignoresFilters = true
		c.put("a", cbrapi.StatusRunning, of(cbrapi.OperationBackup))
		c.put("b", cbrapi.StatusRunning, of(cbrapi.OperationCopy))
		c.put("c", cbrapi.StatusSuccess, of(cbrapi.OperationReplication))
		c.put("d", cbrapi.StatusSuccess, of(cbrapi.OperationSync))
		tracker := synced(t, c, 0, func(o *tasks.Options) {
			o.Discovery.OperationTypes = []cbrapi.OperationType{cbrapi.OperationReplication}
		})
		if s := collect(tracker, 0); !slices.Equal(active(s), []string{"b"}) || latest(s) != "c" {
			t.Errorf("got active %v, latest %s; want b and c", active(s), latest(s))
		}
	})
}
