package collection_test

import (
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

// datedCloud is a cloud whose dates may be wrong.
type datedCloud struct {
	*cloud
	ahead time.Duration
}

func (c *datedCloud) List(f cbrapi.ListFilter) collection.List {
	return datedList{c.cloud.List(f), c}
}

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
