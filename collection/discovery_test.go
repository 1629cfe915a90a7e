package collection_test

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
	"github.com/cbr-exporter/cbr_exporter/collection"
)

// cloud has tasks that a test adds, changes and removes. It is an api whose lists
// are filtered as the service may filter them.
type cloud struct {
	api
	state   sync.Mutex
	tasks   map[string]*cbrapi.OperationLog
	hidden  map[string]bool // not in lists
	lists   error           // what the lists fail with
	ignores bool            // all filters
}

func newCloud() *cloud {
	c := &cloud{tasks: map[string]*cbrapi.OperationLog{}, hidden: map[string]bool{}}
	c.latency = 10 * time.Millisecond
	c.answer = func(id string) (*cbrapi.OperationLog, error) {
		c.state.Lock()
		defer c.state.Unlock()
		if l := c.tasks[id]; l != nil {
			return l, nil
		}
		return nil, &cbrapi.Error{Operation: "ShowOpLog", StatusCode: http.StatusNotFound, Code: "BackupService.6500"}
	}
	c.list = func(f cbrapi.ListFilter) ([]*cbrapi.OperationLog, error) {
		c.state.Lock()
		defer c.state.Unlock()
		var logs []*cbrapi.OperationLog
		for id, l := range c.tasks {
			matches := (f.Status == "" || l.Status == f.Status) &&
				(f.StartTime.IsZero() || !l.StartedAt.IsZero() && !l.StartedAt.Before(f.StartTime)) &&
				(f.VaultID == "" || l.VaultID == f.VaultID) && (f.OperationType == "" || l.OperationType == f.OperationType)
			if (matches || c.ignores) && !c.hidden[id] {
				logs = append(logs, l)
			}
		}
		return logs, c.lists
	}
	return c
}

// put adds a backup of the resource with the id as it is now, or changes it.
func (c *cloud) put(id string, s cbrapi.Status, change ...func(*cbrapi.OperationLog)) {
	c.state.Lock()
	defer c.state.Unlock()
	l := &cbrapi.OperationLog{
		ID: id, Status: s, OperationType: cbrapi.OperationBackup, VaultID: "v", CreatedAt: time.Now(),
		ExtraInfo: cbrapi.ExtraInfo{Resource: &cbrapi.Resource{ID: "r"}},
	}
	if old := c.tasks[id]; old != nil {
		copied := *old
		l = &copied
		l.Status = s
	}
	l.UpdatedAt = time.Now()
	if s != cbrapi.StatusWaiting && s != cbrapi.StatusSkipped && l.StartedAt.IsZero() {
		l.StartedAt = time.Now()
	}
	if s.Finished() {
		l.EndedAt = time.Now()
	}
	for _, f := range change {
		f(l)
	}
	c.tasks[id] = l
}

// change changes what the cloud has in another way.
func (c *cloud) change(f func()) {
	c.state.Lock()
	defer c.state.Unlock()
	f()
}

func month(o *collection.Options) {
	o.Discovery = &collection.Discovery{Lookback: 720 * time.Hour, Window: 24 * time.Hour, MaxTasks: 1000}
}

// follow has a collection find the tasks of the cloud, and read the whole list.
func follow(t *testing.T, c *cloud, configured int, change func(*collection.Options)) *collection.Collection {
	t.Helper()
	col := newCollection(t, c, configured, func(o *collection.Options) {
		month(o)
		if change != nil {
			change(o)
		}
	})
	collect(col, 0)
	time.Sleep(time.Minute)
	return col
}

// active returns the ids of the tasks that were found and are active.
func active(s collection.Snapshot) []string {
	var ids []string
	for _, l := range s.Found.Active {
		ids = append(ids, l.ID)
	}
	return ids
}

// requests returns how many there were since the last call, for lists and for tasks.
func (c *cloud) requestsSince() (lists, tasks int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	lists, tasks = len(c.listed), len(c.requests)
	c.listed, c.requests = nil, nil
	return lists, tasks
}

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

// TestNews has tasks do in between two scrapes what lists can miss.
func TestNews(t *testing.T) {
	for _, test := range []struct {
		name  string
		story func(*cloud) // in the minute between two scrapes
		last  string       // the task that counts then, with its status
	}{
		{"started and ended in between", func(c *cloud) {
			c.put("n", cbrapi.StatusRunning)
			time.Sleep(30 * time.Second)
			c.put("n", cbrapi.StatusFailed)
		}, "n failed"},
		{"ended that ran", func(c *cloud) { c.put("x", cbrapi.StatusSuccess) }, "x success"},
		{"started and ended that waited for hours", func(c *cloud) {
			c.put("w", cbrapi.StatusTimeout, func(l *cbrapi.OperationLog) { l.StartedAt = time.Time{} })
		}, "w timeout"},
		{"skipped that waited", func(c *cloud) { c.put("w", cbrapi.StatusSkipped) }, "w skipped"},
		{"listed late", func(c *cloud) {
			c.put("n", cbrapi.StatusFailed, func(l *cbrapi.OperationLog) { l.StartedAt = l.StartedAt.Add(-10 * time.Minute) })
		}, "n failed"},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := newCloud()
				c.put("x", cbrapi.StatusRunning)
				time.Sleep(time.Minute)
				c.put("w", cbrapi.StatusWaiting)
				time.Sleep(5 * time.Hour)
				col := follow(t, c, 0, nil)
				collect(col, 0)
				test.story(c)
				time.Sleep(30 * time.Second)
				s := collect(col, 0)
				if !s.Found.Complete || len(s.Standings) != 1 {
					t.Fatalf("got %+v", s)
				}
				if l := s.Standings[0].LastFinished; l.ID+" "+string(l.Status) != test.last {
					t.Errorf("got %s %s, want %s", l.ID, l.Status, test.last)
				}
			})
		})
	}
}

// TestSkippedUnseen has a task be skipped that was in no list of the news: it is
// found when the whole list is read again.
func TestSkippedUnseen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCloud()
		c.put("a", cbrapi.StatusSuccess)
		col := follow(t, c, 0, nil)
		c.put("n", cbrapi.StatusSkipped)
		for minute := range 70 {
			s := collect(col, 0)
			if last := s.Standings[0].LastFinished.ID; minute < 50 && last != "a" || minute > 62 && last != "n" {
				t.Errorf("minute %d: the newest finished task is %s", minute, last)
			}
			time.Sleep(time.Minute)
		}
	})
}

// TestLaggingList has the lists say of a task that has ended that it runs.
func TestLaggingList(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCloud()
		c.put("x", cbrapi.StatusRunning)
		col := follow(t, c, 0, nil)
		now := c.answer
		old := *c.tasks["x"]
		c.put("x", cbrapi.StatusFailed)
		ended := c.tasks["x"]
		c.answers(func(string) (*cbrapi.OperationLog, error) { return ended, nil })
		c.change(func() {
			c.tasks["x"] = &old // what the lists say
			c.hidden["x"] = true
		})
		if s := collect(col, 0); len(active(s)) != 0 || s.Standings[0].LastFinished.Status != cbrapi.StatusFailed {
			t.Errorf("got the active tasks %v, want the end that the task itself tells", active(s))
		}
		c.change(func() { c.hidden["x"] = false }) // the list still has it among those that run
		for range 3 {
			time.Sleep(time.Minute)
			if s := collect(col, 0); len(active(s)) != 0 || !s.Found.Complete {
				t.Errorf("got the active tasks %v: what has ended does not begin again", active(s))
			}
		}
		c.answers(now)
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
			_, tasks := c.requestsSince()
			if asks := tasks > 0; asks != (minute <= 15) {
				t.Errorf("minute %d: asked for it: %t", minute, asks)
			}
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
		s := collect(col, 0)
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

// TestSweepGoesOn has the third page of the list fail for a while.
func TestSweepGoesOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &pagedCloud{cloud: newCloud(), pages: 5, failing: map[int]error{2: errors.New("connection reset")}}
		c.put("a", cbrapi.StatusSuccess)
		col := newCollection(t, c, 0, month)
		for range 3 {
			if s := collect(col, 0); s.Found.Swept || s.Found.Complete {
				t.Errorf("got %+v with half a list", s.Found)
			}
			time.Sleep(time.Minute)
		}
		if last, _ := col.Last(); !last.Reasons[cbrapi.ReasonNetwork] {
			t.Errorf("got the reasons %v", last.Reasons)
		}
		c.fail(2, nil)
		collect(col, 0)
		time.Sleep(time.Minute)
		if s := collect(col, 0); !s.Found.Swept || !s.Found.Complete || len(s.Reasons) != 0 {
			t.Errorf("got %+v", s)
		}
		// The page that failed was asked for three times, the others once.
		if want := []int{0, 1, 2, 2, 2, 2, 3, 4}; !slices.Equal(c.asked, want) {
			t.Errorf("asked for the pages %v, want %v", c.asked, want)
		}
	})
}

// TestSweepOutlivesScrapes has a list of 50 pages take 15 s, and scrapes of 10 s
// come each minute: none fails.
func TestSweepOutlivesScrapes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &pagedCloud{cloud: newCloud(), pages: 50}
		c.latency = 300 * time.Millisecond
		c.put("a", cbrapi.StatusSuccess)
		col := newCollection(t, c, 0, month)
		for scrape := range 4 {
			began := time.Now()
			s := collect(col, 9500*time.Millisecond)
			if took := time.Since(began); !s.Up || len(s.Reasons) != 0 || took > 2*time.Second {
				t.Errorf("scrape %d: up %t, reasons %v, took %s", scrape, s.Up, s.Reasons, took)
			}
			if want := scrape > 1; s.Found.Swept != want {
				t.Errorf("scrape %d: the list is read: %t", scrape, s.Found.Swept)
			}
			time.Sleep(10 * time.Second)
		}
	})
}

// TestManyConfigured has 1,000 ids of which 5 % are active.
func TestManyConfigured(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCloud()
		for i, id := range ids(1000) {
			s := cbrapi.StatusSuccess
			if i%20 == 0 {
				s = cbrapi.StatusRunning
			}
			c.put(id, s)
		}
		col := newCollection(t, c, 1000, nil)
		collect(col, 0)
		c.requestsSince()
		time.Sleep(time.Minute)
		s := collect(col, 0)
		lists, tasks := c.requestsSince()
		if n, _ := known(s); lists+tasks > 50 || n != 1000 || !s.Complete {
			t.Errorf("got %d and %d requests, %d known, complete %t; want at most 50 and all", lists, tasks, n, s.Complete)
		}
	})
}

// TestConfiguredBesideDiscovery has an id that the list has, and one that it never
// has: it is asked for, and each is shown once.
func TestConfiguredBesideDiscovery(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCloud()
		listed, old := ids(2)[0], ids(2)[1]
		c.put(old, cbrapi.StatusFailed)
		c.hidden[old] = true
		time.Sleep(1000 * time.Hour)
		c.put(listed, cbrapi.StatusRunning)
		c.put("x", cbrapi.StatusRunning)
		col := follow(t, c, 2, nil)
		c.requestsSince()
		s := collect(col, 0)
		if _, tasks := c.requestsSince(); tasks != 0 {
			t.Errorf("asked %d times for what a list has just brought", tasks)
		}
		if n, _ := known(s); n != 2 || !slices.Equal(active(s), []string{"x"}) || !s.Complete || !s.Found.Complete {
			t.Errorf("got %d known ids, %v besides", n, active(s))
		}
		if len(s.Standings) != 0 {
			t.Errorf("a task from before the lookback counts: %+v", s.Standings)
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

// TestReloadKeepsWhatWasFound replaces a collection by one with the same and by one
// with other settings.
func TestReloadKeepsWhatWasFound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCloud()
		c.put("a", cbrapi.StatusSuccess)
		c.put("x", cbrapi.StatusRunning)
		old := follow(t, c, 0, nil)
		collect(old, 0)

		same := newCollection(t, c, 0, month)
		same.Adopt(old)
		old.Close()
		c.requestsSince()
		s := collect(same, 0)
		if lists, _ := c.requestsSince(); lists != 3 || !s.Found.Complete || len(s.Standings) != 1 || !slices.Equal(active(s), []string{"x"}) {
			t.Errorf("the same settings: %d lists, %+v", lists, s)
		}

		other := newCollection(t, c, 0, func(o *collection.Options) {
			month(o)
			o.Discovery.VaultIDs = []string{"w"}
		})
		other.Adopt(same)
		same.Close()
		if s := collect(other, 0); s.Found.Swept || len(s.Standings) != 0 {
			t.Errorf("other settings: got %+v", s)
		}
	})
}

// TestFirstNewsFail has the news fail in the pass that begins the first sweep, and
// then the API for an hour and a half: what has begun since the sweep is read then.
func TestFirstNewsFail(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCloud()
		c.put("a", cbrapi.StatusSuccess)
		ill := &cbrapi.Error{Operation: "ListOpLogs", StatusCode: http.StatusBadGateway}
		col := newCollection(t, noNews{c, ill}, 0, month)
		collect(col, 0)
		time.Sleep(time.Minute)
		c.put("n", cbrapi.StatusFailed)
		time.Sleep(50 * time.Minute)
		well := newCollection(t, c, 0, month)
		well.Adopt(col)
		s := collect(well, 0)
		if !s.Found.Complete || s.Standings[0].LastFinished.ID != "n" {
			t.Errorf("complete %t, got %+v", s.Found.Complete, s.Standings)
		}
	})
}

// noNews is a cloud that fails to list what is new.
type noNews struct {
	*cloud
	err error
}

func (c noNews) List(f cbrapi.ListFilter) collection.List {
	if f.StartTime.IsZero() {
		return c.cloud.List(f)
	}
	return brokenList{c.cloud.List(f), c.err}
}

type brokenList struct {
	collection.List
	err error
}

func (l brokenList) Next(context.Context) ([]*cbrapi.OperationLog, error) { return nil, l.err }

// TestSweepBesidePass has a sweep bring what the pass has read a moment before, with a
// ttl of 0: it still counts as read in the pass.
func TestSweepBesidePass(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCloud()
		for _, id := range ids(3) {
			c.put(id, cbrapi.StatusSuccess)
			time.Sleep(time.Hour)
		}
		col := newCollection(t, lateSweep{c}, 3, func(o *collection.Options) {
			month(o)
			o.FinishedTaskTTL, o.Concurrency = 0, 1
		})
		s := collect(col, 0)
		if n, _ := known(s); n != 3 || !s.Complete {
			t.Errorf("got %d of 3 known, complete %t", n, s.Complete)
		}
	})
}

// lateSweep is a cloud that takes longer for the whole list than for a task, and less
// long than for three.
type lateSweep struct{ *cloud }

func (c lateSweep) List(f cbrapi.ListFilter) collection.List {
	l := c.cloud.List(f)
	if f == (cbrapi.ListFilter{}) {
		return lateList{l}
	}
	return l
}

type lateList struct{ collection.List }

func (l lateList) Next(ctx context.Context) ([]*cbrapi.OperationLog, error) {
	time.Sleep(15 * time.Millisecond)
	return l.List.Next(ctx)
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

// TestListsHang has the lists not answer, where they only save requests: the tasks are
// read one by one.
func TestListsHang(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := &hangingLists{api: api{latency: 10 * time.Millisecond}}
		c := newCollection(t, a, 30, nil)
		for range 3 {
			s := collect(c, 9500*time.Millisecond)
			if n, _ := known(s); n != 30 || !s.Complete {
				t.Errorf("got %d of 30 known, complete %t", n, s.Complete)
			}
			time.Sleep(time.Minute)
		}
	})
}

// hangingLists is an API whose lists never answer.
type hangingLists struct{ api }

func (a *hangingLists) List(cbrapi.ListFilter) collection.List { return hangingList{} }

type hangingList struct{ collection.List }

func (hangingList) Done() bool { return false }

func (hangingList) Invalid() []cbrapi.InvalidField { return nil }

func (hangingList) Next(ctx context.Context) ([]*cbrapi.OperationLog, error) {
	<-ctx.Done()
	return nil, ctx.Err()
}
