package protection_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
	"github.com/cbr-exporter/cbr_exporter/inventory"
	"github.com/cbr-exporter/cbr_exporter/problem"
	"github.com/cbr-exporter/cbr_exporter/protection"
	"github.com/cbr-exporter/cbr_exporter/tasks"
	"github.com/cbr-exporter/cbr_exporter/tasks/ledger"
)

// TestVaultsBeingRead knows no task, as before the first pass, until the vaults are read or
// cannot be.
func TestVaultsBeingRead(t *testing.T) {
	t.Parallel()
	log := &cbrapi.OperationLog{ID: "1", Status: cbrapi.StatusSuccess}
	reasons := map[cbrapi.Reason]bool{cbrapi.ReasonNetwork: true}
	known := tasks.Snapshot{
		Project: "p", Up: true, Reasons: reasons, Problems: []problem.Problem{{Reason: cbrapi.ReasonNetwork}}, Duration: time.Second, At: noon(), Complete: true, LastComplete: noon(),
		Tasks:          []tasks.Task{{ID: "1", Log: log, Known: true}},
		ResourceStates: []ledger.ResourceState{{ResourceKey: key("r"), LastFinished: log}}, VaultTasks: []*cbrapi.OperationLog{log}, Resources: []ledger.Resource{{ID: "r"}}, VaultNames: map[string]string{"v": "V"},
		Discovered: &tasks.Discovered{
			Synced: true, SyncedAt: noon(), Complete: true, LastComplete: noon(), HistoryStart: noon(),
			TaskCounts: map[ledger.TaskGroup]int{{VaultID: "v"}: 1}, Listed: []*cbrapi.OperationLog{log},
		},
	}
	heldBack := tasks.Snapshot{
		Project: "p", Up: true, Reasons: reasons, Problems: known.Problems, Duration: time.Second, At: noon(),
		Tasks: []tasks.Task{{ID: "1"}}, Discovered: &tasks.Discovered{},
	}
	for name, test := range map[string]struct {
		vaults *inventory.Snapshot
		want   tasks.Snapshot
	}{
		"not read yet":  {&inventory.Snapshot{Reading: inventory.Reading{Waiting: true, Reasons: map[cbrapi.Reason]bool{cbrapi.ReasonDeadline: true}}}, heldBack},
		"no vaults":     {&inventory.Snapshot{Vaults: []*cbrapi.Vault{}}, known},
		"refused":       {&inventory.Snapshot{Reading: inventory.Reading{Problems: []problem.Problem{{Reason: cbrapi.ReasonPermission}}}}, known},
		"never read":    {nil, known},
		"read, failing": {&inventory.Snapshot{Vaults: []*cbrapi.Vault{}, Reading: inventory.Reading{Problems: []problem.Problem{{Reason: cbrapi.ReasonPermission}}}}, known},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := protection.NewSnapshot(known, test.vaults, protection.Options{})
			if diff := cmp.Diff(test.want, s.Snapshot, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
			if waiting := len(test.want.ResourceStates) == 0; s.Waiting != waiting || (len(s.TaskCounts) == 0) != waiting {
				t.Errorf("waiting: %t, want %t; counts %v", s.Waiting, waiting, s.TaskCounts)
			}
		})
	}
}

// TestUpOfVaultsAlone takes Up from the vaults if no tasks are configured.
func TestUpOfVaultsAlone(t *testing.T) {
	t.Parallel()
	vaults := inventory.Snapshot{Up: true, Duration: time.Second}
	if s := protection.NewSnapshot(tasks.Snapshot{}, &vaults, protection.Options{}); !s.Up || s.Duration != time.Second {
		t.Errorf("vaults alone: %+v", s)
	}
	for name, tasks := range map[string]tasks.Snapshot{
		"ids": {Tasks: make([]tasks.Task, 1)}, "discovery": {Discovered: &tasks.Discovered{}},
	} {
		if s := protection.NewSnapshot(tasks, &vaults, protection.Options{}); s.Up || s.Duration != 0 {
			t.Errorf("with %s: %+v", name, s)
		}
	}
}
