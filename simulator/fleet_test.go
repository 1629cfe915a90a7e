package simulator_test

import (
	"cmp"
	"fmt"
	"iter"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cbr-exporter/cbr_exporter/simulator"
)

func TestTaskIDs(t *testing.T) {
	chance := rand.New(rand.NewPCG(1, 1))
	for range 10 {
		cloud, clock := newCloud(chance.Uint64())
		clock.set(time.Unix(1.6e9+chance.Int64N(1e9), chance.Int64N(1e9)))
		ids := cloud.TaskIDs()
		if ids[0] != simulator.SampleTaskID {
			t.Errorf("the first is %s, want the sample", ids[0])
		}
		if distinct := slices.Compact(slices.Sorted(slices.Values(ids))); len(distinct) != len(ids) {
			t.Errorf("%d ids, %d of them distinct", len(ids), len(distinct))
		}
		statuses := make(map[string]int)
		for _, id := range ids {
			got := showTask(t, cloud, id)
			if got.ID != id {
				t.Errorf("asked for %s, got %s", id, got.ID)
			}
			if id != simulator.SampleTaskID { // it is older than our rules
				checkMoment(t, got, clock.Now())
			}
			statuses[got.Status]++
		}
		want := []string{"failed", "running", "skipped", "success", "timeout", "waiting"}
		if got := slices.Sorted(maps.Keys(statuses)); !slices.Equal(got, want) {
			t.Errorf("statuses: got %v, want %v", got, want)
		}
	}
}

func TestRandomUUIDs(t *testing.T) {
	cloud, _ := newCloud(1)
	chance := rand.New(rand.NewPCG(1, 1))
	for range 2000 {
		hi, lo := chance.Uint64()&^0xf000|0x4000, chance.Uint64()>>2|1<<63
		id := fmt.Sprintf("%08x-%04x-%04x-%04x-%012x", hi>>32, hi>>16&0xffff, hi&0xffff, lo>>48, lo&0xffffffffffff)
		if got := show(cloud, id); got.status != 404 || !strings.Contains(got.body, "BackupService.6500") {
			t.Fatalf("%s: got %d %s", id, got.status, got.body)
		}
	}
}

// named moves the clock on step by step, over the given time, and yields each
// id that TaskIDs names, once, when it does so first.
func named(cloud *simulator.Simulator, clock *clock, over, step time.Duration) iter.Seq[string] {
	return func(yield func(string) bool) {
		seen := make(map[string]bool)
		for end := clock.Now().Add(over); clock.Now().Before(end); clock.advance(step) {
			for _, id := range cloud.TaskIDs() {
				if !seen[id] && !yield(id) {
					return
				}
				seen[id] = true
			}
		}
	}
}

const day = 24 * time.Hour

func TestCoverage(t *testing.T) {
	cloud, clock := newCloud(5)
	types, statuses := make(map[string]int), make(map[string]int)
	paths := make(map[string]int) // "extra_info.backup.backup_id" -> tasks that have it
	values := make(map[string]int)
	// The step is no part of an hour, so that tasks are met at all stages.
	for id := range named(cloud, clock, 25*day, 100*time.Minute) {
		log := decode(t, show(cloud, id).body)["operation_log"].(object)
		types[log["operation_type"].(string)]++
		statuses[log["status"].(string)]++
		collectPaths(log, "", paths, values)
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
	if got, want := slices.Sorted(maps.Keys(paths)), strings.Fields(documentedPaths); !slices.Equal(got, want) {
		t.Errorf("fields: got %s\n\nwant %s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}

	for _, path := range []string{"vault_id", "policy_id", "checkpoint_id", "started_at", "ended_at", "extra_info.resource"} {
		if n := paths[path]; n == 0 || n == sum(types) {
			t.Errorf("%s: in %d of %d tasks, want some with and some without", path, n, sum(types))
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
}

func sum(counts map[string]int) (n int) {
	for _, c := range counts {
		n += c
	}
	return n
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

// The vendor calls them success, but they are not whole.
func TestPartialSuccess(t *testing.T) {
	cloud, clock := newCloud(5)
	var inconsistent, unsynced int
	for _, id := range slices.Collect(named(cloud, clock, 7*day, time.Hour)) {
		got := showTask(t, cloud, id)
		if got.Status != "success" {
			continue
		}
		if got.ExtraInfo.Backup.Code != "" {
			inconsistent++
		}
		if got.ExtraInfo.Sync.Failed > 0 {
			unsynced++
		}
	}
	if inconsistent == 0 || unsynced == 0 {
		t.Errorf("successes: %d backups not consistent, %d syncs not complete; want some of each", inconsistent, unsynced)
	}
}

// Tasks of one resource and operation follow each other, and hold to what
// checkMoment knows when they are over.
func TestTasksFollowEachOther(t *testing.T) {
	cloud, clock := newCloud(6)
	tasks := make(map[string][]task)
	ids := slices.Collect(named(cloud, clock, 7*day, 30*time.Minute))
	for _, id := range ids[1:] { // 0: the sample
		got := showTask(t, cloud, id)
		checkMoment(t, got, clock.Now())
		if got.OperationType == "vault_delete" {
			continue // of no resource
		}
		key := strings.Join([]string{got.VaultID, got.ExtraInfo.Resource.ID, got.OperationType}, " ")
		tasks[key] = append(tasks[key], got)
	}
	for key, of := range tasks {
		slices.SortFunc(of, func(a, b task) int { return cmp.Compare(a.CreatedAt, b.CreatedAt) })
		for i, next := range of[1:] {
			if last := of[i]; last.EndedAt == nil || !parseTime(t, *last.EndedAt).Before(parseTime(t, next.CreatedAt)) {
				t.Errorf("%s: %+v is not over when %+v begins", key, last, next)
			}
		}
	}
}
