//go:build e2e

package e2e

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// TestMaintenance has alerts fire in a maintenance window of the shipped example. What
// wakes somebody is told in it, and the rest at its end, if it still stands.
func TestMaintenance(t *testing.T) {
	t.Parallel()
	in, address := openInbox(t), freeAddress(t)
	config := func(window string) string {
		return hastened(replaced(t, readFile(t, alertmanagerFile),
			"https://chat.example.com/hooks/REPLACE_ME", in.URL+"/chat",
			"https://pager.example.com/hooks/REPLACE_ME", in.URL+"/page",
			"weekdays: [sunday]\n        days_of_month: ['1:7']", "years: ["+window+"]",
			"start_time: '01:00'", "start_time: '00:00'", "end_time: '05:00'", "end_time: '24:00'",
			"group_wait: 1h", "group_wait: 2m", "group_interval: 6h", "group_interval: 5m", // nobody waits for those
		))
	}
	file := startAlertmanager(t, address, config("'2000:2200'"))

	alert := func(name, severity string, vault int) map[string]string {
		return map[string]string{
			"alertname": name, "severity": severity, "project": "prod",
			"vault_id": vaultID(vault), "resource_id": "r", "operation_type": "backup",
		}
	}
	postAlerts(t, address,
		alert("CBRBackupStale", "critical", pairVault), alert("CBRTaskFailed", "warning", worseVault), alert("CBRTaskSkipped", "info", skipVault),
		alert("CBRBackupStale", "critical", payments), alert("CBRTaskFailed", "warning", quietPayments),
	)
	expect := func(when string, lines ...string) {
		t.Helper()
		slices.Sort(lines)
		deadline := time.Now().Add(time.Minute)
		for len(in.lines()) < len(lines) && time.Now().Before(deadline) {
			time.Sleep(100 * time.Millisecond)
		}
		time.Sleep(12 * time.Second) // two intervals of a group and more, in which nothing else may come
		if diff := cmp.Diff(lines, in.lines()); diff != "" {
			t.Fatalf("%s (-want +got):\n%s", when, diff)
		}
	}
	pages := []string{
		"#backup CRITICAL: CBRBackupStale of r",
		"page firing CBRBackupStale{vault 000000000003, resource r}",
		"#payments CRITICAL: CBRBackupStale of r",
		"page firing CBRBackupStale{vault 000000000001, resource r}",
	}
	expect("in the window", pages...)

	writeFile(t, file, config("'2000'"))
	post(t, "http://"+address+"/-/reload", nil)
	expect("after it", append(pages,
		"#backup WARNING: CBRTaskFailed of r",
		"#payments WARNING: CBRTaskFailed of r",
		"#backup INFO: CBRTaskSkipped of r",
	)...)
}
