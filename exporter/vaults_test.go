package exporter_test

import (
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/cbr-exporter/cbr_exporter/simulator"
)

// TestVaultsPage compares whole pages of metrics of a project with vaults, from the
// responses of the API through the real client, collector and HTTP handler.
func TestVaultsPage(t *testing.T) {
	const all = followed + "    discovery: {}\n    vaults: {tags: [team, cost.center]}\n"
	cases := []struct {
		name          string
		configuration string // discovery, vaults and tags by default
		tasks         []simulator.Task
		vaults        []simulator.Vault
		policies      []simulator.Policy
		// later is called between the first reading and the compared one.
		later func(*simulator.Simulator)
		first bool   // compare the page of the first scrape
		log   string // part of the log
	}{
		{
			name:     "vaults",
			tasks:    []simulator.Task{backup("1", "success", -70, -60)},
			vaults:   []simulator.Vault{vault("1", "vault-db", bound("1")), vault("2", "", sparse)},
			policies: []simulator.Policy{policyOf("1", "daily", "1"), policyOf("2", "offsite", "1", replicating)},
			log:      `msg="vaults and policies read" vaults=2 resources=2 policies=2 expected=2`,
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
			name:  "vaults_volumes", // resource 1 excludes two volumes, resource 2 includes only two, written in two ways
			tasks: []simulator.Task{backup("1", "success", -70, -60)},
			vaults: []simulator.Vault{vault("1", "vault-db", bound("1", func(r *simulator.VaultResource) {
				r.ExcludedVolumes = []string{resourceID("8"), resourceID("9")}
			}), bound("2", func(r *simulator.VaultResource) {
				r.IncludedVolumes = []simulator.IncludedVolume{{ID: resourceID("6")}, {ID: resourceID("7"), OSVersion: "EulerOS"}}
			}), whole)},
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
			log: `msg="invalid schedule, policy ignored" policy_id=` + policyID("2"),
		},
		{
			name:     "vaults_renamed", // vault 1 and resource 1 after their task, and vault 2 after the list, so that it has its old name
			tasks:    []simulator.Task{backup("1", "success", -70, -60), with(backup("2", "success", -50, -40), inVault("2", "vault-web"))},
			vaults:   []simulator.Vault{vault("1", "vault-db", bound("1")), vault("2", "vault-web")},
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
				e := start(t, hosts{"cbr.test": cloud}, configuration)
				// A new token is tried by one request alone. Without this check it is one for
				// tasks or for vaults, which changes the page.
				e.CheckConnections(t.Context())
				if !c.first {
					e.scrape(t)
					time.Sleep(time.Minute)
				}
				if c.later != nil {
					c.later(cloud)
					time.Sleep(5 * time.Minute)
					e.scrape(t) // starts a reading and does not wait for it
					time.Sleep(time.Minute)
				}
				got := e.scrape(t)
				lint(t, got)
				samplesOf(t, got).checkResources(t, "at the end")
				compare(t, filepath.Join("testdata", c.name+".prom"), got)
				if !strings.Contains(e.log.String(), c.log) {
					t.Errorf("the log lacks %q:\n%s", c.log, e.log)
				}
			})
		})
	}
}

// unlikeVaults is unlike for projects with vaults.
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

// faultOf fails requests whose path has the suffix.
func faultOf(status int, suffix string) func(*http.Request) simulator.Fault {
	return func(r *http.Request) simulator.Fault {
		if strings.HasSuffix(r.URL.Path, suffix) {
			return simulator.Fault{Status: status}
		}
		return simulator.Fault{}
	}
}

func policyID(n string) string { return "44444444-4444-4444-8444-00000000000" + n }

// vault returns a vault that is half full.
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

// whole sets the fields of a vault that older versions of the API lack.
func whole(v *simulator.Vault) {
	v.Threshold, v.SMNNotify, v.Locked, v.Frozen, v.MultiAZ = new(int64(80)), new(true), new(true), new(false), new(true)
}

// sparse removes all optional fields of a vault and binds resource 2.
func sparse(v *simulator.Vault) {
	*v = simulator.Vault{ID: v.ID, Name: v.Name, Status: "restructuring", Resources: []simulator.VaultResource{
		{ID: resourceID("2"), Type: "OS::Nova::Server"},
	}}
}

// bound binds a resource to a vault.
func bound(n string, changes ...func(*simulator.VaultResource)) func(*simulator.Vault) {
	r := simulator.VaultResource{
		ID: resourceID(n), Name: "ecs-" + n, Type: "OS::Nova::Server",
		Size: new(int64(40)), BackupSize: new(int64(12 << 10)), BackupCount: new(int64(7)), ProtectStatus: "available",
	}
	for _, change := range changes {
		change(&r)
	}
	return func(v *simulator.Vault) { v.Resources = append(v.Resources, r) }
}

// policyOf returns a daily backup policy that is bound to a vault.
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

// TestTagsOfTwoProjects checks that all vaults have the labels for the tags of all
// projects, on each page.
func TestTagsOfTwoProjects(t *testing.T) {
	atNoon(t, func(t *testing.T) {
		cloud := simulator.New(simulator.Options{Now: time.Now, Empty: true, Tokens: []string{token}})
		cloud.SetVaults(vault("1", "vault-db"))
		project := func(name, tags string) string {
			return fmt.Sprintf("\n  - {name: %s, project_id: %s, endpoint: https://%[1]s.test, credentials: {token: %[3]s}, vaults: {tags: [%[4]s]}}", name, projectID, token, tags)
		}
		e := start(t, hosts{"one.test": cloud, "two.test": cloud, "three.test": cloud},
			"scrape: {requests_per_second: 0}\nprojects:"+project("one", "team, none")+project("two", "cost.center, env")+project("three", "cost_center"))
		const info = `cbr_vault_info{auto_expand="false",charging_mode="post_paid",consistent_level="crash_consistent",enterprise_project_id="0",multi_az="",object_type="server",project=%q,protect_type="backup",smn_notify="",` +
			`tag_cost_center=%q,tag_env=%q,tag_none="",tag_team=%q,vault="vault-db",vault_id=%q} 1`
		lines := map[string]string{
			"one":   fmt.Sprintf(info, "one", "", "", "data", vaultID("1")),
			"two":   fmt.Sprintf(info, "two", "4711", "prod", "", vaultID("1")),
			"three": fmt.Sprintf(info, "three", "", "", "", vaultID("1")), // its tag has another key
		}
		page := e.scrape(t)
		lint(t, page)
		for name, line := range lines {
			expectLines(t, "all projects", page, line)
			expectLines(t, name+" alone", e.get(t, "/probe?project="+name, ""), line)
		}
	})
}

// TestVaultsShareTheRate reads a hundred pages of vaults beside three hundred tasks, which
// take 15 s at this rate.
func TestVaultsShareTheRate(t *testing.T) {
	atNoon(t, func(t *testing.T) {
		cloud, ids := fleet(300, nil)
		cloud.SetFault(refuseLists)
		var vaults []simulator.Vault
		for n := range 100 {
			v := vault("0", fmt.Sprint(n))
			v.ID = fmt.Sprintf("33333333-3333-4333-8333-%012d", n)
			vaults = append(vaults, v)
		}
		cloud.SetVaults(vaults...)
		cloud.SetListing(simulator.Listing{MaxLimit: 1})
		e := start(t, hosts{"test.test": cloud}, "projects:"+projectAt("test", token, ids)+"    vaults: {}\n"+atTwenty)
		page := e.scrape(t)
		taken := samplesOf(t, page)["cbr_scrape_duration_seconds"][0].value
		if taken > 15*1.15 {
			t.Errorf("the tasks took %.1f s beside the vaults, want 15 s and a little more", taken)
		}
		if taken := time.Since(noon()); taken > 21*time.Second { // 300 and 101 requests, and one
			t.Errorf("all took %s, want 20 s", taken)
		}
		expectLines(t, "at the end", page,
			`cbr_scrape_collector_success{collector="tasks",project="test"} 1`,
			`cbr_scrape_collector_success{collector="vaults",project="test"} 1`,
			`cbr_exporter_api_requests_total{code="200",operation="ShowOpLog",project="test"} 300`,
		)
	})
}

// TestMissingVaultAndPolicyFields has the API leave out fields of vaults and policies, or
// use the old name of replication.
func TestMissingVaultAndPolicyFields(t *testing.T) {
	const ofVault, ofPolicy = `{project="test",vault="v",vault_id="33333333-3333-4333-8333-000000000001"}`, `{policy_id="` + policy + `",policy_name="p",project="test"}`
	const ofResource = `{project="test",resource_id="r",resource_name="",vault="v",vault_id="33333333-3333-4333-8333-000000000001"}`
	kind := func(operation string) string {
		return `cbr_policy_info{operation_type="` + operation + `",policy_id="` + policy + `",policy_name="p",project="test"} 1`
	}
	for name, c := range map[string]struct {
		vault, policy string // their fields besides id and name
		family        string
		want          []string // all lines of the family
	}{
		"no list of resources":    {vault: ``, family: "cbr_vault_resources"},
		"resources are null":      {vault: `,"resources":null`, family: "cbr_vault_resources"},
		"an empty list":           {vault: `,"resources":[]`, family: "cbr_vault_resources", want: []string{"cbr_vault_resources" + ofVault + " 0"}},
		"threshold":               {vault: `,"threshold":80`, family: "cbr_vault_threshold_ratio", want: []string{"cbr_vault_threshold_ratio" + ofVault + " 0.8"}},
		"no threshold":            {vault: ``, family: "cbr_vault_threshold_ratio"},
		"threshold is 0":          {vault: `,"threshold":0`, family: "cbr_vault_threshold_ratio"}, // the API accepts 1 to 100
		"threshold is null":       {vault: `,"threshold":null`, family: "cbr_vault_threshold_ratio"},
		"locked":                  {vault: `,"locked":true,"billing":{"status":"available"}`, family: "cbr_vault_worm", want: []string{"cbr_vault_worm" + ofVault + " 1"}},
		"not locked":              {vault: `,"locked":false,"billing":{"status":"lock"}`, family: "cbr_vault_worm", want: []string{"cbr_vault_worm" + ofVault + " 0"}},
		"no locked":               {vault: ``, family: "cbr_vault_worm"},
		"frozen":                  {vault: `,"frozen":true`, family: "cbr_vault_frozen", want: []string{"cbr_vault_frozen" + ofVault + " 1"}},
		"no frozen":               {vault: `,"billing":{"status":"frozen"}`, family: "cbr_vault_frozen"},
		"all volumes":             {vault: `,"resources":[{"id":"r","extra_info":{}}]`, family: "cbr_vault_resource_included_volumes"},
		"no included volume":      {vault: `,"resources":[{"id":"r","extra_info":{"include_volumes":[]}}]`, family: "cbr_vault_resource_included_volumes"},
		"two included volumes":    {vault: `,"resources":[{"id":"r","extra_info":{"include_volumes":["a",{"id":"b","os_version":"x"}]}}]`, family: "cbr_vault_resource_included_volumes", want: []string{"cbr_vault_resource_included_volumes" + ofResource + " 2"}},
		"enabled is missing":      {policy: ``, family: "cbr_policy_enabled"},
		"disabled":                {policy: `,"enabled":false`, family: "cbr_policy_enabled", want: []string{"cbr_policy_enabled" + ofPolicy + " 0"}},
		"enabled":                 {policy: `,"enabled":true`, family: "cbr_policy_enabled", want: []string{"cbr_policy_enabled" + ofPolicy + " 1"}},
		"old name of replication": {policy: `,"operation_type":"copy"`, family: "cbr_policy_info", want: []string{kind("replication")}},
		"backup":                  {policy: `,"operation_type":"backup"`, family: "cbr_policy_info", want: []string{kind("backup")}},
		"no operation type":       {policy: ``, family: "cbr_policy_info", want: []string{kind("")}},
	} {
		t.Run(name, func(t *testing.T) {
			atNoon(t, func(t *testing.T) {
				api := http.NewServeMux()
				api.HandleFunc("/v3/{project}/vaults", answer(http.StatusOK, `{"vaults":[{"id":"`+vaultID("1")+`","name":"v"`+c.vault+`}]}`))
				api.HandleFunc("/v3/{project}/policies", answer(http.StatusOK, `{"policies":[{"id":"`+policy+`","name":"p"`+c.policy+`}]}`))
				e := start(t, hosts{"cbr.test": api}, followed+"    vaults: {}\n")
				page := e.scrape(t)
				expectLines(t, "both lists are read", page, `cbr_scrape_collector_success{collector="vaults",project="test"} 1`)
				var got []string
				for line := range strings.Lines(page) {
					if strings.HasPrefix(line, c.family+"{") {
						got = append(got, strings.TrimSpace(line))
					}
				}
				if g, w := strings.Join(got, "\n"), strings.Join(c.want, "\n"); g != w {
					t.Errorf("got\n%s\nwant\n%s", g, w)
				}
			})
		})
	}
}

// TestVaultsRefresh checks how often vaults and policies are read.
func TestVaultsRefresh(t *testing.T) {
	for refresh, every := range map[string]time.Duration{"30s": 30 * time.Second, "20m": 20 * time.Minute} {
		t.Run(refresh, func(t *testing.T) {
			atNoon(t, func(t *testing.T) {
				cloud := simulator.New(simulator.Options{Now: time.Now, Empty: true, Tokens: []string{token}})
				e := start(t, hosts{"cbr.test": cloud}, followed+"    vaults: {refresh: "+refresh+"}\n")
				first := time.Now()
				expect := func(after time.Duration, want uint64) {
					t.Helper()
					time.Sleep(time.Until(first.Add(after)))
					e.scrape(t)
					time.Sleep(time.Second / 10) // the scrape does not wait for them
					if got := cloud.Requests().Policies; got != want {
						t.Errorf("after %s: policies were read %d times, want %d", after, got, want)
					}
				}
				expect(0, 1)
				expect(every-time.Second, 1)
				expect(every, 2)
				expect(2*every-time.Second, 2)
				expect(2*every, 3)
			})
		})
	}
}

// TestLostRows has a vault and a policy be unreadable for some minutes.
func TestLostRows(t *testing.T) {
	atNoon(t, func(t *testing.T) {
		lost := true
		rows := func(list, good, bad string) http.HandlerFunc {
			return func(w http.ResponseWriter, r *http.Request) {
				body := good
				if lost {
					body += "," + bad
				}
				if r.FormValue("offset") > "0" {
					body = ""
				}
				answer(http.StatusOK, `{"`+list+`":[`+body+`]}`)(w, r)
			}
		}
		api := http.NewServeMux()
		api.HandleFunc("/v3/{project}/vaults", rows("vaults", `{"id":"`+vaultID("1")+`","name":"vault-db"}`, `{"id":{},"name":"vault-odd"}`))
		api.HandleFunc("/v3/{project}/policies", rows("policies", `{"id":"`+policyID("1")+`","name":"daily"}`, `{"name":"odd"}`))
		e := start(t, hosts{"cbr.test": api}, followed+"    vaults: {}\n")

		const kept = `cbr_policy_info{operation_type="",policy_id="44444444-4444-4444-8444-000000000001",policy_name="daily",project="test"} 1`
		expectLines(t, "lost", e.scrape(t), kept,
			`cbr_scrape_collector_success{collector="vaults",project="test"} 0`,
			`cbr_scrape_error{project="test",reason="upstream"} 1`,
			`cbr_exporter_invalid_fields_total{field="vaults.id",project="test"} 1`,
			`cbr_exporter_invalid_fields_total{field="policies.id",project="test"} 1`)
		const names = "ListVault: HTTP status 200: entries that cannot be read: 1, vaults.id is {} in row 2, vault-odd"
		if page := e.get(t, "/", ""); !strings.Contains(page, names) {
			t.Errorf("the page does not name the row:\n%s", page)
		}
		for _, want := range []string{names, "ListPolicies: HTTP status 200: entries that cannot be read: 1, policies.id is null in row 2, odd"} {
			if !strings.Contains(e.log.String(), want) {
				t.Errorf("the log does not name the row %s:\n%s", want, e.log)
			}
		}

		lost = false
		time.Sleep(time.Minute)
		e.scrape(t)
		time.Sleep(time.Second) // the scrape does not wait for the lists
		expectLines(t, "found", e.scrape(t), kept,
			`cbr_scrape_collector_success{collector="vaults",project="test"} 1`,
			`cbr_scrape_error{project="test",reason="upstream"} 0`)
	})
}

// TestOverdueWithLostRow has the row of a vault or of a policy be unreadable for some
// minutes. An overdue backup stays so.
func TestOverdueWithLostRow(t *testing.T) {
	lost := func(v *simulator.Vault) { v.ID = "lost" }
	for name, c := range map[string]struct {
		vaults   []simulator.Vault
		policies []simulator.Policy
	}{
		"another vault": {[]simulator.Vault{vault("1", "vault-db", bound("1")), vault("2", "vault-web", lost)}, []simulator.Policy{policyOf("1", "daily", "1")}},
		"its vault":     {[]simulator.Vault{vault("1", "vault-db", bound("1"), lost), vault("2", "vault-web")}, []simulator.Policy{policyOf("1", "daily", "1")}},
		"its policy":    {[]simulator.Vault{vault("1", "vault-db", bound("1")), vault("2", "vault-web")}, []simulator.Policy{policyOf("1", "daily", "1", func(p *simulator.Policy) { p.ID = "lost" })}},
	} {
		t.Run(name, func(t *testing.T) {
			atNoon(t, func(t *testing.T) {
				cloud := simulator.New(simulator.Options{Now: time.Now, Empty: true, Tokens: []string{token}, Latency: unlikeVaults})
				cloud.Add(backup("1", "success", -5*24*60, -5*24*60+10))
				good := func() {
					cloud.SetVaults(vault("1", "vault-db", bound("1")), vault("2", "vault-web"))
					cloud.SetPolicies(policyOf("1", "daily", "1"))
				}
				good()
				e := start(t, hosts{"cbr.test": cloud}, followed+"    discovery: {}\n    vaults: {}\n")
				expect := func(when, success string) {
					t.Helper()
					e.scrape(t) // starts a reading and does not wait for it
					time.Sleep(time.Minute)
					expectLines(t, when, e.scrape(t), `cbr_scrape_collector_success{collector="vaults",project="test"} `+success,
						"cbr_resource_overdue"+keyOfResource1("1")+" 1")
				}
				expect("before", "1")
				cloud.SetVaults(c.vaults...)
				cloud.SetPolicies(c.policies...)
				time.Sleep(5 * time.Minute)
				expect("during", "0")
				good()
				time.Sleep(5 * time.Minute)
				expect("after", "1")
			})
		})
	}
}
