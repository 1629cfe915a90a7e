package protection_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
	"github.com/cbr-exporter/cbr_exporter/protection"
	"github.com/cbr-exporter/cbr_exporter/tasks"
	"github.com/cbr-exporter/cbr_exporter/tasks/ledger"
)

// TestVaultOfResource has tasks that name no vault, or another one than their resource
// is bound to.
func TestVaultOfResource(t *testing.T) {
	t.Parallel()
	const backup = cbrapi.OperationBackup
	log := func(id, vaultID, resourceID string) *cbrapi.OperationLog {
		l := &cbrapi.OperationLog{ID: id, VaultID: vaultID, OperationType: backup}
		if resourceID != "" {
			l.ExtraInfo.Resource = &cbrapi.Resource{ID: resourceID}
		}
		return l
	}
	of := func(vaultID, resourceID string) ledger.TaskGroup {
		return ledger.TaskGroup{VaultID: vaultID, ResourceID: resourceID, OperationType: backup, Status: cbrapi.StatusSuccess}
	}
	known := tasks.Snapshot{
		ResourceStates: []ledger.ResourceState{
			{ResourceKey: key("came"), VaultID: "other"},
			{ResourceKey: key("moved"), VaultID: "v"},
			{ResourceKey: key("r")},
			{ResourceKey: key("unbound"), VaultID: "v"},
			{ResourceKey: key("unbound from other"), VaultID: "other"},
			{ResourceKey: key("went"), VaultID: "w"},
			{ResourceKey: key("x")},
		},
		VaultTasks: []*cbrapi.OperationLog{log("6", "other", ""), log("7", "v", ""), log("8", "", "")},
		Resources:  []ledger.Resource{{ID: "came"}, {ID: "other"}, {ID: "unbound from other"}, {ID: "went"}, {ID: "x"}},
		Discovered: &tasks.Discovered{
			Listed: []*cbrapi.OperationLog{log("1", "v", "moved"), log("2", "", "moved"), log("3", "", "other"), log("4", "", ""), log("5", "", "x"), log("9", "other", "came")},
			TaskCounts: map[ledger.TaskGroup]int{
				of("v", ""): 1, of("", "moved"): 2, of("", "r"): 4, of("", "x"): 8, of("", ""): 16, of("", "other"): 32, of("", "gone"): 64, of("other", ""): 128,
			},
		},
	}
	bound := func(ids ...string) (resources []cbrapi.VaultResource) {
		for _, id := range ids {
			resources = append(resources, cbrapi.VaultResource{ID: id})
		}
		return resources
	}
	vaults := listed(
		&cbrapi.Vault{ID: "other", Resources: bound("other", "went")},
		&cbrapi.Vault{ID: "v", Resources: append(bound("r"), cbrapi.VaultResource{ID: "gone", ProtectStatus: cbrapi.ProtectDeleted})},
		&cbrapi.Vault{ID: "w", Resources: bound("moved", "came")},
	)
	follows := func(vaultID string, _ cbrapi.OperationType) bool { return vaultID != "other" }
	s := protection.NewSnapshot(known, vaults, protection.Options{Follows: follows})

	got := map[string]string{}
	for _, state := range s.ResourceStates {
		got["state of "+state.ResourceID] = state.VaultID
	}
	for _, active := range s.Discovered.Listed {
		got["task "+active.ID] = s.VaultOf(active)
	}
	for _, last := range s.VaultTasks {
		got["last task "+last.ID] = s.VaultOf(last)
	}
	for _, count := range s.TaskCounts {
		got["count in "+count.VaultID] = fmt.Sprint(count.Tasks[cbrapi.StatusSuccess])
	}
	want := map[string]string{
		"state of came": "w", "state of moved": "w", "state of r": "v", "state of unbound": "v", "state of x": "",
		"task 1": "v", "task 2": "w", "task 4": "", "task 5": "", "last task 7": "v", "last task 8": "",
		"count in v": "69", "count in w": "2", "count in ": "24",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if !slices.ContainsFunc(s.Resources, func(r ledger.Resource) bool { return r.ID == "unbound from other" }) {
		t.Errorf("got resources %+v, want all", s.Resources)
	}
	if !s.Gone("gone") || s.Gone("r") || s.Gone("x") {
		t.Error("the wrong resources are gone")
	}
	if known.ResourceStates[1].VaultID != "v" || len(known.ResourceStates) != 7 || len(known.Discovered.Listed) != 6 || len(known.VaultTasks) != 3 {
		t.Error("shared data has been changed")
	}
}
