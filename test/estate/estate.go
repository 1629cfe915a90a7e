// Package estate fills simulated clouds with many resources.
package estate

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/cbr-exporter/cbr_exporter/simulator"
)

// An Estate is what a cloud has: resources in vaults, which a policy backs up each night.
type Estate struct {
	Vaults      int
	Resources   int // in the vaults, as many in each
	Nights      int // of which there are tasks; all of one in a hundred resources failed
	Backups     int // of each resource that still exist; one in a hundred has none
	Running     int // resources that are being backed up now
	Unprotected int // resources that no vault holds
}

// Fill gives the cloud all that the estate has. The latest night was ten hours ago.
func (e Estate) Fill(cloud *simulator.Simulator, now time.Time) {
	night := now.UTC().Add(-10 * time.Hour).Truncate(time.Minute)
	random := rand.New(rand.NewPCG(1, 2))
	id := func() string {
		return fmt.Sprintf("%08x-%04x-4%03x-8%03x-%012x",
			random.Uint32(), random.Uint32()>>16, random.Uint32()>>20, random.Uint32()>>20, random.Uint64()>>16)
	}
	nightly := simulator.Policy{
		ID: id(), Name: "nightly", Enabled: true, OperationType: "backup", RetentionDays: 30,
		Patterns: []string{night.Format("FREQ=DAILY;BYHOUR=15;BYMINUTE=04")},
	}
	vaults := make([]simulator.Vault, e.Vaults)
	for n := range vaults {
		vaults[n] = simulator.Vault{
			ID: id(), Name: fmt.Sprintf("vault-%d", n), Created: night.AddDate(-1, 0, 0), EnterpriseProjectID: "0",
			ObjectType: "server", ProtectType: "backup", ChargingMode: "post_paid", ConsistentLevel: "crash_consistent", Status: "available",
			Size: 100_000, Allocated: 10_240, Used: 31_457_280, AutoExpand: new(false), SMNNotify: new(true), Locked: new(false),
			Tags: []simulator.Tag{{Key: "team", Value: fmt.Sprintf("team-%d", n%20)}, {Key: "env", Value: "production"}},
		}
		nightly.Vaults = append(nightly.Vaults, simulator.PolicyVault{ID: vaults[n].ID})
	}
	var tasks []simulator.Task
	var backups []simulator.Backup
	for n := range e.Resources {
		v := &vaults[n*e.Vaults/e.Resources]
		r := simulator.VaultResource{
			ID: id(), Name: fmt.Sprintf("ecs-production-%d", n), Type: "OS::Nova::Server",
			Size: new(int64(40)), BackupSize: new(int64(120_000)), BackupCount: new(int64(e.Backups)), ProtectStatus: "available", AutoProtect: new(true),
		}
		v.Resources = append(v.Resources, r)
		task := simulator.Task{
			OperationType: "backup", PolicyID: nightly.ID, VaultID: v.ID, VaultName: v.Name,
			ResourceID: r.ID, ResourceName: r.Name, ResourceType: r.Type,
		}
		if n < e.Running {
			task.ID, task.Created, task.Started = id(), now.Add(-time.Hour), now.Add(-time.Hour)
			tasks = append(tasks, task)
		}
		if n%100 == 7 {
			task.Outcome, task.ErrorCode, task.ErrorMessage = "failed", "BackupService.6114", "The vault is full."
		}
		for ago := range e.Nights {
			task.ID = id()
			task.Created = night.AddDate(0, 0, -ago).Add(time.Duration(n) * time.Millisecond)
			task.Started = task.Created.Add(10 * time.Second)
			task.Ended = task.Started.Add(time.Duration(600+random.IntN(600)) * time.Second)
			tasks = append(tasks, task)
		}
		if n%100 == 50 {
			continue
		}
		for ago := range e.Backups {
			created := night.AddDate(0, 0, -ago)
			backups = append(backups, simulator.Backup{
				ID: id(), Name: "nightly", VaultID: v.ID, ResourceID: r.ID, ResourceName: r.Name, ResourceType: r.Type, ResourceSize: 40,
				Created: created, Protected: created, Expires: created.AddDate(0, 0, 30),
			})
		}
	}
	protectables := make([]simulator.Protectable, e.Unprotected)
	for n := range protectables {
		protectables[n] = simulator.Protectable{ID: id(), Name: fmt.Sprintf("ecs-new-%d", n), Type: "OS::Nova::Server", Status: "ACTIVE"}
	}
	slices.SortFunc(tasks, func(a, b simulator.Task) int { return a.Created.Compare(b.Created) }) // adds fast
	cloud.Add(tasks...)
	cloud.SetVaults(vaults...)
	cloud.SetBackups(backups...)
	cloud.SetPolicies(nightly)
	cloud.SetProtectables(protectables...)
}
