package exporter_test

import (
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cbr-exporter/cbr_exporter/simulator"
)

// TestOverviewOfVaults reads the page for people of a project with something wrong in
// each of its vaults.
func TestOverviewOfVaults(t *testing.T) {
	atNoon(t, func(t *testing.T) {
		cloud := simulator.New(simulator.Options{Now: time.Now, Empty: true, Tokens: []string{token}, Latency: unlikeVaults})
		server := func(n string) func(*simulator.Task) { return ofResource(n, "ecs-"+n, "OS::Nova::Server") }
		cloud.Add(
			backup("1", "success", -29*24*60, -29*24*60+10), // how far back the API remembers
			backup("2", "success", -60, -50),
			with(backup("3", "success", -10*24*60, -10*24*60+10), server("3"), inVault("2", "vault-full")),
			with(backup("4", "failed", -60, -50), server("3"), inVault("2", "vault-full")),
			with(backup("5", "success", -3*24*60, -3*24*60+10), server("5"), inVault("4", "vault-weekly")),
		)
		cloud.SetVaults(
			vault("1", "vault-db", bound("1"), bound("2")),
			vault("2", "<b>vault-full</b>", bound("3"), func(v *simulator.Vault) { v.Used = v.Size << 10 }),
			vault("3", "vault-frozen", bound("4"), func(v *simulator.Vault) { v.Status = "frozen" }),
			vault("4", "vault-weekly", bound("5")),
			vault("5", "vault-bare", bound("6")),
			vault("6", "vault-new", func(v *simulator.Vault) { v.Created = minutes(-60) }, bound("7")),
			vault("7", "vault-empty"),
		)
		cloud.SetPolicies(
			policyOf("1", "daily", "1", inVaults("1", "2", "3", "6", "7")),
			policyOf("2", "weekly", "4", func(p *simulator.Policy) { p.Patterns = []string{"FREQ=WEEKLY;BYDAY=SU"} }),
			policyOf("3", "off", "5", func(p *simulator.Policy) { p.Enabled = false }),
		)
		e := startQuiet(t, hosts{"cbr.test": cloud}, followed+"    discovery: {}\n    vaults: {}\n")
		expect := func(when string, wants ...string) string {
			t.Helper()
			page := e.get(t, "/", "")
			for _, want := range wants {
				if !strings.Contains(page, want) {
					t.Errorf("%s: the page lacks %q:\n%s", when, want, page)
				}
			}
			return page
		}
		e.scrape(t)
		time.Sleep(time.Minute)
		e.scrape(t)
		page := expect("at first", `<p class="verdict trusted failing">`,
			"Of 6 resources and operations that policies cover, 3 ought to have had a success by now and had none. Vaults and policies are as of 60 s ago.</p>")
		overdue := [][]string{
			// Resource, vault, operation, expected every, last success, because.
			{"ecs-2", "vault-db", "backup", "24 h", "none in 29 days", ""},
			{"ecs-4", "vault-frozen", "backup", "24 h", "none in 29 days", "the vault has the status frozen"},
			{"ecs-3", "&lt;b&gt;vault-full&lt;/b&gt;", "backup", "24 h", "10 days ago", "the vault is full"},
		}
		if diff := cmp.Diff(overdue, cellsOf(page, "<h3>Overdue")); diff != "" {
			t.Errorf("what is overdue differs (-want +got):\n%s", diff)
		}
		vaults := [][]string{
			// Status, vault, used, resources, expected.
			{"frozen", "vault-frozen", "50 GiB of 100 GiB, 50 %", "1", "backup every 24 h"},
			{"available", "&lt;b&gt;vault-full&lt;/b&gt;", "100 GiB of 100 GiB, 100 %", "1", "backup every 24 h"},
			{"available", "vault-bare", "50 GiB of 100 GiB, 50 %", "1", "no enabled policy with a known schedule backs up 1 of 1 resources"},
			{"available", "vault-db", "50 GiB of 100 GiB, 50 %", "2", "backup every 24 h"},
			{"available", "vault-empty", "50 GiB of 100 GiB, 50 %", "0", ""},
			{"available", "vault-new", "50 GiB of 100 GiB, 50 %", "1", "backup every 24 h"},
			{"available", "vault-weekly", "50 GiB of 100 GiB, 50 %", "1", "backup every 7 days"},
		}
		if diff := cmp.Diff(vaults, cellsOf(page, "<h3>Vaults")); diff != "" {
			t.Errorf("the vaults differ (-want +got):\n%s", diff)
		}

		cloud.SetFault(faultOf(http.StatusForbidden, "/vaults"))
		time.Sleep(5 * time.Minute)
		e.scrape(t)
		time.Sleep(time.Minute)
		page = expect("with the vaults refused", `<p class="verdict failing">`,
			"Vaults or policies could not be read. Reason: permission; allow the user cbr:vaults:list and cbr:policies:list",
			`<li>permission, for the first time <span title="2026-11-20 12:06:00 UTC">60 s ago</span>: ListVault: HTTP status 403`,
			"They are as of 7 min ago.")
		if diff := cmp.Diff(vaults, cellsOf(page, "<h3>Vaults")); diff != "" {
			t.Errorf("with the vaults refused, they differ (-want +got):\n%s", diff)
		}

		// Nobody knows whether there are newer successes.
		cloud.SetFault(faultOf(http.StatusInternalServerError, ""))
		time.Sleep(48 * time.Hour)
		e.scrape(t)
		if got := cellsOf(e.get(t, "/", ""), "<h3>Overdue"); len(got) != len(overdue) {
			t.Errorf("with the API down for days, %d are overdue, want still %d", len(got), len(overdue))
		}
	})
}

// TestOverviewOfUncovered has policies back up all of a vault, some or nothing.
func TestOverviewOfUncovered(t *testing.T) {
	const nobody = "no enabled policy with a known schedule backs up "
	apart := func(r *simulator.VaultResource) { r.AutoProtect = new(false) }
	daily := policyOf("1", "daily", "1")
	off := policyOf("2", "off", "1", func(p *simulator.Policy) { p.Enabled = false })
	offsite := policyOf("3", "offsite", "1", replicating)
	monthly := policyOf("4", "monthly", "1", func(p *simulator.Policy) { p.Patterns = []string{"FREQ=MONTHLY;BYMONTHDAY=1"} })
	protect := func(how string) func(*simulator.Vault) {
		return func(v *simulator.Vault) { v.ProtectType = how }
	}
	for name, c := range map[string]struct {
		vault    simulator.Vault
		policies []simulator.Policy
		says     string
		flagged  bool
	}{
		"all covered":             {vault("1", "v", bound("1"), bound("2")), []simulator.Policy{daily, offsite}, "backup every 24 h, replication every 8 h", false},
		"nothing bound":           {vault("1", "v"), nil, "", false},
		"no policy":               {vault("1", "v", bound("1"), bound("2")), nil, nobody + "2 of 2 resources", true},
		"replication vault":       {vault("1", "v", protect("replication"), bound("1")), nil, "", false},
		"hybrid vault":            {vault("1", "v", protect("hybrid"), bound("1")), nil, "", false},
		"kind of vault not said":  {vault("1", "v", protect(""), bound("1")), nil, nobody + "1 of 1 resources", true},
		"does not follow":         {vault("1", "v", bound("1", apart)), []simulator.Policy{daily}, nobody + "1 of 1 resources", true},
		"one of two does not":     {vault("1", "v", bound("1"), bound("2", apart)), []simulator.Policy{daily}, "backup every 24 h; " + nobody + "1 of 2 resources", true},
		"backup policy disabled":  {vault("1", "v", bound("1")), []simulator.Policy{off}, nobody + "1 of 1 resources", true},
		"replication alone":       {vault("1", "v", bound("1")), []simulator.Policy{off, offsite}, "replication every 8 h; " + nobody + "1 of 1 resources", true},
		"schedule cannot be read": {vault("1", "v", bound("1")), []simulator.Policy{monthly}, nobody + "1 of 1 resources", true},
	} {
		t.Run(name, func(t *testing.T) {
			atNoon(t, func(t *testing.T) {
				cloud := simulator.New(simulator.Options{Now: time.Now, Empty: true, Tokens: []string{token}, Latency: unlikeVaults})
				cloud.SetVaults(c.vault)
				cloud.SetPolicies(c.policies...)
				e := startQuiet(t, hosts{"cbr.test": cloud}, followed+"    vaults: {}\n")
				e.scrape(t)
				page := e.get(t, "/", "")
				rows := cellsOf(page, "<h3>Vaults")
				if len(rows) != 1 || rows[0][len(rows[0])-1] != c.says {
					t.Errorf("got %q, want one vault with %q", rows, c.says)
				}
				if flagged := strings.Contains(page, `<td class="skipped">`); flagged != c.flagged {
					t.Errorf("it stands out: %t, want %t", flagged, c.flagged)
				}
			})
		})
	}
}

// TestOverviewOfOneList has the vaults be read and the policies never.
func TestOverviewOfOneList(t *testing.T) {
	atNoon(t, func(t *testing.T) {
		cloud := simulator.New(simulator.Options{Now: time.Now, Empty: true, Tokens: []string{token}, Latency: unlikeVaults})
		cloud.SetVaults(vault("1", "vault-db", bound("1")))
		cloud.SetFault(faultOf(http.StatusForbidden, "/policies"))
		e := startQuiet(t, hosts{"cbr.test": cloud}, followed+"    vaults: {}\n")
		e.scrape(t)
		page := e.get(t, "/", "")
		for _, want := range []string{`<p class="verdict">Vaults or policies could not be read. Reason: permission;`, "Never yet have all vaults and policies been known."} {
			if !strings.Contains(page, want) {
				t.Errorf("the page lacks %q:\n%s", want, page)
			}
		}
		if diff := cmp.Diff([][]string{{"available", "vault-db", "50 GiB of 100 GiB, 50 %", "1", ""}}, cellsOf(page, "<h3>Vaults")); diff != "" {
			t.Errorf("the vaults differ (-want +got):\n%s", diff)
		}
	})
}

// cellsOf returns the cells of the table with the heading.
func cellsOf(page, heading string) [][]string {
	_, table, found := strings.Cut(page, heading)
	if !found {
		return nil
	}
	table, _, _ = strings.Cut(table, "</table>")
	var rows [][]string
	cells := regexp.MustCompile(`<td[^>]*>(.*?)</td>`)
	for line := range strings.Lines(table) {
		var row []string
		for _, cell := range cells.FindAllStringSubmatch(line, -1) {
			row = append(row, cell[1])
		}
		if row != nil {
			rows = append(rows, row)
		}
	}
	return rows
}

// TestOverdueIsWhatIsFollowed has the tasks of one vault of two be followed.
func TestOverdueIsWhatIsFollowed(t *testing.T) {
	atNoon(t, func(t *testing.T) {
		cloud := simulator.New(simulator.Options{Now: time.Now, Empty: true, Tokens: []string{token}, Latency: unlikeVaults})
		cloud.Add(backup("1", "failed", -29*24*60, -29*24*60+10))
		cloud.SetVaults(vault("1", "vault-db", bound("1")), vault("2", "vault-web", bound("2")))
		cloud.SetPolicies(policyOf("1", "daily", "1", inVaults("1", "2")))
		e := startQuiet(t, hosts{"cbr.test": cloud}, followed+"    discovery: {vault_ids: ["+vaultID("1")+"]}\n    vaults: {}\n")
		e.scrape(t)
		time.Sleep(time.Minute)
		page := e.scrape(t)
		want := [][]string{{"ecs-1", "vault-db", "backup", "24 h", "none in 29 days", ""}}
		if diff := cmp.Diff(want, cellsOf(e.get(t, "/", ""), "<h3>Overdue")); diff != "" {
			t.Errorf("what is overdue differs (-want +got):\n%s", diff)
		}
		if got := len(samplesOf(t, page)["cbr_resource_expected_interval_seconds"]); got != 2 {
			t.Errorf("%d are expected, want both", got)
		}
	})
}
