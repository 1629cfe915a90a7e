//go:build e2e

package e2e

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// The format of promtool's unit tests. Times count from 1970.
type (
	promtoolTest struct {
		Name     string           `json:"name"`
		Interval string           `json:"interval"`
		Series   []promtoolSeries `json:"input_series"`
		Exprs    []promtoolExpr   `json:"promql_expr_test"`
	}
	promtoolSeries struct {
		Series string `json:"series"`
		Values string `json:"values"`
	}
	promtoolExpr struct {
		Expr     string           `json:"expr"`
		EvalTime string           `json:"eval_time"`
		Samples  []promtoolSample `json:"exp_samples"`
	}
	promtoolSample struct {
		Labels string  `json:"labels"`
		Value  float64 `json:"value"`
	}
)

func runPromtool(t *testing.T, tests ...promtoolTest) {
	t.Helper()
	content, err := json.Marshal(map[string]any{"evaluation_interval": "1m", "tests": tests})
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "test.yml")
	if err := os.WriteFile(file, content, 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.CommandContext(t.Context(), "promtool", "test", "rules", file).CombinedOutput(); err != nil {
		t.Errorf("promtool test rules: %v\n%s", err, out)
	}
}

// expr returns the query of a panel with All selected.
func (d dashboard) expr(t *testing.T, title, refID string) string {
	t.Helper()
	for _, panel := range d.Panels {
		for _, target := range panel.Targets {
			if panel.Title == title && target.RefID == refID {
				return choice{}.apply(target.Expr)
			}
		}
	}
	t.Fatalf("%s has no %s/%s", d.Title, title, refID)
	return ""
}

// TestVaultForecast has a vault that grows by 24 a day and has room for 1000.
func TestVaultForecast(t *testing.T) {
	forecast := readDashboards(t)["cbr-overview"].expr(t, "Vaults", "C")
	var series []promtoolSeries
	for _, instance := range []string{"a", "b"} {
		of := fmt.Sprintf(`{job="cbr",instance=%q,project="p",vault="v",vault_id="1"}`, instance)
		series = append(series, promtoolSeries{"cbr_vault_used_bytes" + of, "0+1x300"}, promtoolSeries{"cbr_vault_capacity_bytes" + of, "1000x300"})
	}
	runPromtool(t, promtoolTest{Interval: "1h", Series: series, Exprs: []promtoolExpr{
		{Expr: forecast, EvalTime: "6d"},
		{Expr: forecast, EvalTime: "10d", Samples: []promtoolSample{{`{project="p",vault_id="1"}`, 0.408}}}, // 17 days from the start
	}})
}

// TestSentence checks what the overview says first, with two exporters of a project.
func TestSentence(t *testing.T) {
	const title = "Are the backups in time?"
	overview := readDashboards(t)["cbr-overview"]
	// One resource of two is overdue. The values are those of the exporters a and b.
	series := func(overdue, unread [2]string) []promtoolSeries {
		var all []promtoolSeries
		add := func(values, format string, args ...any) {
			if values != "" {
				all = append(all, promtoolSeries{fmt.Sprintf(format, args...), values})
			}
		}
		for i, instance := range []string{"a", "b"} {
			of := fmt.Sprintf(`job="cbr",instance=%q,project="p"`, instance)
			if overdue[i] != "" {
				add("0x60", `cbr_resource_overdue{%s,vault="v",resource_id="1",operation_type="backup"}`, of)
			}
			add(overdue[i], `cbr_resource_overdue{%s,vault="v",resource_id="2",operation_type="backup"}`, of)
			add(unread[i], `cbr_scrape_collector_incomplete_seconds{%s,collector="discovery"}`, of)
		}
		return all
	}
	for _, tt := range []struct {
		name            string
		overdue, unread [2]string
		want            []promtoolSample // of each query
	}{
		{"in time", [2]string{"0x60", "0x60"}, [2]string{"0x60", "0x60"}, []promtoolSample{{`{}`, 0}, {}}},
		{"overdue, counted once", [2]string{"1x60", "1x60"}, [2]string{"0x60", "0x60"}, []promtoolSample{{`{}`, 1}, {}}},
		{"one exporter is blind", [2]string{"0x60", "0x60"}, [2]string{"0x60", "0+60x60"}, []promtoolSample{{`{}`, 0}, {}}},
		{"both are blind", [2]string{"0x60", "1x60"}, [2]string{"0+60x60", "0+60x60"}, []promtoolSample{{}, {`{}`, 30}}},
		{"blind, and nothing is judged", [2]string{}, [2]string{"0+60x60", ""}, []promtoolSample{{}, {`{}`, 30}}},
		{"nothing is known", [2]string{}, [2]string{}, []promtoolSample{{}, {}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			test := promtoolTest{Interval: "1m", Series: series(tt.overdue, tt.unread)}
			for i, refID := range []string{"A", "B"} {
				expr := promtoolExpr{Expr: overview.expr(t, title, refID), EvalTime: "30m"}
				if tt.want[i].Labels != "" {
					expr.Samples = tt.want[i : i+1]
				}
				test.Exprs = append(test.Exprs, expr)
			}
			runPromtool(t, test)
		})
	}
}
