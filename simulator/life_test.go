package simulator_test

import (
	"slices"
	"testing"
	"time"

	"github.com/cbr-exporter/cbr_exporter/simulator"
)

// taskIn returns a task that is in the given status now.
func taskIn(t *testing.T, cloud *simulator.Simulator, status string) task {
	t.Helper()
	for _, id := range cloud.TaskIDs() {
		if got := showTask(t, cloud, id); got.Status == status {
			return got
		}
	}
	t.Fatalf("no task is %s", status)
	return task{}
}

// A task of web-01 to web-03, whose backups always succeed.
func waitingWebBackup(t *testing.T, cloud *simulator.Simulator, clock *clock) task {
	t.Helper()
	clock.set(clock.Now().Truncate(time.Hour).Add(time.Minute)) // just created, none started
	tasks := cloud.TaskIDs()
	for _, id := range tasks[1:4] {
		if got := showTask(t, cloud, id); got.Status == "waiting" {
			return got
		}
	}
	t.Fatal("no backup of vault-web waits a minute after the hour")
	return task{}
}

func TestLife(t *testing.T) {
	cloud, clock := newCloud(3)
	first := waitingWebBackup(t, cloud, clock)
	created := clock.Now()

	var statuses []string
	last := first
	for !last.finished() {
		if clock.Now().Sub(created) > 2*time.Hour {
			t.Fatalf("not finished after two hours: %+v", last)
		}
		clock.advance(20 * time.Second)
		now := showTask(t, cloud, first.ID)
		checkMoment(t, now, clock.Now())
		if now.progress() < last.progress() {
			t.Errorf("progress fell from %d to %d", last.progress(), now.progress())
		}
		if parseTime(t, now.UpdatedAt).Before(parseTime(t, last.UpdatedAt)) {
			t.Errorf("updated_at fell from %s to %s", last.UpdatedAt, now.UpdatedAt)
		}
		if now.CreatedAt != first.CreatedAt {
			t.Errorf("created_at changed from %s to %s", first.CreatedAt, now.CreatedAt)
		}
		if now.Status != last.Status {
			statuses = append(statuses, now.Status)
		}
		last = now
	}
	if want := []string{"running", "success"}; !slices.Equal(statuses, want) {
		t.Errorf("after waiting: got %v, want %v", statuses, want)
	}
	if last.progress() != 100 {
		t.Errorf("success at a progress of %d", last.progress())
	}

	// It stays, and is forgotten after 30 days.
	clock.set(parseTime(t, first.CreatedAt).Add(30 * 24 * time.Hour))
	if got := showTask(t, cloud, first.ID); got.Status != "success" || got.UpdatedAt != last.UpdatedAt {
		t.Errorf("finished task changed from %+v to %+v", last, got)
	}
	clock.advance(time.Second)
	if got := show(cloud, first.ID); got.status != 404 {
		t.Errorf("after the retention: got %d %s", got.status, got.body)
	}
	// And it was not there before it was created.
	clock.set(parseTime(t, first.CreatedAt).Add(-time.Second))
	if got := show(cloud, first.ID); got.status != 404 {
		t.Errorf("before it was created: got %d %s", got.status, got.body)
	}
}

// checkMoment checks what holds at any moment of any task.
func checkMoment(t *testing.T, got task, now time.Time) {
	t.Helper()
	times := []time.Time{parseTime(t, got.CreatedAt)}
	if got.StartedAt != nil {
		times = append(times, parseTime(t, *got.StartedAt))
	}
	if got.EndedAt != nil {
		times = append(times, parseTime(t, *got.EndedAt))
	}
	if times = append(times, now); !slices.IsSortedFunc(times, time.Time.Compare) {
		t.Errorf("times are out of order: %v in %+v", times, got)
	}
	if updated := parseTime(t, got.UpdatedAt); updated.After(now) || updated.Before(times[0]) {
		t.Errorf("at %v: updated at %v: %+v", now, updated, got)
	}

	started := got.Status != "waiting" && got.Status != "skipped"
	if (got.StartedAt != nil) != started {
		t.Errorf("%s, started_at %v", got.Status, got.StartedAt)
	}
	if (got.EndedAt != nil) != got.finished() {
		t.Errorf("%s, ended_at %v", got.Status, got.EndedAt)
	}
	progress := got.progress()
	switch {
	case !started && progress != 0,
		got.Status == "success" && progress != 100,
		got.Status != "success" && progress > 99,
		progress < 0:
		t.Errorf("%s at %d percent", got.Status, progress)
	}
	wantCode := got.Status == "failed" || got.Status == "skipped"
	if (got.ErrorInfo.Code != "") != wantCode || (got.ErrorInfo.Message != "") != wantCode {
		t.Errorf("%s with error %+v", got.Status, got.ErrorInfo)
	}
}

func TestWaitingTaskHasNoResult(t *testing.T) {
	cloud, _ := newCloud(1)
	waiting := taskIn(t, cloud, "waiting")
	log := decode(t, show(cloud, waiting.ID).body)["operation_log"].(object)
	extra := log["extra_info"].(object)
	if extra["backup"] != nil || log["checkpoint_id"] != nil {
		t.Errorf("a waiting task has made something: %v", log)
	}
}

func TestSeedAndClockDecideAll(t *testing.T) {
	a, _ := newCloud(1)
	b, _ := newCloud(1)
	other, _ := newCloud(2)

	ids := a.TaskIDs()
	if !slices.Equal(ids, b.TaskIDs()) {
		t.Fatal("same seed, other ids")
	}
	for _, id := range slices.Backward(ids) { // the order of questions does not matter
		b.TaskIDs()
		show(b, id)
	}
	for _, id := range ids {
		if got, want := show(b, id), show(a, id); got.body != want.body {
			t.Errorf("same seed, other task:\n%s\n%s", got.body, want.body)
		}
	}
	for _, id := range other.TaskIDs()[1:] { // 0: the sample
		if slices.Contains(ids, id) {
			t.Errorf("task %s exists with two seeds", id)
		}
		if got := show(a, id); got.status != 404 {
			t.Errorf("task of another seed: got %d", got.status)
		}
	}
}
