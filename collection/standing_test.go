package collection_test

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
)

// record is a task of the resource r in the vault v, created at the given hour.
func record(id, v, r string, op cbrapi.OperationType, s cbrapi.Status, hour int) *cbrapi.OperationLog {
	return &cbrapi.OperationLog{
		ID: id, Status: s, OperationType: op, VaultID: v, VaultName: "name of " + v + " in " + id,
		CreatedAt: time.Date(2026, 11, 20, hour, 0, 0, 0, time.UTC),
		ExtraInfo: cbrapi.ExtraInfo{Resource: &cbrapi.Resource{ID: r, Name: r + " in " + id}},
	}
}

// TestResourcesNeedAllTasks has one of three ids not be read for a while: half of
// the tasks would tell lies.
func TestResourcesNeedAllTasks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		last := ids(3)[2]
		ill := func(id string) (*cbrapi.OperationLog, error) {
			if id == last {
				return nil, errors.New("bad gateway")
			}
			return record(id, "v", "r", cbrapi.OperationBackup, cbrapi.StatusFailed, 1), nil
		}
		a := &api{answer: ill}
		c := newCollection(t, a, 3, nil)
		if got := collect(c, 0).Standings; len(got) != 0 {
			t.Errorf("two of three tasks were read: got %v, want nothing yet", got)
		}
		a.answers(func(id string) (*cbrapi.OperationLog, error) {
			if id == last {
				return record(id, "v", "r", cbrapi.OperationBackup, cbrapi.StatusSuccess, 2), nil
			}
			return ill(id)
		})
		if got := collect(c, 0).Standings; len(got) != 1 || got[0].LastFinished.ID != last {
			t.Errorf("all tasks were read: got %v, want the success of %s", got, last)
		}
	})
}

// TestNamesOutliveAnOutage has a vault renamed by a task that runs, and the API
// fail after that.
func TestNamesOutliveAnOutage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		finished, runs := ids(2)[0], ids(2)[1]
		a := &api{answer: func(id string) (*cbrapi.OperationLog, error) {
			if id == finished {
				return record(id, "v", "r", cbrapi.OperationBackup, cbrapi.StatusSuccess, 1), nil
			}
			return record(id, "v", "r", cbrapi.OperationBackup, cbrapi.StatusRunning, 2), nil
		}}
		c := newCollection(t, a, 2, nil)
		before := collect(c, 0)
		a.answers(fails(errors.New("no route to host")))
		if diff := cmp.Diff(before.Standings, collect(c, 0).Standings); diff != "" {
			t.Errorf("the outage has changed (-before +after):\n%s", diff)
		}
		if want := "name of v in " + runs; before.Standings[0].VaultName != want {
			t.Errorf("got the name %q, want %q", before.Standings[0].VaultName, want)
		}
	})
}
