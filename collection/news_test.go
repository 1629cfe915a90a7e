package collection_test

import (
	"context"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
	"github.com/cbr-exporter/cbr_exporter/collection"
)

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
