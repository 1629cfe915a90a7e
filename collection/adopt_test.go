package collection_test

import (
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
	"github.com/cbr-exporter/cbr_exporter/collection"
)

// TestReloadKeepsWhatWasFound replaces a collection by one with the same and by one
// with other settings.
func TestReloadKeepsWhatWasFound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCloud()
		c.put("a", cbrapi.StatusSuccess)
		c.put("x", cbrapi.StatusRunning)
		vaults := func(ids ...string) func(*collection.Options) {
			return func(o *collection.Options) {
				month(o)
				o.Discovery.VaultIDs = ids
			}
		}
		old := follow(t, c, 0, vaults("u", "v"))
		collect(old, 0)

		same := newCollection(t, c, 0, vaults("v", "u"))
		same.Adopt(old)
		if s := collect(old, 0); s.Found.Swept {
			t.Error("the old collection still has what the new one has taken over")
		}
		old.Close()
		c.requestsSince()
		s := collect(same, 0)
		if lists, _ := c.requestsSince(); lists != 3 || !s.Found.Complete || len(s.Standings) != 1 || !slices.Equal(active(s), []string{"x"}) {
			t.Errorf("the same settings: %d lists, %+v", lists, s)
		}

		other := newCollection(t, c, 0, vaults("w"))
		other.Adopt(same)
		same.Close()
		if s := collect(other, 0); s.Found.Swept || len(s.Standings) != 0 {
			t.Errorf("other settings: got %+v", s)
		}
	})
}

// TestReloadInTheMiddle has a reload come while a sweep is interrupted and a task runs,
// which ends unseen by the lists.
func TestReloadInTheMiddle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &pagedCloud{cloud: newCloud(), pages: 3, failing: map[int]error{}}
		c.put("x", cbrapi.StatusRunning)
		old := newCollection(t, c, 0, month)
		collect(old, 0)
		time.Sleep(time.Hour)
		c.fail(2, errors.New("connection reset"))
		collect(old, 0)
		time.Sleep(time.Minute)

		c.fail(2, nil)
		c.asked = nil
		c.put("x", cbrapi.StatusSuccess)
		c.change(func() { c.hidden["x"] = true })
		col := newCollection(t, c, 0, month)
		col.Adopt(old)
		old.Close()
		if s := collect(col, 0); !s.Found.Complete || len(s.Standings) != 1 || s.Standings[0].LastSuccess == nil {
			t.Errorf("complete %t with %+v, want the end of the task that ran", s.Found.Complete, s.Standings)
		}
		time.Sleep(time.Minute)
		if want := []int{0, 1, 2}; !slices.Equal(c.pagesAsked(), want) {
			t.Errorf("asked for the pages %v; want %v, with the new client", c.asked, want)
		}
	})
}

// TestReloadWhileAPIFails has the API fail from the moment of a reload on: as of when the
// numbers are is not forgotten.
func TestReloadWhileAPIFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := &api{answer: status(cbrapi.StatusSuccess)}
		old := newCollection(t, a, 3, nil)
		want := collect(old, 0).LastComplete
		time.Sleep(time.Hour)
		a.answers(fails(errors.New("no route to host")))
		c := newCollection(t, a, 3, nil)
		c.Adopt(old)
		if got := collect(c, 0).LastComplete; !got.Equal(want) {
			t.Errorf("got a last success at %s, want %s", got, want)
		}
	})
}
