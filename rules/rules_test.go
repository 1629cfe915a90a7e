// Package rules_test checks the shipped rules, and runs their unit tests.
package rules_test

import (
	"bytes"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

const (
	rulesFile = "cbr.rules.yml"
	runbooks  = "../docs/runbooks"
	runbook   = "https://github.com/cbr-exporter/cbr_exporter/blob/main/docs/runbooks/"

	maxLines      = 350
	maxExpression = 300 // characters
)

type rule struct {
	Record      string            `yaml:"record"`
	Alert       string            `yaml:"alert"`
	Expr        string            `yaml:"expr"`
	Labels      map[string]string `yaml:"labels"`
	Annotations map[string]string `yaml:"annotations"`
	group       string
}

// texts returns what an operator reads, without the address of the runbook.
func (r rule) texts() string { return r.Annotations["summary"] + "\n" + r.Annotations["description"] }

func TestSize(t *testing.T) {
	content, err := os.ReadFile(rulesFile)
	if err != nil {
		t.Fatal(err)
	}
	if got := bytes.Count(content, []byte("\n")); got > maxLines {
		t.Errorf("%d lines, want at most %d", got, maxLines)
	}
	for _, r := range read(t) {
		if got := len(strings.TrimSpace(r.Expr)); got > maxExpression {
			t.Errorf("%s: the expression has %d characters, want at most %d", r.Alert, got, maxExpression)
		}
	}
}

func TestRules(t *testing.T) {
	alerts := map[string]bool{}
	for _, r := range read(t) {
		if r.Record != "" {
			t.Errorf("%s is a recording rule, want alerts alone", r.Record)
			continue
		}
		if alerts[r.Alert] {
			t.Errorf("%s: there are two of that name", r.Alert)
		}
		alerts[r.Alert] = true
		if got := slices.Collect(maps.Keys(r.Labels)); !slices.Equal(got, []string{"severity"}) {
			t.Errorf("%s: has the labels %q, want severity alone", r.Alert, got)
		}
		if severity := r.Labels["severity"]; severity != "warning" && severity != "critical" {
			t.Errorf("%s: the severity is %q, want warning or critical", r.Alert, severity)
		}
		for _, name := range []string{"summary", "description"} {
			if r.Annotations[name] == "" {
				t.Errorf("%s: lacks the annotation %s", r.Alert, name)
			}
		}
		if got, want := r.Annotations["runbook_url"], runbook+r.Alert+".md"; got != want {
			t.Errorf("%s: runbook_url is %q, want %q", r.Alert, got, want)
		}
		if got := len(regexp.MustCompile(`\bquery\b`).FindAllString(r.texts(), -1)); got > 1 {
			t.Errorf("%s: its texts ask %d queries, want one at most", r.Alert, got)
		}
		if _, err := os.Stat(filepath.Join(runbooks, r.Alert+".md")); err != nil {
			t.Errorf("%s has no runbook: %v", r.Alert, err)
		}
	}
	pages, err := filepath.Glob(filepath.Join(runbooks, "CBR*.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, page := range pages {
		if name := strings.TrimSuffix(filepath.Base(page), ".md"); !alerts[name] {
			t.Errorf("%s is of no alert", page)
		}
	}
}

// TestMetrics looks for names that nobody exports, in the rules and in the runbooks: PromQL
// finds nothing wrong with them.
func TestMetrics(t *testing.T) {
	families, err := os.ReadFile("../exporter/testdata/families.prom")
	if err != nil {
		t.Fatal(err)
	}
	exported := map[string]bool{}
	for _, help := range regexp.MustCompile(`(?m)^# HELP (\w+)`).FindAllSubmatch(families, -1) {
		exported[string(help[1])] = true
	}
	check := func(where, text string) {
		for _, name := range regexp.MustCompile(`\bcbr_\w+`).FindAllString(text, -1) {
			if !exported[name] {
				t.Errorf("%s: the exporter has no metric %s", where, name)
			}
		}
	}
	for _, r := range read(t) {
		check(r.Alert, r.Expr+"\n"+r.texts()+r.Annotations["page"])
	}
	pages, err := filepath.Glob(filepath.Join(runbooks, "CBR*.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, page := range pages {
		content, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for _, block := range regexp.MustCompile("(?s)```promql\n(.*?)```").FindAllStringSubmatch(string(content), -1) {
			check(page, block[1])
		}
	}
}

// TestStoriesKnowAllAlerts checks that the unit tests are about all alerts.
func TestStoriesKnowAllAlerts(t *testing.T) {
	tested := map[string]bool{"CBRExporterDown": true}
	for _, a := range alerts(0) {
		tested[a.name] = true
	}
	for _, r := range read(t) {
		if !tested[r.Alert] {
			t.Errorf("%s has no unit test", r.Alert)
		}
	}
}

func TestPromtoolAcceptsRules(t *testing.T) {
	promtool, err := exec.LookPath("promtool")
	if err != nil {
		t.Skip("promtool is not installed")
	}
	if out, err := exec.CommandContext(t.Context(), promtool, "check", "rules", "--lint=all", "--lint-fatal", rulesFile).CombinedOutput(); err != nil {
		t.Errorf("promtool check rules: %v\n%s", err, out)
	}
}

// read returns the rules in their order.
func read(t *testing.T) []rule {
	t.Helper()
	content, err := os.ReadFile(rulesFile)
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Groups []struct {
			Name     string `yaml:"name"`
			Interval string `yaml:"interval"`
			Rules    []rule `yaml:"rules"`
		} `yaml:"groups"`
	}
	if err := yaml.Unmarshal(content, &file); err != nil {
		t.Fatalf("%s: %v", rulesFile, err)
	}
	var rules []rule
	for _, group := range file.Groups {
		if group.Interval != "1m" {
			t.Errorf("the group %s has the interval %q, want 1m", group.Name, group.Interval)
		}
		for _, r := range group.Rules {
			r.group = group.Name
			rules = append(rules, r)
		}
	}
	if len(rules) == 0 {
		t.Fatalf("%s has no rules", rulesFile)
	}
	return rules
}
