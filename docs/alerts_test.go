package docs_test

import (
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// alertsPage has the table of alerts.
const alertsPage = "docs/alerting.md"

// TestAlerts compares the table of alerts with the rules.
func TestAlerts(t *testing.T) {
	documented := map[string]string{}
	for _, row := range rows(t, alertsPage, "alert", "severity", "fires while", "resolves") {
		name, _, _ := strings.Cut(strings.TrimPrefix(row.cells[0], "["), "]")
		if want := "[" + name + "](runbooks/" + name + ".md)"; row.cells[0] != want {
			t.Errorf("%s has %s, want %s", alertsPage, row.cells[0], want)
		}
		documented[name] = row.cells[1]
	}
	var content struct {
		Groups []struct {
			Rules []struct {
				Alert  string            `yaml:"alert"`
				Labels map[string]string `yaml:"labels"`
			} `yaml:"rules"`
		} `yaml:"groups"`
	}
	if err := yaml.Unmarshal([]byte(read(t, "rules/cbr.rules.yml")), &content); err != nil {
		t.Fatal(err)
	}
	for _, group := range content.Groups {
		for _, rule := range group.Rules {
			if rule.Alert == "" {
				continue
			}
			if got, want := documented[rule.Alert], rule.Labels["severity"]; got != want {
				t.Errorf("%s says that %s is %q, but it is %q", alertsPage, rule.Alert, got, want)
			}
			delete(documented, rule.Alert)
		}
	}
	for name := range documented {
		t.Errorf("%s lists the alert %s, which does not exist", alertsPage, name)
	}
}

// TestPanels looks for the panels that the page names.
func TestPanels(t *testing.T) {
	for _, row := range rows(t, alertsPage, "what", "dashboard", "panel") {
		file, title := "dashboards/"+code(row.cells[1]), row.cells[2]
		if !strings.Contains(read(t, file), "\"title\": \""+title+"\"") {
			t.Errorf("%s names the panel %s, which %s does not have", alertsPage, title, file)
		}
	}
}
