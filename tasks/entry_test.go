package tasks_test

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
	"github.com/cbr-exporter/cbr_exporter/tasks"
)

// TestFinishedTaskTTL counts the requests for 100 finished tasks, once a minute.
func TestFinishedTaskTTL(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCloud()
		c.putAll(100, cbrapi.StatusSuccess)
		c.setFault(lists(fault{status: 403}))
		tracker := newTracker(t, c, 100, nil)
		collect(tracker, 0)
		if _, got := c.take(); got != 100 {
			t.Fatalf("first scrape: got %d requests, want 100", got)
		}
		for minute := 1; minute <= 120; minute++ {
			time.Sleep(time.Minute)
			s := collect(tracker, 0)
			_, got := c.take()
			// One request shows that the API responds. Tasks that were read together
			// are due after 15 to 22 minutes.
			if got < 1 || got > 40 || minute < 15 && got != 1 {
				t.Errorf("minute %d: got %d requests", minute, got)
			}
			if n, shown := known(s); n != 100 || shown != 100 || !s.Complete || !s.Up {
				t.Errorf("minute %d: %d known, %d shown, complete %t, up %t", minute, n, shown, s.Complete, s.Up)
			}
		}
	})
}

func TestFinishedTaskTTLOfZero(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCloud()
		c.putAll(10, cbrapi.StatusSuccess)
		tracker := newTracker(t, c, 10, func(o *tasks.Options) { o.FinishedTaskTTL = 0 })
		collect(tracker, 0)
		s := collect(tracker, 0)
		if _, got := c.take(); got != 20 || !s.Complete {
			t.Errorf("got %d requests in two passes, complete %t; want 20", got, s.Complete)
		}
	})
}

// TestFinishedTaskDuringAnOutage: it is shown for ever, and known for twice its TTL.
func TestFinishedTaskDuringAnOutage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCloud()
		c.putAll(1, cbrapi.StatusFailed)
		tracker := newTracker(t, c, 1, nil)
		collect(tracker, 0)
		c.setFault(always(fault{err: errors.New("no route to host")}))
		for _, step := range []struct {
			after time.Duration
			known bool
		}{{time.Minute, true}, {28 * time.Minute, true}, {2 * time.Minute, false}, {24 * time.Hour, false}} {
			time.Sleep(step.after)
			task := collect(tracker, 0).Tasks[0]
			if task.Log == nil || task.Known != step.known {
				t.Errorf("%s later: known %t, shown %t; want known %t, shown true", step.after, task.Known, task.Log != nil, step.known)
			}
		}
	})
}

// TestMissingTask: a task that does not exist is requested in every pass.
func TestMissingTask(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCloud()
		tracker := newTracker(t, c, 1, nil)
		for range 2 {
			s := collect(tracker, 0)
			_, requests := c.take()
			if task := s.Tasks[0]; !task.Known || task.Exists() || !s.Complete || !s.Up || requests != 1 {
				t.Errorf("got %+v, complete %t, up %t; want a known task that does not exist", task, s.Complete, s.Up)
			}
		}
		c.putAll(1, cbrapi.StatusSuccess)
		if task := collect(tracker, 0).Tasks[0]; !task.Exists() {
			t.Error("the task exists now and is still missing")
		}
	})
}

// TestUnknownFinalStatus: tasks end with a status that is not known as final. They are
// in no list, and must not be requested in every pass.
func TestUnknownFinalStatus(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCloud()
		c.put("a", cbrapi.StatusSuccess)
		for _, id := range ids(50) {
			c.put(id, "partial", func(l *cbrapi.OperationLog) { l.EndedAt = time.Now() })
		}
		tracker := synced(t, c, 0, nil)
		collect(tracker, 0)
		c.take()
		requests := 0
		for range 30 {
			time.Sleep(time.Minute)
			if s := collect(tracker, 0); !s.Discovered.Complete || len(s.Discovered.Listed) != 50 {
				t.Errorf("complete %t, %d active", s.Discovered.Complete, len(s.Discovered.Listed))
			}
			_, n := c.take()
			requests += n
		}
		if requests > 2*50 {
			t.Errorf("got %d requests for 50 tasks in half an hour, want two each at most", requests)
		}
	})
}
