//go:build e2e

package e2e

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/cbr-exporter/cbr_exporter/simulator"
)

// The vaults of what is notified.
const (
	payments      = 1  // of the team in the example: a backup fails, and the retry succeeds
	quietPayments = 2  // nothing happens to this one
	pairVault     = 3  // two fail in the same night
	partedVault   = 4  // what fails leaves the vault
	worseVault    = 5  // one fails again and again
	fullVault     = 6  // it fills
	blindVault    = 7  // the retry succeeds while nobody can look
	skipVault     = 8  // one is skipped
	staleVault    = 9  // one has not been backed up for days
	stuckVault    = 10 // one does not end
	slowVault     = 11 // one times out
	idleVault     = 12 // its policy is disabled
	neverVault    = 13 // one has never been backed up
)

// watched is a cloud with all that watches it: a minute is a second.
type watched struct {
	t          *testing.T
	cloud      *cloud
	config     string
	token      string // the file that it is in
	exporter   exporter
	prometheus prometheus
	inbox      *inbox
	expected   []string // the messages so far
}

// TestNotifications has the shipped rules and the shipped example of Alertmanager tell
// of what happens to some backups, and compares all messages: each arrives once, names
// the right resource, and where it is over another says so.
func TestNotifications(t *testing.T) {
	t.Parallel()
	w := newWatched(t)
	for vault, resources := range map[int][]int{
		payments: {1}, quietPayments: {2}, pairVault: {31, 32}, partedVault: {41, 42}, worseVault: {51}, fullVault: {61},
		blindVault: {71}, skipVault: {81}, stuckVault: {101}, slowVault: {111}, idleVault: {121},
	} {
		w.hold(vault, resources...)
		for _, resource := range resources {
			w.end(vault, resource, "success", 14*time.Hour)
		}
	}
	w.tag("payments", payments, quietPayments)
	w.hold(neverVault, 131)
	w.hold(staleVault, 91)
	w.end(staleVault, 91, "success", 3*day)
	w.cloud.Add(w.task(stuckVault, 101, "", 13*time.Hour))
	w.start()
	w.expect(
		"#backup CRITICAL: The last successful backup of server-91 is TIME old.",
		"page firing CBRBackupStale{vault 000000000009, resource 000000000091}",
		"#backup WARNING: The backup of server-101 has been running for TIME.",
		"#backup CRITICAL: The backup of server-131 has not succeeded for TIME or longer.",
		"page firing CBRNeverSucceeded{vault 000000000013, resource 000000000131}",
	)
	w.compareTags()

	w.fail(payments, 1)
	w.fail(pairVault, 31)
	w.fail(pairVault, 32)
	w.fail(partedVault, 41)
	w.fail(worseVault, 51)
	w.fail(blindVault, 71)
	w.end(skipVault, 81, "skipped", 0)
	w.end(slowVault, 111, "timeout", 0)
	failed := "#payments WARNING: The last backup of server-1 failed."
	w.expect(failed,
		"#backup WARNING: The last backup of server-31 failed. 2 of this kind. [The last backup of server-31 failed. The last backup of server-32 failed.]",
		"#backup WARNING: The last backup of server-41 failed.",
		"#backup WARNING: The last backup of server-51 failed.",
		"#backup WARNING: The last backup of server-71 failed.",
		"#backup INFO: The last backup of server-81 was skipped.",
		"#backup WARNING: The last backup of server-111 timed out.",
	)
	w.compareText(failed)

	// The retries, twice worse, unbound, full, disabled.
	w.succeed(payments, 1)
	w.succeed(slowVault, 111)
	w.fail(worseVault, 51)
	w.fail(worseVault, 51)
	w.cloud.unbind(partedVault, 41)
	w.fill(fullVault, 100)
	w.cloud.policy(idleVault, "backup", false, dailyAt(2), idleVault)
	w.expect(
		"#payments Over: The last backup of server-1 failed.",
		"#backup Over: The last backup of server-111 timed out.",
		"#backup WARNING: The backup policy of the vault vault-12 is disabled.",
		"#backup CRITICAL: The backup of server-51 has failed 3 times in a row.",
		"page firing CBRFailingRepeatedly{vault 000000000005, resource 000000000051}",
		"#backup Over: The last backup of server-41 failed.",
		"#backup CRITICAL: The vault vault-6 is full.",
		"page firing CBRVaultFull{vault 000000000006, resource }",
	)

	// What fails in a full vault is not told, nor a new name, nor a restart.
	w.fail(fullVault, 61)
	w.cloud.rename(pairVault)
	w.stop()
	w.startExporter()
	w.firing(`resource:cbr_explained:group{resource_id=~".*61"}`)
	w.succeed(worseVault, 51)
	w.expect(
		"#backup Over: The backup of server-51 has failed 3 times in a row.",
		"#backup Over: The last backup of server-51 failed.",
		"page resolved CBRFailingRepeatedly{vault 000000000005, resource 000000000051}",
	)

	// The credentials are refused. Meanwhile one fails and one succeeds.
	w.cloud.SetFault(func(*http.Request) simulator.Fault { return simulator.Fault{Status: http.StatusUnauthorized} })
	w.expect("#backup WARNING: The CBR tasks of project prod have not been read for TIME.")
	w.fail(payments, 1)
	w.succeed(blindVault, 71)
	w.cloud.SetFault(nil)
	writeFile(t, w.token, "another-token")
	w.expect(
		"#backup Over: The CBR tasks of project prod have not been read for TIME.",
		"#backup Over: The last backup of server-71 failed.",
		failed,
	)
}

// TestNotificationsOfSilence has the exporter be down for hours, in which a backup fails,
// and the one that had failed succeeds. One message says that nobody watches; what was told
// stands until the exporter is back, and its end is told then.
func TestNotificationsOfSilence(t *testing.T) {
	t.Parallel()
	w := newWatched(t)
	w.hold(pairVault, 31)
	w.hold(worseVault, 51)
	w.succeed(pairVault, 31)
	w.succeed(worseVault, 51)
	w.start()
	failed := "The last backup of server-31 failed."
	w.fail(pairVault, 31)
	w.expect("#backup WARNING: " + failed)

	w.stop()
	w.expect(
		"#backup CRITICAL: No exporter answers for project prod.",
		"page firing CBRExporterDown{vault , resource }",
	)
	w.fail(worseVault, 51)
	w.succeed(pairVault, 31)
	time.Sleep(75 * time.Second) // more than an hour
	w.firing(`ALERTS{alertname="CBRTaskFailed",alertstate="firing"}`)
	w.expect()

	w.startExporter()
	w.expect(
		"#backup Over: No exporter answers for project prod.",
		"page resolved CBRExporterDown{vault , resource }",
		"#backup Over: "+failed,
		"#backup WARNING: The last backup of server-51 failed.",
	)
}

func newWatched(t *testing.T) *watched {
	t.Helper()
	c := &cloud{
		Simulator: simulator.New(simulator.Options{Now: time.Now, Tokens: []string{"a-token", "another-token"}, Empty: true}),
		begin:     time.Now(), plans: map[string]plan{},
	}
	server := httptest.NewServer(c)
	t.Cleanup(server.Close)
	dir := t.TempDir()
	w := &watched{t: t, cloud: c, config: filepath.Join(dir, "config.yml"), token: filepath.Join(dir, "token"), inbox: openInbox(t)}
	writeFile(t, w.token, "a-token")
	writeFile(t, w.config, fmt.Sprintf(`
scrape: {requests_per_second: 0}
projects:
  - name: prod
    project_id: %s
    endpoint: %s
    credentials: {token_file: token}
    discovery: {}
    vaults: {refresh: 30s, tags: [team]}
`, simulator.DefaultProjectID, server.URL))
	return w
}

// hold binds resources to a vault that is backed up each day.
func (w *watched) hold(vault int, resources ...int) {
	for _, n := range resources {
		r := server(n)
		r.ProtectStatus = "available"
		w.cloud.bind(vault, r)
	}
	w.cloud.policy(vault, "backup", true, dailyAt(2), vault)
}

// start starts all that watches.
func (w *watched) start() {
	t := w.t
	t.Helper()
	w.exporter.address = freeAddress(t)
	w.startExporter()

	alertmanager, rules := freeAddress(t), filepath.Join(t.TempDir(), "cbr.rules.yml")
	writeFile(t, rules, hastened(replaced(t, readFile(t, rulesFile),
		"> 720\n", "> 12\n", "> 4 * 3600 - 180\n", "> 237\n", ":seconds > 300)", ":seconds > 5)", "time() - 900", "time() - 15",
		// It takes Prometheus five seconds to find its targets, in which no exporter is down.
		"for: 5m\n        keep_firing_for: 5m", "for: 12m\n        keep_firing_for: 5m")))
	w.prometheus = startPrometheus(t, hastened(replaced(t, readFile(t, prometheusFile),
		"cbr.rules.yml", rules,
		"cbr_exporter:10065", w.exporter.address,
		"alertmanager:9093", alertmanager,
		"scrape_timeout: 30s", "scrape_timeout: 1s",
	)), "--query.lookback-delta=5s", "--rules.alert.resend-delay=1s")
	w.firing("resource:cbr_success_limit:seconds")
	startAlertmanager(t, alertmanager, hastened(replaced(t, readFile(t, alertmanagerFile),
		"https://chat.example.com/hooks/REPLACE_ME", w.inbox.URL+"/chat",
		"https://pager.example.com/hooks/REPLACE_ME", w.inbox.URL+"/page",
		"mute_time_intervals: [maintenance]", "mute_time_intervals: []", // whatever the day
		"group_wait: 1h", "group_wait: 2m", // those that nobody waits for
	)))
}

// compareTags asks for the vaults of a team as the example says, and compares them with
// those that it routes.
func (w *watched) compareTags() {
	w.t.Helper()
	example := readFile(w.t, alertmanagerFile)
	query := regexp.MustCompile(`#     '(.+)'\n`).FindStringSubmatch(example)
	routed := regexp.MustCompile(`- vault_id=~"(.+)"\n`).FindStringSubmatch(example)
	if query == nil || routed == nil {
		w.t.Fatalf("%s: has no query for tags, or no route", alertmanagerFile)
	}
	var ids []string
	for _, s := range w.prometheus.query(w.t, query[1]) {
		ids = append(ids, string(s.Metric["vault_id"]))
	}
	slices.Sort(ids)
	if got := strings.Join(ids, "|"); got != routed[1] {
		w.t.Errorf("%s finds %s, the example routes %s", query[1], got, routed[1])
	}
}

// task returns a backup that was created so long ago, and ends a second later if it has
// an outcome.
func (w *watched) task(vault, resource int, outcome string, ago time.Duration) simulator.Task {
	created := time.Now().Add(-2*time.Second - ago)
	task := simulator.Task{
		OperationType: "backup", VaultID: vaultID(vault), VaultName: fmt.Sprint("vault-", vault),
		ResourceID: resourceID(resource), ResourceName: fmt.Sprint("server-", resource), ResourceType: "OS::Nova::Server",
		PolicyID: policyID(vault), Created: created, Started: created.Add(time.Second), Outcome: outcome,
	}
	switch outcome {
	case "":
		return task
	case "failed":
		task.ErrorCode = "BackupService.6114"
	case "skipped":
		task.Started = time.Time{}
	}
	task.Ended = created.Add(2 * time.Second)
	return task
}

func (w *watched) end(vault, resource int, outcome string, ago time.Duration) {
	w.cloud.Add(w.task(vault, resource, outcome, ago))
}

func (w *watched) fail(vault, resource int)    { w.end(vault, resource, "failed", 0) }
func (w *watched) succeed(vault, resource int) { w.end(vault, resource, "success", 0) }

func (w *watched) tag(team string, vaults ...int) {
	for i := range w.cloud.vaults {
		v := &w.cloud.vaults[i]
		if slices.ContainsFunc(vaults, func(n int) bool { return v.ID == vaultID(n) }) {
			v.Tags = []simulator.Tag{{Key: "team", Value: team}}
		}
	}
	w.cloud.SetVaults(w.cloud.vaults...)
}

// fill has so many gigabytes of 100 be used.
func (w *watched) fill(vault int, gigabytes int64) {
	for i := range w.cloud.vaults {
		if w.cloud.vaults[i].ID == vaultID(vault) {
			w.cloud.vaults[i].Used = gigabytes << 10
		}
	}
	w.cloud.SetVaults(w.cloud.vaults...)
}

func (w *watched) stop() {
	if err := w.exporter.terminate(w.t); err != nil {
		w.t.Fatal(err)
	}
}

// startExporter has the exporter begin anew, where it was.
func (w *watched) startExporter() {
	w.exporter.process = start(w.t, exporterBinary, "--config.file="+w.config, "--web.listen-address="+w.exporter.address)
	eventually(w.t, 10*time.Second, func() error {
		_, err := get(w.t, "http://"+w.exporter.address+"/-/ready")
		return err
	})
}

// firing waits until a query finds something.
func (w *watched) firing(query string) {
	eventually(w.t, time.Minute, func() error {
		if len(w.prometheus.query(w.t, query)) == 0 {
			return fmt.Errorf("%s: got nothing", query)
		}
		return nil
	})
}

// expect waits for more messages, and then looks for longer than a group of alerts waits
// whether there are any others.
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
			w.t.Fatalf("other messages (-want +got):\n%s", diff)
		}
	}
	time.Sleep(7 * time.Second)
	if diff := cmp.Diff(w.expected, w.inbox.lines(), cmpopts.EquateEmpty()); diff != "" {
		w.t.Fatalf("more messages (-want +got):\n%s", diff)
	}
}

// compareText compares what a person reads of a failure.
func (w *watched) compareText(line string) {
	w.t.Helper()
	got := w.inbox.text(line)
	got = regexp.MustCompile(`\d{4}-\d\d-\d\d \d\d:\d\d UTC`).ReplaceAllString(got, "TIME")
	got = regexp.MustCompile(`task [-0-9a-f]{36}`).ReplaceAllString(got, "task ID")
	want := strings.Join([]string{
		"*The last backup of server-1 failed.*",
		"Vault vault-1, project prod, resource " + resourceID(1) + ". The newest task: failed at TIME, error code BackupService.6114, task ID. The last success was at TIME.",
		"CBRTaskFailed since TIME.",
		"What to do: https://github.com/cbr-exporter/cbr_exporter/blob/main/docs/runbooks/CBRTaskFailed.md",
	}, "\n")
	if diff := cmp.Diff(want, got); diff != "" {
		w.t.Errorf("the text of a message (-want +got):\n%s", diff)
	}
}
