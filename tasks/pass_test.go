package tasks_test

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-kit/log"
	"github.com/google/go-cmp/cmp"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
	"github.com/cbr-exporter/cbr_exporter/tasks"
)

func TestConcurrency(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCloud()
		c.latency = 20 * time.Millisecond
		c.putAll(1000, cbrapi.StatusRunning)
		tracker := newTracker(t, c, 1000, nil)
		began := time.Now()
		s := collect(tracker, 0)
		// 63 rounds of 16 requests.
		if took, want := time.Since(began), 63*20*time.Millisecond; took != want {
			t.Errorf("1000 tasks at 20 ms each took %s, want %s", took, want)
		}
		if c.most != 16 {
			t.Errorf("got %d requests at a time, want 16", c.most)
		}
		if n, _ := known(s); n != 1000 || !s.Complete || !s.Up {
			t.Errorf("got %d of 1000 tasks, complete %t, up %t", n, s.Complete, s.Up)
		}
	})
}

// TestPassStops: no request is sent after one that shows that all others would fail. Those
// in flight are held by the transport until one has proven the credentials.
func TestPassStops(t *testing.T) {
	refused := fault{status: http.StatusUnauthorized, code: "APIGW.0301"}
	unresolved := fmt.Errorf("%w: no such project", cbrapi.ErrProjectID)
	for _, test := range []struct {
		name     string
		fault    fault
		after    time.Duration
		requests int
		want     cbrapi.Reason
	}{
		{"credentials are refused", refused, 0, 16, cbrapi.ReasonCredentials},
		{"credentials are refused in the middle", refused, 3500 * time.Millisecond, 4*16 + 16, cbrapi.ReasonCredentials},
		{"the project id cannot be resolved", fault{err: unresolved}, 0, 16, cbrapi.ReasonNetwork},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := newCloud()
				c.latency = time.Second
				began := time.Now()
				c.putAll(1000, cbrapi.StatusRunning)
				c.setFault(func(request) *fault {
					if time.Since(began) < test.after {
						return nil
					}
					return &test.fault
				})
				s := collect(newTracker(t, c, 1000, nil), 0)
				if got := len(c.takeRequests()); got != test.requests {
					t.Errorf("got %d requests, want %d", got, test.requests)
				}
				if s.Up != (test.after > 0) || s.Complete || !maps.Equal(s.Reasons, map[cbrapi.Reason]bool{test.want: true}) {
					t.Errorf("got up %t, complete %t, reasons %v; want %s", s.Up, s.Complete, s.Reasons, test.want)
				}
				for _, task := range s.Tasks {
					if !task.Known && (task.Err == nil || cbrapi.ReasonOf(task.Err) != test.want) {
						t.Fatalf("task %s: got error %v, want the one that stopped the pass", task.ID, task.Err)
					}
				}
			})
		})
	}
}

// TestHangingTasks: as many tasks hang as there may be requests at a time.
func TestHangingTasks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCloud()
		c.putAll(100, cbrapi.StatusRunning)
		hanging := ids(16)
		c.setFault(func(r request) *fault {
			switch {
			case r.id == "":
				return &fault{status: http.StatusForbidden}
			case slices.Contains(hanging, r.id):
				return &fault{hangs: true}
			}
			return nil
		})
		tracker := newTracker(t, c, 100, nil)
		for range 3 {
			collect(tracker, 0)
			time.Sleep(time.Minute)
		}
		if n, shown := known(collect(tracker, 0)); n != 84 || shown != 84 {
			t.Errorf("got %d known and %d shown of 100 tasks of which 16 hang, want 84", n, shown)
		}
	})
}

// TestLeastRecentlyTriedFirst: a pass can read only a third of the tasks.
func TestLeastRecentlyTriedFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCloud()
		c.latency = time.Second
		c.putAll(90, cbrapi.StatusRunning)
		c.setFault(lists(fault{status: http.StatusForbidden}))
		tracker := newTracker(t, c, 90, oneAtATime)
		for range 4 {
			collect(tracker, 0)
		}
		read := map[string]bool{}
		for _, r := range c.takeRequests() {
			read[r.id] = true
		}
		for _, id := range ids(90) {
			if !read[id] {
				t.Errorf("task %s was not requested in 4 passes of 30 tasks", id)
			}
		}
	})
}

// TestNoExtraRequest: the lists fail, and the configured task has finished. That the
// API does not respond is known without another request.
func TestNoExtraRequest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCloud()
		c.putAll(1, cbrapi.StatusSuccess)
		tracker := synced(t, c, 1, nil)
		c.setFault(lists(fault{err: errors.New("connection reset")}))
		if s := collect(tracker, 0); s.Up {
			t.Error("got up true, want false")
		}
		if lists, tasks := c.take(); lists != 3 || tasks != 0 {
			t.Errorf("got %d lists and %d tasks, want 3 and none", lists, tasks)
		}
	})
}

// TestProblems: passes fail for one reason, then for two, then for none. A new
// configuration does not change since when.
func TestProblems(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		c := newCloud()
		c.latency = 0
		c.putAll(2, cbrapi.StatusRunning)
		tracker := newTracker(t, c, 2, nil)
		expect := func(when string, want ...string) {
			t.Helper()
			collect(tracker, 0)
			var got []string
			for _, p := range last(tracker).Problems {
				got = append(got, fmt.Sprintf("%s since %s: %v", p.Reason, p.Since.Sub(began), p.Err))
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s: problems differ (-want +got):\n%s", when, diff)
			}
			time.Sleep(time.Minute)
		}
		expect("good")
		c.setFault(always(fault{status: http.StatusInternalServerError}))
		const failed = "upstream since 1m0s: ShowOpLog: HTTP status 500: failed"
		const forbidden = "permission since 3m0s: ShowOpLog: HTTP status 403: failed"
		expect("failing", failed)
		expect("still failing", failed)
		c.setFault(func(r request) *fault {
			if r.id == ids(1)[0] {
				return &fault{status: http.StatusInternalServerError}
			}
			return &fault{status: http.StatusForbidden}
		})
		expect("failing for two reasons", forbidden, failed)
		next := newTracker(t, c, 2, nil)
		next.Inherit(tracker)
		tracker = next
		expect("after a reload", forbidden, failed)
		c.setFault(nil)
		expect("good again")
		c.setFault(always(fault{status: http.StatusInternalServerError}))
		expect("failing again", "upstream since 6m0s: ShowOpLog: HTTP status 500: failed")
	})
}

// TestVanishedTasks has active tasks vanish. Each scrape logs them in one line.
func TestVanishedTasks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCloud()
		var buffer bytes.Buffer
		tracker := synced(t, c, 2, func(o *tasks.Options) { o.Logger = log.NewLogfmtLogger(&buffer) })
		for n := range 3 {
			c.putAll(2, cbrapi.StatusRunning)
			for _, id := range ids(50) {
				c.put(id, cbrapi.StatusRunning)
			}
			collect(tracker, 0)
			c.mu.Lock()
			clear(c.tasks)
			c.mu.Unlock()
			buffer.Reset()
			collect(tracker, 0)
			collect(tracker, 0)
			const want = "level=warn project=test msg=\"active tasks do not exist any more; their results are unknown\" tasks=50 task_ids="
			if got := buffer.String(); strings.Count(got, "\n") != 1 || !strings.HasPrefix(got, want) || len(got) > 600 {
				t.Errorf("time %d: the log is\n%s", n+1, got)
			}
		}
	})
}

// TestLog: a failure is a warning once, and its end is logged.
func TestLog(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCloud()
		c.putAll(2, "new status")
		var text bytes.Buffer
		tracker := newTracker(t, c, 2, func(o *tasks.Options) { o.Logger = log.NewLogfmtLogger(log.NewSyncWriter(&text)) })
		c.setFault(always(fault{status: http.StatusBadGateway}))
		for range 3 {
			collect(tracker, 0)
		}
		c.setFault(nil)
		for range 3 {
			collect(tracker, 0)
		}
		for line, want := range map[string]int{
			`level=warn project=test msg="reading tasks failed" reason=upstream failures=2 task_id=`:  1,
			`level=debug project=test msg="reading tasks failed" reason=upstream failures=2 task_id=`: 2,
			`level=info project=test msg="task reads recovered"`:                                      1,
			`level=warn project=test msg="unknown status; the task counts as active"`:                 1,
		} {
			if got := strings.Count(text.String(), line); got != want {
				t.Errorf("got %d lines with %s, want %d:\n%s", got, line, want, &text)
			}
		}
	})
}
