package simulator_test

import (
	"slices"
	"testing"
	"time"

	"github.com/cbr-exporter/cbr_exporter/simulator"
)

func TestRenameScripted(t *testing.T) {
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
	list(t, cloud, "") // remembers nothing that will be wrong
	cloud.RenameVault("v", "new vault")
	cloud.RenameVault("w", "not told before")
	clock.advance(2 * time.Minute)
	cloud.RenameResource("r", "new resource")
	cloud.RenameVault("v", "newest vault")
	clock.advance(2 * time.Minute)
	cloud.Add(simulator.Task{
		OperationType: "backup", VaultID: "v", VaultName: "old vault", ResourceID: "r", ResourceName: "old resource",
		Created: someDay().Add(2*time.Minute + 1),
	})

	wantVault := []string{"old vault", "old vault", "new vault", "new vault", "newest vault", "newest vault"}
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
		"vault_name=old+vault": 2, "vault_name=new+vault": 3, "vault_name=newest+vault": 2,
		"resource_name=new+resource": 2, "vault_name=not+told+before": 0,
	} {
		if got := len(list(t, cloud, filter).Logs); got != want {
			t.Errorf("%s: got %d rows, want %d", filter, got, want)
		}
	}
}

func TestRenameFleet(t *testing.T) {
	cloud, clock := newCloud(1)
	before := cloud.Tasks()
	old := before[slices.IndexFunc(before, func(r simulator.TaskRecord) bool { return r.VaultName == "vault-web" })]
	renamed := clock.Now()
	cloud.RenameVault(old.VaultID, "new vault")
	cloud.RenameResource(old.ResourceID, "new resource")
	for i, got := range cloud.Tasks() {
		if got != before[i] {
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
	if !slices.Equal(cloud.Tasks(), before) {
		t.Error("back in time, something else is there")
	}
}
