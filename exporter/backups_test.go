package exporter_test

import (
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
	"github.com/cbr-exporter/cbr_exporter/config"
	"github.com/cbr-exporter/cbr_exporter/simulator"
)

// withBackups reads all that there is of a project.
const withBackups = followed + `    discovery: {}
    vaults: {tags: [team]}
    backups: {}
    protectables: {exclude: ['*-test', ` + "22222222-2222-4222-8222-000000000008" + `]}
`

// TestBackupsPage compares whole pages of metrics of a project with backups and protectable
// resources, from the responses of the API through the real client, collector and HTTP
// handler: that of the first scrape, the next one, and one after most backups were deleted.
func TestBackupsPage(t *testing.T) {
	atNoon(t, func(t *testing.T) {
		cloud := cloudWithBackups()
		e := start(t, hosts{"cbr.test": cloud}, withBackups)
		e.CheckConnections(t.Context()) // proves the token
		page := func(name string) {
			got := e.scrape(t)
			lint(t, got)
			samplesOf(t, got).checkResources(t, name)
			compare(t, filepath.Join("testdata", name), got)
			time.Sleep(time.Minute)
		}
		page("backups_first_scrape.prom") // waits for the vaults alone
		page("backups.prom")
		cloud.SetBackups(restorePoint("2", "1", -60*24))
		time.Sleep(time.Hour)
		e.scrape(t) // starts the next reading of all backups
		time.Sleep(time.Minute)
		page("backups_lost.prom")
	})
}

// ofTagged is the end of a verdict on a resource, or of the number of its restore points.
func ofTagged(n string) string {
	return `{project="test",resource_id="` + resourceID(n) + `",resource_name="ecs-` + n + `",tag_team="data",vault="vault-db",vault_id="` + vaultID("1") + `"} `
}

// TestBackupsChange has something change that the next reading of everything finds.
func TestBackupsChange(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*simulator.Simulator)
		want   []string
		gone   string // how a line begins
	}{
		"refused": {
			change: func(cloud *simulator.Simulator) { cloud.SetFault(faultOf(http.StatusForbidden, "/backups")) },
			want: []string{
				`cbr_scrape_error{project="test",reason="permission"} 1`,
				`cbr_scrape_collector_success{collector="backups",project="test"} 0`,
				`cbr_scrape_collector_success{collector="vaults",project="test"} 1`,
				"cbr_resource_restorable" + ofTagged("1") + "1", "cbr_resource_restore_points" + ofTagged("1") + "2",
			},
			gone: "cbr_resource_restore_points_lost{",
		},
		"bound": {
			change: func(cloud *simulator.Simulator) {
				cloud.SetVaults(vault("1", "vault-db", bound("1"), bound("2"), bound("3"), bound("4")))
			},
			want: []string{
				`cbr_protectable_resources{project="test",protected="false",resource_type="OS::Nova::Server"} 3`,
				`cbr_protectable_resources{project="test",protected="true",resource_type="OS::Nova::Server"} 4`,
				"cbr_resource_restorable" + ofTagged("4") + "0", "cbr_resource_restore_points" + ofTagged("4") + "0",
			},
			gone: `cbr_unprotected_resource_info{error_code="",project="test",resource_id="` + resourceID("4"),
		},
	} {
		t.Run(name, func(t *testing.T) {
			atNoon(t, func(t *testing.T) {
				cloud := cloudWithBackups()
				e := start(t, hosts{"cbr.test": cloud}, withBackups)
				e.scrape(t)
				time.Sleep(time.Minute)
				c.change(cloud)
				time.Sleep(time.Hour)
				e.scrape(t)
				time.Sleep(time.Minute)
				page := e.scrape(t)
				samplesOf(t, page).checkResources(t, "at the end")
				expectLines(t, "at the end", page, c.want...)
				if strings.Contains(page, "\n"+c.gone) {
					t.Errorf("the page has %s", c.gone)
				}
			})
		})
	}
}

// cloudWithBackups returns a cloud in which resource 1 has all kinds of backups, the backup
// that the latest success of resource 2 made is gone, and resource 3 never had any. Resources
// 4 to 9 exist and are in no vault.
func cloudWithBackups() *simulator.Simulator {
	cloud := simulator.New(simulator.Options{Now: time.Now, Empty: true, Tokens: []string{token}, Latency: unlikeBackups})
	cloud.Add(
		backup("1", "success", -70, -60),
		with(backup("2", "success", -12*60, -12*60+10), ofResource("2", "ecs-2", "OS::Nova::Server")),
	)
	cloud.SetVaults(vault("1", "vault-db", bound("1"), bound("2"), bound("3")))
	cloud.SetPolicies(policyOf("1", "nightly", "1", func(p *simulator.Policy) {
		p.Patterns = []string{"FREQ=DAILY;INTERVAL=1;BYHOUR=0;BYMINUTE=00"}
	}))
	cloud.SetBackups(
		restorePoint("1", "1", -70, func(b *simulator.Backup) {
			b.Replicas = []simulator.BackupReplica{{Status: "fail", DestinationRegion: "eu-de", Created: minutes(-50), FailCode: "BackupService.6128"}}
		}),
		restorePoint("1", "2", -60*24, func(b *simulator.Backup) {
			b.Expires = minutes(60 * 24 * 6)
			b.Replicas = []simulator.BackupReplica{{Status: "success", DestinationRegion: "eu-de", Created: minutes(-60*24 + 20)}}
		}),
		restorePoint("1", "3", -60*24*2, func(b *simulator.Backup) { b.Status = "error" }),
		restorePoint("1", "4", -5, func(b *simulator.Backup) { b.Status = "protecting" }),
		restorePoint("1", "5", -70, func(b *simulator.Backup) { b.ParentID = backupIDOf("1", "1") }),
		restorePoint("2", "1", -60*24),
		restorePoint("2", "2", -60*24*2),
		restorePoint("2", "3", -60*24*3),
	)
	cloud.SetProtectables(
		protectable("1", "ecs-1"), protectable("2", "ecs-2"), protectable("3", "ecs-3"), // in vault 1
		protectable("4", "ecs-4"),
		protectable("5", "ecs-5", func(p *simulator.Protectable) {
			p.Code, p.Reason = "BackupService.7003", "The server is in error."
		}),
		protectable("6", "turbo-6", func(p *simulator.Protectable) { p.Type, p.Status = "OS::Sfs::Turbo", "available" }),
		protectable("7", "web-test"),
		protectable("8", "ecs-8"),
	)
	return cloud
}

func backupIDOf(resource, n string) string {
	return "55555555-5555-4555-8555-0000000000" + resource + n
}

// restorePoint returns a backup of a resource in vault 1, from minutes after noon.
func restorePoint(resource, n string, at float64, changes ...func(*simulator.Backup)) simulator.Backup {
	b := simulator.Backup{
		ID: backupIDOf(resource, n), Name: "backup-" + n, VaultID: vaultID("1"),
		ResourceID: resourceID(resource), ResourceName: "ecs-" + resource, ResourceType: "OS::Nova::Server", ResourceSize: 40,
		Automatic: true, Created: minutes(at), Protected: minutes(at + 1), Expires: minutes(at + 60*24*14),
	}
	for _, change := range changes {
		change(&b)
	}
	return b
}

func protectable(n, name string, changes ...func(*simulator.Protectable)) simulator.Protectable {
	p := simulator.Protectable{ID: resourceID(n), Name: name, Type: "OS::Nova::Server", Size: 40, Status: "ACTIVE"}
	for _, change := range changes {
		change(&p)
	}
	return p
}

// unlikeBackups is unlikeVaults for projects with backups.
func unlikeBackups(r *http.Request) time.Duration {
	switch {
	case strings.HasSuffix(r.URL.Path, "/backups"):
		return 200 * time.Millisecond
	case strings.HasSuffix(r.URL.Path, "/instances"):
		return 300 * time.Millisecond
	default:
		return unlikeVaults(r)
	}
}

// TestBackupsBetweenScrapes requests the page for people after one scrape: it has what was read
// since, and what the links of the alerts lead to.
func TestBackupsBetweenScrapes(t *testing.T) {
	atNoon(t, func(t *testing.T) {
		e := start(t, hosts{"cbr.test": cloudWithBackups()}, withBackups)
		e.scrape(t)
		time.Sleep(time.Minute)
		for path, want := range map[string][]string{
			"/?project=test&state=unprotected":             {"ecs-4", "ecs-5", "turbo-6", "The server is in error"},
			"/resource?project=test&id=" + resourceID("2"): {"ecs-2", "succeeded, but the vault holds no backup of it"},
		} {
			page := e.get(t, path, "")
			for _, text := range want {
				if !strings.Contains(page, text) {
					t.Errorf("%s lacks %q:\n%s", path, text, page)
				}
			}
			if strings.Contains(page, "web-test") || strings.Contains(page, "ecs-8") {
				t.Errorf("%s shows what is excluded", path)
			}
		}
	})
}

// TestBackupsRefused has the cloud refuse the backups from the start, and later allow them.
func TestBackupsRefused(t *testing.T) {
	atNoon(t, func(t *testing.T) {
		cloud := cloudWithBackups()
		cloud.SetFault(faultOf(http.StatusForbidden, "/backups"))
		e := start(t, hosts{"cbr.test": cloud}, withBackups)
		e.scrape(t)
		time.Sleep(time.Minute)
		const overdue = `cbr_resource_overdue{operation_type="backup",project="test",resource_id="%s",resource_name="ecs-2",tag_team="data",vault="vault-db",vault_id="` + "33333333-3333-4333-8333-000000000001" + `"} %d`
		page := e.scrape(t)
		expectLines(t, "refused", page,
			`cbr_up{project="test"} 1`,
			`cbr_scrape_error{project="test",reason="permission"} 1`,
			`cbr_scrape_collector_success{collector="backups",project="test"} 0`,
			`cbr_scrape_collector_success{collector="discovery",project="test"} 1`,
			`cbr_scrape_collector_success{collector="vaults",project="test"} 1`,
			`cbr_scrape_collector_success{collector="protectables",project="test"} 1`,
			fmt.Sprintf(overdue, resourceID("2"), 0), // by its task
			`cbr_protectable_resources{project="test",protected="false",resource_type="OS::Nova::Server"} 4`,
		)
		if strings.Contains(page, "\ncbr_resource_restore_points") {
			t.Error("there are restore points that nobody has read")
		}
		for _, want := range []string{`msg="reading backups failed" reason=permission`, "allow cbr:backups:list, "} {
			if !strings.Contains(e.log.String(), want) {
				t.Errorf("the log lacks %q:\n%s", want, e.log)
			}
		}

		cloud.SetFault(nil)
		e.scrape(t)
		time.Sleep(time.Minute)
		expectLines(t, "allowed", e.scrape(t),
			`cbr_scrape_error{project="test",reason="permission"} 0`,
			`cbr_scrape_collector_success{collector="backups",project="test"} 1`,
			fmt.Sprintf(overdue, resourceID("2"), 1), // its backup is gone
		)
	})
}

// TestBackupsAfterReload reloads the same configuration: what is known stays.
func TestBackupsAfterReload(t *testing.T) {
	atNoon(t, func(t *testing.T) {
		cloud := cloudWithBackups()
		e := start(t, hosts{"cbr.test": cloud}, withBackups)
		e.scrape(t)
		time.Sleep(time.Minute)
		before := cloud.Requests()
		if err := e.Reload(); err != nil {
			t.Fatal(err)
		}
		expectLines(t, "after a reload", e.scrape(t),
			`cbr_scrape_collector_success{collector="backups",project="test"} 1`,
			`cbr_scrape_collector_success{collector="protectables",project="test"} 1`,
			"cbr_resource_restore_points"+ofTagged("1")+"2",
			`cbr_unprotected_resources_excluded{project="test",resource_type="OS::Nova::Server"} 2`,
		)
		time.Sleep(time.Second) // the scrape does not wait for them
		if after := cloud.Requests(); after.Backups != before.Backups || after.Protectables != before.Protectables {
			t.Errorf("%d requests for backups and %d for protectable resources after a reload, want none",
				after.Backups-before.Backups, after.Protectables-before.Protectables)
		}
	})
}

// TestFirstScrapeWithManyBackups reads 50,000 backups, 1,000 in half a second. The first
// scrape does not wait for them, and judges nothing that they may prove.
func TestFirstScrapeWithManyBackups(t *testing.T) {
	if testing.Short() {
		t.Skip("takes several seconds")
	}
	atNoon(t, func(t *testing.T) {
		cloud := simulator.New(simulator.Options{Now: time.Now, Empty: true, Tokens: []string{token}, Latency: func(r *http.Request) time.Duration {
			if strings.HasSuffix(r.URL.Path, "/backups") {
				return time.Second / 2
			}
			return unlikeVaults(r)
		}})
		cloud.Add(backup("1", "success", -70, -60))
		cloud.SetVaults(vault("1", "vault-db", bound("1")))
		cloud.SetPolicies(policyOf("1", "daily", "1"))
		backups := make([]simulator.Backup, 50_000)
		for n := range backups {
			backups[n] = restorePoint("1", "0", float64(-n))
			backups[n].ID = fmt.Sprintf("55555555-5555-4555-8555-%012d", n)
		}
		cloud.SetBackups(backups...)
		e := start(t, hosts{"cbr.test": cloud}, withBackups)
		page := e.scrape(t)
		if took := time.Since(noon()); took > time.Second {
			t.Errorf("the first scrape took %s, want less than 1 s", took)
		}
		expectLines(t, "the first scrape", page,
			`cbr_up{project="test"} 1`,
			`cbr_scrape_collector_success{collector="vaults",project="test"} 1`,
			`cbr_scrape_collector_success{collector="backups",project="test"} 0`,
			`cbr_scrape_error{project="test",reason="deadline"} 1`)
		if strings.Contains(page, "\ncbr_resource_overdue{") {
			t.Error("the first scrape judges what the backups may prove")
		}
		time.Sleep(time.Minute)
		expectLines(t, "a minute later", e.scrape(t), `cbr_scrape_collector_success{collector="backups",project="test"} 1`,
			"cbr_resource_restore_points"+ofTagged("1")+"50000",
			"cbr_resource_overdue"+strings.Replace(keyOfResource1("1"), `,vault="`, `,tag_team="data",vault="`, 1)+" 0")
	})
}

// TestWrongKeyWithBackups has the cloud refuse the key: it is sent once, whatever is read.
func TestWrongKeyWithBackups(t *testing.T) {
	atNoon(t, func(t *testing.T) {
		cloud := cloudWithBackups()
		e := start(t, hosts{"cbr.test": cloud}, strings.Replace(withBackups, token, "another-token", 1))
		expectScrape(t, "at first", e, cloud, 1, 1,
			`cbr_up{project="test"} 0`,
			`cbr_scrape_error{project="test",reason="credentials"} 1`,
			`cbr_scrape_collector_success{collector="backups",project="test"} 0`,
			`cbr_scrape_collector_success{collector="protectables",project="test"} 0`)
		time.Sleep(time.Minute)
		expectScrape(t, "a minute later", e, cloud, 0, 0, `cbr_up{project="test"} 0`)
	})
}

// TestProtectableTypes checks that the configuration accepts all types of the client.
func TestProtectableTypes(t *testing.T) {
	t.Parallel()
	for _, kind := range []cbrapi.ProtectableType{cbrapi.ProtectableServer, cbrapi.ProtectableDisk, cbrapi.ProtectableTurbo, cbrapi.ProtectableWorkspace, cbrapi.ProtectableWorkspaceV2} {
		text := strings.Replace(withBackups, "exclude:", "types: ["+string(kind)+"], exclude:", 1)
		if _, err := config.Parse("test.yml", ".", []byte(text), nil); err != nil {
			t.Error(err)
		}
	}
}
