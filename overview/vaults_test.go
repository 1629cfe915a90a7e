package overview_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
	"github.com/cbr-exporter/cbr_exporter/overview"
	"github.com/cbr-exporter/cbr_exporter/protection"
	"github.com/cbr-exporter/cbr_exporter/tasks"
)

func vaultLine(v overview.Vault) string {
	return joined(v.VaultName, v.Status, v.States, v.Alert, strings.Join(v.Schedules, ", "), strings.Join(v.Why, " "))
}

func TestVaults(t *testing.T) {
	t.Parallel()
	s := everyVerdict(t)
	nearly, locked, broken := vault("vault-8", "vault-nearly"), vault("vault-9", ""), vault("vault-10", "vault-broken", "resource-20")
	nearly.Billing.Used = new(int64(85 * gib))
	locked.Billing.Status = cbrapi.VaultLock // being expanded: it takes backups
	broken.Resources[0].ProtectStatus = cbrapi.ProtectError
	s.Inventory = inventoryOf(t, append(s.Inventory.Vaults, nearly, locked, broken), append(s.Inventory.Policies, policy("twice", strings.Replace(daily, "=2;", "=2,14;", 1), "vault-10"))...)
	got := get(t, "", source(s))
	want := []string{
		"vault-frozen | frozen | unavailable | CBRVaultNotAvailable | backup every 24 h | It takes no backups: its status is frozen.",
		"vault-full | available | full | CBRVaultFull | backup every 24 h | It is full: backups fail until it is expanded or backups are deleted.",
		"vault-nearly | available | nearly_full | CBRVaultNearlyFull |  | It is nearly full.",
		"vault-broken | available | gaps | CBRProtectionError | backup every 12 h | Protection status error: ecs-20.",
		"vault-manual | available | gaps | CBRResourceNotCovered |  | Not covered by an enabled policy with a known schedule: ecs-8, ecs-9.",
		"vault-paused | available | gaps | CBRPolicyDisabled |  | Disabled policies: paused. Not covered by an enabled policy with a known schedule: ecs-6.",
		" | lock | ok |  |  | ",
		"vault-db | available | ok |  | backup every 24 h | ",
		"vault-rare | available | ok |  | backup every 366 days | ",
	}
	if diff := cmp.Diff(want, lines(got.Vaults.Rows, vaultLine)); diff != "" {
		t.Errorf("the vaults differ (-want +got):\n%s", diff)
	}
	first := got.Vaults.Rows[0]
	if *first.Used != 50*gib || *first.Capacity != 100*gib || *first.Resources != 1 {
		t.Errorf("got %d of %d bytes and %d resources", *first.Used, *first.Capacity, *first.Resources)
	}
}

// TestGaps checks what is said of policies that back up all resources, some or none.
func TestGaps(t *testing.T) {
	t.Parallel()
	const (
		none = "Not covered by an enabled policy with a known schedule: "
		gone = "No longer existing, but still bound and paid for: "
	)
	nightly := policy("nightly", daily, "vault")
	replication := policy("copies", daily, "vault")
	replication.OperationType = cbrapi.OperationReplication
	unreadable := policy("odd", "FREQ=SOMETIMES", "vault")
	change := func(v *cbrapi.Vault, change func(*cbrapi.Vault)) *cbrapi.Vault {
		change(v)
		return v
	}
	deleted := func(v *cbrapi.Vault) { v.Resources[0].ProtectStatus = cbrapi.ProtectDeleted }
	protecting := func(protectType string) *cbrapi.Vault {
		return change(vault("vault", "v", "1"), func(v *cbrapi.Vault) { v.Billing.ProtectType = protectType })
	}
	var many []string
	for n := range 13 {
		many = append(many, fmt.Sprint(n))
	}
	for name, c := range map[string]struct {
		vault    *cbrapi.Vault
		policies []*cbrapi.Policy
		why      string
		resource string // why of the first row that is not covered
	}{
		"all covered":             {vault("vault", "v", "1", "2"), []*cbrapi.Policy{nightly, replication}, "", ""},
		"nothing bound":           {vault("vault", "v"), nil, "", ""},
		"no policy":               {vault("vault", "v", "1", "2"), nil, none + "1, 2.", "its vault has no policy for backups"},
		"many without":            {vault("vault", "v", many...), nil, none + "0, 1, 2, 3, 4, 5, 6, 7, 8, 9 and 3 more.", "its vault has no policy for backups"},
		"unreadable policy":       {vault("vault", "v", "1"), []*cbrapi.Policy{unreadable}, none + "1.", "when the policy of its vault runs cannot be read"},
		"replication only":        {vault("vault", "v", "1"), []*cbrapi.Policy{replication}, none + "1.", "its vault has no policy for backups"},
		"replication vault":       {protecting("replication"), nil, "", ""},
		"hybrid vault":            {protecting("hybrid"), nil, "", ""},
		"unknown protection type": {protecting(""), nil, none + "1.", "its vault has no policy for backups"},
		"the only one is deleted": {change(vault("vault", "v", "1"), deleted), nil, gone + "1.", ""},
		"one of two is deleted":   {change(vault("vault", "v", "1", "2"), deleted), nil, none + "2. " + gone + "1.", "its vault has no policy for backups"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := protection.Snapshot{Snapshot: tasks.Snapshot{Project: "test", Complete: true, At: noon}}
			s.Inventory = inventoryOf(t, []*cbrapi.Vault{c.vault}, c.policies...)
			got := get(t, "", source(s))
			if why := strings.Join(got.Vaults.Rows[0].Why, " "); why != c.why {
				t.Errorf("got %q, want %q", why, c.why)
			}
			wrong := slices.Contains(got.Vaults.Rows[0].States, overview.StateGaps)
			if want := c.why != ""; wrong != want {
				t.Errorf("got the states %v", got.Vaults.Rows[0].States)
			}
			resource := ""
			if rows := got.Resources.Rows; len(rows) > 0 {
				resource = rows[0].Why
			}
			if resource != c.resource {
				t.Errorf("got the resource %q, want %q", resource, c.resource)
			}
		})
	}
}

// TestVaultUsage leaves out what is not known.
func TestVaultUsage(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		used, capacity *int64
		state          overview.State
	}{
		"unknown":          {nil, new(int64(gib)), overview.StateOK},
		"unknown capacity": {new(int64(1536)), nil, overview.StateOK},
		"nearly full":      {new(int64(989)), new(int64(1000)), overview.StateNearlyFull},
		"full":             {new(int64(990)), new(int64(1000)), overview.StateFull},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			v := vault("vault", "v")
			v.Billing.Used, v.Billing.Capacity, v.Resources = c.used, c.capacity, nil
			s := discovered()
			s.Inventory = inventoryOf(t, []*cbrapi.Vault{v})
			got := get(t, "", source(s)).Vaults.Rows[0]
			want := overview.Vault{
				Place: overview.Place{Project: "test", VaultID: "vault", VaultName: "v"}, Status: "available",
				States: []overview.State{c.state}, Used: c.used, Capacity: c.capacity, Why: got.Why, Alert: got.Alert,
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("the vault differs (-want +got):\n%s", diff)
			}
		})
	}
}
