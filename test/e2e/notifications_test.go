//go:build e2e

package e2e

import (
	"fmt"
	"net/http"
	"regexp"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cbr-exporter/cbr_exporter/simulator"
)

// TestNotifications compares all messages that the shipped rules and the shipped example
// of Alertmanager send, with two replicas of the exporter: each arrives once and names the
// right resource, and its end is told once.
func TestNotifications(t *testing.T) {
	t.Parallel()
	const (
		payments    = 1  // of the team in the example: a backup fails
		pairVault   = 2  // two backups fail in the same night
		fullVault   = 3  // it is full, and many backups fail
		nearlyFull  = 4  //
		staleVault  = 5  // two resources were not backed up for days; the last backup of one failed
		neverVault  = 6  // a resource was never backed up
		goneVault   = 7  // a resource that failed was deleted, and is still bound
		stuckVault  = 8  // a backup does not end
		idleVault   = 9  // its policy is disabled
		movingVault = 10 // something is migrated from it
	)
	w := newWatched(t, 2, "vaults: {refresh: 30s, tags: [team]}")
	w.hold(payments, 11)
	w.cloud.change(payments, func(v *simulator.Vault) { v.Tags = []simulator.Tag{{Key: "team", Value: "payments"}} })
	w.hold(pairVault, 21, 22)
	many := []int{301, 302, 303, 304, 305, 306, 307, 308, 309, 310, 311, 312}
	w.hold(fullVault, many...)
	w.cloud.fill(fullVault, 100)
	w.hold(nearlyFull, 41)
	w.cloud.fill(nearlyFull, 90)
	w.hold(staleVault, 51, 52)
	w.hold(neverVault, 61)
	w.hold(goneVault, 71)
	w.cloud.change(goneVault, func(v *simulator.Vault) { v.Resources[0].ProtectStatus = "deleted" })
	w.hold(stuckVault, 81)
	w.hold(idleVault, 91)
	w.cloud.policy(idleVault, "backup", false, plan{everyDay, 2}, idleVault)
	w.hold(movingVault, 101)

	w.end("success", 3*day, append(many, 11, 21, 22, 41, 51, 52, 71, 81, 91, 101)...)
	w.end("success", 14*time.Hour, append(many, 11, 21, 22, 41, 81, 91, 101)...)
	w.end("failed", time.Hour, append(many, 51, 71)...)
	stuck := task(81, "success", time.Now().Add(-13*time.Hour), time.Hour)
	stuck.ID, stuck.Ended = "11111111-0000-4000-8000-000000000001", time.Time{}
	w.cloud.Add(stuck)
	w.start()
	w.expect(
		"#backup CRITICAL: The first 10 of 13.",
		"page firing CBRVaultFull{vault-3 }",
		"#backup WARNING: *The vault vault-4 is nearly full.*",
		"#backup CRITICAL: *The backup of server-51 is overdue.* *The backup of server-52 is overdue.*",
		"page firing CBRBackupOverdue{vault-5 server-51} CBRBackupOverdue{vault-5 server-52}",
		"#backup CRITICAL: *The backup of server-61 is overdue.*",
		"page firing CBRBackupOverdue{vault-6 server-61}",
		"#backup WARNING: *A backup in the vault vault-8 is stuck.*",
		"#backup WARNING: *No policy backs up server-91 in the vault vault-9.*",
		"#backup WARNING: *The policy policy-9 is disabled, but bound to a vault.*",
	)

	w.end("failed", 0, 11, 21, 22)
	w.migrate(movingVault, "failed")
	failed := "#payments WARNING: *The latest backup of server-11 failed.*"
	w.expect(failed,
		"#backup WARNING: *The latest backup of server-21 failed.* *The latest backup of server-22 failed.*",
		"#backup WARNING: *The latest migrate_resources in the vault vault-10 failed.*",
	)
	want := "*The latest backup of server-11 failed.*\n" +
		"Project prod, resource " + resourceID(11) + ", vault vault-1. It failed or timed out, and none has succeeded since. The latest one ended with BackupService.6114.\n" +
		"CBRTaskFailing, firing since TIME UTC.\n" +
		"On the page: " + externalURL + "/resource?project=prod&id=" + resourceID(11) + "\n" +
		"What to do: https://github.com/cbr-exporter/cbr_exporter/blob/main/docs/runbooks/CBRTaskFailing.md"
	got := regexp.MustCompile(`\d{4}-\d\d-\d\d \d\d:\d\d`).ReplaceAllString(w.inbox.first(failed).text, "TIME")
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the text of a message (-want +got):\n%s", diff)
	}

	for n := range w.exporters { // one after the other
		w.stopExporter(n)
		w.startExporter(n)
	}
	w.expect()

	w.end("success", 0, 11, 21, 22, 51, 52, 61)
	w.migrate(movingVault, "success")
	stuck.Ended = time.Now()
	w.cloud.Add(stuck)
	w.cloud.fill(nearlyFull, 80)
	w.cloud.policy(idleVault, "backup", true, plan{everyDay, 2}, idleVault)
	w.expect(
		"#payments Resolved: The latest backup of server-11 failed.",
		"#backup Resolved: The latest backup of server-21 failed. Resolved: The latest backup of server-22 failed.",
		"#backup Resolved: The latest migrate_resources in the vault vault-10 failed.",
		"#backup Resolved: The backup of server-51 is overdue. Resolved: The backup of server-52 is overdue. Resolved: The latest backup of server-51 failed.",
		"page resolved CBRBackupOverdue{vault-5 server-51} CBRBackupOverdue{vault-5 server-52}",
		"#backup Resolved: The backup of server-61 is overdue.",
		"page resolved CBRBackupOverdue{vault-6 server-61}",
		"#backup Resolved: The vault vault-4 is nearly full.",
		"#backup Resolved: A backup in the vault vault-8 is stuck.",
		"#backup Resolved: No policy backs up server-91 in the vault vault-9.",
		"#backup Resolved: The policy policy-9 is disabled, but bound to a vault.",
	)
}

// backupFailed and backupWorks are the messages about a failure of the latest backup.
func backupFailed(n int) string {
	return fmt.Sprintf("#backup WARNING: *The latest backup of server-%d failed.*", n)
}

func backupWorks(n int) string {
	return fmt.Sprintf("#backup Resolved: The latest backup of server-%d failed.", n)
}

// newWatchedFailure starts an exporter of two resources, of which the first has failed. Their
// vaults are not read again.
func newWatchedFailure(t *testing.T) *watched {
	t.Helper()
	w := newWatched(t, 1, "vaults: {refresh: 1d}")
	for _, n := range []int{1, 2} {
		w.hold(n, n)
		w.end("success", 14*time.Hour, n)
	}
	w.start()
	w.end("failed", 0, 1)
	w.expect(backupFailed(1))
	return w
}

// TestNotificationsOfOutage lets the cloud refuse everything for half an hour, shortly after
// the exporter was restarted. One message tells of it; other alerts stay as they are until it
// is over.
func TestNotificationsOfOutage(t *testing.T) {
	t.Parallel()
	w := newWatchedFailure(t)

	w.stopExporter(0)
	w.startExporter(0)
	w.waitUntilKnown(0)
	w.cloud.SetFault(func(*http.Request) simulator.Fault { return simulator.Fault{Status: http.StatusForbidden} })
	refused := time.Now()
	const notRead = "An exporter has not read all tasks of project prod for more than 15 minutes."
	const nobodyReads = "No exporter can read all tasks of project prod."
	blind := "#backup WARNING: *" + notRead + "*"
	w.expect(blind)
	if told := w.inbox.first(blind).at.Sub(refused); told < 15*time.Second {
		t.Errorf("the outage was told after %v, want 15 s or more", told)
	}
	w.end("success", 0, 1)
	w.end("failed", 0, 2)
	w.expect("#backup CRITICAL: *"+nobodyReads+"*", "page firing CBRBlindForHours{ }")
	w.cloud.SetFault(nil)
	writeFile(t, w.token, "another-token")
	w.expect(
		"#backup Resolved: "+notRead, "#backup Resolved: "+nobodyReads, "page resolved CBRBlindForHours{ }",
		backupWorks(1), backupFailed(2),
	)
}

// TestNotificationsWithoutExporter stops the exporter for half an hour. One message tells of
// it; other alerts stay as they are until it is back.
func TestNotificationsWithoutExporter(t *testing.T) {
	t.Parallel()
	w := newWatchedFailure(t)

	w.stopExporter(0)
	w.expect("#backup CRITICAL: *No exporter answers for project prod.*", "page firing CBRExporterDown{ }")
	w.end("success", 0, 1)
	w.end("failed", 0, 2)
	w.expect()
	w.startExporter(0)
	w.expect("#backup Resolved: No exporter answers for project prod.", "page resolved CBRExporterDown{ }", backupWorks(1), backupFailed(2))
}
