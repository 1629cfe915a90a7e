package main

import (
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// alertsPage has the table of alerts.
const alertsPage = "docs/alerting.md"

// TestDocsAlerts compares the table of alerts with the rules.
func TestDocsAlerts(t *testing.T) {
	documented := map[string]string{}
	for _, row := range rows(t, alertsPage, "alert", "severity", "when") {
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
