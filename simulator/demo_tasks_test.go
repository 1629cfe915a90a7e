package simulator_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cbr-exporter/cbr_exporter/simulator"
)

const day = 24 * time.Hour

// TestFields lists tasks of all types in all states and compares their fields with
// the documentation.
func TestFields(t *testing.T) {
	t.Parallel()
	clock := newClock(someDay())
	cloud := simulator.New(simulator.Options{Now: clock.Now, Seed: 5, Tokens: []string{fixedToken}, Retention: 9 * day})
	types, statuses := make(map[string]int), make(map[string]int)
	paths := make(map[string]int) // "extra_info.backup.backup_id" -> tasks that have it
	values := make(map[string]int)
	ofBackups, withResource := make(map[string]int), make(map[string]int)
	tasks, inconsistent, unsynced, mixed := 0, 0, 0, 0
	read := func(query string) {
		for _, log := range list(t, cloud, query).Logs {
			record := decode(t, string(log))
			types[record["operation_type"].(string)]++
			statuses[record["status"].(string)]++
			collectPaths(record, "", paths, values)
			if record["operation_type"] == "backup" {
				collectPaths(record, "", ofBackups, make(map[string]int))
			}
			if record["extra_info"].(object)["resource"] != nil {
				withResource[record["operation_type"].(string)]++
			}
			var got task
			if err := json.Unmarshal(log, &got); err != nil {
				t.Fatal(err)
			}
			checkTask(t, got, clock.Now())
			if got.StartedAt != nil && len(*got.StartedAt) != len(got.CreatedAt) {
				mixed++
			}
			if tasks++; got.Status == "success" && got.ExtraInfo.Backup.Code != "" {
				inconsistent++
			}
			if got.Status == "success" && got.ExtraInfo.Sync.Failed > 0 {
				unsynced++
			}
		}
	}
	for offset := 0; offset < *list(t, cloud, "limit=1").Count; offset += 1000 {
		read(fmt.Sprint("offset=", offset))
	}
	for range 10 { // different stages of tasks
		clock.advance(100 * time.Minute)
		read("status=waiting")
		read("status=running")
	}

	wantTypes := []string{
		"backup", "copy", "delete", "migrate_resources", "remove_resource",
		"replication", "restore", "sync", "vault_delete",
	}
	if got := slices.Sorted(maps.Keys(types)); !slices.Equal(got, wantTypes) {
		t.Errorf("operation types: got %v, want %v", got, wantTypes)
	}
	wantStatuses := []string{"failed", "running", "skipped", "success", "timeout", "waiting"}
	if got := slices.Sorted(maps.Keys(statuses)); !slices.Equal(got, wantStatuses) {
		t.Errorf("statuses: got %v, want %v", got, wantStatuses)
	}
	if diff := cmp.Diff(strings.Fields(documentedPaths), slices.Sorted(maps.Keys(paths))); diff != "" {
		t.Errorf("the fields differ (-documentation +simulator):\n%s", diff)
	}
	for path, want := range map[string]int{"vault_id": 0, "vault_name": 0, "policy_id": 0, "extra_info.common.task_id": 0} {
		if n := ofBackups[path]; n != want {
			t.Errorf("%s: in %d backups, want %d", path, n, want)
		}
	}
	if n := withResource["migrate_resources"] + withResource["remove_resource"] + withResource["vault_delete"]; n != 0 || withResource["backup"] == 0 {
		t.Errorf("tasks with a resource: %v", withResource)
	}
	for _, path := range []string{"vault_id", "policy_id", "checkpoint_id", "started_at", "ended_at", "extra_info.resource"} {
		if n := paths[path]; n == 0 || n == tasks {
			t.Errorf("%s: in %d of %d tasks, want some with and some without", path, n, tasks)
		}
	}
	for _, want := range []string{
		`extra_info.backup.incremental="true"`, `extra_info.backup.incremental="false"`,
		`extra_info.backup.app_consistency_status="0"`, `extra_info.backup.app_consistency_status="1"`,
		`error_info.code="BackupService.6114"`,
		`started_at=null`, `ended_at=null`,
	} {
		if values[want] == 0 {
			t.Errorf("no task has %s", want)
		}
	}
	if mixed == 0 || mixed == tasks {
		t.Errorf("%d of %d tasks have times in several formats, want some", mixed, tasks)
	}
	if inconsistent == 0 || unsynced == 0 {
		t.Errorf("successes: %d inconsistent backups, %d incomplete syncs; want some of each", inconsistent, unsynced)
	}
}

// collectPaths counts which fields occur, and with which text or null.
func collectPaths(value any, path string, paths, values map[string]int) {
	switch value := value.(type) {
	case object:
		for name, field := range value {
			child := strings.TrimPrefix(path+"."+name, ".")
			paths[child]++
			collectPaths(field, child, paths, values)
		}
	case []any:
		for _, element := range value {
			collectPaths(element, path+"[]", paths, values)
		}
	case string:
		values[fmt.Sprintf("%s=%q", path, value)]++
	case nil:
		values[path+"=null"]++
	}
}

// documentedPaths are the fields of tables 4 to 16 of
// https://support.huaweicloud.com/api-cbr/ShowOpLog.html, with include_volumes
// from the SDK and the vault_delete counters of the Terraform provider.
const documentedPaths = `
checkpoint_id
created_at
ended_at
error_info
error_info.code
error_info.message
extra_info
extra_info.backup
extra_info.backup.app_consistency_error_code
extra_info.backup.app_consistency_error_message
extra_info.backup.app_consistency_status
extra_info.backup.backup_id
extra_info.backup.backup_name
extra_info.backup.incremental
extra_info.common
extra_info.common.progress
extra_info.common.request_id
extra_info.common.task_id
extra_info.delete
extra_info.delete.backup_id
extra_info.delete.backup_name
extra_info.remove_resources
extra_info.remove_resources.fail_count
extra_info.remove_resources.resources
extra_info.remove_resources.resources[].id
extra_info.remove_resources.resources[].name
extra_info.remove_resources.resources[].type
extra_info.remove_resources.total_count
extra_info.replication
extra_info.replication.destination_backup_id
extra_info.replication.destination_backup_name
extra_info.replication.destination_checkpoint_id
extra_info.replication.destination_project_id
extra_info.replication.destination_region
extra_info.replication.source_backup_id
extra_info.replication.source_backup_name
extra_info.replication.source_checkpoint_id
extra_info.replication.source_project_id
extra_info.replication.source_region
extra_info.resource
extra_info.resource.extra_info
extra_info.resource.extra_info.exclude_volumes
extra_info.resource.extra_info.include_volumes
extra_info.resource.extra_info.include_volumes[].id
extra_info.resource.extra_info.include_volumes[].os_version
extra_info.resource.id
extra_info.resource.name
extra_info.resource.type
extra_info.restore
extra_info.restore.backup_id
extra_info.restore.backup_name
extra_info.restore.target_resource_id
extra_info.restore.target_resource_name
extra_info.sync
extra_info.sync.delete_backup_num
extra_info.sync.err_sync_backup_num
extra_info.sync.sync_backup_num
extra_info.vault_delete
extra_info.vault_delete.fail_count
extra_info.vault_delete.fail_delete_count
extra_info.vault_delete.total_count
extra_info.vault_delete.total_delete_count
id
operation_type
policy_id
project_id
provider_id
started_at
status
updated_at
vault_id
vault_name
`

// checkTask checks what holds for any task at any moment.
func checkTask(t *testing.T, got task, now time.Time) {
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

func TestTaskLife(t *testing.T) {
	t.Parallel()
	cloud, clock := newCloud(3)
	clock.set(clock.Now().Truncate(time.Hour).Add(time.Minute)) // an hourly backup was created
	waiting := list(t, cloud, "resource_name=web-01&status=waiting").tasks(t)
	if len(waiting) == 0 {
		t.Fatal("no backup of web-01 waits a minute after the hour")
	}
	first := waiting[0]
	log := decode(t, show(cloud, first.ID).body)["operation_log"].(object)
	if log["extra_info"].(object)["backup"] != nil || log["checkpoint_id"] != nil {
		t.Errorf("a waiting task has results: %v", log)
	}

	var statuses []string
	last := first
	for range 100 {
		clock.advance(time.Minute)
		now := showTask(t, cloud, first.ID)
		checkTask(t, now, clock.Now())
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
		t.Errorf("statuses after waiting: got %v, want %v", statuses, want)
	}

	clock.set(parseTime(t, first.CreatedAt).Add(30 * day))
	if diff := cmp.Diff(last, showTask(t, cloud, first.ID)); diff != "" {
		t.Errorf("the finished task has changed (-before +after):\n%s", diff)
	}
	clock.advance(time.Second)
	if got := show(cloud, first.ID); got.status != 404 {
		t.Errorf("after the retention: got %d %s", got.status, got.body)
	}
	clock.set(parseTime(t, first.CreatedAt).Add(-time.Second))
	if got := show(cloud, first.ID); got.status != 404 {
		t.Errorf("before its creation: got %d %s", got.status, got.body)
	}
}

func TestSeedAndClockDetermineAll(t *testing.T) {
	t.Parallel()
	a, _ := newCloud(1)
	b, clock := newCloud(1)
	other, _ := newCloud(2)
	clock.advance(-20 * day)
	list(t, b, "") // the order of requests does not matter
	clock.advance(20 * day)
	for _, path := range []string{listPath + "?limit=200", vaultsPath, policiesPath, backupsPath, protectablesPath("server")} {
		if got, want := get(b, path, fixedToken), get(a, path, fixedToken); got.body != want.body {
			t.Errorf("%s: same seed, but got %.200s and %.200s", path, got.body, want.body)
		}
	}
	if got := show(a, other.Tasks()[0].ID); got.status != 404 {
		t.Errorf("task of another seed: got %d, want 404", got.status)
	}
}
