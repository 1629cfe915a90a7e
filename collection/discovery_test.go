package collection_test

import (
	"context"
	"net/http"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
	"github.com/cbr-exporter/cbr_exporter/collection"
)

func TestDiscovery(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCloud()
		c.put("a", cbrapi.StatusFailed)
		time.Sleep(time.Hour)
		c.put("b", cbrapi.StatusSuccess)
		c.put("w", cbrapi.StatusWaiting)
		c.put("x", cbrapi.StatusRunning)
		col := newCollection(t, c, 0, month)

		s := collect(col, 0)
		if got := active(s); !slices.Equal(got, []string{"w", "x"}) {
			t.Errorf("first scrape: active are %v, want w and x", got)
		}
		if s.Found.Swept || s.Found.Complete || len(s.Standings) != 0 || !s.Up {
			t.Errorf("first scrape: half a list tells lies: %+v", s)
		}
		time.Sleep(time.Minute)
		c.requestsSince()

		s = collect(col, 0)
		if lists, tasks := c.requestsSince(); lists != 3 || tasks != 0 {
			t.Errorf("steady scrape: %d requests for lists and %d for tasks, want 3 and none", lists, tasks)
		}
		if !s.Found.Swept || !s.Found.Complete || s.Found.LastComplete.IsZero() || len(s.Standings) != 1 {
			t.Fatalf("second scrape: got %+v", s)
		}
		if got := s.Standings[0]; got.LastFinished.ID != "b" || got.LastSuccess == nil || got.LastFailure == nil || got.ConsecutiveFailures != 0 {
			t.Errorf("second scrape: got %+v", got)
		}
		want := map[cbrapi.Status]int{cbrapi.StatusFailed: 1, cbrapi.StatusSuccess: 1, cbrapi.StatusRunning: 1, cbrapi.StatusWaiting: 1}
		if len(s.Found.Tallies) != 1 || !cmp.Equal(s.Found.Tallies[0].Tasks, want) {
			t.Errorf("second scrape: got the tallies %v", s.Found.Tallies)
		}
		if want := c.tasks["a"].CreatedAt; !s.Found.HistoryStart.Equal(want) {
			t.Errorf("the history starts at %s, want the oldest task's %s", s.Found.HistoryStart, want)
		}
	})
}

// TestVanishedTask has the service delete the log of a task that is active.
func TestVanishedTask(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCloud()
		c.put("x", cbrapi.StatusRunning)
		col := follow(t, c, 0, nil)
		c.change(func() { delete(c.tasks, "x") })
		for minute := range 20 {
			s := collect(col, 0)
			if len(active(s)) != 0 || !s.Up {
				t.Errorf("minute %d: got the active tasks %v", minute, active(s))
			}
			// How it has ended may be in an answer that is still on its way.
			if doubt := minute < 15; s.Found.Complete == doubt || len(s.Reasons) > 0 {
				t.Errorf("minute %d: complete %t, reasons %v", minute, s.Found.Complete, s.Reasons)
			}
			_, tasks := c.requestsSince()
			if asks := tasks > 0; asks != (minute <= 15) {
				t.Errorf("minute %d: asked for it: %t", minute, asks)
			}
			time.Sleep(time.Minute)
		}
	})
}

// TestVanishedTaskIsGone has the log of a task that runs be deleted: it is counted no longer
// once that is believed, be there reloads meanwhile or not.
func TestVanishedTaskIsGone(t *testing.T) {
	for name, reload := range map[string]bool{"without reloads": false, "with a reload every ten minutes": true} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := newCloud()
				c.put("x", cbrapi.StatusRunning)
				col := follow(t, c, 0, nil)
				c.change(func() { delete(c.tasks, "x") })
				var s collection.Snapshot
				for minute := range 18 {
					if reload && minute%10 == 9 {
						next := newCollection(t, c, 0, month)
						next.Adopt(col)
						col = next
					}
					s = collect(col, 0)
					time.Sleep(time.Minute)
				}
				if running := s.Found.Tallies[0].Tasks[cbrapi.StatusRunning]; running != 0 || !s.Found.Complete {
					t.Errorf("%d tasks run, complete %t; want none", running, s.Found.Complete)
				}
			})
		})
	}
}

// TestHangingLists has one list hang, or all: the configured tasks are read nevertheless.
func TestHangingLists(t *testing.T) {
	for _, test := range []struct {
		name  string
		hangs func(cbrapi.ListFilter) bool
	}{
		{"running", func(f cbrapi.ListFilter) bool { return f.Status == cbrapi.StatusRunning }},
		{"news", func(f cbrapi.ListFilter) bool { return !f.StartTime.IsZero() }},
		{"all", func(cbrapi.ListFilter) bool { return true }},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := someHang{newCloud(), test.hangs}
				c.put(ids(2)[0], cbrapi.StatusRunning)
				c.put(ids(2)[1], cbrapi.StatusSuccess)
				col := newCollection(t, c, 2, month)
				for range 3 {
					s := collect(col, 0)
					if n, _ := known(s); n != 2 || !s.Complete || !s.Up || s.Found.Complete {
						t.Errorf("got %d known, complete %t, up %t, found complete %t; want both tasks", n, s.Complete, s.Up, s.Found.Complete)
					}
					time.Sleep(time.Minute)
				}
			})
		})
	}
}

// someHang is a cloud of which some lists hang.
type someHang struct {
	*cloud
	hangs func(cbrapi.ListFilter) bool
}

func (c someHang) List(f cbrapi.ListFilter) collection.List {
	if c.hangs(f) {
		return hangingList{}
	}
	return c.cloud.List(f)
}

// TestAllTasksGone has the list be empty from one day to the next, as for a user who has
// lost the right to see the tasks: that is no news of theirs.
func TestAllTasksGone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCloud()
		c.put("a", cbrapi.StatusFailed)
		col := follow(t, c, 0, nil)
		kept := c.tasks
		c.change(func() { c.tasks = nil })
		time.Sleep(time.Hour)
		for range 2 {
			collect(col, 0)
			time.Sleep(time.Minute)
			s, _ := col.Last()
			if s.Found.Complete || !s.Reasons[cbrapi.ReasonUpstream] || len(s.Standings) != 1 {
				t.Errorf("complete %t, reasons %v, %d standings; want the standing of before, and a reason", s.Found.Complete, s.Reasons, len(s.Standings))
			}
		}
		c.change(func() { c.tasks = kept })
		collect(col, 0)
		time.Sleep(time.Minute)
		if s := collect(col, 0); !s.Found.Complete || len(s.Reasons) != 0 {
			t.Errorf("afterwards: complete %t, reasons %v", s.Found.Complete, s.Reasons)
		}
		// Those of a project that has been idle for long may well be gone.
		c.change(func() { c.tasks = nil })
		time.Sleep(10 * 24 * time.Hour)
		collect(col, 0)
		time.Sleep(time.Minute)
		if s := collect(col, 0); !s.Found.Complete {
			t.Errorf("ten days later: complete %t, reasons %v", s.Found.Complete, s.Reasons)
		}
	})
}

// TestDoubtIsForgotten has the service lose an active task twice, for a while: the second
// loss is believed no sooner than the first.
func TestDoubtIsForgotten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCloud()
		c.put("x", cbrapi.StatusRunning)
		col := follow(t, c, 0, nil)
		for range 2 {
			kept := c.tasks["x"]
			c.change(func() { delete(c.tasks, "x") })
			for minute := range 10 {
				if s := collect(col, 0); s.Found.Complete {
					t.Errorf("minute %d: that it does not exist is believed", minute)
				}
				time.Sleep(time.Minute)
			}
			c.change(func() { c.tasks["x"] = kept })
			collect(col, 0)
			time.Sleep(time.Minute)
		}
	})
}

// TestOutage has the API fail for hours: what is final stays, what may have changed
// is absent.
func TestOutage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCloud()
		c.put("a", cbrapi.StatusSuccess)
		c.put("x", cbrapi.StatusRunning, func(l *cbrapi.OperationLog) { l.ExtraInfo.Resource.ID = "other" })
		col := follow(t, c, 0, nil)
		good := collect(col, 0)
		known := c.answer
		ill := &cbrapi.Error{Operation: "ListOpLogs", StatusCode: http.StatusBadGateway}
		c.change(func() { c.lists = ill })
		c.answers(fails(ill))
		time.Sleep(time.Hour)
		c.requestsSince()
		s := collect(col, 0)
		if lists, tasks := c.requestsSince(); lists != 3 || tasks != 0 {
			t.Errorf("an ill API was asked for %d lists and %d tasks, want 3 and none", lists, tasks)
		}
		if s.Up || s.Found.Complete || len(active(s)) != 0 || !s.Reasons[cbrapi.ReasonUpstream] {
			t.Errorf("got %+v", s)
		}
		if len(s.Standings) != 1 || !s.Found.LastComplete.Equal(good.Found.LastComplete) {
			t.Errorf("what is final is forgotten: %+v", s)
		}
		// The news of the whole outage come with the first good pass.
		c.change(func() { c.lists = nil })
		c.answers(known)
		c.put("n", cbrapi.StatusFailed, func(l *cbrapi.OperationLog) { l.StartedAt = l.StartedAt.Add(-30 * time.Minute) })
		s = collect(col, 0)
		if s.Standings[0].LastFinished.ID != "n" {
			t.Errorf("after the outage: got %+v", s.Standings)
		}
	})
}

// TestWhatIsFollowed has filters that the service ignores.
func TestWhatIsFollowed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		of := func(vault string, op cbrapi.OperationType) func(*cbrapi.OperationLog) {
			return func(l *cbrapi.OperationLog) { l.VaultID, l.OperationType = vault, op }
		}
		c := newCloud()
		c.ignores = true
		c.put("a", cbrapi.StatusRunning, of("v", cbrapi.OperationBackup))
		c.put("b", cbrapi.StatusRunning, of("w", cbrapi.OperationCopy))
		c.put("c", cbrapi.StatusSuccess, of("w", cbrapi.OperationReplication))
		c.put("d", cbrapi.StatusSuccess, of("w", cbrapi.OperationSync))
		col := follow(t, c, 0, func(o *collection.Options) {
			o.Discovery.VaultIDs = []string{"w"}
			o.Discovery.OperationTypes = []cbrapi.OperationType{cbrapi.OperationReplication}
		})
		s := collect(col, 0)
		if !slices.Equal(active(s), []string{"b"}) || len(s.Standings) != 1 || s.Standings[0].LastFinished.ID != "c" {
			t.Errorf("got %v and %v", active(s), s.Standings)
		}
	})
}

// TestNewFinalStatus has tasks end with a status that is not known to be final: they
// are in no list, and must not be asked for at every scrape.
func TestNewFinalStatus(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCloud()
		c.put("a", cbrapi.StatusSuccess)
		for _, id := range ids(50) {
			c.put(id, "partial", func(l *cbrapi.OperationLog) { l.EndedAt = time.Now() })
		}
		col := follow(t, c, 0, nil)
		collect(col, 0)
		c.requestsSince()
		asked := 0
		for range 30 {
			time.Sleep(time.Minute)
			if s := collect(col, 0); !s.Found.Complete || len(active(s)) != 50 {
				t.Errorf("complete %t, %d active", s.Found.Complete, len(active(s)))
			}
			_, tasks := c.requestsSince()
			asked += tasks
		}
		if asked > 2*50 {
			t.Errorf("asked %d times for 50 tasks in half an hour, want twice each at most", asked)
		}
	})
}

func (hangingList) Done() bool { return false }

func (hangingList) Invalid() []cbrapi.InvalidField { return nil }

func (hangingList) Next(ctx context.Context) ([]*cbrapi.OperationLog, error) {
	<-ctx.Done()
	return nil, ctx.Err()
}

// TestFutureTimes has the API tell times in years to come, which must not make a task
// the newest of its resource for ever.
func TestFutureTimes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCloud()
		c.put("a", cbrapi.StatusSuccess, func(l *cbrapi.OperationLog) {
			for _, at := range []*time.Time{&l.CreatedAt, &l.EndedAt, &l.UpdatedAt} {
				*at = at.AddDate(5, 0, 0)
			}
		})
		var invalid []string
		col := follow(t, c, 0, func(o *collection.Options) {
			o.OnInvalidField = func(field string) { invalid = append(invalid, field) }
		})
		c.put("b", cbrapi.StatusFailed)
		s := collect(col, 0)
		if len(s.Standings) != 1 || s.Standings[0].LastFinished.ID != "b" || s.Standings[0].ConsecutiveFailures != 1 {
			t.Errorf("got %+v, want the failure as the newest task", s.Standings)
		}
		if success := s.Standings[0].LastSuccess; success == nil || success.End.After(time.Now()) {
			t.Errorf("got the last success %+v, want it to have ended when it started", success)
		}
		if !slices.Contains(invalid, "created_at") || !slices.Contains(invalid, "ended_at") || slices.Contains(invalid, "started_at") {
			t.Errorf("got %v as invalid", invalid)
		}
	})
}
