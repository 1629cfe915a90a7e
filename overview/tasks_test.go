package overview_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
	"github.com/cbr-exporter/cbr_exporter/overview"
	"github.com/cbr-exporter/cbr_exporter/protection"
	"github.com/cbr-exporter/cbr_exporter/tasks"
)

func taskLine(t overview.Task) string {
	name := ""
	if len(t.Resources) > 0 {
		name = t.Resources[0].Name
	}
	return joined(t.ID, t.Status, t.States, name, t.VaultName, t.Alert, t.Error)
}

func TestConfiguredTasks(t *testing.T) {
	t.Parallel()
	of := func(id string, status cbrapi.Status) tasks.Task {
		return tasks.Task{ID: id, Known: true, Log: operationLog(id, status, hoursAgo(10), hoursAgo(10), hoursAgo(10).Add(10*time.Minute))}
	}
	running := of("4", cbrapi.StatusRunning)
	running.Log.EndedAt = time.Time{}
	failed := of("1", cbrapi.StatusFailed)
	failed.Log.ErrorInfo = cbrapi.ErrorInfo{Code: "BackupService.6114", Message: "The vault is full."}
	failed.Err = errors.New("no response")
	all := []tasks.Task{
		of("6", cbrapi.StatusSuccess), of("5", cbrapi.StatusWaiting), running, of("3", cbrapi.StatusSkipped),
		of("2", cbrapi.StatusTimeout), failed,
		{ID: "7", Known: true},
		{ID: "8", Err: errors.New("ShowOpLog: HTTP status 403")},
		{ID: "9"},
	}
	got := get(t, "", source(protection.Snapshot{Snapshot: tasks.Snapshot{Project: "test", At: noon, Tasks: all}}))
	want := []string{
		"7 | not found | unreadable blind |  |  | CBRTaskNotFound | the API has no such task",
		"8 | unreadable | unreadable blind |  |  |  | ShowOpLog: HTTP status 403",
		"9 | not read yet | unreadable blind |  |  |  | ",
		"2 | timeout | failed blind | ecs-2 | vault-db | CBRConfiguredTaskFailed | ",
		"1 | failed | failed blind | ecs-1 | vault-db | CBRConfiguredTaskFailed | BackupService.6114: The vault is full",
		"5 | waiting | active blind | ecs-5 | vault-db |  | ",
		"4 | running | active blind | ecs-4 | vault-db |  | ",
		"6 | success | ended blind | ecs-6 | vault-db |  | ",
		"3 | skipped | ended blind | ecs-3 | vault-db |  | ",
	}
	if diff := cmp.Diff(want, lines(got.Tasks.Rows, taskLine)); diff != "" {
		t.Errorf("the tasks differ (-want +got):\n%s", diff)
	}
	if got.State != overview.StateAttention {
		t.Errorf("got the state %s", got.State)
	}
}

// TestActiveTasks has a task that has run for too long and could not be read, and two that
// run well.
func TestActiveTasks(t *testing.T) {
	t.Parallel()
	s := discovered(state("2", cbrapi.StatusSuccess, hoursAgo(9)))
	for id, hours := range map[string]float64{"1": 1, "2": 2, "13": 13} {
		log := operationLog(id, cbrapi.StatusRunning, hoursAgo(hours), hoursAgo(hours), time.Time{})
		log.ExtraInfo.Common.Progress = new(42.0)
		s.Active = append(s.Active, tasks.ActiveTask{Log: log, ReadAt: noon})
	}
	s.Tasks, s.LastComplete = []tasks.Task{{ID: "13", Err: errors.New("no response")}}, noon
	got := get(t, "", source(s))
	if len(got.Tasks.Rows) != 3 || got.Tasks.Rows[2].ID != "1" { // the latest one last
		t.Fatalf("got %+v", got.Tasks)
	}
	if line, want := taskLine(got.Tasks.Rows[0]), "13 | unreadable | stuck unreadable active | ecs-13 | vault-db | CBRTaskStuck | no response"; line != want {
		t.Errorf("got the task %s, want %s", line, want)
	}
	want := overview.Task{
		Place: overview.Place{Project: "test", VaultID: "vault-1", VaultName: "vault-db"},
		ID:    "2", Status: "running", States: []overview.State{overview.StateActive}, OperationType: "backup",
		Resources: []overview.Named{{ID: "resource-2", Name: "ecs-2"}},
		Progress:  new(0.42), Created: hoursAgo(2), Started: hoursAgo(2), Duration: new(7200.0), Usual: new(3600.0),
	}
	if diff := cmp.Diff(want, got.Tasks.Rows[1]); diff != "" {
		t.Errorf("the task differs (-want +got):\n%s", diff)
	}
	s.At = noon.Add(2 * time.Hour) // the API could not be read since
	if later := get(t, "?state=active", source(s)); *later.Tasks.Rows[1].Duration != 7200 {
		t.Errorf("the task has run for %v s two hours after it was read, want 7200 s", *later.Tasks.Rows[1].Duration)
	}
	if tile := got.Tiles[5]; count(tile) != "stuck 1 of 3" {
		t.Errorf("got the tile %+v, want 3, of which one is stuck", tile)
	}
}

// TestRunningIsNotKnown checks that no task is counted where none has ever been read.
func TestRunningIsNotKnown(t *testing.T) {
	t.Parallel()
	never := with(refused(discovered(), cbrapi.ReasonPermission), func(s *protection.Snapshot) {
		s.Discovered.LastComplete = time.Time{}
	})
	if tile := get(t, "", source(never)).Tiles[5]; tile.Name != "stuck" || tile.Count != nil {
		t.Errorf("got %s, want no count", count(tile))
	}
}
