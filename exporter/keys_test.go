package exporter_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/cbr-exporter/cbr_exporter/simulator"
)

// everyDay returns successful backups of resource 1, one each day of the last days, as
// the vendor publishes them: without vault and policy.
func everyDay(days int) []simulator.Task {
	var all []simulator.Task
	for n := range days {
		at := float64(-60 - n*24*60)
		all = append(all, with(backup(fmt.Sprint(n+1), "success", at, at+10), noVault, byHand))
	}
	return all
}

// keyOfResource1 is the end of a series about the backups of resource 1.
func keyOfResource1(vault string) string {
	name := map[string]string{"": "", "1": "vault-db", "2": "vault-web"}[vault]
	id := ""
	if vault != "" {
		id = vaultID(vault)
	}
	return `{operation_type="backup",project="test",resource_id="` + resourceID("1") + `",resource_name="ecs-1",vault="` + name + `",vault_id="` + id + `"}`
}

// TestBackupsWithoutVault has backups that do not name their vault, as in the published
// records, or that name one to which their resource was bound before.
func TestBackupsWithoutVault(t *testing.T) {
	both := []simulator.Vault{vault("1", "vault-db", bound("1")), vault("2", "vault-web")}
	moved := []simulator.Vault{vault("1", "vault-db"), vault("2", "vault-web", bound("1"))}
	daily := policyOf("1", "daily", "1", inVaults("1", "2"))
	inVault1 := []simulator.Task{backup("1", "success", -60, -50), backup("2", "success", -60*25, -60*25+10)}
	for name, c := range map[string]struct {
		tasks         []simulator.Task
		vaults        []simulator.Vault
		configuration string // of discovery
		inVault       string
	}{
		"published shape":                 {everyDay(29), both, "{}", "1"},
		"published shape, moved":          {everyDay(29), moved, "{}", "2"},
		"published shape, vault followed": {everyDay(29), both, "{vault_ids: [" + vaultID("1") + "]}", "1"},
		"both vaults followed":            {everyDay(29), both, "{vault_ids: [" + vaultID("2") + ", " + vaultID("1") + "]}", "1"},
		"moved before the first start":    {inVault1, moved, "{}", "2"},
		"moved to the followed vault":     {inVault1, moved, "{vault_ids: [" + vaultID("2") + "]}", "2"},
		"the vault is gone from tasks":    {append(everyDay(5)[2:], inVault1...), both, "{}", "1"},
	} {
		t.Run(name, func(t *testing.T) {
			atNoon(t, func(t *testing.T) {
				cloud := simulator.New(simulator.Options{Now: time.Now, Empty: true, Tokens: []string{token}, Latency: unlikeVaults})
				cloud.Add(c.tasks...)
				cloud.SetVaults(c.vaults...)
				cloud.SetPolicies(daily)
				e := start(t, hosts{"cbr.test": cloud}, followed+"    discovery: "+c.configuration+"\n    vaults: {}\n")
				e.scrape(t)
				time.Sleep(time.Minute)
				page := e.scrape(t)
				lint(t, page)
				series := samplesOf(t, page)
				series.checkResources(t, "at the end")
				of := keyOfResource1(c.inVault)
				expectLines(t, "at the end", page,
					"cbr_resource_overdue"+of+" 0",
					"cbr_resource_consecutive_failures"+of+" 0",
					fmt.Sprintf("cbr_resource_last_success_timestamp_seconds%s %v", of, float64(minutes(-50).Unix())))
				if firing := series.alerts(); len(firing) > 0 {
					t.Errorf("alerts fire: %v", firing)
				}
				if n := len(series["cbr_resource_consecutive_failures"]); n != 1 {
					t.Errorf("%d resource keys, want 1", n)
				}
			})
		})
	}
}

// TestCountsWithoutVault counts tasks that name no vault in the vault of their resource.
func TestCountsWithoutVault(t *testing.T) {
	atNoon(t, func(t *testing.T) {
		cloud := simulator.New(simulator.Options{Now: time.Now, Empty: true, Tokens: []string{token}, Latency: unlikeVaults})
		cloud.Add(
			with(backup("1", "success", -60, -50), noVault),
			backup("2", "success", -120, -110),
			with(backup("3", "failed", -30, -20), noVault, ofResource("2", "ecs-2", "OS::Nova::Server")),
			with(backup("4", "", -5, -6), noVault),
			with(backup("5", "failed", -40, -35), noVault, ofResource("9", "ecs-9", "OS::Nova::Server")), // not bound
		)
		cloud.SetVaults(vault("1", "vault-db", bound("1")), vault("2", "vault-web", bound("2")))
		e := start(t, hosts{"cbr.test": cloud}, followed+"    discovery: {}\n    vaults: {}\n    task_ids: ["+taskID("3")+"]\n")
		e.scrape(t)
		time.Sleep(time.Minute)
		page := e.scrape(t)
		counted := func(status, vault, id string, n int) string {
			return fmt.Sprintf(`cbr_tasks{operation_type="backup",project="test",status=%q,vault=%q,vault_id=%q} %d`, status, vault, id, n)
		}
		expectLines(t, "counts", page,
			counted("success", "vault-db", vaultID("1"), 2), counted("running", "vault-db", vaultID("1"), 1),
			counted("failed", "vault-web", vaultID("2"), 1), counted("failed", "", "", 1),
			`cbr_task_status{operation_type="backup",project="test",status="running",task_id="`+taskID("4")+`",vault="vault-db"} 1`,
			`cbr_task_status{operation_type="backup",project="test",status="failed",task_id="`+taskID("3")+`",vault="vault-web"} 1`)
		if !strings.Contains(page, `task_id="`+taskID("4")+`",vault="vault-db",vault_id="`+vaultID("1")+`"} 1`) {
			t.Errorf("cbr_task_info lacks the vault:\n%s", familyIn(page, "cbr_task_info"))
		}
	})
}

// TestOtherVaultIsNotFollowed has tasks that name no vault, of resources in a vault that
// discovery does not follow, and of one that is in no vault.
func TestOtherVaultIsNotFollowed(t *testing.T) {
	atNoon(t, func(t *testing.T) {
		cloud := simulator.New(simulator.Options{Now: time.Now, Empty: true, Tokens: []string{token}, Latency: unlikeVaults})
		cloud.Add(
			with(backup("1", "failed", -60, -50), noVault, ofResource("2", "ecs-2", "OS::Nova::Server")),
			with(backup("2", "", -5, -6), noVault, ofResource("2", "ecs-2", "OS::Nova::Server")),
			with(backup("3", "failed", -40, -35), noVault, ofResource("9", "ecs-9", "OS::Nova::Server")),
		)
		cloud.SetVaults(vault("1", "vault-db", bound("1")), vault("2", "vault-web", bound("2")))
		e := start(t, hosts{"cbr.test": cloud}, followed+"    discovery: {vault_ids: ["+vaultID("1")+"]}\n    vaults: {}\n")
		e.scrape(t)
		time.Sleep(time.Minute)
		page := e.scrape(t)
		for _, family := range []string{"cbr_resource_last_finished_task_info", "cbr_tasks", "cbr_task_info"} {
			if lines := familyIn(page, family); strings.Contains(lines, vaultID("2")) || strings.Contains(lines, taskID("1")) || strings.Contains(lines, taskID("2")) {
				t.Errorf("vault 2 is followed:\n%s", lines)
			}
		}
		expectLines(t, "of no vault", page,
			`cbr_tasks{operation_type="backup",project="test",status="failed",vault="",vault_id=""} 1`)
	})
}

// TestOtherVaultsAfterReload reloads a configuration that follows another vault: its
// history is known at once.
func TestOtherVaultsAfterReload(t *testing.T) {
	atNoon(t, func(t *testing.T) {
		cloud := simulator.New(simulator.Options{Now: time.Now, Empty: true, Tokens: []string{token}, Latency: unlikeVaults})
		cloud.Add(
			backup("1", "success", -60, -50),
			with(backup("2", "success", -60, -50), inVault("2", "vault-web"), ofResource("2", "ecs-2", "OS::Nova::Server")),
		)
		e := start(t, hosts{"cbr.test": cloud}, followed+"    discovery: {vault_ids: ["+vaultID("1")+"]}\n")
		e.scrape(t)
		time.Sleep(time.Minute)
		e.scrape(t)
		e.configuration = followed + "    discovery: {vault_ids: [" + vaultID("2") + "]}\n"
		if err := e.Reload(); err != nil {
			t.Fatal(err)
		}
		page := e.scrape(t)
		if lines := familyIn(page, "cbr_resource_last_finished_task_status"); strings.Contains(lines, vaultID("1")) || !strings.Contains(lines, vaultID("2")) {
			t.Errorf("after the reload the resources are those of\n%s", lines)
		}
	})
}

// TestVaultsStillBeingRead has the list of vaults take longer than the scrapes wait. Until
// then the tasks are as unknown as before the first pass, even after a reload that adds
// the vaults.
func TestVaultsStillBeingRead(t *testing.T) {
	const withVaults = followed + "    discovery: {}\n    vaults: {}\n    task_ids: [11111111-1111-4111-8111-000000000001]\n"
	for name, first := range map[string]string{
		"from the start": withVaults,
		"after a reload": followed + "    discovery: {}\n    task_ids: [11111111-1111-4111-8111-000000000001]\n",
	} {
		t.Run(name, func(t *testing.T) {
			atNoon(t, func(t *testing.T) {
				cloud := simulator.New(simulator.Options{Now: time.Now, Empty: true, Tokens: []string{token}, Latency: func(r *http.Request) time.Duration {
					if strings.HasSuffix(r.URL.Path, "/vaults") {
						return 12 * time.Second // for each of two pages
					}
					return unlikeVaults(r)
				}})
				cloud.Add(everyDay(2)...)
				cloud.Add(with(backup("7", "", -5, -6), noVault))
				cloud.SetVaults(vault("1", "vault-db", bound("1")))
				e := start(t, hosts{"cbr.test": cloud}, first)
				e.CheckConnections(t.Context())
				e.get(t, "/metrics", "5")
				time.Sleep(time.Second)
				if first != withVaults {
					e.get(t, "/metrics", "5")
					e.configuration = withVaults
					if err := e.Reload(); err != nil {
						t.Fatal(err)
					}
				}
				e.get(t, "/metrics", "5")
				page := e.get(t, "/metrics", "5")
				for _, family := range []string{
					"cbr_resource_last_finished_task_info", "cbr_resource_info", "cbr_tasks", "cbr_tasks_history_start_timestamp_seconds", "cbr_task_info", "cbr_task_status", "cbr_task_found",
					"cbr_scrape_collector_last_success_timestamp_seconds",
				} {
					if lines := familyIn(page, family); lines != "" {
						t.Errorf("before the vaults are known the page has\n%s", lines)
					}
				}
				expectLines(t, "before the vaults are known", page, `cbr_up{project="test"} 1`,
					`cbr_scrape_collector_success{collector="discovery",project="test"} 0`,
					`cbr_scrape_collector_success{collector="tasks",project="test"} 0`,
					`cbr_scrape_error{project="test",reason="deadline"} 1`)
				time.Sleep(time.Minute)
				page = e.get(t, "/metrics", "5")
				expectLines(t, "with vaults", page, "cbr_resource_consecutive_failures"+keyOfResource1("1")+" 0",
					`cbr_scrape_collector_success{collector="discovery",project="test"} 1`,
					`cbr_task_status{operation_type="backup",project="test",status="running",task_id="`+taskID("7")+`",vault="vault-db"} 1`)
			})
		})
	}
}

// TestPoliciesStillBeingRead has the list of policies hang, which withholds only what
// follows from them.
func TestPoliciesStillBeingRead(t *testing.T) {
	atNoon(t, func(t *testing.T) {
		cloud := simulator.New(simulator.Options{Now: time.Now, Empty: true, Tokens: []string{token}, Latency: func(r *http.Request) time.Duration {
			if strings.HasSuffix(r.URL.Path, "/policies") {
				return time.Hour
			}
			return unlikeVaults(r)
		}})
		cloud.Add(everyDay(2)...)
		cloud.SetVaults(vault("1", "vault-db", bound("1")))
		e := start(t, hosts{"cbr.test": cloud}, followed+"    discovery: {}\n    vaults: {}\n")
		e.CheckConnections(t.Context())
		e.get(t, "/metrics", "5")
		page := e.get(t, "/metrics", "5")
		expectLines(t, "while the policies are read", page, "cbr_resource_consecutive_failures"+keyOfResource1("1")+" 0",
			`cbr_scrape_collector_success{collector="discovery",project="test"} 1`,
			`cbr_scrape_collector_success{collector="vaults",project="test"} 0`,
			`cbr_scrape_error{project="test",reason="deadline"} 1`,
			`cbr_vault_resources{project="test",vault="vault-db",vault_id="`+vaultID("1")+`"} 1`)
	})
}

// TestVaultsRefusedFromTheStart shows what the tasks say.
func TestVaultsRefusedFromTheStart(t *testing.T) {
	atNoon(t, func(t *testing.T) {
		cloud := simulator.New(simulator.Options{Now: time.Now, Empty: true, Tokens: []string{token}, Latency: unlikeVaults})
		cloud.SetFault(faultOf(http.StatusForbidden, "/vaults"))
		cloud.Add(everyDay(2)...)
		e := start(t, hosts{"cbr.test": cloud}, followed+"    discovery: {}\n    vaults: {}\n")
		e.scrape(t)
		time.Sleep(time.Minute)
		expectLines(t, "without vaults", e.scrape(t), "cbr_resource_consecutive_failures"+keyOfResource1("")+" 0")
	})
}

// TestTasksWithoutResource has failed tasks that name no resource of their own.
func TestTasksWithoutResource(t *testing.T) {
	migration := with(backup("1", "failed", -60, -50), doing("migrate_resources"), noResource, byHand)
	deletion := with(backup("2", "timeout", -40, -30), doing("vault_delete"), noResource, inVault("2", "vault-web"), byHand)
	removal := with(backup("3", "failed", -20, -10), doing("remove_resource"), noResource, noVault, byHand, func(task *simulator.Task) {
		task.Removed = []simulator.TaskResource{
			{ID: strings.ToUpper(resourceID("1")), Name: "ecs-1", Type: "OS::Nova::Server"}, {ID: resourceID("2"), Name: "ecs-2", Type: "OS::Nova::Server"},
		}
	})
	lines := []string{
		`cbr_vault_last_finished_task_status{operation_type="migrate_resources",project="test",status="failed",vault="vault-db",vault_id="` + vaultID("1") + `"} 1`,
		`cbr_vault_last_finished_task_status{operation_type="migrate_resources",project="test",status="success",vault="vault-db",vault_id="` + vaultID("1") + `"} 0`,
		`cbr_vault_last_finished_task_info{error_code="BackupService.6114",operation_type="migrate_resources",project="test",task_id="` + taskID("1") + `",vault="vault-db",vault_id="` + vaultID("1") + `"} 1`,
		`cbr_vault_last_finished_task_ended_timestamp_seconds{operation_type="migrate_resources",project="test",vault="vault-db",vault_id="` + vaultID("1") + `"} 1.795173e+09`,
		`cbr_vault_last_finished_task_status{operation_type="vault_delete",project="test",status="timeout",vault="vault-web",vault_id="` + vaultID("2") + `"} 1`,
		`cbr_resource_last_finished_task_status{operation_type="remove_resource",project="test",resource_id="` + resourceID("1") + `",resource_name="ecs-1",status="failed",vault="",vault_id=""} 1`,
		`cbr_resource_last_finished_task_status{operation_type="remove_resource",project="test",resource_id="` + resourceID("2") + `",resource_name="ecs-2",status="failed",vault="",vault_id=""} 1`,
		`cbr_resource_info{project="test",resource_id="` + resourceID("2") + `",resource_name="ecs-2",resource_type="OS::Nova::Server"} 1`,
	}
	for name, configuration := range map[string]string{
		"with discovery":    "    discovery: {}\n",
		"without discovery": "    task_ids: [" + taskID("1") + ", " + taskID("2") + ", " + taskID("3") + "]\n",
	} {
		t.Run(name, func(t *testing.T) {
			atNoon(t, func(t *testing.T) {
				cloud := simulator.New(simulator.Options{Now: time.Now, Empty: true, Tokens: []string{token}, Latency: unlike})
				cloud.Add(migration, deletion, removal)
				e := start(t, hosts{"cbr.test": cloud}, followed+configuration)
				e.scrape(t)
				time.Sleep(time.Minute)
				page := e.scrape(t)
				lint(t, page)
				samplesOf(t, page).checkResources(t, "at the end")
				expectLines(t, "at the end", page, lines...)
			})
		})
	}
}

// TestDeletedResource has a server that was deleted and is still bound. Its last backup
// failed, and none succeeds any more.
func TestDeletedResource(t *testing.T) {
	atNoon(t, func(t *testing.T) {
		cloud := simulator.New(simulator.Options{Now: time.Now, Empty: true, Tokens: []string{token}, Latency: unlikeVaults})
		const days = 24 * 60
		cloud.Add(
			backup("1", "success", -9*days, -9*days+10), backup("2", "failed", -8*days, -8*days+10),
			with(backup("3", "success", -60, -50), ofResource("2", "ecs-2", "OS::Nova::Server")),
		)
		deleted := bound("1", func(r *simulator.VaultResource) { r.ProtectStatus = "deleted" })
		cloud.SetVaults(vault("1", "vault-db", deleted, bound("2")))
		cloud.SetPolicies(policyOf("1", "daily", "1"))
		e := start(t, hosts{"cbr.test": cloud}, followed+"    discovery: {}\n    vaults: {}\n")
		e.scrape(t)
		time.Sleep(time.Minute)
		page := e.scrape(t)
		for _, family := range []string{"cbr_resource_overdue", "cbr_resource_failing", "cbr_resource_due_timestamp_seconds", "cbr_resource_covered"} {
			if lines := familyIn(page, family); strings.Contains(lines, resourceID("1")) || !strings.Contains(lines, resourceID("2")) {
				t.Errorf("judged is not the server that exists alone:\n%s", lines)
			}
		}
		expectLines(t, "its status", page, `cbr_vault_resource_status{project="test",resource_id="`+resourceID("1")+`",resource_name="ecs-1",status="deleted",vault="vault-db",vault_id="`+vaultID("1")+`"} 1`)
	})
}
