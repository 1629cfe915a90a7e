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
		t.Fatalf("there is no %s", name)
	}
	return vaults[i]
}

// bound returns the resource of a name in a vault, if it is there.
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

// What an operator has to notice.
func TestOversights(t *testing.T) {
	cloud, _ := newCloud(1)
	all := cloud.Tasks()
	tasksOf := func(r simulator.VaultResource) (tasks []simulator.TaskRecord) {
		for _, task := range all {
			if task.ResourceID == r.ID {
				tasks = append(tasks, task)
			}
		}
		return tasks
	}
	for name, test := range map[string]struct {
		vault, resource string
		holds           func(simulator.Vault, simulator.VaultResource, []simulator.Policy, []simulator.TaskRecord) bool
	}{
		"frozen": {"vault-crm", "crm-01", func(v simulator.Vault, r simulator.VaultResource, p []simulator.Policy, tasks []simulator.TaskRecord) bool {
			return v.Status == "frozen" && len(p) == 1 && *r.BackupCount > 0 && len(tasks) > 25 &&
				tasks[0].Status == "skipped" && tasks[0].ErrorCode == "BackupService.6113"
		}},
		"policy disabled": {"vault-analytics", "spark-01", func(_ simulator.Vault, r simulator.VaultResource, p []simulator.Policy, tasks []simulator.TaskRecord) bool {
			return len(p) == 1 && !p[0].Enabled && *r.BackupCount > 0 && len(tasks) == 0
		}},
		"once a week": {"vault-archive", "file-archive", func(v simulator.Vault, _ simulator.VaultResource, p []simulator.Policy, tasks []simulator.TaskRecord) bool {
			return len(p) == 1 && len(v.Resources) == 1 && (len(tasks) == 4 || len(tasks) == 5)
		}},
		"never backed up": {"vault-web", "web-04", func(_ simulator.Vault, r simulator.VaultResource, p []simulator.Policy, tasks []simulator.TaskRecord) bool {
			return len(p) == 1 && p[0].Enabled && r.AutoProtect == nil && *r.BackupCount == 0 && len(tasks) == 0
		}},
		"no policy": {"vault-manual", "bastion", func(_ simulator.Vault, _ simulator.VaultResource, p []simulator.Policy, tasks []simulator.TaskRecord) bool {
			return len(p) == 0 && len(tasks) > 0
		}},
		"hybrid": {"vault-onpremises", "esx-mail", func(v simulator.Vault, r simulator.VaultResource, p []simulator.Policy, _ []simulator.TaskRecord) bool {
			return v.ProtectType == "hybrid" && v.Created.IsZero() && r.Size == nil && r.ProtectStatus == "" && len(p) == 0
		}},
		"does not follow": {"vault-offsite", "erp-legacy", func(_ simulator.Vault, r simulator.VaultResource, p []simulator.Policy, tasks []simulator.TaskRecord) bool {
			return len(p) == 1 && p[0].OperationType == "replication" && r.AutoProtect != nil && !*r.AutoProtect && tasks[0].PolicyID == ""
		}},
		"excluded volumes": {"vault-databases", "mysql-primary", func(_ simulator.Vault, r simulator.VaultResource, _ []simulator.Policy, _ []simulator.TaskRecord) bool {
			return len(r.ExcludedVolumes) == 2 && *r.AutoProtect
		}},
		"included volume": {"vault-databases", "postgres-01", func(_ simulator.Vault, r simulator.VaultResource, _ []simulator.Policy, _ []simulator.TaskRecord) bool {
			return len(r.IncludedVolumes) == 1
		}},
	} {
		t.Run(name, func(t *testing.T) {
			v := vaultNamed(t, cloud, test.vault)
			r, ok := bound(v, test.resource)
			if policies, tasks := policiesOf(cloud, v), tasksOf(r); !ok || !test.holds(v, r, policies, tasks) {
				t.Errorf("got %+v of %+v with %+v and %d tasks", r, v, policies, len(tasks))
			}
		})
	}
}

func TestUnbound(t *testing.T) {
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

// Before it is removed it does not follow the policy: it has no backups.
func TestRemoved(t *testing.T) {
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

// An enterprise project is told in three ways.
func TestEnterpriseProjects(t *testing.T) {
	cloud, _ := newCloud(1)
	seen := make(map[string]int)
	for _, v := range decode(t, get(cloud, vaultsPath, fixedToken).body)["vaults"].([]any) {
		switch v.(object)["enterprise_project_id"].(type) {
		case float64:
			seen["number"]++
		case string:
			seen["text"]++
		case nil:
			seen["absent"]++
		}
	}
	if seen["number"] == 0 || seen["text"] == 0 || seen["absent"] == 0 {
		t.Errorf("got %v", seen)
	}
}
