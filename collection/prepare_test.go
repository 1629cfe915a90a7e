package collection_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
	"github.com/cbr-exporter/cbr_exporter/collection"
)

// A pass that cannot be prepared asks nothing, and the next one prepares again.
func TestPrepare(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := &api{latency: time.Second}
		refusal := &cbrapi.Error{Operation: "KeystoneListProjects", StatusCode: 403}
		prepared := 0
		c := newCollection(t, a, 20, func(o *collection.Options) {
			o.Prepare = func(context.Context) error {
				if prepared++; prepared < 3 {
					return refusal
				}
				return nil
			}
		})
		for range 2 {
			s := collect(c, 0)
			if s.Up || s.Complete || !s.Reasons[cbrapi.ReasonPermission] || a.asked() != 0 {
				t.Errorf("got %+v, want a pass that failed for want of permission, without requests", s)
			}
			for _, task := range s.Tasks {
				if !errors.Is(task.Err, refusal) {
					t.Errorf("task %s: got %v, want %v", task.ID, task.Err, refusal)
				}
			}
		}
		if s := collect(c, 0); !s.Complete || a.asked() != 20 || prepared != 3 {
			t.Errorf("got %+v after %d preparations, want a complete pass after 3", s, prepared)
		}
	})
}

// What is prepared has no more time than the pass.
func TestPrepareHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCollection(t, &api{}, 2, func(o *collection.Options) {
			o.Prepare = func(ctx context.Context) error {
				<-ctx.Done()
				return errors.New("has been cancelled")
			}
		})
		began := time.Now()
		s := collect(c, 0)
		if !s.Reasons[cbrapi.ReasonDeadline] || len(s.Reasons) != 1 || s.Complete {
			t.Errorf("got %+v, want the deadline as the only reason", s)
		}
		if took := time.Since(began); took != 30*time.Second {
			t.Errorf("the pass took %s", took)
		}
	})
}
