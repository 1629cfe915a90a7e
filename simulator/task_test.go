package simulator_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cbr-exporter/cbr_exporter/simulator"
)

func TestLifeOfAddedTask(t *testing.T) {
	t.Parallel()
	type seen struct {
		minute   time.Duration
		status   string // empty: does not exist
		progress int
		updated  time.Duration // seconds after it was created
	}
	at := func(minute time.Duration) time.Time { return someDay().Add(minute * time.Minute) }
	var never time.Time
	for name, test := range map[string]struct {
		task simulator.Task
		life []seen
	}{
		"success": {
			simulator.Task{Created: at(0), Started: at(10), Ended: at(20)},
			[]seen{{-1, "", 0, 0}, {0, "waiting", 0, 0}, {9, "waiting", 0, 0}, {10, "running", 0, 600}, {15, "running", 50, 900}, {20, "success", 100, 1200}, {500, "success", 100, 1200}},
		},
		"skipped": {
			simulator.Task{Created: at(0), Started: never, Ended: at(5), Outcome: "skipped", ErrorCode: "BackupService.7102", ErrorMessage: "The server has stopped."},
			[]seen{{0, "waiting", 0, 0}, {4, "waiting", 0, 0}, {5, "skipped", 0, 300}},
		},
		"hangs": {
			simulator.Task{Created: at(0), Started: at(0), Ended: never},
			[]seen{{0, "running", 0, 0}, {10, "running", 10, 600}, {5000, "running", 99, 300000}},
		},
		"waits forever": {
			simulator.Task{Created: at(0)},
			[]seen{{0, "waiting", 0, 0}, {5000, "waiting", 0, 0}},
		},
		"when it is added": {
			simulator.Task{Started: at(1), Ended: at(2)},
			[]seen{{0, "waiting", 0, 0}, {2, "success", 100, 120}},
		},
		"forgotten": {
			simulator.Task{Created: at(0), Started: at(0), Ended: at(1)},
			[]seen{{30 * 24 * 60, "success", 100, 60}, {30*24*60 + 1, "", 0, 0}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			cloud, clock := scriptedCloud(0)
			test.task.ID = "ABCDEF00-0000-4000-8000-000000000001"
			test.task.OperationType = "backup"
			test.task.ResourceID, test.task.ResourceType = "r-1", "OS::Nova::Server"
			cloud.Add(test.task)
			for _, want := range test.life {
				clock.set(at(want.minute))
				listed := list(t, cloud, "").tasks(t)
				if want.status == "" {
					if status := show(cloud, test.task.ID).status; len(listed) > 0 || status != 404 || len(cloud.Tasks()) > 0 {
						t.Errorf("minute %d: %d listed, shown with %d; want none", want.minute, len(listed), status)
					}
					continue
				}
				got := showTask(t, cloud, test.task.ID)
				checkTask(t, got, clock.Now())
				updated := parseTime(t, got.UpdatedAt).Sub(at(0)) / time.Second
				if got := (seen{want.minute, got.Status, got.progress(), updated}); got != want {
					t.Errorf("got %+v, want %+v", got, want)
				}
				if diff := cmp.Diff([]task{got}, listed); diff != "" {
					t.Errorf("minute %d: shown and listed differ:\n%s", want.minute, diff)
				}
				if record := cloud.Tasks()[0]; record.ID != got.ID || record.Status != want.status {
					t.Errorf("minute %d: the truth is %+v, want %s", want.minute, record, want.status)
				}
			}
		})
	}
}

func TestAdd(t *testing.T) {
	t.Parallel()
	cloud, clock := newCloud(1)
	before := len(cloud.Tasks())
	task := simulator.Task{
		ID: "00000000-0000-4000-8000-000000000001", OperationType: "replication", Outcome: "failed",
		VaultID: "v-1", VaultName: "vault one", ResourceID: "r-1", ResourceName: "disk one",
		ResourceType: "OS::Cinder::Volume", PolicyID: "p-1",
		Created: clock.Now().Add(-3 * time.Minute), Started: clock.Now().Add(-2 * time.Minute), Ended: clock.Now(),
		ErrorCode: "BackupService.6129", ErrorMessage: "It is full.",
	}
	want := simulator.TaskRecord{Task: task, Status: "failed", ProviderID: "d1603440-187d-4516-af25-121250c7cc97"}
	task.ID = strings.ToUpper(task.ID)
	cloud.Add(task)
	tasks := cloud.Tasks()
	got := tasks[slices.IndexFunc(tasks, func(r simulator.TaskRecord) bool { return r.ID == want.ID })]
	if want.Progress = got.Progress; got.Progress < 80 || got.Progress > 97 {
		t.Errorf("failed at %d percent", got.Progress)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("got another task (-want +got):\n%s", diff)
	}
	if len(tasks) != before+1 {
		t.Errorf("%d tasks, want %d", len(tasks), before+1)
	}
	if rows := list(t, cloud, "vault_name=vault+one&provider_id="+want.ProviderID).tasks(t); len(rows) != 1 || rows[0].ID != want.ID {
		t.Errorf("listed %+v", rows)
	}
}

func TestProviders(t *testing.T) {
	t.Parallel()
	cloud, _ := scriptedCloud(0)
	for kind, want := range map[string]string{
		"OS::Nova::Server":            "0daac4c5-6707-4851-97ba-169e36266b66",
		"OS::Ironic::BareMetalServer": "0daac4c5-6707-4851-97ba-169e36266b66",
		"OS::Cinder::Volume":          "d1603440-187d-4516-af25-121250c7cc97",
		"OS::Sfs::Turbo":              "3f3c3220-245c-4805-b811-758870015881",
		"OS::Native::Server":          "a13639de-00be-4e94-af30-26912d75e4a2",
		"OS::Workspace::DesktopV2":    "86a80900-71bf-4961-956a-d52df944f84a",
	} {
		cloud.Add(simulator.Task{OperationType: "backup", ResourceID: kind, ResourceType: kind})
		if got := list(t, cloud, "resource_id="+kind).tasks(t); len(got) != 1 || got[0].ProviderID != want {
			t.Errorf("%s: got %+v, want the provider %s", kind, got, want)
		}
	}
}

func TestAddWithoutID(t *testing.T) {
	t.Parallel()
	ids := func(seed uint64) []string {
		clock := newClock(someDay())
		cloud := simulator.New(simulator.Options{Now: clock.Now, Seed: seed, Empty: true})
		cloud.Add(simulator.Task{}, simulator.Task{})
		cloud.Add(simulator.Task{})
		return recordIDs(cloud.Tasks())
	}
	one := ids(1)
	if len(slices.Compact(slices.Sorted(slices.Values(one)))) != 3 {
		t.Errorf("got the ids %v, want three", one)
	}
	if !slices.Equal(one, ids(1)) || slices.Equal(one, ids(2)) {
		t.Error("the ids do not follow from the seed")
	}
}

func TestAddWithoutVaultAndResource(t *testing.T) {
	t.Parallel()
	cloud, _ := scriptedCloud(0)
	now := someDay()
	operations := []string{"backup", "copy", "delete", "migrate_resources", "remove_resource", "replication", "restore", "sync", "vault_delete", "new"}
	for _, operation := range operations {
		cloud.Add(simulator.Task{OperationType: operation, Created: now, Started: now, Ended: now})
	}
	rows := list(t, cloud, "")
	if len(rows.Logs) != len(operations) {
		t.Fatalf("got %d rows", len(rows.Logs))
	}
	for _, row := range rows.Logs {
		log := decode(t, string(row))
		if log["vault_id"] != nil || log["policy_id"] != nil || log["extra_info"].(object)["resource"] != nil {
			t.Errorf("got %v", log)
		}
	}
}

// A remove_resource names its resources in its list alone, at any stage.
func TestAddRemoval(t *testing.T) {
	t.Parallel()
	cloud, clock := scriptedCloud(0)
	removal := simulator.Task{
		OperationType: "remove_resource", VaultID: "v", ResourceID: "r-1", ResourceName: "one", ResourceType: "OS::Nova::Server",
		Removed: []simulator.TaskResource{{ID: "r-2", Name: "two", Type: "OS::Cinder::Volume"}},
		Created: clock.Now().Add(-time.Hour), Started: clock.Now().Add(time.Minute), Ended: clock.Now().Add(time.Hour),
	}
	cloud.Add(removal)
	if got := cloud.Tasks()[0]; !cmp.Equal(got.Removed, removal.Removed) || got.ResourceID != "r-1" {
		t.Errorf("the truth is %+v", got)
	}
	cloud.RenameResource("r-2", "renamed") // after its creation
	for _, name := range []string{"waiting", "running"} {
		info := decode(t, string(list(t, cloud, "").Logs[0]))["extra_info"].(object)
		want := []any{
			object{"id": "r-1", "name": "one", "type": "OS::Nova::Server"},
			object{"id": "r-2", "name": "two", "type": "OS::Cinder::Volume"},
		}
		if diff := cmp.Diff(any(want), info["remove_resources"].(object)["resources"]); diff != "" || info["resource"] != nil {
			t.Errorf("%s: resource %v, resources (-want +got):\n%s", name, info["resource"], diff)
		}
		clock.advance(time.Minute)
	}
	cloud.Add(removal)
	removal.Created = clock.Now()
	cloud.Add(removal)
	if name := cloud.Tasks()[0].Removed[0].Name; name != "renamed" {
		t.Errorf("a later task names %s", name)
	}
}

func TestAddReplaces(t *testing.T) {
	t.Parallel()
	cloud, clock := scriptedCloud(1)
	id := cloud.Tasks()[0].ID
	cloud.Add(simulator.Task{ID: id, OperationType: "restore"})
	if got := cloud.Tasks(); len(got) != 1 || got[0].OperationType != "restore" || got[0].Status != "waiting" {
		t.Errorf("got %+v, want the task that came later", got)
	}
	if got := list(t, cloud, "").tasks(t); len(got) != 1 || parseTime(t, got[0].CreatedAt).Before(clock.Now().Truncate(time.Second)) {
		t.Errorf("listed %+v", got)
	}
}

func TestAddPanics(t *testing.T) {
	t.Parallel()
	cloud, _ := newCloud(1)
	defer func() {
		if recover() == nil {
			t.Error("no panic for an id that is not a UUID")
		}
	}()
	cloud.Add(simulator.Task{ID: "task-1"})
}

func TestRemove(t *testing.T) {
	t.Parallel()
	cloud, clock := newCloud(1)
	cloud.Add(simulator.Task{ID: "00000000-0000-4000-8000-000000000001", OperationType: "backup"})
	before := recordIDs(cloud.Tasks())
	gone := []string{before[0], before[10], before[20], "00000000-0000-4000-8000-000000000001"}
	cloud.Remove(gone...)
	cloud.Remove("00000000-0000-4000-8000-00000000ffff") // unknown

	want := slices.DeleteFunc(before, func(id string) bool { return slices.Contains(gone, id) })
	if got := recordIDs(cloud.Tasks()); !slices.Equal(got, want) {
		t.Errorf("%d tasks are left, want %d", len(got), len(want))
	}
	if got := *list(t, cloud, "limit=1").Count; got != len(want) {
		t.Errorf("count: got %d, want %d", got, len(want))
	}
	for _, id := range gone {
		if got := show(cloud, id); got.status != 404 || !strings.Contains(got.body, "BackupService.6500") {
			t.Errorf("%s: got %d %s", id, got.status, got.body)
		}
	}
	clock.advance(50 * day)
	clock.advance(-50 * day)
	if got := recordIDs(cloud.Tasks()); !slices.Equal(got, want) {
		t.Errorf("later %d tasks are left, want %d", len(got), len(want))
	}
}

func TestEmpty(t *testing.T) {
	t.Parallel()
	cloud, _ := scriptedCloud(0)
	if got := list(t, cloud, ""); len(got.Logs) != 0 || *got.Count != 0 {
		t.Errorf("listed %+v", got)
	}
	if tasks := cloud.Tasks(); len(tasks) != 0 {
		t.Errorf("there are tasks: %v", tasks)
	}
	if got := show(cloud, simulator.SampleTaskID).status; got != 200 {
		t.Errorf("the sample: got %d", got)
	}
	other, _ := newCloud(1)
	if got := show(cloud, other.Tasks()[0].ID).status; got != 404 {
		t.Errorf("a task of the demo project with the same seed: got %d, want 404", got)
	}
}

func TestRenameWithAddedTasks(t *testing.T) {
	t.Parallel()
	cloud, clock := scriptedCloud(0)
	for minute := range time.Duration(6) {
		cloud.Add(simulator.Task{
			OperationType: "backup", VaultID: "v", VaultName: "old vault", ResourceID: "r", ResourceName: "old resource",
			Created: someDay().Add(minute * time.Minute),
		}, simulator.Task{
			OperationType: "backup", VaultID: "w", ResourceID: "x",
			Created: someDay().Add(minute * time.Minute),
		})
	}
	clock.advance(time.Minute)
	list(t, cloud, "") // fills the cache
	cloud.RenameVault("v", "new vault")
	cloud.RenameVault("w", "missing before")
	clock.advance(2 * time.Minute)
	cloud.RenameResource("r", "new resource")
	cloud.RenameVault("v", "latest vault")
	clock.advance(2 * time.Minute)
	cloud.Add(simulator.Task{
		OperationType: "backup", VaultID: "v", VaultName: "old vault", ResourceID: "r", ResourceName: "old resource",
		Created: someDay().Add(2*time.Minute + 1),
	})

	wantVault := []string{"old vault", "old vault", "new vault", "new vault", "latest vault", "latest vault"}
	wantResource := []string{"old resource", "old resource", "old resource", "old resource", "new resource", "new resource"}
	for _, got := range list(t, cloud, "vault_id=v").tasks(t) {
		minute := parseTime(t, got.CreatedAt).Sub(someDay()) / time.Minute
		if got.VaultName != wantVault[minute] || got.ExtraInfo.Resource.Name != wantResource[minute] {
			t.Errorf("minute %d: got %s, %s; want %s, %s",
				minute, got.VaultName, got.ExtraInfo.Resource.Name, wantVault[minute], wantResource[minute])
		}
		if shown := showTask(t, cloud, got.ID); shown.VaultName != got.VaultName || shown.ExtraInfo != got.ExtraInfo {
			t.Errorf("listed %+v, but shown %+v", got, shown)
		}
	}
	for filter, want := range map[string]int{
		"vault_name=old+vault": 2, "vault_name=new+vault": 3, "vault_name=latest+vault": 2,
		"resource_name=new+resource": 2, "vault_name=missing+before": 0,
	} {
		if got := len(list(t, cloud, filter).Logs); got != want {
			t.Errorf("%s: got %d rows, want %d", filter, got, want)
		}
	}
}

func TestRenameInDemoProject(t *testing.T) {
	t.Parallel()
	cloud, clock := newCloud(1)
	before := cloud.Tasks()
	old := before[slices.IndexFunc(before, func(r simulator.TaskRecord) bool {
		return r.VaultName == "vault-offsite" && r.OperationType == "replication"
	})]
	renamed := clock.Now()
	cloud.RenameVault(old.VaultID, "new vault")
	cloud.RenameResource(old.ResourceID, "new resource")
	for i, got := range cloud.Tasks() {
		if !cmp.Equal(got, before[i]) {
			t.Errorf("%+v is now %+v", before[i], got)
		}
	}
	clock.advance(9 * time.Hour)
	fresh := 0
	for _, got := range cloud.Tasks() {
		later := got.Created.After(renamed)
		if got.VaultID == old.VaultID && (got.VaultName == "new vault") != later {
			t.Errorf("vault: %+v", got)
		}
		if got.ResourceID == old.ResourceID {
			if (got.ResourceName == "new resource") != later {
				t.Errorf("resource: %+v", got)
			}
			if later {
				fresh++
				if shown := showTask(t, cloud, got.ID); shown.VaultName != "new vault" || shown.ExtraInfo.Resource.Name != "new resource" {
					t.Errorf("shown as %+v", shown)
				}
			}
		}
	}
	if fresh == 0 {
		t.Error("no task is new")
	}
	clock.advance(-9 * time.Hour)
	if !cmp.Equal(cloud.Tasks(), before) {
		t.Error("after setting the clock back, the tasks differ")
	}
}
