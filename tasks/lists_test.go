package tasks_test

import (
	"fmt"
	"net/http"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
	"github.com/cbr-exporter/cbr_exporter/tasks"
)

// TestIncrementalList: what tasks do between two scrapes.
func TestIncrementalList(t *testing.T) {
	for _, test := range []struct {
		name  string
		story func(*cloud) // in the minute between two scrapes
		want  string       // the last finished task and its status
	}{
		{"starts and ends", func(c *cloud) {
			c.put("n", cbrapi.StatusRunning)
			time.Sleep(30 * time.Second)
			c.put("n", cbrapi.StatusFailed)
		}, "n failed"},
		{"running and ends", func(c *cloud) { c.put("x", cbrapi.StatusSuccess) }, "x success"},
		{"waiting for hours and ends without a start", func(c *cloud) {
			c.put("w", cbrapi.StatusTimeout, func(l *cbrapi.OperationLog) { l.StartedAt = time.Time{} })
		}, "w timeout"},
		{"waiting for hours and is skipped", func(c *cloud) { c.put("w", cbrapi.StatusSkipped) }, "w skipped"},
		{"is listed late", func(c *cloud) {
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
				tracker := synced(t, c, 0, nil)
				collect(tracker, 0)
				test.story(c)
				time.Sleep(30 * time.Second)
				s := collect(tracker, 0)
				if !s.Discovered.Complete || len(s.ResourceStates) != 1 {
					t.Fatalf("got complete %t, states %+v", s.Discovered.Complete, s.ResourceStates)
				}
				if got := latest(s) + " " + string(s.ResourceStates[0].LastFinished.Status); got != test.want {
					t.Errorf("got %s, want %s", got, test.want)
				}
			})
		})
	}
}

// TestFirstIncrementalListFails: it fails in the pass that starts the first full sync,
// and for 50 minutes. What has started since the sync is read then.
func TestFirstIncrementalListFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCloud()
		c.put("a", cbrapi.StatusSuccess)
		c.setFault(list("incremental", fault{status: http.StatusBadGateway}))
		tracker := synced(t, c, 0, nil)
		c.put("n", cbrapi.StatusFailed)
		time.Sleep(50 * time.Minute)
		c.setFault(nil)
		if s := collect(tracker, 0); !s.Discovered.Complete || latest(s) != "n" {
			t.Errorf("complete %t with %s, want n", s.Discovered.Complete, latest(s))
		}
	})
}

// TestOutdatedList: lists show a finished task as running.
func TestOutdatedList(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCloud()
		c.put("x", cbrapi.StatusRunning)
		tracker := synced(t, c, 0, nil)
		running := c.tasks[uuid("x")]
		c.put("x", cbrapi.StatusFailed)
		c.change(func() { c.listed[uuid("x")] = nil })
		if s := collect(tracker, 0); len(active(s)) != 0 || latest(s) != "x" {
			t.Errorf("got active %v, latest %s; want the end of x", active(s), latest(s))
		}
		c.change(func() { c.listed[uuid("x")] = running })
		for range 3 {
			time.Sleep(time.Minute)
			if s := collect(tracker, 0); len(active(s)) != 0 || !s.Discovered.Complete {
				t.Errorf("got active %v, complete %t; want none", active(s), s.Discovered.Complete)
			}
		}
	})
}

// TestListFailsHalfway: the first pages have a failure, a later one the success after it.
func TestListFailsHalfway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCloud()
		c.pageMax = 1
		c.put("a", cbrapi.StatusSuccess)
		tracker := synced(t, c, 0, nil)
		collect(tracker, 0)
		time.Sleep(time.Minute)
		c.put("f", cbrapi.StatusFailed)
		time.Sleep(time.Second)
		c.put("s", cbrapi.StatusSuccess)
		c.setFault(func(r request) *fault {
			if r.list == "incremental" && r.offset >= 2 {
				return &fault{status: http.StatusBadGateway}
			}
			return nil
		})
		time.Sleep(time.Minute)
		if s := collect(tracker, 0); latest(s) != "a" || s.Discovered.Complete || !s.Up {
			t.Errorf("halfway: the latest is %s, complete %t, up %t; want a", latest(s), s.Discovered.Complete, s.Up)
		}
		c.setFault(nil)
		time.Sleep(time.Minute)
		if s := collect(tracker, 0); latest(s) != "s" || !s.Discovered.Complete {
			t.Errorf("read: the latest is %s, complete %t; want s", latest(s), s.Discovered.Complete)
		}
	})
}

// TestHangingLists: the configured tasks are read although lists hang.
func TestHangingLists(t *testing.T) {
	for name, f := range map[string]func(request) *fault{
		"running":     list("running", fault{hangs: true}),
		"incremental": list("incremental", fault{hangs: true}),
		"all":         lists(fault{hangs: true}),
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := newCloud()
				c.put(ids(2)[0], cbrapi.StatusRunning)
				c.put(ids(2)[1], cbrapi.StatusSuccess)
				c.setFault(f)
				tracker := newTracker(t, c, 2, month)
				for range 3 {
					s := collect(tracker, 0)
					if n, _ := known(s); n != 2 || !s.Complete || !s.Up || s.Discovered.Complete {
						t.Errorf("%d known, complete %t, up %t, discovery complete %t; want both tasks", n, s.Complete, s.Up, s.Discovered.Complete)
					}
					time.Sleep(time.Minute)
				}
			})
		})
	}
}

// setTimes moves the times of a task by the offset of the cloud's clock.
func (c *cloud) setTimes(l *cbrapi.OperationLog) {
	for _, at := range []*time.Time{&l.CreatedAt, &l.StartedAt, &l.EndedAt, &l.UpdatedAt} {
		*at = at.Add(c.clock)
	}
}

// TestWrongDate: one scrape gets dates of another year.
func TestWrongDate(t *testing.T) {
	for name, clock := range map[string]time.Duration{"ahead": 365 * 24 * time.Hour, "behind": -365 * 24 * time.Hour} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := newCloud()
				c.put("a", cbrapi.StatusSuccess)
				tracker := synced(t, c, 0, nil)
				collect(tracker, 0)
				c.change(func() { c.clock = clock })
				if s := collect(tracker, 0); s.Discovered.Complete || !s.Reasons[cbrapi.ReasonClock] {
					t.Errorf("wrong date: complete %t, reasons %v; want the reason clock", s.Discovered.Complete, s.Reasons)
				}
				c.change(func() { c.clock = 0 })
				c.put("n", cbrapi.StatusFailed)
				time.Sleep(time.Minute)
				if s := collect(tracker, 0); !s.Discovered.Complete || latest(s) != "n" {
					t.Errorf("right date: complete %t, latest %s; want n", s.Discovered.Complete, latest(s))
				}
			})
		})
	}
}

// TestClockIsSet: the API's clock is wrong at first. No task is missed that starts and
// fails between two scrapes.
func TestClockIsSet(t *testing.T) {
	for _, ahead := range []time.Duration{20 * time.Minute, 2 * time.Hour, -20 * time.Minute} {
		for _, pause := range []time.Duration{time.Minute, 55 * time.Minute} { // between scrapes
			t.Run(fmt.Sprintf("%s ahead, every %s", ahead, pause), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					c := newCloud()
					c.clock = ahead
					tracker := newTracker(t, c, 0, month)
					for i := range 4 {
						if s := collect(tracker, 0); s.Discovered.Complete && len(s.ResourceStates) != i {
							t.Errorf("scrape %d: complete with %d resources, want %d", i, len(s.ResourceStates), i)
						}
						time.Sleep(10 * time.Second)
						if i == 1 {
							c.change(func() { c.clock = 0 })
						}
						c.put(fmt.Sprint(i), cbrapi.StatusFailed, c.setTimes, func(l *cbrapi.OperationLog) {
							l.ExtraInfo.Resource = &cbrapi.Resource{ID: l.ID}
						})
						time.Sleep(pause - 10*time.Second)
					}
				})
			})
		}
	}
}

// TestClocksDisagree: dates or our clock are always wrong, the times of tasks are right.
func TestClocksDisagree(t *testing.T) {
	for _, test := range []struct {
		name        string
		dates, ours time.Duration // ahead
		wrong       bool
	}{
		{"dates 2 h ahead", 2 * time.Hour, 0, false},
		{"dates 2 h behind", -2 * time.Hour, 0, false},
		{"ours 2 h ahead", 0, 2 * time.Hour, false},
		{"ours 2 h behind", 0, -2 * time.Hour, false},
		{"dates two days ahead", 48 * time.Hour, 0, true},
		{"ours two days ahead", 0, 48 * time.Hour, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := newCloud()
				c.clock = test.dates
				c.put("a", cbrapi.StatusSuccess)
				tracker := synced(t, c, 0, func(o *tasks.Options) {
					o.Now = func() time.Time { return time.Now().Add(test.ours) }
				})
				c.put("n", cbrapi.StatusFailed)
				time.Sleep(10 * time.Minute)
				s := collect(tracker, 0)
				if s.Discovered.Complete == test.wrong || s.Reasons[cbrapi.ReasonClock] != test.wrong {
					t.Errorf("complete %t, reasons %v; want the reason clock: %t", s.Discovered.Complete, s.Reasons, test.wrong)
				}
				if !test.wrong && latest(s) != "n" {
					t.Errorf("got latest %s, want n", latest(s))
				}
			})
		})
	}
}

// TestLateList: lists show a task 14 minutes late.
func TestLateList(t *testing.T) {
	for _, test := range []struct {
		name   string
		clock  time.Duration
		noDate bool
	}{
		{"with dates", 0, false},
		{"with dates of a clock that is behind", -14 * time.Minute, false},
		{"without dates", -14 * time.Minute, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := newCloud()
				c.clock, c.noDate = test.clock, test.noDate
				tracker := newTracker(t, c, 0, month)
				collect(tracker, 0)
				time.Sleep(10 * time.Second)
				c.put("n", cbrapi.StatusFailed, c.setTimes)
				c.change(func() { c.listed[uuid("n")] = nil })
				for range 14 {
					time.Sleep(time.Minute)
					collect(tracker, 0)
				}
				c.change(func() { clear(c.listed) })
				time.Sleep(20 * time.Second)
				if s := collect(tracker, 0); !s.Discovered.Complete || latest(s) != "n" {
					t.Errorf("complete %t with %s, want n", s.Discovered.Complete, latest(s))
				}
			})
		})
	}
}

// TestConfiguredTaskBesideDiscovery: one configured task is listed, another is so old
// that it is not.
func TestConfiguredTaskBesideDiscovery(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCloud()
		c.put(ids(2)[1], cbrapi.StatusFailed)
		c.listed[ids(2)[1]] = nil
		time.Sleep(1000 * time.Hour)
		c.put(ids(2)[0], cbrapi.StatusRunning)
		c.put("x", cbrapi.StatusRunning)
		tracker := synced(t, c, 2, nil)
		s := collect(tracker, 0)
		if _, tasks := c.take(); tasks != 0 {
			t.Errorf("got %d requests for tasks that a list has just brought", tasks)
		}
		if n, _ := known(s); n != 2 || !slices.Equal(active(s), []string{"x"}) || !s.Complete || !s.Discovered.Complete {
			t.Errorf("%d known, active %v, complete %t and %t; want 2 and x", n, active(s), s.Complete, s.Discovered.Complete)
		}
		if len(s.ResourceStates) != 0 {
			t.Errorf("got state %+v of a task from before the lookback", s.ResourceStates)
		}
	})
}
