package tasks_test

import (
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
	"github.com/cbr-exporter/cbr_exporter/tasks"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestScrapesJoinARunningPass(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCloud()
		c.latency = time.Second
		c.putAll(16, cbrapi.StatusRunning)
		tracker := newTracker(t, c, 16, nil)
		var wait sync.WaitGroup
		for i := range 10 {
			wait.Go(func() {
				time.Sleep(time.Duration(i) * 90 * time.Millisecond)
				if s := collect(tracker, 0); !s.Complete {
					t.Errorf("scrape %d is not complete", i)
				}
			})
		}
		wait.Wait()
		if _, got := c.take(); got != 16 {
			t.Errorf("got %d requests for 10 scrapes of 16 tasks, want 16", got)
		}
	})
}

func TestConcurrentScrapes(t *testing.T) {
	c := newCloud()
	c.latency = 0
	c.putAll(3, cbrapi.StatusRunning)
	tracker := newTracker(t, c, 3, nil)
	var wait sync.WaitGroup
	for range 8 {
		wait.Go(func() {
			for range 50 {
				if s := collect(tracker, 0); !s.Complete || !s.Up || len(s.Reasons) != 0 {
					t.Errorf("got complete %t, up %t, reasons %v", s.Complete, s.Up, s.Reasons)
				}
			}
		})
	}
	wait.Wait()
}

func TestClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCloud()
		c.latency = time.Hour
		tracker := newTracker(t, c, 3, nil)
		done := make(chan tasks.Snapshot)
		go func() { done <- collect(tracker, 0) }()
		synctest.Wait()
		began := time.Now()
		tracker.Close()
		if s := <-done; s.Up || time.Since(began) != 0 {
			t.Errorf("got up %t, %s after Close, want false at once", s.Up, time.Since(began))
		}
		c.take()
		if s := collect(tracker, 0); s.Complete || len(c.takeRequests()) != 0 {
			t.Errorf("scrape after Close: complete %t, want no request", s.Complete)
		}
	})
}

func TestInheritDiscovered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCloud()
		c.put("a", cbrapi.StatusSuccess)
		c.put("x", cbrapi.StatusRunning)
		of := func(types ...cbrapi.OperationType) func(*tasks.Options) {
			return func(o *tasks.Options) {
				month(o)
				o.Discovery.OperationTypes = types
			}
		}
		began := time.Now()
		old := synced(t, c, 0, of(cbrapi.OperationBackup, cbrapi.OperationSync))

		same := newTracker(t, c, 0, of(cbrapi.OperationSync, cbrapi.OperationBackup))
		same.Inherit(old)
		if s := collect(old, 0); s.Discovered.Synced {
			t.Error("the old tracker still has what the new one has taken over")
		}
		old.Close()
		c.take()
		s := collect(same, 0)
		if !s.Since.Equal(began) {
			t.Errorf("same discovery: followed since %s, want %s", s.Since, began)
		}
		if lists, _ := c.take(); lists != 3 || !s.Discovered.Complete || latest(s) != "a" || !slices.Equal(active(s), []string{"x"}) {
			t.Errorf("same discovery: %d lists, complete %t, latest %s, active %v", lists, s.Discovered.Complete, latest(s), active(s))
		}

		other := newTracker(t, c, 0, of(cbrapi.OperationBackup, cbrapi.OperationDelete))
		other.Inherit(same)
		same.Close()
		if s := collect(other, 0); s.Discovered.Synced || len(s.ResourceStates) != 0 || !s.Since.After(began) {
			t.Errorf("other discovery: synced %t, states %v, since %s", s.Discovered.Synced, s.ResourceStates, s.Since)
		}
	})
}

// TestInheritInterruptedSync: a full sync is interrupted, and a running task ends
// without being listed. After the reload the sync starts again with the new client.
func TestInheritInterruptedSync(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCloud()
		c.pageMax = 1
		c.put("x", cbrapi.StatusRunning)
		c.put("y", cbrapi.StatusSuccess, func(l *cbrapi.OperationLog) { l.ExtraInfo.Resource = &cbrapi.Resource{ID: "q"} })
		old := synced(t, c, 0, nil)
		time.Sleep(time.Hour)
		c.setFault(failPage(1))
		collect(old, 0)
		time.Sleep(time.Minute)

		c.setFault(nil)
		c.take()
		c.put("x", cbrapi.StatusSuccess)
		c.change(func() { c.listed[uuid("x")] = nil })
		tracker := newTracker(t, c, 0, month)
		tracker.Inherit(old)
		old.Close()
		if s := collect(tracker, 0); !s.Discovered.Complete || len(s.ResourceStates) != 2 {
			t.Errorf("complete %t with %+v, want the end of the running task", s.Discovered.Complete, s.ResourceStates)
		}
		time.Sleep(time.Minute)
		if got := pagesOf(c.takeRequests()); !slices.Equal(got, []int{0, 1}) {
			t.Errorf("got pages %v of the full sync, want 0 and 1", got)
		}
	})
}

// TestInheritActive: the API fails from a reload on. Active tasks are as they were read
// before, configured or not.
func TestInheritActive(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCloud()
		c.putAll(1, cbrapi.StatusRunning)
		c.put("x", cbrapi.StatusRunning)
		old := synced(t, c, 1, nil)
		want := collect(old, 0).Active
		time.Sleep(time.Hour)
		c.setFault(always(fault{err: errors.New("no route to host")}))
		tracker := newTracker(t, c, 1, month)
		tracker.Inherit(old)
		s := collect(tracker, 0)
		if diff := cmp.Diff(want, s.Active); diff != "" || len(want) != 2 {
			t.Errorf("active tasks differ (-before the reload +after):\n%s", diff)
		}
		if s.Complete || s.Tasks[0].Known || s.Tasks[0].Log != nil {
			t.Errorf("got %+v, want it not to be known", s.Tasks[0])
		}
	})
}

func TestInheritLastComplete(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCloud()
		c.putAll(3, cbrapi.StatusSuccess)
		began := time.Now()
		old := newTracker(t, c, 3, nil)
		want := collect(old, 0).LastComplete
		time.Sleep(time.Hour)
		c.setFault(always(fault{err: errors.New("no route to host")}))
		tracker := newTracker(t, c, 3, nil)
		tracker.Inherit(old)
		s := collect(tracker, 0)
		if !s.LastComplete.Equal(want) {
			t.Errorf("got last complete pass at %s, want %s", s.LastComplete, want)
		}
		if !s.Since.Equal(began) {
			t.Errorf("followed since %s, want %s", s.Since, began)
		}
	})
}

// TestInheritLastPass: a reload keeps the result of the last pass until the next one, also for
// a scrape that leaves that early. With other configured tasks there is none.
func TestInheritLastPass(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCloud()
		c.putAll(2, cbrapi.StatusRunning)
		old := synced(t, c, 2, nil)
		want := collect(old, 0)
		time.Sleep(time.Minute)

		other := newTracker(t, c, 1, month)
		other.Inherit(old)
		if s, ok := other.Last(); ok {
			t.Errorf("other tasks: got %+v", s)
		}
		same := newTracker(t, c, 1, month)
		same.Inherit(other)
		if s, ok := same.Last(); ok {
			t.Errorf("before any pass: got %+v", s)
		}

		same = newTracker(t, c, 2, month)
		same.Inherit(old)
		s, ok := same.Last()
		if !ok || !s.At.Equal(want.At) || !s.Complete || !s.Tasks[1].Known {
			t.Errorf("got %+v, %t, want %+v", s, ok, want)
		}
		c.change(func() { c.latency = time.Hour })
		if s := collect(same, time.Second); !s.At.Equal(want.At) || s.Revision != want.Revision {
			t.Errorf("a scrape of one second: got %+v, want %+v", s, want)
		}
	})
}
