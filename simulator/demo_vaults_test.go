package simulator_test

import (
	"slices"
	"testing"
	"time"

	"github.com/cbr-exporter/cbr_exporter/simulator"
)

func vaultNamed(t *testing.T, cloud *simulator.Simulator, name string) simulator.Vault {
	t.Helper()
	vaults := cloud.Vaults()
	i := slices.IndexFunc(vaults, func(v simulator.Vault) bool { return v.Name == name })
	if i < 0 {
		t.Fatalf("no vault %s", name)
	}
	return vaults[i]
}

// bound returns the resource with a name in a vault, if it is bound.
func bound(v simulator.Vault, name string) (simulator.VaultResource, bool) {
	i := slices.IndexFunc(v.Resources, func(r simulator.VaultResource) bool { return r.Name == name })
	if i < 0 {
		return simulator.VaultResource{}, false
	}
	return v.Resources[i], true
}

func policiesOf(cloud *simulator.Simulator, v simulator.Vault) (of []simulator.Policy) {
	for _, p := range cloud.Policies() {
		if slices.ContainsFunc(p.Vaults, func(b simulator.PolicyVault) bool { return b.ID == v.ID }) {
			of = append(of, p)
		}
	}
	return of
}

// What an operator should notice.
func TestOversights(t *testing.T) {
	t.Parallel()
	cloud, _ := newCloud(1)
	type found struct {
		vault    simulator.Vault
		resource simulator.VaultResource
		policies []simulator.Policy
		tasks    []simulator.TaskRecord
	}
	all := cloud.Tasks()
	for name, test := range map[string]struct {
		vault, resource string
		holds           func(found) bool
	}{
		"frozen": {"vault-crm", "crm-01", func(f found) bool {
			return f.vault.Status == "frozen" && len(f.policies) == 1 && *f.resource.BackupCount > 0 && len(f.tasks) > 25 &&
				f.tasks[0].Status == "skipped" && f.tasks[0].ErrorCode == "BackupService.6113" &&
				*f.vault.Frozen && !*f.vault.SMNNotify
		}},
		"policy disabled": {"vault-analytics", "spark-01", func(f found) bool {
			return len(f.policies) == 1 && !f.policies[0].Enabled && *f.resource.BackupCount > 0 && len(f.tasks) == 0
		}},
		"once a week": {"vault-archive", "file-archive", func(f found) bool {
			return len(f.policies) == 1 && (len(f.tasks) == 4 || len(f.tasks) == 5)
		}},
		"deleted": {"vault-archive", "cms-legacy", func(f found) bool {
			return f.resource.ProtectStatus == "deleted" && *f.resource.BackupCount > 0 && *f.resource.BackupSize > 0 && len(f.policies) == 1 && len(f.tasks) == 0
		}},
		"being expanded": {"vault-desktops", "desktop-anna", func(f found) bool {
			return f.vault.Status == "lock" && !*f.vault.Locked && len(f.tasks) > 25
		}},
		"write once, read many": {"vault-databases", "mysql-replica", func(f found) bool {
			return *f.vault.Locked && f.vault.Status == "available" && *f.vault.Threshold == 90 && *f.vault.MultiAZ
		}},
		"included volumes": {"vault-databases", "postgres-01", func(f found) bool { return len(f.resource.IncludedVolumes) == 1 }},
		"replicas": {"vault-offsite", "erp-01", func(f found) bool {
			return f.resource.ProtectStatus == "" && *f.policies[0].Vaults[0].Destination != ""
		}},
		"never backed up": {"vault-web", "web-04", func(f found) bool {
			return len(f.policies) == 1 && f.policies[0].Enabled && f.resource.AutoProtect == nil && *f.resource.BackupCount == 0 && len(f.tasks) == 0
		}},
		"no policy": {"vault-manual", "bastion", func(f found) bool { return len(f.policies) == 0 && len(f.tasks) > 0 }},
		"hybrid": {"vault-onpremises", "esx-mail", func(f found) bool {
			return f.vault.ProtectType == "hybrid" && f.vault.Created.IsZero() && f.resource.Size == nil && f.resource.ProtectStatus == "" && len(f.policies) == 0
		}},
		"does not follow": {"vault-offsite", "erp-legacy", func(f found) bool {
			return len(f.policies) == 1 && f.policies[0].OperationType == "replication" && !*f.resource.AutoProtect && f.tasks[0].PolicyID == ""
		}},
		"excluded volumes": {"vault-databases", "mysql-primary", func(f found) bool {
			return len(f.resource.ExcludedVolumes) == 2 && *f.resource.AutoProtect
		}},
	} {
		t.Run(name, func(t *testing.T) {
			f := found{vault: vaultNamed(t, cloud, test.vault)}
			f.resource, _ = bound(f.vault, test.resource)
			f.policies = policiesOf(cloud, f.vault)
			for _, task := range all {
				if task.ResourceID == f.resource.ID {
					f.tasks = append(f.tasks, task)
				}
			}
			if f.resource.ID == "" || !test.holds(f) {
				t.Errorf("got %+v of %+v with %+v and %d tasks", f.resource, f.vault, f.policies, len(f.tasks))
			}
		})
	}
}

// A task without a resource failed within a day, at any time.
func TestFailedTaskWithoutResource(t *testing.T) {
	t.Parallel()
	cloud, clock := newCloud(1)
	for range 30 {
		clock.advance(67 * time.Minute)
		tasks := cloud.Tasks()
		if !slices.ContainsFunc(tasks, func(r simulator.TaskRecord) bool {
			return r.OperationType == "migrate_resources" && r.Status == "failed" && r.ResourceID == "" && r.VaultName == "vault-nightly" && clock.Now().Sub(r.Ended) <= 26*time.Hour
		}) {
			t.Errorf("%v: no migration has failed lately", clock.Now())
		}
	}
}

func TestResourceBoundEveryOtherDay(t *testing.T) {
	t.Parallel()
	cloud, clock := newCloud(1)
	midnight := clock.Now().Truncate(day)
	for n := range time.Duration(4) {
		for _, at := range []time.Duration{0, 12 * time.Hour, day - 1} {
			clock.set(midnight.Add(n*day + at))
			even := clock.Now().Unix()/86400%2 == 0
			if _, ok := bound(vaultNamed(t, cloud, "vault-staging"), "load-test"); ok != even {
				t.Errorf("%v: load-test is bound: %t", clock.Now(), ok)
			}
		}
	}
}

// A removed resource does not follow the policy before.
func TestRemovedResource(t *testing.T) {
	t.Parallel()
	cloud, clock := newCloud(3)
	outcomes := make(map[string]int)
	for _, task := range cloud.Tasks() {
		if task.OperationType != "remove_resource" || task.Ended.IsZero() {
			continue
		}
		clock.set(task.Started.Add(time.Minute))
		r, ok := bound(vaultNamed(t, cloud, task.VaultName), task.ResourceName)
		if !ok || r.ProtectStatus != "removing" || r.AutoProtect == nil || *r.AutoProtect {
			t.Errorf("%v: bound %t, %+v", clock.Now(), ok, r)
		}
		clock.set(task.Ended)
		if _, ok := bound(vaultNamed(t, cloud, task.VaultName), task.ResourceName); ok != (task.Status != "success") {
			t.Errorf("%v: after a %s bound is %t", clock.Now(), task.Status, ok)
		}
		outcomes[task.Status]++
	}
	if outcomes["success"] == 0 || len(outcomes) < 2 {
		t.Errorf("removals: got %v, want some that fail", outcomes)
	}
}

// The status of a resource follows from its tasks.
func TestProtectStatus(t *testing.T) {
	t.Parallel()
	clock := newClock(someDay())
	cloud := simulator.New(simulator.Options{Now: clock.Now, Seed: 2, Retention: 5 * day})
	want := map[string]string{
		"backup": "protecting", "replication": "protecting", "copy": "protecting", "sync": "protecting",
		"restore": "restoring", "remove_resource": "removing",
	}
	var moments []time.Time
	visits := make(map[string]int)
	for _, task := range cloud.Tasks() {
		if at := task.Started; !at.IsZero() && visits[task.OperationType] < 3 {
			visits[task.OperationType]++
			moments = append(moments, at.Add(time.Minute/2))
		}
		if visits[task.Status]++; task.Status == "failed" && visits[task.Status] < 6 {
			moments = append(moments, task.Ended)
		}
	}
	seen := make(map[string]int)
	for _, at := range moments {
		clock.set(at)
		running, last := make(map[string]string), make(map[string]string)
		for _, task := range cloud.Tasks() {
			if task.Status == "running" && want[task.OperationType] != "" {
				running[task.ResourceID] = want[task.OperationType]
			}
			if !task.Ended.IsZero() && want[task.OperationType] == "protecting" && last[task.ResourceID] == "" {
				last[task.ResourceID] = task.Status
			}
		}
		for _, v := range cloud.Vaults() {
			for _, r := range v.Resources {
				if r.ProtectStatus == "" || r.ProtectStatus == "deleted" {
					continue
				}
				expected := running[r.ID]
				switch {
				case expected != "":
				case last[r.ID] == "failed":
					expected = "error"
				default:
					expected = "available"
				}
				seen[expected]++
				if r.ProtectStatus != expected {
					t.Errorf("%v: %s is %s, want %s", clock.Now(), r.Name, r.ProtectStatus, expected)
				}
			}
		}
	}
	for _, status := range []string{"available", "error", "protecting", "restoring", "removing"} {
		if seen[status] == 0 {
			t.Errorf("no resource was %s", status)
		}
	}
}

func TestSizesAddUp(t *testing.T) {
	t.Parallel()
	for seed := range uint64(4) {
		cloud, clock := newCloud(seed)
		clock.advance(time.Duration(seed) * 5 * time.Hour)
		for _, v := range cloud.Vaults() {
			var used, allocated int64 // in MB and GB
			for _, r := range v.Resources {
				if r.Size == nil {
					used, allocated = v.Used, v.Allocated
					continue
				}
				used += *r.BackupSize
				allocated += *r.Size
				if (*r.BackupSize > 0) != (*r.BackupCount > 0) {
					t.Errorf("%s: %d backups of %d MB", r.Name, *r.BackupCount, *r.BackupSize)
				}
			}
			if used != v.Used || allocated != v.Allocated || used > v.Size*1024 {
				t.Errorf("%s: resources of %d GB with backups of %d MB, but %+v", v.Name, allocated, used, v)
			}
		}
	}
}

// The backups are those of the time for which they are kept.
func TestBackupCounts(t *testing.T) {
	t.Parallel()
	cloud, clock := newCloud(3)
	counted, tasks := 0, cloud.Tasks()
	for _, v := range cloud.Vaults() {
		for _, p := range policiesOf(cloud, v) {
			keeps := time.Duration(p.RetentionDays) * day
			if keeps > 29*day || !p.Enabled {
				continue // longer than the history
			}
			for _, r := range v.Resources {
				var made int64
				for _, task := range tasks {
					// A replication copies a backup that exists, even if it fails.
					has := task.Status == "success" || task.OperationType == "replication" || task.OperationType == "copy"
					if task.ResourceID == r.ID && has && clock.Now().Sub(task.Created) < keeps {
						made++
					}
				}
				// One at the very beginning may have been planned before.
				if counted++; *r.BackupCount > made || *r.BackupCount < made-1 {
					t.Errorf("%s: %d backups, but %d were made", r.Name, *r.BackupCount, made)
				}
			}
		}
	}
	if counted < 15 {
		t.Errorf("compared only %d resources", counted)
	}
}

// The vault of the disks is nearly full when its backups fail for that reason, and
// fills steadily.
func TestTightVault(t *testing.T) {
	t.Parallel()
	cloud, clock := newCloud(1)
	tight := func() simulator.Vault { return vaultNamed(t, cloud, "vault-disks") }
	percent := func() int64 { v := tight(); return v.Used * 100 / (v.Size * 1024) }
	const step = 2 * time.Hour
	full, room, before := 0, 0, percent()
	for range 4 * day / step {
		clock.advance(step)
		now := percent()
		if now >= 99 {
			full++
		} else {
			room++
		}
		if now > before+12 || now < before-12 && before < 99 {
			t.Errorf("%v: from %d to %d %%", clock.Now(), before, now)
		}
		before = now
	}
	if full == 0 || room == 0 {
		t.Errorf("full %d times, not full %d times; want some of each", full, room)
	}
	refused := 0
	for _, task := range cloud.Tasks() {
		if task.ErrorCode != "BackupService.6114" {
			continue
		}
		if refused++; refused > 5 {
			break
		}
		if clock.set(task.Created); percent() < 99 {
			t.Errorf("%v: no backup fits, but %d %% are used", task.Created, percent())
		}
	}
	if refused == 0 {
		t.Error("no backup was refused")
	}
}
