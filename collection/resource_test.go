package collection_test

import (
	"errors"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
	"github.com/cbr-exporter/cbr_exporter/collection"
)

// record is a task of the resource r in the vault v, created at the given hour.
func record(id, v, r string, op cbrapi.OperationType, s cbrapi.Status, hour int) *cbrapi.OperationLog {
	return &cbrapi.OperationLog{
		ID: id, Status: s, OperationType: op, VaultID: v, VaultName: "name of " + v + " in " + id,
		CreatedAt: time.Date(2026, 11, 20, hour, 0, 0, 0, time.UTC),
		ExtraInfo: cbrapi.ExtraInfo{Resource: &cbrapi.Resource{ID: r, Name: r + " in " + id}},
	}
}

func TestResourcesOf(t *testing.T) {
	const (
		backup  = cbrapi.OperationBackup
		success = cbrapi.StatusSuccess
		failed  = cbrapi.StatusFailed
		running = cbrapi.StatusRunning
	)
	type last struct {
		vault, vaultName, resource string
		operation                  cbrapi.OperationType
		task                       string
	}
	noCreation := record("9", "v", "r", backup, failed, 0)
	noCreation.CreatedAt = time.Time{}
	noResource := record("9", "v", "r", backup, failed, 9)
	noResource.ExtraInfo.Resource = nil
	noVault := record("1", "", "r", backup, success, 1)
	noVault.VaultName = ""
	unnamed := record("2", "v", "r", backup, success, 2)
	unnamed.VaultName = ""
	cases := []struct {
		name   string
		tasks  []*cbrapi.OperationLog
		last   []last
		newest []string
	}{
		{"no tasks", nil, nil, nil},
		{
			"newer one wins",
			[]*cbrapi.OperationLog{record("1", "v", "r", backup, failed, 1), record("2", "v", "r", backup, success, 2)},
			[]last{{"v", "name of v in 2", "r", backup, "2"}},
			[]string{"r in 2"},
		},
		{
			"same creation: the greater id wins",
			[]*cbrapi.OperationLog{record("2", "v", "r", backup, failed, 1), record("1", "v", "r", backup, success, 1)},
			[]last{{"v", "name of v in 2", "r", backup, "2"}},
			[]string{"r in 2"},
		},
		{
			"unknown creation is oldest",
			[]*cbrapi.OperationLog{noCreation, record("1", "v", "r", backup, success, 1)},
			[]last{{"v", "name of v in 1", "r", backup, "1"}},
			[]string{"r in 1"},
		},
		{
			"an active one neither hides nor cures, but names",
			[]*cbrapi.OperationLog{record("1", "v", "r", backup, failed, 1), record("2", "v", "r", backup, running, 2)},
			[]last{{"v", "name of v in 2", "r", backup, "1"}},
			[]string{"r in 2"},
		},
		{
			"only active ones",
			[]*cbrapi.OperationLog{record("1", "v", "r", backup, running, 1)},
			nil,
			[]string{"r in 1"},
		},
		{
			"copy is replication",
			[]*cbrapi.OperationLog{
				record("1", "v", "r", cbrapi.OperationCopy, failed, 1),
				record("2", "v", "r", cbrapi.OperationReplication, success, 2),
			},
			[]last{{"v", "name of v in 2", "r", cbrapi.OperationReplication, "2"}},
			[]string{"r in 2"},
		},
		{
			"two vaults and two operations are four keys",
			[]*cbrapi.OperationLog{
				record("1", "v", "r", backup, failed, 1), record("2", "w", "r", backup, success, 2),
				record("3", "v", "r", cbrapi.OperationSync, failed, 1), record("4", "w", "r", cbrapi.OperationSync, success, 2),
			},
			[]last{
				{"v", "name of v in 3", "r", backup, "1"},
				{"w", "name of w in 4", "r", backup, "2"},
				{"v", "name of v in 3", "r", cbrapi.OperationSync, "3"},
				{"w", "name of w in 4", "r", cbrapi.OperationSync, "4"},
			},
			[]string{"r in 4"},
		},
		{
			"a task without resource has no key, but names its vault",
			[]*cbrapi.OperationLog{noResource, record("1", "v", "r", backup, success, 1)},
			[]last{{"v", "name of v in 9", "r", backup, "1"}},
			[]string{"r in 1"},
		},
		{
			"no vault",
			[]*cbrapi.OperationLog{noVault},
			[]last{{"", "", "r", backup, "1"}},
			[]string{"r in 1"},
		},
		{
			"a vault without name keeps the one it had",
			[]*cbrapi.OperationLog{record("1", "v", "r", backup, success, 1), unnamed},
			[]last{{"v", "name of v in 1", "r", backup, "2"}},
			[]string{"r in 2"},
		},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			// The order of the tasks must not matter.
			random := rand.New(rand.NewPCG(1, 2))
			for range 20 {
				random.Shuffle(len(c.tasks), func(i, j int) { c.tasks[i], c.tasks[j] = c.tasks[j], c.tasks[i] })
				r := collection.ResourcesOf(c.tasks)
				var gotLast []last
				for _, l := range r.LastFinished {
					gotLast = append(gotLast, last{l.VaultID, l.VaultName, l.ResourceID, l.OperationType, l.Log.ID})
				}
				var gotNewest []string
				for _, n := range r.Newest {
					gotNewest = append(gotNewest, n.Name)
				}
				if diff := cmp.Diff(c.last, gotLast, cmp.AllowUnexported(last{})); diff != "" {
					t.Errorf("last finished (-want +got):\n%s", diff)
				}
				if diff := cmp.Diff(c.newest, gotNewest); diff != "" {
					t.Errorf("newest records (-want +got):\n%s", diff)
				}
			}
		})
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
		if got := collect(c, 0).Resources.LastFinished; len(got) != 0 {
			t.Errorf("two of three tasks were read: got %v, want nothing yet", got)
		}
		a.answers(func(id string) (*cbrapi.OperationLog, error) {
			if id == last {
				return record(id, "v", "r", cbrapi.OperationBackup, cbrapi.StatusSuccess, 2), nil
			}
			return ill(id)
		})
		if got := collect(c, 0).Resources.LastFinished; len(got) != 1 || got[0].Log.ID != last {
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
		before := collect(c, 0).Resources
		a.answers(fails(errors.New("no route to host")))
		if diff := cmp.Diff(before, collect(c, 0).Resources); diff != "" {
			t.Errorf("the outage has changed (-before +after):\n%s", diff)
		}
		if want := "name of v in " + runs; before.LastFinished[0].VaultName != want {
			t.Errorf("got the name %q, want %q", before.LastFinished[0].VaultName, want)
		}
	})
}
