package exporter_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/cbr-exporter/cbr_exporter/simulator"
)

// answers has the same answer to every request whose path ends so.
type answers map[string]string

// ServeHTTP implements http.Handler.
func (a answers) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	answer(http.StatusOK, a[r.URL.Path[strings.LastIndex(r.URL.Path, "/"):]])(w, r)
}

// TestUnsaid has the API leave out what it may leave out of vaults and policies, and
// call things by their old names.
func TestUnsaid(t *testing.T) {
	const ofVault, ofPolicy = `{project="test",vault="v",vault_id="33333333-3333-4333-8333-000000000001"}`, `{policy_id="` + policy + `",project="test"}`
	kind := func(operation string) string {
		return `cbr_policy_info{operation_type="` + operation + `",policy_id="` + policy + `",policy_name="p",project="test"} 1`
	}
	for name, c := range map[string]struct {
		vault, policy string // what they have besides an id and a name
		family        string
		want          []string // all lines of the family
	}{
		"no list of resources":    {vault: ``, family: "cbr_vault_resources"},
		"resources are null":      {vault: `,"resources":null`, family: "cbr_vault_resources"},
		"an empty list":           {vault: `,"resources":[]`, family: "cbr_vault_resources", want: []string{"cbr_vault_resources" + ofVault + " 0"}},
		"enabled is not said":     {policy: ``, family: "cbr_policy_enabled"},
		"disabled":                {policy: `,"enabled":false`, family: "cbr_policy_enabled", want: []string{"cbr_policy_enabled" + ofPolicy + " 0"}},
		"enabled":                 {policy: `,"enabled":true`, family: "cbr_policy_enabled", want: []string{"cbr_policy_enabled" + ofPolicy + " 1"}},
		"old name of replication": {policy: `,"operation_type":"copy"`, family: "cbr_policy_info", want: []string{kind("replication")}},
		"backup":                  {policy: `,"operation_type":"backup"`, family: "cbr_policy_info", want: []string{kind("backup")}},
		"no kind of operation":    {policy: ``, family: "cbr_policy_info", want: []string{kind("")}},
	} {
		t.Run(name, func(t *testing.T) {
			atNoon(t, func(t *testing.T) {
				e := startQuiet(t, hosts{"cbr.test": answers{
					"/vaults":   `{"vaults":[{"id":"` + vaultID("1") + `","name":"v"` + c.vault + `}]}`,
					"/policies": `{"policies":[{"id":"` + policy + `","name":"p"` + c.policy + `}]}`,
				}}, followed+"    vaults: {}\n")
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

// TestRefresh has vaults and policies be read as often as the project says.
func TestRefresh(t *testing.T) {
	for refresh, every := range map[string]time.Duration{"30s": 30 * time.Second, "20m": 20 * time.Minute} {
		t.Run(refresh, func(t *testing.T) {
			atNoon(t, func(t *testing.T) {
				cloud := simulator.New(simulator.Options{Now: time.Now, Empty: true, Tokens: []string{token}})
				e := startQuiet(t, hosts{"cbr.test": cloud}, followed+"    vaults: {refresh: "+refresh+"}\n")
				first := time.Now()
				expect := func(after time.Duration, want uint64) {
					t.Helper()
					time.Sleep(time.Until(first.Add(after)))
					e.scrape(t)
					time.Sleep(time.Second / 10) // it does not wait for them
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
