package deploy_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"text/template"
	"time"
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

// message is what a template of Alertmanager gets.
type message struct {
	Status            string
	Alerts            alerts
	CommonAnnotations map[string]string
}

type alerts struct{ Firing, Resolved []alert }

type alert struct {
	Labels, Annotations map[string]string
	StartsAt            time.Time
}

// render returns what the shipped template makes of a message.
func render(t *testing.T, name string, m message) string {
	t.Helper()
	texts, err := template.New("").Parse(read(t, "deploy/alertmanager.tmpl"))
	if err != nil {
		t.Fatal(err)
	}
	var got strings.Builder
	if err := texts.ExecuteTemplate(&got, name, m); err != nil {
		t.Fatal(err)
	}
	return got.String()
}

// TestAlertmanagerTitle checks that the title is about a critical alert if there is one.
func TestAlertmanagerTitle(t *testing.T) {
	of := func(severity, summary string) alert {
		return alert{Labels: map[string]string{"severity": severity}, Annotations: map[string]string{"summary": summary}}
	}
	warning, critical := of("warning", "A failed."), of("critical", "B is overdue.")
	for name, tt := range map[string]struct {
		firing []alert
		want   string
	}{
		"one":                        {[]alert{warning}, "WARNING: A failed."},
		"the critical one is second": {[]alert{warning, critical, of("critical", "C is overdue.")}, "CRITICAL: B is overdue. 3 in all."},
	} {
		if got := render(t, "cbr.title", message{Status: "firing", Alerts: alerts{Firing: tt.firing}}); got != tt.want {
			t.Errorf("%s: got %q, want %q", name, got, tt.want)
		}
	}
}

// TestAlertmanagerText renders the text of a message about two alerts.
func TestAlertmanagerText(t *testing.T) {
	const page, book, one = "https://example.com/cbr/", "https://example.com/runbook", "*one*\nIt failed.\nA, firing since 2026-11-20 12:00 UTC."
	for _, tt := range []struct{ name, firstPage, secondPage, want string }{
		{"none", "", "", one + "\n" + one + "\nWhat to do: " + book},
		{"of each alert", page + "resource?id=1", page + "resource?id=2", one + "\nOn the page: " + page + "resource?id=1\n" +
			one + "\nOn the page: " + page + "resource?id=2\nWhat to do: " + book},
		{"of one alert", page + "resource?id=1", "", one + "\nOn the page: " + page + "resource?id=1\n" + one + "\nWhat to do: " + book},
		{"of all alerts", page + "?vault=1", page + "?vault=1", one + "\n" + one + "\nOn the page: " + page + "?vault=1\nWhat to do: " + book},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m := message{CommonAnnotations: map[string]string{"summary": "one", "runbook_url": book}}
			if tt.firstPage == tt.secondPage {
				m.CommonAnnotations["page"] = tt.firstPage
			}
			for _, link := range []string{tt.firstPage, tt.secondPage} {
				m.Alerts.Firing = append(m.Alerts.Firing, alert{
					Labels:      map[string]string{"alertname": "A"},
					Annotations: map[string]string{"summary": "one", "description": "It failed.", "page": link, "runbook_url": book},
					StartsAt:    time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC),
				})
			}
			if got := render(t, "cbr.text", m); got != tt.want {
				t.Errorf("got\n%s\nwant\n%s", got, tt.want)
			}
		})
	}
}
