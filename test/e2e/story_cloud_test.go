//go:build e2e

package e2e

import (
	"fmt"
	"slices"
	"time"

	"github.com/cbr-exporter/cbr_exporter/simulator"
)

const day = 24 * time.Hour

const (
	vaultPrefix    = "33333333-0000-4000-8000-"
	resourcePrefix = "22222222-0000-4000-8000-"
)

func vaultID(n int) string    { return fmt.Sprintf(vaultPrefix+"%012d", n) }
func resourceID(n int) string { return fmt.Sprintf(resourcePrefix+"%012d", n) }

// plan is when a policy runs: at an hour of some days, in UTC.
type plan struct {
	days string
	hour int
}

const everyDay = "MO,TU,WE,TH,FR,SA,SU"

// cloud is a simulated cloud that can be changed piece by piece.
type cloud struct {
	*simulator.Simulator
	begin    time.Time
	vaults   []simulator.Vault
	policies []simulator.Policy
	deleted  map[string]time.Time // until when the backups of a resource are deleted
}

func newCloud() *cloud {
	return &cloud{
		Simulator: simulator.New(simulator.Options{Now: time.Now, Tokens: []string{"a-token", "another-token"}, Empty: true}),
		begin:     time.Now(),
		deleted:   map[string]time.Time{},
	}
}

// at returns an hour of a day since the beginning.
func (c *cloud) at(days int, hours float64) time.Time {
	return c.begin.Add(time.Duration(days)*day + time.Duration(hours*float64(time.Hour)))
}

// change changes a vault, which is added if it does not exist.
func (c *cloud) change(vault int, how func(*simulator.Vault)) {
	i := slices.IndexFunc(c.vaults, func(v simulator.Vault) bool { return v.ID == vaultID(vault) })
	if i < 0 {
		i = len(c.vaults)
		c.vaults = append(c.vaults, simulator.Vault{
			ID: vaultID(vault), Name: fmt.Sprint("vault-", vault), Created: c.begin.Add(-90 * day),
			ObjectType: "server", ProtectType: "backup", Status: "available", Size: 100,
		})
	}
	how(&c.vaults[i])
	c.SetVaults(c.vaults...)
}

func (c *cloud) bind(vault int, resources ...int) {
	c.change(vault, func(v *simulator.Vault) {
		for _, n := range resources {
			v.Resources = append(v.Resources, simulator.VaultResource{
				ID: resourceID(n), Name: fmt.Sprint("server-", n), Type: "OS::Nova::Server", ProtectStatus: "available",
			})
		}
	})
}

func (c *cloud) unbind(vault, resource int) {
	c.change(vault, func(v *simulator.Vault) {
		v.Resources = slices.DeleteFunc(v.Resources, func(r simulator.VaultResource) bool { return r.ID == resourceID(resource) })
	})
}

// fill sets the used gigabytes of a vault, which has 100.
func (c *cloud) fill(vault int, gigabytes int64) {
	c.change(vault, func(v *simulator.Vault) { v.Used = gigabytes << 10 })
}

// rename renames a vault and its resources.
func (c *cloud) rename(vault int) {
	c.change(vault, func(v *simulator.Vault) {
		v.Name += "-renamed"
		c.RenameVault(v.ID, v.Name)
		for n := range v.Resources {
			v.Resources[n].Name += "-renamed"
			c.RenameResource(v.Resources[n].ID, v.Resources[n].Name)
		}
	})
}

// keepBackups gives the cloud the backups that its tasks have made, but for the deleted ones.
func (c *cloud) keepBackups() {
	var all []simulator.Backup
	for _, t := range c.Tasks() {
		if t.OperationType == "backup" && t.Status == "success" && t.Created.After(c.deleted[t.ResourceID]) {
			all = append(all, simulator.Backup{
				ID: t.ID, ResourceID: t.ResourceID, ResourceName: t.ResourceName, ResourceType: t.ResourceType,
				Created: t.Created, Protected: t.Started,
			})
		}
	}
	c.SetBackups(all...)
}

// deleteBackups deletes all backups that a resource has.
func (c *cloud) deleteBackups(resource int) { c.deleted[resourceID(resource)] = time.Now() }

// policy adds or changes a policy of vaults.
func (c *cloud) policy(n int, operation string, enabled bool, when plan, vaults ...int) {
	p := simulator.Policy{
		ID: fmt.Sprintf("44444444-0000-4000-8000-%012d", n), Name: fmt.Sprint("policy-", n), OperationType: operation, Enabled: enabled,
		Patterns: []string{fmt.Sprintf("FREQ=WEEKLY;BYDAY=%s;BYHOUR=%d;BYMINUTE=00", when.days, when.hour)}, Start: c.begin.Add(-80 * day),
	}
	for _, v := range vaults {
		p.Vaults = append(p.Vaults, simulator.PolicyVault{ID: vaultID(v)})
	}
	c.policies = append(slices.DeleteFunc(c.policies, func(old simulator.Policy) bool { return old.ID == p.ID }), p)
	c.SetPolicies(c.policies...)
}

// task returns a backup that names no vault, as in all published samples. It fails with an
// error code.
func task(resource int, outcome string, created time.Time, took time.Duration) simulator.Task {
	t := simulator.Task{
		OperationType: "backup",
		ResourceID:    resourceID(resource), ResourceName: fmt.Sprint("server-", resource), ResourceType: "OS::Nova::Server",
		Created: created, Started: created.Add(took / 20), Ended: created.Add(took), Outcome: outcome,
	}
	switch outcome {
	case "failed":
		t.ErrorCode = "BackupService.6114"
	case "skipped":
		t.Started = time.Time{}
	}
	return t
}
