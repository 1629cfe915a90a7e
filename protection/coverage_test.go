package protection_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
	"github.com/cbr-exporter/cbr_exporter/inventory"
	"github.com/cbr-exporter/cbr_exporter/protection"
	"github.com/cbr-exporter/cbr_exporter/tasks"
	"github.com/cbr-exporter/cbr_exporter/tasks/ledger"
)

func TestCoverage(t *testing.T) {
	t.Parallel()
	vault := func(id, kind string, resources ...cbrapi.VaultResource) *cbrapi.Vault {
		return &cbrapi.Vault{ID: id, Billing: cbrapi.Billing{ProtectType: kind}, Resources: resources}
	}
	expect := func(id string, operation cbrapi.OperationType) inventory.Expectation {
		return inventory.Expectation{ResourceKey: ledger.ResourceKey{ResourceID: id, OperationType: operation}, VaultID: "v"}
	}
	vaults := listed(
		vault("h", "hybrid", cbrapi.VaultResource{ID: "synchronized"}),
		vault("o", "", cbrapi.VaultResource{ID: "in a vault of unknown kind"}),
		vault("r", "replication", cbrapi.VaultResource{ID: "copied"}),
		vault("v", "backup", cbrapi.VaultResource{ID: "backed up"}, cbrapi.VaultResource{ID: "replicated"}, cbrapi.VaultResource{ID: "neither"},
			cbrapi.VaultResource{ID: "deleted", ProtectStatus: cbrapi.ProtectDeleted}, cbrapi.VaultResource{ID: "in error", ProtectStatus: cbrapi.ProtectError}),
	)
	covered := func() []protection.Coverage {
		return protection.NewSnapshot(tasks.Snapshot{}, vaults, protection.Options{}).Coverage
	}
	if got := covered(); got != nil {
		t.Errorf("before the policies are read: got %v", got)
	}
	vaults.Expected = []inventory.Expectation{
		expect("backed up", cbrapi.OperationBackup), expect("replicated", cbrapi.OperationReplication), expect("in error", cbrapi.OperationBackup),
	}
	want := []protection.Coverage{
		{VaultID: "o", ResourceID: "in a vault of unknown kind"},
		{VaultID: "v", ResourceID: "backed up", Covered: true},
		{VaultID: "v", ResourceID: "replicated"},
		{VaultID: "v", ResourceID: "neither"},
		{VaultID: "v", ResourceID: "in error", Covered: true},
	}
	if diff := cmp.Diff(want, covered()); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if got := protection.NewSnapshot(tasks.Snapshot{}, nil, protection.Options{}).Coverage; got != nil {
		t.Errorf("without vaults: got %v", got)
	}
}

func TestInconsistent(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		kind, level, status string
		operation           cbrapi.OperationType
		want                bool
	}{
		"crash-consistent":       {"backup", "app_consistent", "0", cbrapi.OperationBackup, true},
		"application-consistent": {"backup", "app_consistent", "1", cbrapi.OperationBackup, false},
		"as the vault is set to": {"backup", "crash_consistent", "0", cbrapi.OperationBackup, false},
		"no backup":              {"backup", "app_consistent", "0", cbrapi.OperationReplication, false},
		"copied":                 {"replication", "app_consistent", "0", cbrapi.OperationBackup, false},
		"no vault":               {"", "", "0", cbrapi.OperationBackup, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var vaults *inventory.Snapshot
			if test.kind != "" {
				vaults = listed(&cbrapi.Vault{
					ID: "v", Billing: cbrapi.Billing{ProtectType: test.kind, ConsistentLevel: test.level}, Resources: []cbrapi.VaultResource{{ID: "r"}},
				})
			}
			s := protection.NewSnapshot(tasks.Snapshot{}, vaults, protection.Options{})
			log := success(at("2026-11-20 02:00"))
			log.ExtraInfo.Backup = &cbrapi.Backup{AppConsistencyStatus: test.status}
			state := &ledger.ResourceState{ResourceKey: ledger.ResourceKey{ResourceID: "r", OperationType: test.operation}, LastFinished: log}
			if got := s.Inconsistent(state); got != test.want {
				t.Errorf("got %t", got)
			}
		})
	}
}
