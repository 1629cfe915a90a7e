package exporter_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/cbr-exporter/cbr_exporter/simulator"
)

// TestVaultsOutliveAReload has the same project be loaded anew.
func TestVaultsOutliveAReload(t *testing.T) {
	atNoon(t, func(t *testing.T) {
		cloud := simulator.New(simulator.Options{Now: time.Now, Tokens: []string{token}, Latency: unlikeVaults})
		e := startQuiet(t, hosts{"cbr.test": cloud}, followed+"    vaults: {}\n")
		e.scrape(t)
		before := cloud.Requests()
		if err := e.Reload(); err != nil {
			t.Fatal(err)
		}
		page := e.scrape(t)
		expectLines(t, "after a reload", page, `cbr_scrape_collector_success{collector="vaults",project="test"} 1`)
		if !strings.Contains(page, "\ncbr_resource_expected_interval_seconds{") {
			t.Error("after a reload nothing is expected any more")
		}
		if after := cloud.Requests(); after.Vaults != before.Vaults || after.Policies != before.Policies {
			t.Errorf("%d requests for vaults and %d for policies after a reload, want none", after.Vaults-before.Vaults, after.Policies-before.Policies)
		}
		time.Sleep(5 * time.Minute)
		e.scrape(t)
		time.Sleep(time.Second) // it does not wait for them
		if after := cloud.Requests(); after.Vaults == before.Vaults || after.Policies == before.Policies {
			t.Error("nothing is read again after a reload")
		}
	})
}

// TestTagsOfTwoProjects has both projects have the labels of either, on each page.
func TestTagsOfTwoProjects(t *testing.T) {
	atNoon(t, func(t *testing.T) {
		cloud := simulator.New(simulator.Options{Now: time.Now, Empty: true, Tokens: []string{token}})
		cloud.SetVaults(vault("1", "vault-db"))
		project := func(name, tags string) string {
			return fmt.Sprintf("\n  - {name: %s, project_id: %s, endpoint: https://%[1]s.test, credentials: {token: %[3]s}, vaults: {tags: [%[4]s]}}", name, projectID, token, tags)
		}
		e := startQuiet(t, hosts{"one.test": cloud, "two.test": cloud, "three.test": cloud},
			"scrape: {requests_per_second: 0}\nprojects:"+project("one", "team, none")+project("two", "cost.center, env")+project("three", "cost_center"))
		const info = `cbr_vault_info{auto_expand="false",charging_mode="post_paid",consistent_level="crash_consistent",enterprise_project_id="0",object_type="server",project=%q,protect_type="backup",` +
			`tag_cost_center=%q,tag_env=%q,tag_none="",tag_team=%q,vault="vault-db",vault_id=%q} 1`
		lines := map[string]string{
			"one":   fmt.Sprintf(info, "one", "", "", "data", vaultID("1")),
			"two":   fmt.Sprintf(info, "two", "4711", "prod", "", vaultID("1")),
			"three": fmt.Sprintf(info, "three", "", "", "", vaultID("1")), // the tag has another key
		}
		page := e.scrape(t)
		lint(t, page)
		for name, line := range lines {
			expectLines(t, "all projects", page, line)
			expectLines(t, name+" alone", e.get(t, "/probe?project="+name, ""), line)
		}
	})
}

// TestVaultsBesideALookup has tasks and vaults need the id of the project at once.
func TestVaultsBesideALookup(t *testing.T) {
	cloud := newCloud(t, simulator.Options{})
	e := startAt(t, cloud.now, cloud.unknown(someKey, "region: cn-north-4")+"    vaults: {}\n")
	page := e.scrape(t, "")
	expectLines(t, "after a lookup", page,
		`cbr_scrape_collector_success{collector="tasks",project="test"} 1`,
		`cbr_scrape_collector_success{collector="vaults",project="test"} 1`,
		`cbr_exporter_api_requests_total{code="200",operation="KeystoneListProjects",project="test"} 1`,
	)
}

// TestVaultsShareTheRate has a list of vaults with a hundred pages, and three hundred
// tasks that take 15 s at this rate.
func TestVaultsShareTheRate(t *testing.T) {
	atNoon(t, func(t *testing.T) {
		cloud, ids := fleet(300, nil)
		cloud.SetFault(refuseLists)
		var vaults []simulator.Vault
		for n := range 1000 {
			v := vault("0", fmt.Sprint(n))
			v.ID = fmt.Sprintf("33333333-3333-4333-8333-%012d", n)
			vaults = append(vaults, v)
		}
		cloud.SetVaults(vaults...)
		cloud.SetListing(simulator.Listing{MaxLimit: 10})
		e := startQuiet(t, hosts{"test.test": cloud}, "projects:"+projectAt("test", token, ids)+"    vaults: {}\n"+atTwenty)
		page := e.scrape(t)
		taken := samplesOf(t, page)["cbr_scrape_duration_seconds"][0].value
		if taken > 15*1.15 {
			t.Errorf("the tasks took %.1f s beside the vaults, want 15 s and little more", taken)
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
