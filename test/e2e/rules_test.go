//go:build e2e

package e2e

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// rulesFile has the shipped rules. The alerts are those on what ought to have had a success by now.
const rulesFile, overdueAlert, neverAlert = "../../rules/cbr.rules.yml", "CBRBackupStale", "CBRNeverSucceeded"

// rule is an alert or a record.
type rule struct {
	Alert  string            `yaml:"alert"`
	Record string            `yaml:"record"`
	Expr   string            `yaml:"expr"`
	Labels map[string]string `yaml:"labels"`
}

// shippedRules returns the rules in their order.
func shippedRules(t *testing.T) []rule {
	t.Helper()
	content, err := os.ReadFile(rulesFile)
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Groups []struct {
			Rules []rule `yaml:"rules"`
		} `yaml:"groups"`
	}
	if err := yaml.Unmarshal(content, &file); err != nil {
		t.Fatalf("%s: %v", rulesFile, err)
	}
	var rules []rule
	for _, g := range file.Groups {
		rules = append(rules, g.Rules...)
	}
	return rules
}

// shipped returns the expression of an alert, and the records that it needs, in
// their order.
func shipped(t *testing.T, alert string) (expr string, records []rule) {
	t.Helper()
	rules := shippedRules(t)
	for _, r := range rules {
		if r.Alert == alert {
			expr = r.Expr
		}
	}
	if expr == "" {
		t.Fatalf("%s has no alert %s", rulesFile, alert)
	}
	needed := map[string]bool{}
	for more := []string{expr}; len(more) > 0; more = more[1:] {
		for _, r := range rules {
			if r.Record != "" && !needed[r.Record] && strings.Contains(more[0], r.Record) {
				needed[r.Record] = true
				more = append(more, r.Expr)
			}
		}
	}
	for _, r := range rules {
		if needed[r.Record] {
			records = append(records, r)
		}
	}
	return expr, records
}

// families adds the metrics of the exporter that an expression names.
func families(expr string, to map[string]bool) {
	for _, name := range regexp.MustCompile(`\bcbr_\w+`).FindAllString(expr, -1) {
		to[name] = true
	}
}
