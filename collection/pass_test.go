package collection_test

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
	"github.com/cbr-exporter/cbr_exporter/collection"
)

func TestPassIsConcurrent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := &api{latency: 20 * time.Millisecond}
		c := newCollection(t, a, 1000, nil)
		began := time.Now()
		s := collect(c, 0)
		// 63 rounds of 16 requests; the bound is 1.15 of them.
		if took, limit := time.Since(began), 1449*time.Millisecond; took > limit {
			t.Errorf("1000 tasks at 20 ms each took %s, want at most %s", took, limit)
		}
		if a.most != 16 {
			t.Errorf("got %d requests at once, want 16", a.most)
		}
		if n, _ := known(s); n != 1000 || !s.Complete || !s.Up {
			t.Errorf("got %d of 1000 tasks, complete %t, up %t", n, s.Complete, s.Up)
		}
	})
}

func TestScrapesJoin(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := &api{latency: time.Second}
		c := newCollection(t, a, 16, nil)
		var wait sync.WaitGroup
		for i := range 10 {
			wait.Go(func() {
				time.Sleep(time.Duration(i) * 100 * time.Millisecond)
				if s := collect(c, 0); !s.Complete {
					t.Errorf("scrape %d is not complete", i)
				}
			})
		}
		wait.Wait()
		if got := a.asked(); got != 16 {
			t.Errorf("got %d requests for 10 scrapes of 16 tasks, want 16", got)
		}
	})
}

// TestLeavingLosesNothing has every scrape leave before the pass is over: the
// pass goes on, and the next scrape finds what it has read.
func TestLeavingLosesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := &api{latency: time.Second}
		c := newCollection(t, a, 20, func(o *collection.Options) { o.Concurrency = 1 })

		s := collect(c, 9500*time.Millisecond)
		if n, shown := known(s); n != 9 || shown != 9 || s.Complete || !s.Up || !s.Reasons[cbrapi.ReasonDeadline] {
			t.Errorf("after 9.5 s: got %d known, %d shown, complete %t, up %t, reasons %v", n, shown, s.Complete, s.Up, s.Reasons)
		}
		if got, want := s.Duration, 9500*time.Millisecond; got != want {
			t.Errorf("after 9.5 s: got a duration of %s, want %s", got, want)
		}
		time.Sleep(15 * time.Second) // the pass is over after 20 s, with nobody there
		s = collect(c, 9500*time.Millisecond)
		if n, shown := known(s); n != 20 || shown != 20 || !s.Complete || !s.Up || len(s.Reasons) != 0 {
			t.Errorf("next scrape: got %d known, %d shown, complete %t, up %t, reasons %v; want all 20 of the pass before",
				n, shown, s.Complete, s.Up, s.Reasons)
		}
		if got, want := s.LastComplete, time.Now().Add(-9500*time.Millisecond-4500*time.Millisecond); !got.Equal(want) {
			t.Errorf("next scrape: got a last complete pass at %s, want %s", got, want)
		}
	})
}

// TestPassBeforeStandsInForRunning has scrapes leave 100 ms after passes have begun that
// need a second for an answer: what the pass before says of the API holds until then,
// for good and for bad, but not for ever.
func TestPassBeforeStandsInForRunning(t *testing.T) {
	refused := &cbrapi.Error{Operation: "ShowOpLog", StatusCode: http.StatusForbidden}
	type want struct {
		up, complete bool
		reason       cbrapi.Reason // "" for none
	}
	for _, test := range []struct {
		name   string
		before error // of the pass before; nil: it reads all
		pause  time.Duration
		want   want
	}{
		{"the pass before was good", nil, time.Minute, want{up: true, complete: true}},
		{"the pass before was long ago", nil, 6 * time.Minute, want{reason: cbrapi.ReasonDeadline}},
		{"the pass before failed", refused, time.Minute, want{reason: cbrapi.ReasonPermission}},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a := &api{latency: time.Second}
				if test.before != nil {
					a.answers(func(string) (*cbrapi.OperationLog, error) { return nil, test.before })
				}
				c := newCollection(t, a, 1, nil)
				collect(c, 0)
				time.Sleep(test.pause)
				s := collect(c, 100*time.Millisecond)
				reasons := map[cbrapi.Reason]bool{}
				if test.want.reason != "" {
					reasons[test.want.reason] = true
				}
				if s.Up != test.want.up || s.Complete != test.want.complete || !maps.Equal(s.Reasons, reasons) {
					t.Errorf("got up %t, complete %t, reasons %v; want %+v", s.Up, s.Complete, s.Reasons, test.want)
				}
			})
		})
	}
}

// TestFailureEndsTheSilence has the first of two tasks fail in a pass that runs, and the
// scrape leave then: the pass before does not speak for it any more.
func TestFailureEndsTheSilence(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := &api{latency: time.Second}
		c := newCollection(t, a, 2, func(o *collection.Options) { o.Concurrency = 1 })
		collect(c, 0)
		a.answers(fails(&cbrapi.Error{Operation: "ShowOpLog", StatusCode: http.StatusForbidden}))
		s := collect(c, 1500*time.Millisecond)
		want := map[cbrapi.Reason]bool{cbrapi.ReasonPermission: true, cbrapi.ReasonDeadline: true}
		if s.Up || s.Complete || !maps.Equal(s.Reasons, want) {
			t.Errorf("got up %t, complete %t, reasons %v; want neither, and %v", s.Up, s.Complete, s.Reasons, want)
		}
	})
}

// TestScrapersShareSlowPasses has two Prometheus servers, and somebody with a
// browser in between, who all have to leave passes of 20 s early. Both servers
// see all tasks from their second scrape on.
func TestScrapersShareSlowPasses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := &api{latency: time.Second}
		c := newCollection(t, a, 20, func(o *collection.Options) { o.Concurrency = 1 })
		for minute := range 5 {
			for _, scraper := range []string{"one", "browser", "other"} {
				n, shown := known(collect(c, 9500*time.Millisecond))
				if minute > 0 && (n != 20 || shown != 20) {
					t.Errorf("minute %d, %s: got %d known and %d shown, want all 20", minute, scraper, n, shown)
				}
				time.Sleep(10500 * time.Millisecond)
			}
		}
	})
}

// TestTriedTaskIsNotExcused has one task fail in a pass that goes on for long: what
// the pass before has read of it does not count any more.
func TestTriedTaskIsNotExcused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		failing := ids(20)[1]
		a := &api{latency: time.Second}
		c := newCollection(t, a, 20, func(o *collection.Options) { o.Concurrency = 1 })
		collect(c, 0)
		a.answers(func(id string) (*cbrapi.OperationLog, error) {
			if id == failing {
				return nil, errors.New("bad gateway")
			}
			return task(id, cbrapi.StatusRunning), nil
		})
		s := collect(c, 9500*time.Millisecond)
		if n, _ := known(s); n != 19 || s.Tasks[1].Known || s.Tasks[1].Log != nil {
			t.Errorf("got %d known, the failing one %+v; want all but that one", n, s.Tasks[1])
		}
	})
}

// TestOldAnswersDoNotCount has nobody scrape for a day, and the API hang then.
func TestOldAnswersDoNotCount(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := &api{latency: time.Second}
		c := newCollection(t, a, 20, nil)
		collect(c, 100*time.Millisecond) // its pass ends with nobody there
		time.Sleep(24 * time.Hour)
		a.slow(time.Hour)
		if n, shown := known(collect(c, 9500*time.Millisecond)); n != 0 || shown != 0 {
			t.Errorf("got %d known and %d shown; want none of what was active a day ago", n, shown)
		}
	})
}

// TestSlowPassIsNotCompleteForLonger has a pass of 20 s speak for the next one until
// nearly five minutes after its end, when what it read first does not count any more.
func TestSlowPassIsNotCompleteForLonger(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := &api{latency: time.Second}
		c := newCollection(t, a, 20, func(o *collection.Options) { o.Concurrency = 1 })
		collect(c, 0)
		time.Sleep(4*time.Minute + 50*time.Second)
		s := collect(c, 500*time.Millisecond)
		if n, _ := known(s); n == 20 || s.Complete {
			t.Errorf("got %d of 20 known, complete %t; want not all, and not complete", n, s.Complete)
		}
	})
}

// TestScrapesGetTheirOwnPass has scrapes follow each other without a pause, each
// of which waits for its pass to end.
func TestScrapesGetTheirOwnPass(t *testing.T) {
	c := newCollection(t, &api{}, 3, nil)
	var wait sync.WaitGroup
	for range 8 {
		wait.Go(func() {
			for range 100 {
				if s := collect(c, 0); !s.Complete || !s.Up || len(s.Reasons) != 0 {
					t.Errorf("got complete %t, up %t, reasons %v", s.Complete, s.Up, s.Reasons)
				}
			}
		})
	}
	wait.Wait()
}

// TestActiveTaskIsAbsentUnlessRead has the API fail after a good pass: what may
// have changed since is not shown, what has ended is.
func TestActiveTaskIsAbsentUnlessRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		finished := ids(2)[0]
		a := &api{latency: time.Millisecond, answer: func(id string) (*cbrapi.OperationLog, error) {
			if id == finished {
				return task(id, cbrapi.StatusSuccess), nil
			}
			return task(id, cbrapi.StatusRunning), nil
		}}
		c := newCollection(t, a, 2, nil)
		collect(c, 0)
		a.answers(fails(errors.New("connection reset")))
		time.Sleep(time.Minute)
		s := collect(c, 0)
		if s.Tasks[0].Log == nil || !s.Tasks[0].Known || s.Tasks[1].Log != nil || s.Tasks[1].Known {
			t.Errorf("got %+v; want the finished task known and shown, the active one neither", s.Tasks)
		}
		if s.Up || s.Complete || !s.Reasons[cbrapi.ReasonNetwork] {
			t.Errorf("got up %t, complete %t, reasons %v; want only the reason network", s.Up, s.Complete, s.Reasons)
		}
		if last, _ := c.Last(); last.Tasks[1].Err == nil {
			t.Error("the error of the active task is not in the snapshot")
		}
	})
}

func TestRefusedCredentialsStopThePass(t *testing.T) {
	refused := &cbrapi.Error{Operation: "ShowOpLog", StatusCode: http.StatusUnauthorized, Code: "APIGW.0301"}
	t.Run("from the start", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			a := &api{latency: time.Millisecond, answer: fails(refused)}
			c := newCollection(t, a, 1000, nil)
			s := collect(c, 0)
			if got := a.asked(); got != 1 {
				t.Errorf("got %d requests, want 1", got)
			}
			for _, task := range s.Tasks {
				if !errors.Is(task.Err, refused) {
					t.Fatalf("task %s: got the error %v, want the refusal", task.ID, task.Err)
				}
			}
			if !s.Reasons[cbrapi.ReasonCredentials] || len(s.Reasons) != 1 {
				t.Errorf("got the reasons %v, want credentials alone", s.Reasons)
			}
		})
	})
	t.Run("in the middle", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			a := &api{latency: time.Second}
			c := newCollection(t, a, 1000, nil)
			go func() {
				// A list is refused, 33 tasks are read, 16 requests under way.
				time.Sleep(4500 * time.Millisecond)
				a.answers(fails(refused))
			}()
			s := collect(c, 0)
			// The answers of the requests under way are those of before.
			if got := a.asked(); got != 1+3*16+16 {
				t.Errorf("got %d requests, want 65: none after the first refusal", got)
			}
			if !s.Up || s.Complete || !s.Reasons[cbrapi.ReasonCredentials] {
				t.Errorf("got up %t, complete %t, reasons %v", s.Up, s.Complete, s.Reasons)
			}
		})
	})
}

// TestHangingTasksStarveNoOther has as many tasks hang as there may be requests
// at once.
func TestHangingTasksStarveNoOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hanging := ids(100)[:16]
		a := &hangingAPI{ids: hanging}
		a.latency = 10 * time.Millisecond
		c := newCollection(t, a, 100, nil)
		for range 3 {
			collect(c, 9500*time.Millisecond)
			time.Sleep(time.Minute)
		}
		s := collect(c, 9500*time.Millisecond)
		if n, shown := known(s); n != 84 || shown != 84 {
			t.Errorf("got %d known and %d shown of 100 tasks, 16 of which hang; want 84", n, shown)
		}
	})
}

// TestNobodyStarves reads only a third of the tasks in each pass.
func TestNobodyStarves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := &api{latency: time.Second}
		c := newCollection(t, a, 90, func(o *collection.Options) { o.Concurrency = 1 })
		var asked []string
		for range 4 {
			collect(c, 0)
			a.mu.Lock()
			asked, a.requests = append(asked, a.requests...), nil
			a.mu.Unlock()
		}
		for _, id := range ids(90) {
			if !slices.Contains(asked, id) {
				t.Errorf("task %s was not asked for in 4 passes of 30", id)
			}
		}
	})
}

func TestCloseEndsThePass(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := &api{latency: time.Hour}
		c := newCollection(t, a, 3, nil)
		done := make(chan collection.Snapshot)
		go func() { done <- collect(c, 0) }()
		synctest.Wait()
		began := time.Now()
		c.Close()
		if s := <-done; s.Up || time.Since(began) != 0 {
			t.Errorf("got up %t, %s after Close; want a scrape that ends at once", s.Up, time.Since(began))
		}
		// A scrape that comes too late ends at once too.
		if s := collect(c, 0); s.Complete || a.asked() != 1 {
			t.Errorf("after Close: got complete %t, want nothing to be read", s.Complete)
		}
	})
}

// hangingAPI never answers about some tasks.
type hangingAPI struct {
	api
	ids []string
}

func (a *hangingAPI) OperationLog(ctx context.Context, id string) (*cbrapi.OperationLog, error) {
	if slices.Contains(a.ids, id) {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	return a.api.OperationLog(ctx, id)
}
