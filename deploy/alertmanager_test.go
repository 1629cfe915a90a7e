package deploy_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// alertmanagerConfig writes the shipped configuration of Alertmanager to a file, with the
// routes that it has in comments.
func alertmanagerConfig(t *testing.T) (file string) {
	t.Helper()
	dir := t.TempDir()
	text := regexp.MustCompile(`(?m)^    # (- |  )`).ReplaceAllString(read(t, "deploy/alertmanager.yml"), "    $1")
	for name, content := range map[string]string{
		"alertmanager.yml":  text,
		"alertmanager.tmpl": read(t, "deploy/alertmanager.tmpl"),
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return filepath.Join(dir, "alertmanager.yml")
}

func TestAlertmanagerRoutes(t *testing.T) {
	amtool, err := exec.LookPath("amtool")
	if err != nil {
		t.Skip("amtool is not installed")
	}
	config := alertmanagerConfig(t)
	for _, tt := range []struct{ name, labels, want string }{
		{"failure", "alertname=CBRTaskFailing severity=warning project=p vault=v", "chat"},
		{"overdue backup", "alertname=CBRBackupOverdue severity=critical project=p vault=v", "page,chat"},
		{"blind", "alertname=CBRBlind severity=warning project=p", "chat"},
		{"blind for hours", "alertname=CBRBlindForHours severity=critical project=p", "page,chat"},
		{"exporter of a team", "alertname=CBRExporterDown severity=critical team=payments", "page,chat-payments"},
		{"overdue backup in the vault of a team", "alertname=CBRBackupOverdue severity=critical project=p vault=v tag_team=payments", "page,chat-payments"},
		{"full vault of a team, by both labels", "alertname=CBRVaultFull severity=critical project=p vault=v team=payments tag_team=payments", "page,chat-payments"},
		{"blind for hours in the project of a team", "alertname=CBRBlindForHours severity=critical project=p team=payments", "page,chat-payments"},
		{"failure in the vault of a team", "alertname=CBRTaskFailing severity=warning project=p tag_team=payments", "chat-payments"},
		{"failure in the project of a team", "alertname=CBRTaskFailing severity=warning project=p team=payments", "chat-payments"},
		{"failure of another team", "alertname=CBRTaskFailing severity=warning project=p team=orders tag_team=orders", "chat"},
		{"another alert", "alertname=Watchdog", "chat"},
	} {
		args := append([]string{"config", "routes", "test", "--config.file=" + config, "--verify.receivers=" + tt.want}, strings.Fields(tt.labels)...)
		if out, err := exec.CommandContext(t.Context(), amtool, args...).CombinedOutput(); err != nil {
			t.Errorf("%s: %v\n%s", tt.name, err, out)
		}
	}
}
