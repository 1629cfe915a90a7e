package collection_test

import (
	"errors"
	"fmt"
	"net/http"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
	"github.com/cbr-exporter/cbr_exporter/collection"
)

// TestTroubles has passes fail for one reason, then for another as well, and then
// for none. A new configuration changes nothing of since when.
func TestTroubles(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		a := &api{}
		c := newCollection(t, a, 2, nil)
		expect := func(when string, want ...string) {
			t.Helper()
			collect(c, 0)
			last, _ := c.Last()
			var got []string
			for _, trouble := range last.Troubles {
				got = append(got, fmt.Sprintf("%s since %s: %v", trouble.Reason, trouble.Since.Sub(began), trouble.Err))
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s: the troubles differ (-want +got):\n%s", when, diff)
			}
			time.Sleep(time.Minute)
		}
		expect("all is well")
		ill := &cbrapi.Error{Operation: "ShowOpLog", StatusCode: http.StatusInternalServerError, Message: "out of order"}
		a.answers(fails(ill))
		const sick = "upstream since 1m0s: ShowOpLog: HTTP status 500: out of order"
		expect("ill", sick)
		expect("still ill", sick)
		a.answers(func(id string) (*cbrapi.OperationLog, error) {
			if id == ids(1)[0] {
				return nil, ill
			}
			return nil, &cbrapi.Error{Operation: "ShowOpLog", StatusCode: http.StatusForbidden}
		})
		expect("for two reasons", "permission since 3m0s: ShowOpLog: HTTP status 403", sick)
		next := newCollection(t, a, 2, nil)
		next.Adopt(c)
		c = next
		expect("after a reload", "permission since 3m0s: ShowOpLog: HTTP status 403", sick)
		a.answers(status(cbrapi.StatusRunning))
		expect("well again")
		a.answers(fails(ill))
		expect("ill again", "upstream since 6m0s: ShowOpLog: HTTP status 500: out of order")
	})
}

// TestTroubleOfSweep has the whole list fail, and not the others, until it goes on.
func TestTroubleOfSweep(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		ill := &cbrapi.Error{Operation: "ListOpLogs", StatusCode: http.StatusBadGateway}
		cloud := newCloud()
		inner := cloud.list
		var asked atomic.Bool
		cloud.list = func(f cbrapi.ListFilter) ([]*cbrapi.OperationLog, error) {
			if f.Status == "" && f.StartTime.IsZero() {
				time.Sleep(time.Second) // a sweep is over after its pass
				if !asked.Swap(true) {
					return nil, ill
				}
			}
			return inner(f)
		}
		c := newCollection(t, cloud, 0, func(o *collection.Options) {
			o.Discovery = &collection.Discovery{Lookback: 720 * time.Hour, Window: 24 * time.Hour, MaxTasks: 10}
		})
		collect(c, 0)
		time.Sleep(time.Minute)
		collect(c, 0) // ends before the whole list is read
		last, _ := c.Last()
		if got := last.Troubles; len(got) != 1 || got[0].Reason != cbrapi.ReasonUpstream || !errors.Is(got[0].Err, ill) {
			t.Errorf("got the troubles %v, want the one of the whole list", got)
		}
		if last.Found.Swept || !last.Found.SweptAt.IsZero() {
			t.Errorf("the list is said to be read as of %s", last.Found.SweptAt)
		}
		time.Sleep(time.Minute)
		last, _ = c.Last()
		if len(last.Troubles) != 0 {
			t.Errorf("got the troubles %v after the whole list is read, want none", last.Troubles)
		}
		if got := last.Found.SweptAt.Sub(began); !last.Found.Swept || got > 2*time.Second { // it has gone on since
			t.Errorf("the list is said to be read as of %s after the beginning, want the first pass", got)
		}
	})
}
