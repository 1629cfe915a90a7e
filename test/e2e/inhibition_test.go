//go:build e2e

package e2e

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"testing"
	"time"
)

// TestInhibition sends pairs of alerts to a real Alertmanager with the shipped configuration,
// and asks which of them are muted.
func TestInhibition(t *testing.T) {
	t.Parallel()
	alertmanager := startAlertmanager(t, openInbox(t).config(t))
	type labels map[string]string
	of := func(alert, resource string, more ...string) labels {
		l := labels{"alertname": alert, "project": "p", "vault_id": "v", "resource_id": resource}
		for i := 0; i < len(more); i += 2 {
			l[more[i]] = more[i+1]
		}
		return l
	}
	// The alerts of each case are about a resource of their own.
	for name, test := range map[string]struct {
		source, target labels
		muted          bool
	}{
		"a failure of what is overdue":         {of("CBRBackupOverdue", "1", "operation_type", "backup"), of("CBRTaskFailing", "1", "operation_type", "backup"), true},
		"a failure of another operation":       {of("CBRBackupOverdue", "2", "operation_type", "backup"), of("CBRTaskFailing", "2", "operation_type", "replication"), false},
		"no restore point of what is overdue":  {of("CBRBackupOverdue", "3", "operation_type", "backup"), of("CBRNoRestorePoint", "3"), true},
		"no restore point, a replication late": {of("CBRBackupOverdue", "4", "operation_type", "replication"), of("CBRNoRestorePoint", "4"), false},
		"no restore point of what is lost":     {of("CBRRestorePointsLost", "5"), of("CBRNoRestorePoint", "5"), true},
		"no restore point of another one":      {of("CBRRestorePointsLost", "6"), of("CBRNoRestorePoint", "7"), false},
		"overdue, and lost":                    {of("CBRRestorePointsLost", "8"), of("CBRBackupOverdue", "8", "operation_type", "backup"), false},
	} {
		var sent []map[string]any
		for _, l := range []labels{test.source, test.target} {
			sent = append(sent, map[string]any{"labels": l, "startsAt": time.Now()})
		}
		body, err := json.Marshal(sent)
		if err != nil {
			t.Fatal(err)
		}
		response, err := http.Post("http://"+alertmanager.address+"/api/v2/alerts", "application/json", bytes.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		_ = response.Body.Close()
		if response.StatusCode != http.StatusOK {
			t.Fatalf("%s: Alertmanager responded %s", name, response.Status)
		}
		alertmanager.Eventually(t, func() error {
			filter := fmt.Sprintf("filter=alertname=%s&filter=resource_id=%s", test.target["alertname"], test.target["resource_id"])
			var alerts []struct {
				Status struct{ InhibitedBy []string }
			}
			if err := alertmanager.getJSON("/api/v2/alerts?"+filter, &alerts); err != nil {
				return err
			}
			if len(alerts) != 1 {
				return fmt.Errorf("%s: got %d alerts, want 1", name, len(alerts))
			}
			if muted := len(alerts[0].Status.InhibitedBy) > 0; muted != test.muted {
				return fmt.Errorf("%s: muted is %t, want %t", name, muted, test.muted)
			}
			return nil
		})
	}
}
