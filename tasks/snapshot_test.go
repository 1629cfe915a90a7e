package tasks_test

import (
	"errors"
	"maps"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
	"github.com/cbr-exporter/cbr_exporter/tasks"
)

// TestScrapeLeavesEarly: a pass takes 20 s and scrapes leave after 9.5 s. The pass goes
// on, and the next scrape shows its result.
func TestScrapeLeavesEarly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCloud()
		c.latency = time.Second
		c.putAll(20, cbrapi.StatusRunning)
		tracker := newTracker(t, c, 20, oneAtATime)

		s := collect(tracker, 9500*time.Millisecond)
		if n, shown := known(s); n != 9 || shown != 9 || s.Complete || !s.Up || !s.Reasons[cbrapi.ReasonDeadline] {
			t.Errorf("first scrape: %d known, %d shown, complete %t, up %t, reasons %v", n, shown, s.Complete, s.Up, s.Reasons)
		}
		if s.Duration != 9500*time.Millisecond {
			t.Errorf("first scrape: got duration %s, want 9.5s", s.Duration)
		}
		ended := time.Now().Add(10500 * time.Millisecond)
		for minute := range 3 {
			time.Sleep(50500 * time.Millisecond)
			s := collect(tracker, 9500*time.Millisecond)
			if n, shown := known(s); n != 20 || shown != 20 || !s.Complete || !s.Up || len(s.Reasons) != 0 {
				t.Errorf("minute %d: %d known, %d shown, complete %t, up %t, reasons %v; want the previous result",
					minute, n, shown, s.Complete, s.Up, s.Reasons)
			}
			if want := ended.Add(time.Duration(minute) * time.Minute); !s.At.Equal(want) || !s.LastComplete.Equal(want) || s.Duration != 20*time.Second {
				t.Errorf("minute %d: got %s, last complete %s, duration %s; want %s twice, 20s", minute, s.At, s.LastComplete, s.Duration, want)
			}
		}
	})
}

// TestPreviousResult: after a pass the API hangs. Scrapes that join the next pass show the
// result of the one before, unless it is five minutes old.
func TestPreviousResult(t *testing.T) {
	refused := always(fault{status: http.StatusForbidden})
	for _, test := range []struct {
		name   string
		failed bool          // the pass before
		pause  time.Duration // between the passes
		valid  time.Duration // of the result, since the next pass began
	}{
		{name: "good pass", pause: time.Minute, valid: 30 * time.Second},
		{name: "failed pass", failed: true, pause: time.Minute, valid: 30 * time.Second},
		{name: "becomes too old", pause: 5*time.Minute - 15*time.Second, valid: 15 * time.Second},
		{name: "too old", pause: 5*time.Minute + time.Second},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := newCloud()
				c.putAll(1, cbrapi.StatusRunning)
				c.put(ids(2)[1], cbrapi.StatusSuccess)
				tracker := newTracker(t, c, 2, func(o *tasks.Options) { o.FinishedTaskTTL = time.Hour })
				if test.failed {
					c.setFault(refused)
				}
				previous := collect(tracker, 0)
				time.Sleep(test.pause)
				c.setFault(always(fault{hangs: true}))
				began := time.Now()
				for time.Since(began) < 29*time.Second {
					s := collect(tracker, 700*time.Millisecond)
					if time.Since(began) <= test.valid {
						if diff := cmp.Diff(previous, s, cmpopts.EquateErrors()); diff != "" {
							t.Errorf("%s after the start (-previous result +got):\n%s", time.Since(began), diff)
						}
						continue
					}
					if s.Up || s.Complete || !maps.Equal(s.Reasons, map[cbrapi.Reason]bool{cbrapi.ReasonDeadline: true}) || s.Tasks[0].Log != nil {
						t.Errorf("%s after the start: up %t, complete %t, reasons %v, active task %v; want only the reason deadline",
							time.Since(began), s.Up, s.Complete, s.Reasons, s.Tasks[0].Log)
					}
					if !test.failed && s.Tasks[1].Log == nil {
						t.Errorf("%s after the start: the finished task is gone", time.Since(began))
					}
				}
			})
		})
	}
}

// TestFailuresOfARunningPass: the first pass shows why requests have failed.
func TestFailuresOfARunningPass(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCloud()
		c.latency = 4 * time.Second
		c.putAll(4, cbrapi.StatusRunning)
		tracker := newTracker(t, c, 4, oneAtATime)
		c.setFault(always(fault{status: http.StatusForbidden}))
		s := collect(tracker, 10*time.Second)
		want := map[cbrapi.Reason]bool{cbrapi.ReasonPermission: true, cbrapi.ReasonDeadline: true}
		if s.Up || s.Complete || !maps.Equal(s.Reasons, want) {
			t.Errorf("got up %t, complete %t, reasons %v; want neither, and %v", s.Up, s.Complete, s.Reasons, want)
		}
	})
}

// TestActiveTaskIsAbsentUnlessRead: after a good pass the API fails. A finished task is
// shown, an active one is not.
func TestActiveTaskIsAbsentUnlessRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCloud()
		c.put(ids(2)[0], cbrapi.StatusSuccess)
		c.put(ids(2)[1], cbrapi.StatusRunning)
		tracker := newTracker(t, c, 2, nil)
		read := collect(tracker, 0).At
		c.setFault(always(fault{err: errors.New("connection reset")}))
		time.Sleep(time.Minute)
		s := collect(tracker, 0)
		if s.Tasks[0].Log == nil || !s.Tasks[0].Known || s.Tasks[1].Log != nil || s.Tasks[1].Known {
			t.Errorf("got %+v, want the finished task only", s.Tasks)
		}
		if s.Up || s.Complete || !maps.Equal(s.Reasons, map[cbrapi.Reason]bool{cbrapi.ReasonNetwork: true}) {
			t.Errorf("got up %t, complete %t, reasons %v; want only the reason network", s.Up, s.Complete, s.Reasons)
		}
		if last(tracker).Tasks[1].Err == nil {
			t.Error("the active task has no error")
		}
		if len(s.Active) != 1 || s.Active[0].Log.ID != ids(2)[1] || !s.Active[0].ReadAt.Equal(read) {
			t.Errorf("got active %+v, want the task as it was read at %s", s.Active, read)
		}
	})
}

// TestResourceStatesOfConfiguredTasks: they need all configured tasks, since a later
// success may be among those that were not read yet.
func TestResourceStatesOfConfiguredTasks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCloud()
		for i, id := range ids(3) {
			time.Sleep(time.Hour)
			c.put(id, map[bool]cbrapi.Status{true: cbrapi.StatusSuccess, false: cbrapi.StatusFailed}[i == 2])
		}
		c.setFault(func(r request) *fault {
			if r.id == ids(3)[2] {
				return &fault{status: http.StatusBadGateway}
			}
			return nil
		})
		tracker := newTracker(t, c, 3, nil)
		if got := collect(tracker, 0).ResourceStates; len(got) != 0 {
			t.Errorf("two of three tasks are read: got %v, want none", got)
		}
		c.setFault(nil)
		if got := collect(tracker, 0).ResourceStates; len(got) != 1 || got[0].LastFinished.ID != ids(3)[2] || got[0].ConsecutiveFailures != 0 {
			t.Errorf("all tasks are read: got %v, want the success", got)
		}
	})
}

func TestNamesSurviveAnOutage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCloud()
		c.put(ids(2)[0], cbrapi.StatusSuccess, func(l *cbrapi.OperationLog) { l.VaultName = "old" })
		time.Sleep(time.Hour)
		c.put(ids(2)[1], cbrapi.StatusRunning, func(l *cbrapi.OperationLog) { l.VaultName = "new" })
		tracker := newTracker(t, c, 2, nil)
		before := collect(tracker, 0).VaultNames
		if diff := cmp.Diff(map[string]string{"v": "new"}, before); diff != "" {
			t.Errorf("names differ (-want +got):\n%s", diff)
		}
		c.setFault(always(fault{err: errors.New("no route to host")}))
		if diff := cmp.Diff(before, collect(tracker, 0).VaultNames); diff != "" {
			t.Errorf("names differ (-before +during the outage):\n%s", diff)
		}
	})
}
