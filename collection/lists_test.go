package collection_test

import (
	"net/http"
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

// TestListsOfOthers has many more tasks run than are configured: then it is cheaper to ask
// for ours.
func TestListsOfOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &madeUp{cloud: newCloud(), endless: true}
		c.answers(status(cbrapi.StatusRunning))
		s := collect(newCollection(t, c, 21, nil), 0)
		if n, _ := known(s); n != 21 || c.made != 2 {
			t.Errorf("got %d known after %d pages of others' tasks, want 21 after 2", n, c.made)
		}
	})
}

// TestListsAreLeftAlone has lists fail that only save requests: for how long they are not
// asked for again depends on why.
func TestListsAreLeftAlone(t *testing.T) {
	for _, test := range []struct {
		name  string
		err   error
		pause time.Duration
	}{
		{"not allowed", &cbrapi.Error{Operation: "ListOpLogs", StatusCode: http.StatusForbidden}, time.Hour},
		{"not understood", &cbrapi.Error{Operation: "ListOpLogs", StatusCode: http.StatusBadRequest}, time.Hour},
		{"a fault", &cbrapi.Error{Operation: "ListOpLogs", StatusCode: http.StatusBadGateway}, 5 * time.Minute},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := newCloud()
				c.lists = test.err
				c.answers(status(cbrapi.StatusRunning))
				col := newCollection(t, c, 21, nil)
				for _, step := range []struct {
					after time.Duration
					asked int
				}{{0, 1}, {test.pause - time.Minute, 0}, {2 * time.Minute, 1}} {
					time.Sleep(step.after)
					s := collect(col, 0)
					if lists, tasks := c.requestsSince(); lists != step.asked || tasks != 21 || !s.Complete {
						t.Errorf("%s later: %d lists and %d tasks, complete %t; want %d lists and every task",
							step.after, lists, tasks, s.Complete, step.asked)
					}
				}
			})
		})
	}
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
