package tasks_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
	"github.com/cbr-exporter/cbr_exporter/tasks"
)

// failPage fails a page of the full sync.
func failPage(offset int) func(request) *fault {
	return func(r request) *fault {
		if r.list == "all" && r.offset == offset {
			return &fault{err: errors.New("connection reset")}
		}
		return nil
	}
}

// pagesOf returns the offsets of the pages of full syncs.
func pagesOf(requests []request) []int {
	var offsets []int
	for _, r := range requests {
		if r.list == "all" {
			offsets = append(offsets, r.offset)
		}
	}
	return offsets
}

// TestFullSyncContinues: one page fails for a while. It is requested again, the others
// are not.
func TestFullSyncContinues(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCloud()
		c.pageMax = 1
		for _, name := range []string{"a", "b", "c", "d"} {
			c.put(name, cbrapi.StatusSuccess)
		}
		c.setFault(failPage(2))
		tracker := newTracker(t, c, 0, month)
		for range 3 {
			if s := collect(tracker, 0); s.Discovered.Synced || s.Discovered.Complete {
				t.Errorf("got synced %t, complete %t with half a list", s.Discovered.Synced, s.Discovered.Complete)
			}
			time.Sleep(time.Minute)
		}
		s := last(tracker)
		if !s.Reasons[cbrapi.ReasonNetwork] || len(s.Problems) != 1 || s.Problems[0].Reason != cbrapi.ReasonNetwork || !s.Discovered.SyncedAt.IsZero() {
			t.Errorf("got reasons %v, problems %v, synced at %s", s.Reasons, s.Problems, s.Discovered.SyncedAt)
		}
		c.setFault(nil)
		collect(tracker, 0)
		time.Sleep(time.Minute)
		if s := last(tracker); len(s.Problems) != 0 || !s.Discovered.Complete || time.Since(s.Discovered.SyncedAt) < 3*time.Minute+59*time.Second {
			t.Errorf("after the sync: problems %v, complete %t, synced at %s", s.Problems, s.Discovered.Complete, s.Discovered.SyncedAt)
		}
		if s := collect(tracker, 0); !s.Discovered.Synced || !s.Discovered.Complete || len(s.Reasons) != 0 {
			t.Errorf("got synced %t, complete %t, reasons %v", s.Discovered.Synced, s.Discovered.Complete, s.Reasons)
		}
		if got, want := pagesOf(c.takeRequests()), []int{0, 1, 2, 2, 2, 2, 3, 4}; !slices.Equal(got, want) {
			t.Errorf("got pages %v, want %v", got, want)
		}
	})
}

// TestFullSyncOutlivesScrapes: it takes 15 s, and no scrape waits for it.
func TestFullSyncOutlivesScrapes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCloud()
		c.latency = 300 * time.Millisecond
		c.pageMax = 1
		for i := range 50 {
			c.put(fmt.Sprint(i), cbrapi.StatusSuccess, func(l *cbrapi.OperationLog) { l.StartedAt = time.Time{} })
		}
		tracker := newTracker(t, c, 0, month)
		for scrape := range 4 {
			began := time.Now()
			s := collect(tracker, 9500*time.Millisecond)
			if took := time.Since(began); !s.Up || len(s.Reasons) != 0 || took > 2*time.Second {
				t.Errorf("scrape %d: up %t, reasons %v, took %s", scrape, s.Up, s.Reasons, took)
			}
			if want := scrape > 1; s.Discovered.Synced != want {
				t.Errorf("scrape %d: got synced %t, want %t", scrape, s.Discovered.Synced, want)
			}
			time.Sleep(10 * time.Second)
		}
		if got := len(pagesOf(c.takeRequests())); got != 51 {
			t.Errorf("got %d requests for 50 pages, want 51", got)
		}
	})
}

// TestFullSyncAfterFailedPass: its end does not make the pass a success.
func TestFullSyncAfterFailedPass(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCloud()
		c.put("a", cbrapi.StatusSuccess)
		c.setFault(list("incremental", fault{err: errors.New("connection reset")}))
		tracker := synced(t, c, 0, nil)
		if s := last(tracker); !s.Discovered.Synced || s.Discovered.Complete || !s.Discovered.LastComplete.IsZero() {
			t.Errorf("got synced %t, complete %t, last complete pass at %s; want only synced", s.Discovered.Synced, s.Discovered.Complete, s.Discovered.LastComplete)
		}
	})
}

// TestInterruptedFullSyncExpires: a page fails for two hours. Meanwhile a task is
// skipped that is in no other list.
func TestInterruptedFullSyncExpires(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCloud()
		c.pageMax = 1
		c.put("n", cbrapi.StatusSuccess)
		c.put("z", cbrapi.StatusSuccess)
		c.setFault(failPage(2))
		tracker := newTracker(t, c, 0, month)
		collect(tracker, 0)
		time.Sleep(time.Hour)
		c.put("a", cbrapi.StatusSkipped)
		time.Sleep(time.Hour)
		c.setFault(nil)
		collect(tracker, 0)
		time.Sleep(time.Minute)
		if s := collect(tracker, 0); !s.Discovered.Complete || latest(s) != "a" {
			t.Errorf("complete %t, latest %s; want the skipped task", s.Discovered.Complete, latest(s))
		}
	})
}

// TestSkippedTaskIsFound: a task is skipped that is in none of the lists of a pass. The
// next full sync finds it.
func TestSkippedTaskIsFound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCloud()
		c.put("a", cbrapi.StatusSuccess)
		tracker := synced(t, c, 0, nil)
		c.put("n", cbrapi.StatusSkipped)
		for minute := range 70 {
			got := latest(collect(tracker, 0))
			if minute < 50 && got != "a" || minute > 62 && got != "n" {
				t.Errorf("minute %d: got latest %s", minute, got)
			}
			time.Sleep(time.Minute)
		}
	})
}

func TestNoFullSyncWhileListsFail(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCloud()
		c.setFault(lists(fault{err: errors.New("connection reset")}))
		tracker := newTracker(t, c, 0, month)
		for range 3 {
			collect(tracker, 0)
			time.Sleep(time.Minute)
		}
		if got := pagesOf(c.takeRequests()); len(got) > 0 {
			t.Errorf("got pages %v of a full sync, want none", got)
		}
	})
}

// TestFullSyncDuringPass: a full sync brings tasks that the pass has just read, with a
// TTL of 0. They still count as read in the pass.
func TestFullSyncDuringPass(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCloud()
		for _, id := range ids(3) {
			c.put(id, cbrapi.StatusSuccess)
			time.Sleep(time.Hour)
		}
		c.setFault(list("all", fault{delay: 5 * time.Millisecond}))
		tracker := newTracker(t, c, 3, func(o *tasks.Options) {
			month(o)
			o.FinishedTaskTTL, o.Concurrency = 0, 1
		})
		s := collect(tracker, 0)
		if pages := pagesOf(c.takeRequests()); len(pages) < 2 {
			t.Fatalf("got pages %v during the pass, want the first to be read", pages)
		}
		if n, _ := known(s); n != 3 || !s.Complete {
			t.Errorf("got %d of 3 known, complete %t", n, s.Complete)
		}
	})
}

// TestEmptyFullSync: the list of all tasks is empty one day, as for a user who may not
// see the tasks any more.
func TestEmptyFullSync(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCloud()
		c.put("a", cbrapi.StatusFailed)
		tracker := synced(t, c, 0, nil)
		kept := c.tasks
		c.change(func() { c.tasks = nil })
		time.Sleep(time.Hour)
		for range 2 {
			collect(tracker, 0)
			time.Sleep(time.Minute)
			if s := last(tracker); s.Discovered.Complete || !s.Reasons[cbrapi.ReasonUpstream] || latest(s) != "a" {
				t.Errorf("complete %t, reasons %v, latest %s; want upstream and the state of before", s.Discovered.Complete, s.Reasons, latest(s))
			}
		}
		c.change(func() { c.tasks = kept })
		collect(tracker, 0)
		time.Sleep(time.Minute)
		if s := collect(tracker, 0); !s.Discovered.Complete || len(s.Reasons) != 0 {
			t.Errorf("afterwards: complete %t, reasons %v", s.Discovered.Complete, s.Reasons)
		}
		// The API may well have deleted all tasks of an idle project.
		c.change(func() { c.tasks = nil })
		time.Sleep(10 * 24 * time.Hour)
		collect(tracker, 0)
		time.Sleep(time.Minute)
		if s := collect(tracker, 0); !s.Discovered.Complete {
			t.Errorf("ten days later: complete %t, reasons %v", s.Discovered.Complete, s.Reasons)
		}
	})
}

// TestAPIForgets: the API keeps tasks for less than the lookback. What it has forgotten
// counts no more, as after a restart.
func TestAPIForgets(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCloud()
		c.put("a", cbrapi.StatusFailed)
		tracker := synced(t, c, 0, nil)
		time.Sleep(8 * 24 * time.Hour)
		c.put("b", cbrapi.StatusSkipped)
		c.change(func() { delete(c.tasks, uuid("a")) })
		collect(tracker, 0)
		time.Sleep(time.Minute)
		old, restarted := collect(tracker, 0), collect(synced(t, c, 0, nil), 0)
		if diff := cmp.Diff(restarted.ResourceStates, old.ResourceStates); diff != "" || latest(old) != "b" {
			t.Errorf("states differ (-restarted +old):\n%s", diff)
		}
		c.change(func() { c.tasks = nil })
		time.Sleep(8 * 24 * time.Hour)
		collect(tracker, 0)
		time.Sleep(time.Minute)
		if s := collect(tracker, 0); !s.Discovered.Complete || len(s.ResourceStates) != 0 {
			t.Errorf("the API has no task any more: complete %t, states %+v", s.Discovered.Complete, s.ResourceStates)
		}
	})
}
