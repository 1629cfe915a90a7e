package collection_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
	"github.com/cbr-exporter/cbr_exporter/collection"
)

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
		if want := []int{0, 1, 2, 2, 2, 2, 3, 4}; !slices.Equal(c.pagesAsked(), want) {
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
		if got := len(c.pagesAsked()); got != 50 {
			t.Errorf("asked for %d pages of a list of 50", got)
		}
	})
}

// TestSweepEndsAfterFailedPass has the whole list be read behind a pass that failed: the
// end of it is no success of that pass.
func TestSweepEndsAfterFailedPass(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCloud()
		c.put("a", cbrapi.StatusSuccess)
		col := newCollection(t, noNews{c, errors.New("connection reset")}, 0, month)
		collect(col, 0)
		time.Sleep(time.Minute)
		if s, _ := col.Last(); !s.Found.Swept || s.Found.Complete || !s.Found.LastComplete.IsZero() {
			t.Errorf("swept %t, complete %t, the last success at %s; want the first alone", s.Found.Swept, s.Found.Complete, s.Found.LastComplete)
		}
	})
}

// TestEndlessSweep has the whole list go on with ever new active tasks.
func TestEndlessSweep(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &madeUp{cloud: newCloud()}
		col := newCollection(t, endlessSweep{c}, 0, month)
		for range 2 {
			collect(col, 0)
			time.Sleep(time.Minute)
		}
		s, _ := col.Last()
		if s.Found.Swept || !s.Reasons[cbrapi.ReasonUpstream] || c.made > 110 {
			t.Errorf("swept %t, reasons %v after %d pages; want it to stop after 50,000 tasks", s.Found.Swept, s.Reasons, c.made)
		}
	})
}

// endlessSweep is a cloud whose whole list has no end.
type endlessSweep struct{ *madeUp }

func (c endlessSweep) ListToEnd(f cbrapi.ListFilter) collection.List {
	return &endlessList{List: c.List(f), pages: &c.made}
}

// TestOutdatedSweepBeginsAnew has the last page of the list fail for two hours, in which a
// task is skipped that no other list has.
func TestOutdatedSweepBeginsAnew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &pagedCloud{cloud: newCloud(), pages: 3, failing: map[int]error{2: errors.New("connection reset")}}
		c.put("a", cbrapi.StatusSuccess)
		col := newCollection(t, c, 0, month)
		collect(col, 0)
		time.Sleep(time.Hour)
		c.put("n", cbrapi.StatusSkipped)
		time.Sleep(time.Hour)
		c.fail(2, nil)
		collect(col, 0)
		time.Sleep(time.Minute)
		if s := collect(col, 0); !s.Found.Complete || s.Standings[0].LastFinished.ID != "n" {
			t.Errorf("complete %t with %+v, want the skipped task", s.Found.Complete, s.Standings)
		}
	})
}

// TestNoSweepWithoutAnswer has the lists fail from the start: an ill API is not asked for
// the whole list as well.
func TestNoSweepWithoutAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &pagedCloud{cloud: newCloud(), pages: 3}
		c.lists = broken{c.cloud, errors.New("connection reset")}
		col := newCollection(t, c, 0, month)
		for range 3 {
			collect(col, 0)
			time.Sleep(time.Minute)
		}
		if len(c.pagesAsked()) > 0 {
			t.Errorf("asked for the pages %v of the whole list", c.asked)
		}
	})
}

// broken is a cloud of which no list can be read.
type broken struct {
	*cloud
	err error
}

func (c broken) List(f cbrapi.ListFilter) collection.List { return brokenList{c.cloud.List(f), c.err} }

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

func (c lateSweep) ListToEnd(f cbrapi.ListFilter) collection.List {
	return lateList{c.List(f)}
}

type lateList struct{ collection.List }

func (l lateList) Next(ctx context.Context) ([]*cbrapi.OperationLog, error) {
	time.Sleep(15 * time.Millisecond)
	return l.List.Next(ctx)
}

// pagedCloud is a cloud whose whole list has many pages, some of which fail.
type pagedCloud struct {
	*cloud
	pages int
	lists collection.API // whose lists they are; nil: the cloud's

	mu      sync.Mutex
	failing map[int]error
	asked   []int
}

// pagesAsked returns which pages of the whole list were asked for.
func (c *pagedCloud) pagesAsked() []int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.asked)
}

func (c *pagedCloud) fail(page int, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.failing[page] = err
}

func (c *pagedCloud) List(f cbrapi.ListFilter) collection.List {
	if c.lists != nil {
		return c.lists.List(f)
	}
	return c.cloud.List(f)
}

func (c *pagedCloud) ListToEnd(f cbrapi.ListFilter) collection.List {
	return &pagedList{List: c.List(f), cloud: c}
}

// pagedList has everything in its first page, and nothing new in the others.
type pagedList struct {
	collection.List
	cloud *pagedCloud
	page  int
}

func (l *pagedList) Next(ctx context.Context) ([]*cbrapi.OperationLog, error) {
	l.cloud.mu.Lock()
	l.cloud.asked = append(l.cloud.asked, l.page)
	err := l.cloud.failing[l.page]
	l.cloud.mu.Unlock()
	if err != nil {
		return nil, err
	}
	logs, err := l.List.Next(ctx)
	if err == nil {
		l.page++
	}
	return logs, err
}

func (l *pagedList) Done() bool { return l.page == l.cloud.pages }
