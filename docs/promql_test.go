package docs_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// TestPromQL checks with promtool the queries of the pages and runbooks, one in each
// line of a block.
func TestPromQL(t *testing.T) {
	promtool, err := exec.LookPath("promtool")
	if err != nil {
		t.Skip("promtool is not installed")
	}
	runbooks, err := filepath.Glob("docs/runbooks/*.md")
	if err != nil || len(runbooks) == 0 {
		t.Fatalf("no runbooks: %v", err)
	}
	type rule struct {
		Record string            `yaml:"record"`
		Expr   string            `yaml:"expr"`
		Labels map[string]string `yaml:"labels"`
	}
	var rules []rule
	for _, page := range append(pages(t), runbooks...) {
		for _, block := range blocks(t, page, "promql") {
			for query := range strings.Lines(block.text) {
				rules = append(rules, rule{"query", strings.TrimSpace(query), map[string]string{"at": fmt.Sprintf("%s, %d", block.at, len(rules))}})
			}
		}
	}
	if len(rules) == 0 {
		t.Fatal("no page has a query")
	}
	content, err := yaml.Marshal(map[string]any{"groups": []any{map[string]any{"name": "docs", "rules": rules}}})
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "queries.yml")
	if err := os.WriteFile(file, content, 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.CommandContext(t.Context(), promtool, "check", "rules", file).CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}
