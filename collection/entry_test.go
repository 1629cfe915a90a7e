package collection_test

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
	"github.com/cbr-exporter/cbr_exporter/collection"
)

// TestFinishedTaskTTL counts the requests for 100 finished tasks, once a minute.
func TestFinishedTaskTTL(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := &api{latency: time.Millisecond, answer: status(cbrapi.StatusSuccess)}
		c := newCollection(t, a, 100, nil)
		collect(c, 0)
		if got := a.asked(); got != 100 {
			t.Fatalf("first scrape: got %d requests, want 100", got)
		}
		for minute := 1; minute <= 120; minute++ {
			time.Sleep(time.Minute)
			s := collect(c, 0)
			got := a.asked()
			// One request shows that the API answers. Tasks that were read
			// together are due in different minutes, 15 to 22 after.
			if got < 1 || got > 40 || minute < 15 && got != 1 {
				t.Errorf("minute %d: got %d requests", minute, got)
			}
			if n, shown := known(s); n != 100 || shown != 100 || !s.Complete || !s.Up {
				t.Errorf("minute %d: got %d known, %d shown, complete %t, up %t", minute, n, shown, s.Complete, s.Up)
			}
		}
	})
}

func TestTTLZeroReadsEveryTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := &api{answer: status(cbrapi.StatusSuccess)}
		c := newCollection(t, a, 10, func(o *collection.Options) { o.FinishedTaskTTL = 0 })
		collect(c, 0)
		if s := collect(c, 0); a.asked() != 20 || !s.Complete {
			t.Error("a finished task was not read again")
		}
	})
}

// TestFinishedTaskWhileAPIFails keeps a finished task for ever, and vouches for
// it for twice its time to live.
func TestFinishedTaskWhileAPIFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := &api{answer: status(cbrapi.StatusFailed)}
		c := newCollection(t, a, 1, nil)
		collect(c, 0)
		a.answers(fails(errors.New("no route to host")))
		for _, step := range []struct {
			after time.Duration
			known bool
		}{{time.Minute, true}, {28 * time.Minute, true}, {2 * time.Minute, false}, {24 * time.Hour, false}} {
			time.Sleep(step.after)
			task := collect(c, 0).Tasks[0]
			if task.Log == nil || task.Known != step.known {
				t.Errorf("%s later: got known %t, shown %t; want known %t, shown true", step.after, task.Known, task.Log != nil, step.known)
			}
		}
	})
}

// TestMissingTask is read at every scrape: it may be a mistake that is mended.
func TestMissingTask(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := &api{answer: fails(&cbrapi.Error{StatusCode: 404, Code: "BackupService.6500"})}
		c := newCollection(t, a, 1, nil)
		for range 2 {
			s := collect(c, 0)
			if task := s.Tasks[0]; !task.Known || task.Exists() || !s.Complete || !s.Up || a.asked() != 1 {
				t.Errorf("got %+v, complete %t, up %t; want a task that is known not to exist", task, s.Complete, s.Up)
			}
		}
		a.answers(status(cbrapi.StatusSuccess))
		if task := collect(c, 0).Tasks[0]; !task.Exists() {
			t.Error("a task that exists now is still missing")
		}
	})
}
