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
						if s := collect(col, 0); s.Found.Complete && len(s.Standings) != i {
							t.Errorf("scrape %d: complete with %+v, want %d resources", i, s.Standings, i)
						}
						time.Sleep(10 * time.Second)
						if i == 1 {
							c.change(func() { c.ahead = 0 })
						}
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

// TestClocksDisagree has the dates of the answers, or our clock, be wrong for good, and the
// tasks' times right. What starts and ends between two scrapes is found, or it is said
// that something is wrong.
func TestClocksDisagree(t *testing.T) {
	for _, test := range []struct {
		name        string
		dates, ours time.Duration // ahead
		reason      cbrapi.Reason // "" for none
	}{
		{"dates 2 h ahead", 2 * time.Hour, 0, ""},
		{"dates 2 h behind", -2 * time.Hour, 0, ""},
		{"ours 2 h ahead", 0, 2 * time.Hour, ""},
		{"ours 2 h behind", 0, -2 * time.Hour, ""},
		{"dates two days ahead", 48 * time.Hour, 0, cbrapi.ReasonClock},
		{"ours two days ahead", 0, 48 * time.Hour, cbrapi.ReasonClock},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := &datedCloud{cloud: newCloud(), ahead: test.dates}
				c.put("a", cbrapi.StatusSuccess)
				col := newCollection(t, c, 0, func(o *collection.Options) {
					month(o)
					o.Now = func() time.Time { return time.Now().Add(test.ours) }
				})
				collect(col, 0)
				time.Sleep(time.Minute)
				c.put("n", cbrapi.StatusFailed)
				time.Sleep(10 * time.Minute)
				s := collect(col, 0)
				if test.reason != "" {
					if s.Found.Complete || !s.Reasons[test.reason] {
						t.Errorf("complete %t, reasons %v; want %s", s.Found.Complete, s.Reasons, test.reason)
					}
					return
				}
				if !s.Found.Complete || s.Standings[0].LastFinished.ID != "n" {
					t.Errorf("complete %t with %+v, want the failure", s.Found.Complete, s.Standings)
				}
			})
		})
	}
}

// TestListsLag has a list show a task as late as it may, of a cloud whose clock is as
// far behind ours as one may be that does not tell its time.
func TestListsLag(t *testing.T) {
	for _, test := range []struct {
		name     string
		ahead    time.Duration
		dateless bool
	}{
		{"with dates", 0, false},
		{"with dates, of a clock that is behind", -14 * time.Minute, false},
		{"without dates", -14 * time.Minute, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := &datedCloud{cloud: newCloud(), ahead: test.ahead, dateless: test.dateless}
				col := newCollection(t, c, 0, month)
				collect(col, 0)
				time.Sleep(10 * time.Second)
				c.put("n", cbrapi.StatusFailed, func(l *cbrapi.OperationLog) {
					for _, at := range []*time.Time{&l.CreatedAt, &l.StartedAt, &l.EndedAt, &l.UpdatedAt} {
						*at = at.Add(c.ahead)
					}
				})
				c.hidden["n"] = true
				for range 14 {
					time.Sleep(time.Minute)
					collect(col, 0)
				}
				c.change(func() { c.hidden["n"] = false })
				if s := collect(col, 0); !s.Found.Complete || len(s.Standings) != 1 {
					t.Errorf("complete %t with %+v, want the task that has come into the list", s.Found.Complete, s.Standings)
				}
			})
		})
	}
}

// TestOwnClockBehind has our clock be days behind, and the API's right: its tasks are
// not from the future.
func TestOwnClockBehind(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &datedCloud{cloud: newCloud()}
		c.put("a", cbrapi.StatusFailed)
		col := newCollection(t, c, 0, func(o *collection.Options) {
			month(o)
			o.Now = func() time.Time { return time.Now().AddDate(0, 0, -10) }
			o.OnInvalidField = func(field string) { t.Errorf("the field %s is said to be invalid", field) }
		})
		collect(col, 0)
		time.Sleep(time.Minute)
		if s := collect(col, 0); len(s.Standings) != 1 {
			t.Errorf("got %+v, want the one task", s.Standings)
		}
	})
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
		if got := len(p.pagesAsked()); got < 50 || got > 70 {
			t.Errorf("got %d requests for a list of 50 pages, want those of one reading and of what the other had read", got)
		}
	})
}

// datedCloud is a cloud whose dates may be wrong.
type datedCloud struct {
	*cloud
	ahead    time.Duration
	dateless bool // the answers have no date
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
	l.cloud.state.Lock()
	defer l.cloud.state.Unlock()
	if date.IsZero() || l.cloud.dateless {
		return time.Time{}
	}
	return date.Add(l.cloud.ahead)
}
