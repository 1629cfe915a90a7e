package exporter_test

import (
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/cbr-exporter/cbr_exporter/simulator"
)

// TestVaultsPage compares whole pages of metrics of a project whose vaults are read,
// from the answers of the API through the real client, collector and HTTP handler.
func TestVaultsPage(t *testing.T) {
	const all = followed + "    discovery: {}\n    vaults: {tags: [team, cost.center]}\n"
	cases := []struct {
		name          string
		configuration string // all of it, if it is empty
		tasks         []simulator.Task
		vaults        []simulator.Vault
		policies      []simulator.Policy
		// later happens between the first reading and the one that is compared.
		later func(*simulator.Simulator)
		first bool   // the first scrape is compared
		log   string // what it says
	}{
		{
			name:     "vaults",
			tasks:    []simulator.Task{backup("1", "success", -70, -60)},
			vaults:   []simulator.Vault{vault("1", "vault-db", bound("1")), vault("2", "", sparse)},
			policies: []simulator.Policy{policyOf("1", "daily", "1"), policyOf("2", "offsite", "1", replicating)},
			log:      `msg="vaults and policies are read" vaults=2 resources=2 policies=2 expected=2`,
		},
		{
			name:     "vaults_first_scrape",
			vaults:   []simulator.Vault{vault("1", "vault-db", bound("1"))},
			policies: []simulator.Policy{policyOf("1", "daily", "1")},
			first:    true,
		},
		{
			name:          "vaults_alone",
			configuration: followed + "    vaults: {}\n",
			vaults:        []simulator.Vault{vault("1", "vault-db", bound("1"))},
			policies:      []simulator.Policy{policyOf("1", "daily", "1")},
		},
		{
			name:          "vaults_not_followed", // vault 2
			configuration: followed + "    discovery: {vault_ids: [" + vaultID("1") + "]}\n    vaults: {}\n",
			vaults:        []simulator.Vault{vault("1", "vault-db", bound("1")), vault("2", "vault-web", bound("2"))},
			policies:      []simulator.Policy{policyOf("1", "daily", "1", inVaults("1", "2"))},
		},
		{
			name:     "vaults_full",
			tasks:    []simulator.Task{backup("1", "failed", -70, -60)},
			vaults:   []simulator.Vault{vault("1", "vault-db", bound("1"), func(v *simulator.Vault) { v.Used = v.Size << 10 })},
			policies: []simulator.Policy{policyOf("1", "daily", "1")},
		},
		{
			name:     "vaults_frozen",
			tasks:    []simulator.Task{backup("1", "skipped", -70, -60)},
			vaults:   []simulator.Vault{vault("1", "vault-db", bound("1"), func(v *simulator.Vault) { v.Status = "frozen" })},
			policies: []simulator.Policy{policyOf("1", "daily", "1")},
		},
		{
			name:     "vaults_policy_disabled",
			tasks:    []simulator.Task{backup("1", "success", -70, -60)},
			vaults:   []simulator.Vault{vault("1", "vault-db", bound("1"))},
			policies: []simulator.Policy{policyOf("1", "daily", "1")},
			later: func(cloud *simulator.Simulator) {
				cloud.SetPolicies(policyOf("1", "daily", "1", func(p *simulator.Policy) { p.Enabled = false }))
			},
		},
		{
			name:   "vaults_weekly",
			tasks:  []simulator.Task{backup("1", "success", -5*24*60, -5*24*60+10)},
			vaults: []simulator.Vault{vault("1", "vault-db", bound("1"))},
			policies: []simulator.Policy{policyOf("1", "weekly", "1", func(p *simulator.Policy) {
				p.Patterns = []string{"FREQ=WEEKLY;BYDAY=SU;BYHOUR=3;BYMINUTE=30"}
			})},
		},
		{
			name:  "vaults_no_task", // of resource 2, and resource 3 does not follow the policy
			tasks: []simulator.Task{backup("1", "success", -70, -60)},
			vaults: []simulator.Vault{vault("1", "vault-db", bound("1"), bound("2"), bound("3", func(r *simulator.VaultResource) {
				r.AutoProtect = new(false)
			}))},
			policies: []simulator.Policy{policyOf("1", "daily", "1")},
		},
		{
			name: "vaults_unbound", // resource 2, while its backup runs
			tasks: []simulator.Task{
				backup("1", "success", -70, -60),
				with(backup("2", "success", -60*24, -60*24+10), ofResource("2", "ecs-2", "OS::Nova::Server")),
				with(backup("3", "", -5, -6), ofResource("2", "ecs-2", "OS::Nova::Server")),
			},
			vaults:   []simulator.Vault{vault("1", "vault-db", bound("1"), bound("2"))},
			policies: []simulator.Policy{policyOf("1", "daily", "1")},
			later:    func(cloud *simulator.Simulator) { cloud.SetVaults(vault("1", "vault-db", bound("1"))) },
		},
		{
			name:  "vaults_excluded_volumes",
			tasks: []simulator.Task{backup("1", "success", -70, -60)},
			vaults: []simulator.Vault{vault("1", "vault-db", bound("1", func(r *simulator.VaultResource) {
				r.ExcludedVolumes = []string{resourceID("8"), resourceID("9")}
			}))},
			policies: []simulator.Policy{policyOf("1", "daily", "1")},
		},
		{
			name:  "vaults_twice", // resource 1 is bound to two vaults, and each thing comes twice
			tasks: []simulator.Task{backup("1", "success", -70, -60)},
			vaults: []simulator.Vault{
				vault("1", "vault-db", bound("1"), bound("1")), vault("2", "vault-web", bound("1")),
				vault("1", "vault-db", bound("1")),
			},
			policies: []simulator.Policy{policyOf("1", "daily", "1", inVaults("1", "2", "1")), policyOf("1", "daily", "1")},
		},
		{
			name:   "vaults_unreadable_pattern",
			vaults: []simulator.Vault{vault("1", "vault-db", bound("1")), vault("2", "vault-web", bound("2"))},
			policies: []simulator.Policy{
				policyOf("1", "daily", "1"),
				policyOf("2", "monthly", "2", func(p *simulator.Policy) { p.Patterns = []string{"FREQ=MONTHLY;BYMONTHDAY=1"} }),
			},
			log: `msg="unreadable schedule; how often this policy runs is not known" policy_id=` + policyID("2"),
		},
		{
			name:     "vaults_renamed", // vault 1 and resource 1 after their task, and vault 2 by a task after the list
			tasks:    []simulator.Task{backup("1", "success", -70, -60), with(backup("2", "success", -50, -40), inVault("2", "vault-web"))},
			vaults:   []simulator.Vault{vault("1", "vault-db", bound("1")), vault("2", "vault-web", bound("1"))},
			policies: []simulator.Policy{policyOf("1", "daily", "1", inVaults("1", "2"))},
			later: func(cloud *simulator.Simulator) {
				cloud.RenameVault(vaultID("1"), "vault-sql")
				cloud.RenameResource(resourceID("1"), "sql-1")
				go func() {
					time.Sleep(5*time.Minute + 10*time.Second) // after the list has been read again
					cloud.RenameVault(vaultID("2"), "vault-www")
					cloud.Add(with(backup("3", "success", 6.2, 6.3), inVault("2", "vault-www"), ofResource("1", "sql-1", "OS::Nova::Server")))
				}()
			},
		},
		{
			name:     "vaults_refused",
			tasks:    []simulator.Task{backup("1", "success", -70, -60)},
			vaults:   []simulator.Vault{vault("1", "vault-db", bound("1"))},
			policies: []simulator.Policy{policyOf("1", "daily", "1")},
			later:    func(cloud *simulator.Simulator) { cloud.SetFault(faultOf(http.StatusForbidden, "/vaults")) },
			log:      `msg="reading vaults failed" reason=permission err="ListVault: HTTP status 403: APIGW.0306: API access denied`,
		},
		{
			name:     "vaults_policies_failing",
			tasks:    []simulator.Task{backup("1", "success", -70, -60)},
			vaults:   []simulator.Vault{vault("1", "vault-db", bound("1"))},
			policies: []simulator.Policy{policyOf("1", "daily", "1")},
			later: func(cloud *simulator.Simulator) {
				cloud.SetFault(faultOf(http.StatusInternalServerError, "/policies"))
				cloud.SetVaults(vault("1", "vault-db", bound("1"), bound("2")))
			},
			log: `msg="reading policies failed" reason=upstream`,
		},
		{
			name:     "vaults_api_down",
			tasks:    []simulator.Task{backup("1", "success", -70, -60)},
			vaults:   []simulator.Vault{vault("1", "vault-db", bound("1"))},
			policies: []simulator.Policy{policyOf("1", "daily", "1")},
			later:    func(cloud *simulator.Simulator) { cloud.SetFault(faultOf(http.StatusInternalServerError, "")) },
			log:      `msg="reading policies failed" reason=upstream`,
		},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			atNoon(t, func(t *testing.T) {
				cloud := simulator.New(simulator.Options{Now: time.Now, Empty: true, Tokens: []string{token}, Latency: unlikeVaults})
				cloud.Add(c.tasks...)
				cloud.SetVaults(c.vaults...)
				cloud.SetPolicies(c.policies...)
				configuration := c.configuration
				if configuration == "" {
					configuration = all
				}
				e := startQuiet(t, hosts{"cbr.test": cloud}, configuration)
				// Nobody knows the token otherwise, and one request goes alone: of the tasks or
				// of the vaults.
				e.CheckConnections(t.Context())
				if !c.first {
					e.scrape(t)
					time.Sleep(time.Minute)
				}
				if c.later != nil {
					c.later(cloud)
					time.Sleep(5 * time.Minute)
					e.scrape(t) // begins a reading, and does not wait for it
					time.Sleep(time.Minute)
				}
				got := e.scrape(t)
				lint(t, got)
				samplesOf(t, got).checkShape(t, "at the end")
				compare(t, filepath.Join("testdata", c.name+".prom"), got)
				if !strings.Contains(e.log.String(), c.log) {
					t.Errorf("the log does not say %q:\n%s", c.log, e.log)
				}
			})
		})
	}
}

// unlikeVaults is unlike with the requests for vaults and policies.
func unlikeVaults(r *http.Request) time.Duration {
	switch {
	case strings.HasSuffix(r.URL.Path, "/vaults"):
		return 35 * time.Millisecond
	case strings.HasSuffix(r.URL.Path, "/policies"):
		return 40 * time.Millisecond
	default:
		return unlike(r)
	}
}

// faultOf has requests fail whose path ends so.
func faultOf(status int, path string) func(*http.Request) simulator.Fault {
	return func(r *http.Request) simulator.Fault {
		if strings.HasSuffix(r.URL.Path, path) {
			return simulator.Fault{Status: status}
		}
		return simulator.Fault{}
	}
}

func policyID(n string) string { return "44444444-4444-4444-8444-00000000000" + n }

// vault is half full.
func vault(n, name string, changes ...func(*simulator.Vault)) simulator.Vault {
	v := simulator.Vault{
		ID: vaultID(n), Name: name, Created: minutes(-60 * 24 * 60),
		EnterpriseProjectID: "0", EnterpriseProjectNumber: true,
		ObjectType: "server", ProtectType: "backup", ChargingMode: "post_paid", ConsistentLevel: "crash_consistent",
		Status: "available", Size: 100, Allocated: 40, Used: 50 << 10, AutoExpand: new(false),
		Tags: []simulator.Tag{{Key: "team", Value: "data"}, {Key: "cost.center", Value: "4711"}, {Key: "env", Value: "prod"}},
	}
	for _, change := range changes {
		change(&v)
	}
	return v
}

// sparse leaves out of a vault what may be left out, and binds resource 2.
func sparse(v *simulator.Vault) {
	*v = simulator.Vault{ID: v.ID, Name: v.Name, Status: "restructuring", Resources: []simulator.VaultResource{
		{ID: resourceID("2"), Type: "OS::Nova::Server"},
	}}
}

// bound binds a resource to a vault.
func bound(n string, changes ...func(*simulator.VaultResource)) func(*simulator.Vault) {
	r := simulator.VaultResource{
		ID: resourceID(n), Name: "ecs-" + n, Type: "OS::Nova::Server",
		Size: new(int64(40)), BackupSize: new(int64(12)), BackupCount: new(int64(7)), ProtectStatus: "available",
	}
	for _, change := range changes {
		change(&r)
	}
	return func(v *simulator.Vault) { v.Resources = append(v.Resources, r) }
}

// policyOf runs daily, and is bound to a vault.
func policyOf(n, name, vault string, changes ...func(*simulator.Policy)) simulator.Policy {
	p := simulator.Policy{
		ID: policyID(n), Name: name, OperationType: "backup", Enabled: true,
		Patterns: []string{"FREQ=DAILY;INTERVAL=1;BYHOUR=10;BYMINUTE=50"}, Start: minutes(-60 * 24 * 60),
		Vaults: []simulator.PolicyVault{{ID: vaultID(vault)}},
	}
	for _, change := range changes {
		change(&p)
	}
	return p
}

func inVaults(all ...string) func(*simulator.Policy) {
	return func(p *simulator.Policy) {
		p.Vaults = nil
		for _, n := range all {
			p.Vaults = append(p.Vaults, simulator.PolicyVault{ID: vaultID(n)})
		}
	}
}

func replicating(p *simulator.Policy) {
	p.OperationType = "replication"
	p.Patterns = []string{"FREQ=DAILY;BYHOUR=0,8,16;BYMINUTE=00"}
}
