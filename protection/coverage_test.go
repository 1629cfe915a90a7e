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
