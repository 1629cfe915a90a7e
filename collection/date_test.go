package collection_test

import (
	"fmt"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
	"github.com/cbr-exporter/cbr_exporter/collection"
)

// TestWrongDate has one answer come with a date of another day, as from a proxy, and
// one with a date some hours ahead: nothing is forgotten, or it is found again.
func TestWrongDate(t *testing.T) {
	for name, ahead := range map[string]time.Duration{
		"a year ahead": 365 * 24 * time.Hour, "a year behind": -365 * 24 * time.Hour,
		"hours ahead": 20 * time.Hour, "hours behind": -20 * time.Hour,
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := &datedCloud{cloud: newCloud()}
				c.put("a", cbrapi.StatusSuccess)
				col := newCollection(t, c, 0, func(o *collection.Options) {
					o.Discovery = &collection.Discovery{Lookback: 15 * time.Hour, Window: time.Hour, MaxTasks: 10}
				})
				collect(col, 0)
				time.Sleep(time.Minute)
				collect(col, 0)
				c.change(func() { c.ahead = ahead })
				collect(col, 0)
				c.change(func() { c.ahead = 0 })
				c.put("n", cbrapi.StatusFailed)
				for range 3 {
					time.Sleep(time.Minute)
					s := collect(col, 0)
					if s.Found.Complete && (len(s.Standings) != 1 || s.Standings[0].LastFinished.ID != "n") {
						t.Errorf("complete with %+v", s.Standings)
					}
				}
				if s, _ := col.Last(); !s.Found.Complete {
					t.Error("three minutes later it is still not complete")
				}
			})
		})
	}
}

// TestDateStepsBack has the API's clock, or the date that it sends, be wrong for a
// while, so little that nothing is read anew: no task may be missed that starts and
// fails between two scrapes.
func TestDateStepsBack(t *testing.T) {
	for _, ahead := range []time.Duration{20 * time.Minute, 29 * time.Minute, -20 * time.Minute} {
		for _, pause := range []time.Duration{time.Minute, 55 * time.Minute} { // from scrape to scrape
			t.Run(fmt.Sprintf("%s ahead, every %s", ahead, pause), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					c := &datedCloud{cloud: newCloud(), ahead: ahead}
					col := newCollection(t, c, 0, month)
					for i := range 4 {
						if i == 2 {
							c.change(func() { c.ahead = 0 })
						}
						if s := collect(col, 0); s.Found.Complete && len(s.Standings) != i {
							t.Errorf("scrape %d: complete with %+v, want %d resources", i, s.Standings, i)
						}
						time.Sleep(10 * time.Second)
						c.put(strconv.Itoa(i), cbrapi.StatusFailed, func(l *cbrapi.OperationLog) {
							for _, at := range []*time.Time{&l.CreatedAt, &l.StartedAt, &l.EndedAt, &l.UpdatedAt} {
								*at = at.Add(c.ahead)
							}
							l.ExtraInfo.Resource.ID = l.ID
						})
						time.Sleep(pause - 10*time.Second)
					}
				})
			})
		}
	}
}

// TestOutdatedSweepStops has the date go back so far that all is read anew: what read
// the list before must not read on.
func TestOutdatedSweepStops(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &datedCloud{cloud: newCloud(), ahead: 2 * time.Hour}
		p := &pagedCloud{cloud: c.cloud, pages: 50, failing: map[int]error{}, lists: c}
		col := newCollection(t, p, 0, month)
		c.latency = time.Second
		collect(col, 0)
		time.Sleep(10 * time.Second)
		c.change(func() { c.ahead = 0 })
		collect(col, 0)
		time.Sleep(2 * time.Minute)
		if got := len(p.asked); got < 50 || got > 70 {
			t.Errorf("got %d requests for a list of 50 pages, want those of one reading and of what the other had read", got)
		}
	})
}

// datedCloud is a cloud whose dates may be wrong.
type datedCloud struct {
	*cloud
	ahead time.Duration
}

func (c *datedCloud) List(f cbrapi.ListFilter) collection.List {
	return datedList{c.cloud.List(f), c}
}

func (c *datedCloud) ListToEnd(f cbrapi.ListFilter) collection.List { return c.List(f) }

type datedList struct {
	collection.List
	cloud *datedCloud
}

func (l datedList) Date() time.Time {
	date := l.List.Date()
	if date.IsZero() {
		return date
	}
	l.cloud.state.Lock()
	defer l.cloud.state.Unlock()
	return date.Add(l.cloud.ahead)
}
