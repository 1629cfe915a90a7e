package protection_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
	"github.com/cbr-exporter/cbr_exporter/inventory"
	"github.com/cbr-exporter/cbr_exporter/problem"
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

// TestUnprotected has three servers and a file system that the hourly reading found in no
// vault, and seven servers that it found in one.
func TestUnprotected(t *testing.T) {
	t.Parallel()
	const (
		server, turbo = "OS::Nova::Server", "OS::Sfs::Turbo"
		id            = "0a1b2c3d-0000-4000-8000-00000000000e"
	)
	bind := func(resourceID string) func(*inventory.Snapshot) {
		return func(s *inventory.Snapshot) { s.Bindings[resourceID] = inventory.Binding{VaultID: "v"} }
	}
	for name, test := range map[string]struct {
		excluded []string
		change   func(*inventory.Snapshot) // nil: nothing
		want     string                    // in no vault and not excluded
		counts   string                    // protected, unprotected and excluded: of servers, and of file systems
	}{
		"none is excluded":           {nil, nil, "db web-1 web-2 share", "7 3 0, 0 1 0"},
		"by id":                      {[]string{id}, nil, "db web-1 share", "7 2 1, 0 1 0"},
		"by id in upper case":        {[]string{strings.ToUpper(id)}, nil, "db web-1 share", "7 2 1, 0 1 0"},
		"by name":                    {[]string{"db", "share"}, nil, "web-1 web-2", "7 2 1, 0 0 1"},
		"by pattern":                 {[]string{"web-*"}, nil, "db share", "7 1 2, 0 1 0"},
		"by two patterns":            {[]string{"web-?", "web-[12]"}, nil, "db share", "7 1 2, 0 1 0"},
		"not the whole name":         {[]string{"web", "eb-1"}, nil, "db web-1 web-2 share", "7 3 0, 0 1 0"},
		"a name in upper case":       {[]string{"DB", "WEB-*"}, nil, "db web-1 web-2 share", "7 3 0, 0 1 0"},
		"invalid patterns":           {[]string{"[", "web-[", `\`, ""}, nil, "db web-1 web-2 share", "7 3 0, 0 1 0"},
		"bound since then":           {nil, bind("e2"), "web-1 web-2 share", "8 2 0, 0 1 0"},
		"bound since then, excluded": {[]string{"*"}, bind("e2"), "", "8 0 2, 0 0 1"},
		"vaults being read":          {nil, func(s *inventory.Snapshot) { s.Vaults, s.Bindings, s.Waiting = nil, nil, true }, "unknown", ""},
		"vaults cannot be read": {nil, func(s *inventory.Snapshot) {
			s.Vaults, s.Bindings, s.Problems = nil, nil, []problem.Problem{{Reason: cbrapi.ReasonPermission}}
		}, "db web-1 web-2 share", "7 3 0, 0 1 0"},
		"being read": {nil, func(s *inventory.Snapshot) { s.Protectables = &inventory.Protectables{} }, "unknown", ""},
		"not wanted": {nil, func(s *inventory.Snapshot) { s.Protectables = nil }, "unknown", ""},
		"there are none": {nil, func(s *inventory.Snapshot) {
			s.Protectables = &inventory.Protectables{Protected: map[string]int{server: 0, turbo: 0}}
		}, "", "0 0 0, 0 0 0"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			vaults := listed(&cbrapi.Vault{ID: "v"})
			list := []*cbrapi.Protectable{
				{ID: id, Name: "web-2", Type: server},
				{ID: "e1", Name: "share", Type: turbo},
				{ID: "e2", Name: "db", Type: server},
				{ID: "e3", Name: "web-1", Type: server},
			}
			vaults.Protectables = &inventory.Protectables{
				Protected:   map[string]int{server: 7, turbo: 0},
				Unprotected: list,
			}
			if test.change != nil {
				test.change(vaults)
			}
			s := protection.NewSnapshot(tasks.Snapshot{}, vaults, protection.Options{Excluded: test.excluded})
			if s.Protectables == nil {
				if test.want != "unknown" {
					t.Error("nothing is known")
				}
				return
			}
			var names, counts []string
			for _, p := range s.Protectables.Unprotected {
				names = append(names, p.Name)
			}
			for _, n := range s.Protectables.Counts {
				counts = append(counts, fmt.Sprint(n.Protected, n.Unprotected, n.Excluded))
			}
			if got := strings.Join(names, " "); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
			if got := strings.Join(counts, ", "); got != test.counts {
				t.Errorf("got %q, want %q", got, test.counts)
			}
			if list[0].Name != "web-2" || list[1].Name != "share" {
				t.Error("shared data has been changed")
			}
		})
	}
}
