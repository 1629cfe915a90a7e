package collection_test

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
)

// TestFirstRequest has a task answer that was read before, and others that never did: the
// one that is likeliest to answer goes first.
func TestFirstRequest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		answers := ids(3)[2]
		a := &api{answer: func(id string) (*cbrapi.OperationLog, error) {
			if id == answers {
				return task(id, cbrapi.StatusRunning), nil
			}
			return nil, errors.New("connection reset")
		}}
		c := newCollection(t, a, 3, nil)
		collect(c, 0)
		a.requests = nil
		time.Sleep(time.Minute)
		collect(c, 0)
		if got := a.requests[0]; got != answers {
			t.Errorf("the first request was for %s, want %s", got, answers)
		}
	})
}

// TestNoRequestForItsOwnSake has the lists fail beside configured tasks that have ended:
// that the API does not answer is known already.
func TestNoRequestForItsOwnSake(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCloud()
		c.put(ids(1)[0], cbrapi.StatusSuccess)
		col := follow(t, c, 1, nil)
		c.change(func() { c.lists = errors.New("connection reset") })
		c.requestsSince()
		if s := collect(col, 0); s.Up {
			t.Error("the API is said to answer")
		}
		if lists, tasks := c.requestsSince(); lists != 3 || tasks != 0 {
			t.Errorf("asked for %d lists and %d tasks, want 3 and none", lists, tasks)
		}
	})
}
