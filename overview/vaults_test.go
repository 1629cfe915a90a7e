package overview_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
	"github.com/cbr-exporter/cbr_exporter/inventory"
	"github.com/cbr-exporter/cbr_exporter/protection"
	"github.com/cbr-exporter/cbr_exporter/tasks"
	"github.com/cbr-exporter/cbr_exporter/tasks/ledger"
)

const gib = 1 << 30

// vault returns a vault of 100 GiB that is half full.
func vault(id, name string, resources ...string) *cbrapi.Vault {
	v := &cbrapi.Vault{
		ID: id, Name: name, Resources: []cbrapi.VaultResource{},
		Billing: cbrapi.Billing{Status: cbrapi.VaultAvailable, ProtectType: "backup", Capacity: new(int64(100 * gib)), Used: new(int64(50 * gib))},
	}
	for _, r := range resources {
		v.Resources = append(v.Resources, cbrapi.VaultResource{ID: r})
	}
	return v
}

// runs returns a policy that runs for vault-1 by a pattern.
func runs(name, pattern string) *cbrapi.Policy {
	return &cbrapi.Policy{ID: name, Name: name, Enabled: new(true), OperationType: cbrapi.OperationBackup, StartTime: noon.AddDate(-2, 0, 0), Patterns: []string{pattern}, VaultIDs: []string{"vault-1"}}
}

// plan returns a plan of one pattern since long ago.
func plan(t *testing.T, pattern string) *inventory.Plan {
	t.Helper()
	s, errs := inventory.Runs(runs("", pattern))
	if len(errs) > 0 {
		t.Fatal(errs)
	}
	return &inventory.Plan{Policies: []inventory.PlannedPolicy{{Schedule: s}}}
}

// expected returns that a plan is for a resource.
func expected(vaultID, resourceID string, operation cbrapi.OperationType, p *inventory.Plan) inventory.Expectation {
	return inventory.Expectation{ResourceKey: ledger.ResourceKey{ResourceID: resourceID, OperationType: operation}, VaultID: vaultID, Plan: p}
}

func TestOverdueAndVaults(t *testing.T) {
	full, frozen := vault("vault-2", "<b>vault-full</b>", "resource-3"), vault("vault-3", "vault-frozen", "resource-4")
	full.Billing.Used = new(int64(100 * gib))
	frozen.Frozen = new(true) // its status stays available
	nearly := vault("vault-8", "vault-nearly")
	nearly.Billing.Used = new(int64(85 * gib))
	// Resource 1 succeeded recently, 3 ten days ago, and 2 and 4 never.
	old := state("3", cbrapi.StatusFailed, hoursAgo(1))
	old.VaultID, old.LastSuccess, old.ConsecutiveFailures = "vault-2", &ledger.Outcome{Created: hoursAgo(241), End: hoursAgo(240)}, 9
	nightly := plan(t, "FREQ=DAILY;INTERVAL=1;BYHOUR=2;BYMINUTE=00")
	plans := map[string]*inventory.Plan{"vault-1": nightly, "vault-2": new(*nightly), "vault-3": new(*nightly)}
	daily := func(vaultID, resourceID string) inventory.Expectation {
		return expected(vaultID, resourceID, cbrapi.OperationBackup, plans[vaultID])
	}
	s := discovered(state("1", cbrapi.StatusSuccess, hoursAgo(9)), old)
	s.Resources = slices.Insert(s.Resources, 1, ledger.Resource{ID: "resource-2", Name: "ecs-2"})
	s.Inventory = &inventory.Snapshot{
		Complete: true, LastComplete: noon.Add(-time.Minute),
		Vaults: []*cbrapi.Vault{
			vault("vault-1", "vault-db", "resource-1", "resource-2"), full, frozen,
			vault("vault-5", "vault-bare", "resource-6"), vault("vault-7", "vault-empty"), nearly,
		},
		Expected: []inventory.Expectation{
			daily("vault-1", "resource-1"), daily("vault-1", "resource-2"), daily("vault-2", "resource-3"), daily("vault-3", "resource-4"),
		},
		Policies: []*cbrapi.Policy{runs("yearly", "FREQ=DAILY;INTERVAL=366;BYHOUR=2;BYMINUTE=00")},
	}
	s.Inventory.Bindings = bindings(s.Inventory.Vaults)
	p := page(t, s)
	expect(t, p, `<p class="summary failing">Overdue: 3 of 4 resources and operations. Failing: 1 of 2 resources and operations. 1 vault is not available. 1 vault is full. 1 resource is not covered by a policy. `+
		`Policies that run too rarely to be judged at all times by the tasks that are known: yearly.</p>`,
		"Vaults and policies: read 60 s ago.</p>", `<td class="number failed">`, `<td class="number skipped">`)
	overdue := [][]string{
		// Resource, vault, operation, due, last success, why.
		{"ecs-2", "vault-db", "backup", "10 h ago", "none in 30 days", "no backup has started since 2026-10-21 12:00 UTC"},
		{"resource-4", "vault-frozen", "backup", "10 h ago", "none in 30 days", "the vault is frozen; no backup has started since 2026-10-21 12:00 UTC"},
		{"ecs-3", "&lt;b&gt;vault-full&lt;/b&gt;", "backup", "10 h ago", "10 days ago", "the vault is full; 9 in a row failed, the latest failed (created 2026-11-20 10:00 UTC)"},
	}
	if diff := cmp.Diff(overdue, cells(p, "Overdue")); diff != "" {
		t.Errorf("the overdue resources differ (-want +got):\n%s", diff)
	}
	vaults := [][]string{
		// Status, vault, used, resources, schedule.
		{"frozen", "vault-frozen", "50 GiB of 100 GiB, 50 %", "1", "backup every 24 h"},
		{"available", "&lt;b&gt;vault-full&lt;/b&gt;", "100 GiB of 100 GiB, 100 %", "1", "backup every 24 h"},
		{"available", "vault-nearly", "85 GiB of 100 GiB, 85 %", "0", ""},
		{"available", "vault-bare", "50 GiB of 100 GiB, 50 %", "1", "not backed up by an enabled policy with a known schedule: resource-6"},
		{"available", "vault-db", "50 GiB of 100 GiB, 50 %", "2", "backup every 24 h"},
		{"available", "vault-empty", "50 GiB of 100 GiB, 50 %", "0", ""},
	}
	if diff := cmp.Diff(vaults, cells(p, "Vaults")); diff != "" {
		t.Errorf("the vaults differ (-want +got):\n%s", diff)
	}
}

// TestSchedule checks what the table of vaults says of policies that back up all
// resources, some or none.
func TestSchedule(t *testing.T) {
	const (
		none = "not backed up by an enabled policy with a known schedule: "
		gone = "no longer existing, but still bound and paid for: "
	)
	deleting := func(v *cbrapi.Vault) *cbrapi.Vault {
		v.Resources[0].ProtectStatus = cbrapi.ProtectDeleted
		return v
	}
	nightly := plan(t, "FREQ=DAILY;INTERVAL=1;BYHOUR=2;BYMINUTE=00")
	daily := func(vaultID, resourceID string) inventory.Expectation {
		return expected(vaultID, resourceID, cbrapi.OperationBackup, nightly)
	}
	replicated := expected("vault", "1", cbrapi.OperationReplication, plan(t, "FREQ=DAILY;INTERVAL=1;BYHOUR=0,8,16;BYMINUTE=00"))
	protecting := func(protectType string) *cbrapi.Vault {
		v := vault("vault", "v", "1")
		v.Billing.ProtectType = protectType
		return v
	}
	for name, c := range map[string]struct {
		vault    *cbrapi.Vault
		expected []inventory.Expectation
		text     string
		marked   bool
	}{
		"all covered":               {vault("vault", "v", "1", "2"), []inventory.Expectation{daily("vault", "1"), daily("vault", "2"), replicated}, "backup every 24 h, replication every 8 h", false},
		"nothing bound":             {vault("vault", "v"), nil, "", false},
		"no policy":                 {vault("vault", "v", "1", "2"), nil, none + "1, 2", true},
		"one of two covered":        {vault("vault", "v", "1", "2"), []inventory.Expectation{daily("vault", "1")}, "backup every 24 h; " + none + "2", true},
		"replication only":          {vault("vault", "v", "1"), []inventory.Expectation{replicated}, "replication every 8 h; " + none + "1", true},
		"replication vault":         {protecting("replication"), nil, "", false},
		"hybrid vault":              {protecting("hybrid"), nil, "", false},
		"unknown protection type":   {protecting(""), nil, none + "1", true},
		"the only one is deleted":   {deleting(vault("vault", "v", "1")), nil, gone + "1", true},
		"one of two is deleted":     {deleting(vault("vault", "v", "1", "2")), []inventory.Expectation{daily("vault", "2")}, "backup every 24 h; " + gone + "1", true},
		"and the other has no plan": {deleting(vault("vault", "v", "1", "2")), nil, none + "2; " + gone + "1", true},
	} {
		t.Run(name, func(t *testing.T) {
			s := protection.Snapshot{Snapshot: tasks.Snapshot{Project: "test", Complete: true, At: noon}}
			s.Inventory = &inventory.Snapshot{Complete: true, LastComplete: noon, Vaults: []*cbrapi.Vault{c.vault}, Expected: append([]inventory.Expectation{}, c.expected...)}
			p := page(t, s)
			rows := cells(p, "Vaults")
			if len(rows) != 1 || rows[0][4] != c.text {
				t.Errorf("got %q, want one vault with %q", rows, c.text)
			}
			if marked := strings.Contains(p, `<td class="skipped">`); marked != c.marked {
				t.Errorf("the cell is marked: %t, want %t", marked, c.marked)
			}
		})
	}
}

func TestVaultUsage(t *testing.T) {
	for name, c := range map[string]struct {
		used, capacity *int64
		text           string
		full           bool
	}{
		"unknown":          {nil, new(int64(gib)), "", false},
		"unknown capacity": {new(int64(1536)), nil, "1.5 KiB", false},
		"nearly full":      {new(int64(989)), new(int64(1000)), "989 B of 1000 B, 99 %", false},
		"full":             {new(int64(990)), new(int64(1000)), "990 B of 1000 B, 99 %", true},
	} {
		t.Run(name, func(t *testing.T) {
			v := vault("vault", "v")
			v.Billing.Used, v.Billing.Capacity = c.used, c.capacity
			s := discovered()
			s.Inventory = &inventory.Snapshot{Vaults: []*cbrapi.Vault{v}}
			p := page(t, s)
			if rows := cells(p, "Vaults"); len(rows) != 1 || rows[0][2] != c.text {
				t.Errorf("got %q, want one vault with %q", rows, c.text)
			}
			if full := strings.Contains(p, `<td class="number failed">`); full != c.full {
				t.Errorf("the vault is marked as full: %t, want %t", full, c.full)
			}
		})
	}
}

// TestUnreadVaults checks the summary while vaults or policies cannot be read.
func TestUnreadVaults(t *testing.T) {
	const refused = "Vaults or policies could not be read. Reason: permission; allow cbr:vaults:list and cbr:policies:list"
	for name, c := range map[string]struct {
		lastComplete time.Time
		text         string
	}{
		"never read":         {time.Time{}, "Vaults and policies: not read completely yet.</p>"},
		"read some time ago": {noon.Add(-7 * time.Minute), "Vaults and policies: last read completely 7 min ago.</p>"},
	} {
		t.Run(name, func(t *testing.T) {
			s := discovered(state("1", cbrapi.StatusSuccess, hoursAgo(1)))
			s.Inventory = &inventory.Snapshot{
				Vaults: []*cbrapi.Vault{vault("vault", "v", "1")}, LastComplete: c.lastComplete,
				Reasons: map[cbrapi.Reason]bool{cbrapi.ReasonPermission: true},
			}
			p := page(t, s)
			expect(t, p, `<p class="reading">`, refused, c.text)
			if rows := cells(p, "Vaults"); len(rows) != 1 {
				t.Errorf("got %q, want the vault", rows)
			}
		})
	}
}

// TestLockedVault does not blame a vault whose capacity is being expanded.
func TestLockedVault(t *testing.T) {
	locked := vault("vault-1", "vault-db")
	locked.Billing.Status = cbrapi.VaultLock
	s := discovered(state("1", cbrapi.StatusSuccess, hoursAgo(1)))
	s.Inventory = &inventory.Snapshot{Complete: true, LastComplete: noon, Vaults: []*cbrapi.Vault{locked}}
	expect(t, page(t, s), `<td class="status success">lock</td>`)
}

// bindings returns the bindings of the resources in vaults.
func bindings(vaults []*cbrapi.Vault) map[string]inventory.Binding {
	all := map[string]inventory.Binding{}
	for _, v := range vaults {
		for _, r := range v.Resources {
			all[r.ID] = inventory.Binding{VaultID: v.ID}
		}
	}
	return all
}
