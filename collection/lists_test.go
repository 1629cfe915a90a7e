package collection_test

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
	"github.com/cbr-exporter/cbr_exporter/collection"
)

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
