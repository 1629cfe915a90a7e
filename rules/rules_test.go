// Package rules_test checks the shipped rules for what promtool does not.
package rules_test

import (
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/common/model"
	"go.yaml.in/yaml/v3"
)

const (
	rulesFile = "cbr.rules.yml"
	testFile  = "cbr.rules.test.yml"
	runbooks  = "../docs/runbooks"
	runbook   = "https://github.com/cbr-exporter/cbr_exporter/blob/main/docs/runbooks/"
)

type rule struct {
	Record        string            `yaml:"record"`
	Alert         string            `yaml:"alert"`
	Expr          string            `yaml:"expr"`
	For           model.Duration    `yaml:"for"`
	KeepFiringFor model.Duration    `yaml:"keep_firing_for"`
	Labels        map[string]string `yaml:"labels"`
	Annotations   map[string]string `yaml:"annotations"`
}

// What an alert is about. Anything else changes while it is about the same, and
// would make a second page of it.
var identity = []string{"project", "vault_id", "resource_id", "operation_type", "task_id"}

var severities = []string{"info", "warning", "critical"}

func TestAlerts(t *testing.T) {
	alerts := map[string]bool{}
	for _, r := range read(t) {
		if r.Alert == "" {
			continue
		}
		if alerts[r.Alert] {
			t.Errorf("%s: there are two of that name", r.Alert)
		}
		alerts[r.Alert] = true
		if got := slices.Collect(maps.Keys(r.Labels)); !slices.Equal(got, []string{"severity"}) {
			t.Errorf("%s: has the labels %q, want severity alone", r.Alert, got)
		}
		if !slices.Contains(severities, r.Labels["severity"]) {
			t.Errorf("%s: the severity is %q, want one of %q", r.Alert, r.Labels["severity"], severities)
		}
		for _, name := range []string{"summary", "description"} {
			if r.Annotations[name] == "" {
				t.Errorf("%s: lacks the annotation %s", r.Alert, name)
			}
		}
		if got, want := r.Annotations["runbook_url"], runbook+r.Alert+".md"; got != want {
			t.Errorf("%s: runbook_url is %q, want %q", r.Alert, got, want)
		}
		for _, use := range regexp.MustCompile(`\$labels\.(\w+)`).FindAllStringSubmatch(texts(r), -1) {
			if !slices.Contains(identity, use[1]) {
				t.Errorf("%s: a text uses the label %s, want one of %q", r.Alert, use[1], identity)
			}
		}
		runbookSections(t, r.Alert)
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

func runbookSections(t *testing.T, alert string) {
	t.Helper()
	page, err := os.ReadFile(filepath.Join(runbooks, alert+".md"))
	if err != nil {
		t.Error(err)
		return
	}
	headings := regexp.MustCompile(`(?m)^#+ .+$`).FindAllString(string(page), -1)
	if want := []string{"# " + alert, "## Meaning", "## Impact", "## How to check", "## How to mend"}; !slices.Equal(headings, want) {
		t.Errorf("the runbook of %s has the headings %q, want %q", alert, headings, want)
	}
	for _, want := range []string{"```promql\n", "```sh\n"} {
		if !strings.Contains(string(page), want) {
			t.Errorf("the runbook of %s lacks a query or a call: %q", alert, want)
		}
	}
}

// TestLabelsOfRecords looks at what the records are aggregated by: but for those of
// an instance, nothing that a restart or a new name changes. The records of names are for
// texts, and no other expression may ask them.
func TestLabelsOfRecords(t *testing.T) {
	allowed := append([]string{"collector", "status", "policy_id"}, identity...)
	names := map[string]string{
		"resource:cbr_resource_name:group":                     "resource_name",
		"vault:cbr_vault_name:group":                           "vault",
		"resource:cbr_resource_last_finished_task_info:newest": "error_code",
	}
	for _, r := range read(t) {
		for record := range names {
			if r.Record != record && strings.Contains(r.Expr, record) {
				t.Errorf("%s%s: asks %s, which has names", r.Record, r.Alert, record)
			}
		}
		if r.Record == "" || strings.HasPrefix(r.Record, "instance:") {
			continue
		}
		for _, by := range regexp.MustCompile(`\bby \(([^)]*)\)`).FindAllStringSubmatch(r.Expr, -1) {
			for label := range strings.SplitSeq(by[1], ", ") {
				if !slices.Contains(allowed, label) && label != names[r.Record] {
					t.Errorf("%s: is aggregated by %s, want some of %q", r.Record, label, allowed)
				}
			}
		}
	}
}

// metricName finds exported metrics and records, but not what only looks like one of
// the former inside one of the latter.
var metricName = regexp.MustCompile(`\b(?:\w+:)?cbr[_:]\w+(?::\w+)?`)

// TestMetrics looks for names that nobody exports or records, in the rules and in the
// runbooks: PromQL finds nothing wrong with them.
func TestMetrics(t *testing.T) {
	exported := exportedMetrics(t)
	recorded := map[string]bool{}
	rules := read(t)
	for _, r := range rules {
		if r.Record != "" {
			recorded[r.Record] = true
		}
	}
	check := func(where, text string) {
		for _, name := range metricName.FindAllString(text, -1) {
			switch {
			case strings.Contains(name, ":") && !recorded[name]:
				t.Errorf("%s: nothing records %s", where, name)
			case !strings.Contains(name, ":") && !exported[name]:
				t.Errorf("%s: the exporter has no metric %s", where, name)
			}
		}
	}
	for _, r := range rules {
		check(r.Record+r.Alert, r.Expr+"\n"+texts(r))
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

// exportedMetrics takes the names from docs/metrics.md, whose tables another test compares
// with what is exposed.
func exportedMetrics(t *testing.T) map[string]bool {
	t.Helper()
	page, err := os.ReadFile("../docs/metrics.md")
	if err != nil {
		t.Fatal(err)
	}
	names := map[string]bool{}
	for _, row := range regexp.MustCompile("(?m)^\\| `(cbr_\\w+)`").FindAllStringSubmatch(string(page), -1) {
		names[row[1]] = true
	}
	if len(names) == 0 {
		t.Fatal("docs/metrics.md lists no metrics")
	}
	return names
}

// TestUnitTests looks into the unit tests: each alert has to fire in one, with its
// text, and not to fire before and after that; and an alert has no other label than
// what it is about.
func TestUnitTests(t *testing.T) {
	type sample struct {
		Labels string `yaml:"labels"`
	}
	var content struct {
		Tests []struct {
			Name    string `yaml:"name"`
			Queries []struct {
				Expr    string         `yaml:"expr"`
				At      model.Duration `yaml:"eval_time"`
				Samples []sample       `yaml:"exp_samples"`
			} `yaml:"promql_expr_test"`
			Texts []struct {
				Alert  string `yaml:"alertname"`
				Alerts []any  `yaml:"exp_alerts"`
			} `yaml:"alert_rule_test"`
		} `yaml:"tests"`
	}
	parse(t, testFile, &content)

	type proof struct{ before, during, after, text bool }
	proofs := map[string]*proof{}
	for _, r := range read(t) {
		if r.Alert != "" {
			proofs[r.Alert] = &proof{}
		}
	}
	allowed := append([]string{"alertname", "alertstate", "severity"}, identity...)
	for _, test := range content.Tests {
		seen := map[string]bool{} // those that have fired so far in this test
		quiet := map[string]bool{}
		for _, query := range test.Queries {
			if query.Expr != `ALERTS{alertstate="firing"}` {
				t.Errorf("%s: asks for %s, which is not all that fires", test.Name, query.Expr)
			}
			firing := map[string]bool{}
			for _, s := range query.Samples {
				for _, pair := range regexp.MustCompile(`(\w+)="([^"]*)"`).FindAllStringSubmatch(s.Labels, -1) {
					if pair[1] == "alertname" {
						firing[pair[2]] = true
					}
					if !slices.Contains(allowed, pair[1]) {
						t.Errorf("%s: an alert has the label %s, want some of %q", test.Name, pair[1], allowed)
					}
				}
			}
			for name, p := range proofs {
				switch {
				case firing[name]:
					p.during = true
					p.before = p.before || quiet[name]
					seen[name] = true
				case seen[name]:
					p.after = true
				default:
					quiet[name] = true
				}
			}
		}
		for _, text := range test.Texts {
			if p := proofs[text.Alert]; p != nil && len(text.Alerts) > 0 {
				p.text = true
			}
		}
	}
	for name, p := range proofs {
		if *p != (proof{true, true, true, true}) {
			t.Errorf("%s: the unit tests show %+v, want all of it", name, *p)
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

// texts returns what an operator reads, without the address of the runbook.
func texts(r rule) string { return r.Annotations["summary"] + "\n" + r.Annotations["description"] }

func read(t *testing.T) []rule {
	t.Helper()
	var content struct {
		Groups []struct {
			Name  string `yaml:"name"`
			Rules []rule `yaml:"rules"`
		} `yaml:"groups"`
	}
	parse(t, rulesFile, &content)
	var rules []rule
	for _, group := range content.Groups {
		rules = append(rules, group.Rules...)
	}
	if len(rules) == 0 {
		t.Fatalf("%s has no rules", rulesFile)
	}
	return rules
}

func parse(t *testing.T, file string, into any) {
	t.Helper()
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := yaml.Unmarshal(content, into); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
}
