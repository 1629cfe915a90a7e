//go:build e2e

package e2e

import (
	"fmt"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/cbr-exporter/cbr_exporter/simulator"
	"github.com/cbr-exporter/cbr_exporter/test/process"
)

// externalURL is where the page of watched exporters is said to be.
const externalURL = "https://example.com/cbr"

// watched is a cloud with exporters, Prometheus and Alertmanager. A minute is a second.
type watched struct {
	t         *testing.T
	cloud     *cloud
	config    string
	token     string     // file
	exporters []exporter // replicas; a stopped one keeps its address
	inbox     *inbox
	expected  []string // the messages so far
}

func newWatched(t *testing.T, replicas int, vaults string) *watched {
	t.Helper()
	c := newCloud()
	server := httptest.NewServer(c)
	t.Cleanup(server.Close)
	dir := t.TempDir()
	w := &watched{
		t: t, cloud: c, inbox: openInbox(t), config: filepath.Join(dir, "config.yml"), token: filepath.Join(dir, "token"),
		exporters: make([]exporter, replicas),
	}
	writeFile(t, w.token, "a-token")
	writeFile(t, w.config, fmt.Sprintf(`
scrape: {requests_per_second: 0}
projects:
  - name: prod
    project_id: %s
    endpoint: %s
    credentials: {token_file: token}
    discovery: {}
    %s
`, simulator.DefaultProjectID, server.URL, vaults))
	return w
}

// hold binds resources to a vault with a daily backup, which is due in an hour or less.
func (w *watched) hold(vault int, resources ...int) {
	w.cloud.bind(vault, resources...)
	w.cloud.policy(vault, "backup", true, plan{everyDay, (time.Now().UTC().Hour() + 1) % 24}, vault)
}

// end adds backups that ended some time ago.
func (w *watched) end(outcome string, ago time.Duration, resources ...int) {
	for _, n := range resources {
		w.cloud.Add(task(n, outcome, time.Now().Add(-2*time.Second-ago), 2*time.Second))
	}
}

// migrate adds a migration from a vault, which names no resource.
func (w *watched) migrate(vault int, outcome string) {
	t := task(0, outcome, time.Now().Add(-2*time.Second), 2*time.Second)
	t.OperationType, t.VaultID, t.VaultName = "migrate_resources", vaultID(vault), fmt.Sprint("vault-", vault)
	t.ResourceID, t.ResourceName, t.ResourceType = "", "", ""
	w.cloud.Add(t)
}

// start starts the exporters, Alertmanager and Prometheus.
func (w *watched) start() {
	t := w.t
	t.Helper()
	var targets []string
	for n := range w.exporters {
		w.exporters[n].address = process.FreeAddress(t)
		w.startExporter(n)
		w.waitUntilKnown(n)
		targets = append(targets, w.exporters[n].address)
	}
	alertmanager, rules := startAlertmanager(t, w.inbox.config(t)), filepath.Join(t.TempDir(), "cbr.rules.yml")
	writeFile(t, rules, hastened(replaced(t, readFile(t, rulesFile),
		"> 900\n", "> 15\n", "[3h]", "[25m]", "for: 1h", "for: 10m",
		// Prometheus takes five seconds to find its targets.
		"for: 5m", "for: 12m")))
	startPrometheus(t, hastened(replaced(t, readFile(t, prometheusFile),
		"cbr.rules.yml", rules,
		"cbr_exporter:10065", strings.Join(targets, "\n          - "),
		"alertmanager:9093", alertmanager.address,
		"scrape_timeout: 30s", "scrape_timeout: 1s",
		// Alertmanager resolves an alert that it does not receive again within four times this
		// delay. With 20 seconds, a stall of a busy machine resolves nothing.
	)), "--query.lookback-delta=5s", "--rules.alert.resend-delay=5s")
}

// startExporter starts an exporter at its address.
func (w *watched) startExporter(n int) {
	w.exporters[n].server = startServer(w.t, w.exporters[n].address, exporterBinary, "--config.file="+w.config,
		"--web.external-url="+externalURL, "--web.route-prefix=/")
}

// waitUntilKnown waits until an exporter has read everything.
func (w *watched) waitUntilKnown(n int) {
	w.exporters[n].Eventually(w.t, func() error {
		if samplesOf(w.t, w.exporters[n].metrics(w.t), "cbr_resource_failing") == nil {
			return fmt.Errorf("exporter %d has not read everything", n)
		}
		return nil
	})
}

func (w *watched) stopExporter(n int) {
	if code := w.exporters[n].Stop(w.t); code != 0 {
		w.t.Fatalf("exporter %d ended with the code %d", n, code)
	}
}

// expect waits for messages, and then longer than a group interval for unexpected ones.
func (w *watched) expect(more ...string) {
	w.t.Helper()
	w.expected = append(w.expected, more...)
	slices.Sort(w.expected)
	deadline := time.Now().Add(90 * time.Second)
	for diff := ""; ; time.Sleep(100 * time.Millisecond) {
		if diff = cmp.Diff(w.expected, w.inbox.lines(), cmpopts.EquateEmpty()); diff == "" {
			break
		}
		if time.Now().After(deadline) || len(w.inbox.lines()) > len(w.expected) {
			w.t.Fatalf("messages differ (-want +got):\n%s\nall:\n%s", diff, strings.Join(w.inbox.lines(), "\n"))
		}
	}
	time.Sleep(5 * time.Second)
	if diff := cmp.Diff(w.expected, w.inbox.lines(), cmpopts.EquateEmpty()); diff != "" {
		w.t.Fatalf("unexpected messages (-want +got):\n%s", diff)
	}
}
