//go:build e2e

package e2e

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// What promtool reads: series as they were scraped, and what a query makes of
// them. The times are those after 1970.
type (
	promtoolFile struct {
		RuleFiles          []string       `json:"rule_files,omitempty"`
		EvaluationInterval string         `json:"evaluation_interval"`
		Tests              []promtoolTest `json:"tests"`
	}
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

// expr is the query of a panel for everything.
func (d dashboard) expr(t *testing.T, title, refID string) string {
	t.Helper()
	return choice{}.apply(d.raw(t, title, refID))
}

// raw is the query of a panel, whatever is chosen.
func (d dashboard) raw(t *testing.T, title, refID string) string {
	t.Helper()
	for _, panel := range d.allPanels() {
		for _, target := range panel.Targets {
			if panel.Title == title && target.RefID == refID {
				return target.Expr
			}
		}
	}
	t.Fatalf("%s has no %s/%s", d.Title, title, refID)
	return ""
}

func runPromtool(t *testing.T, tests ...promtoolTest) {
	t.Helper()
	runPromtoolWith(t, nil, tests...)
}

// runPromtoolWith runs tests of what rules make of series.
func runPromtoolWith(t *testing.T, rules []string, tests ...promtoolTest) {
	t.Helper()
	content, err := json.Marshal(promtoolFile{RuleFiles: rules, EvaluationInterval: "1m", Tests: tests})
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

func TestVaultForecast(t *testing.T) {
	overview := readDashboards(t)["cbr-overview"]
	const vault = `{job="cbr",instance="a",project="p",vault="v",vault_id="1"}`
	runPromtool(t, promtoolTest{
		Interval: "1h",
		Series: []promtoolSeries{
			// 24 a day of 10,000.
			{`cbr_vault_used_bytes` + vault, "1000+1x300"},
			{`cbr_vault_capacity_bytes` + vault, "10000x300"},
			{`cbr_scrape_collector_last_success_timestamp_seconds{job="cbr",instance="a",project="p",collector="vaults"}`, "0+3600x300"},
		},
		Exprs: []promtoolExpr{
			{Expr: overview.expr(t, "How full the vaults are, and will be", "D"), EvalTime: "6d"},
			{Expr: overview.expr(t, "How full the vaults are, and will be", "C"), EvalTime: "8d", Samples: []promtoolSample{
				{`{project="p",vault_id="1"}`, 0.1192},
			}},
			{Expr: overview.expr(t, "How full the vaults are, and will be", "D"), EvalTime: "8d", Samples: []promtoolSample{
				{`{project="p",vault_id="1"}`, 0.1912},
			}},
		},
	})
}

// TestOverviewOfReplicas has two exporters of one project, of which b has read
// nothing since the first hour, and knows a vault by its old name. In the end a
// reads nothing either.
func TestOverviewOfReplicas(t *testing.T) {
	overview := readDashboards(t)["cbr-overview"]
	key := func(instance, vault, resource string) string {
		return `{job="cbr",instance="` + instance + `",project="p",vault="` + vault + `",vault_id="1",resource_id="` + resource + `",operation_type="backup"`
	}
	var series []promtoolSeries
	add := func(name, values string) { series = append(series, promtoolSeries{name, values}) }
	for _, instance := range []string{"a", "b"} {
		of := `{job="cbr",instance="` + instance + `",project="p"`
		read, reads := "0+60x60 3600x1200", "1x60 0x1200"
		vault, ended, status := "old", "1800", "failed"
		if instance == "a" {
			read, reads = "0+60x1060 63600x200", "1x1060 0x200"
			vault, ended, status = "new", "30000", "success"
		}
		add(`cbr_up`+of+`}`, "1x1260")
		add(`up{job="cbr",instance="`+instance+`"}`, "1x1260")
		for _, collector := range []string{"discovery", "vaults"} {
			add(`cbr_scrape_collector_success`+of+`,collector="`+collector+`"}`, reads)
			add(`cbr_scrape_collector_last_success_timestamp_seconds`+of+`,collector="`+collector+`"}`, read)
		}
		add(`cbr_tasks_history_start_timestamp_seconds`+of+`}`, "0x1260")
		// good: failed when b saw it last, and has had a success since. late: has a
		// success that is too old. never: has none.
		for _, resource := range []string{"good", "late", "never"} {
			add(`cbr_resource_info`+of+`,resource_id="`+resource+`",resource_name="`+resource+`",resource_type="T"}`, "1x1260")
			add(`cbr_resource_expected_interval_seconds`+key(instance, vault, resource)+`}`, "3600x1260")
			add(`cbr_resource_expected_since_timestamp_seconds`+key(instance, vault, resource)+`}`, "0x1260")
		}
		add(`cbr_resource_last_success_timestamp_seconds`+key(instance, vault, "good")+`}`, ended+"x1260")
		add(`cbr_resource_last_success_timestamp_seconds`+key(instance, vault, "late")+`}`, "1700x1260")
		add(`cbr_resource_last_finished_task_created_timestamp_seconds`+key(instance, vault, "good")+`}`, ended+"x1260")
		for _, s := range []string{"success", "failed"} {
			value := "0x1260"
			if s == status {
				value = "1x1260"
			}
			add(`cbr_resource_last_finished_task_status`+key(instance, vault, "good")+`,status="`+s+`"}`, value)
		}
		add(`cbr_resource_consecutive_failures`+key(instance, vault, "good")+`}`, map[string]string{"a": "0x1260", "b": "3x1260"}[instance])
	}
	const at = "10h" // 36000 s
	good := `operation_type="backup",project="p",resource_id="good",vault_id="1"`
	runPromtool(t, promtoolTest{
		Interval: "1m",
		Series:   series,
		Exprs: []promtoolExpr{
			{Expr: overview.expr(t, "Are the backups in time?", "A"), EvalTime: at, Samples: []promtoolSample{
				{`{in_time="1",expected="3",age="0"}`, 0},
			}},
			{Expr: overview.expr(t, "Are the backups in time?", "B"), EvalTime: at},
			{Expr: overview.expr(t, "Late", "A"), EvalTime: at, Samples: []promtoolSample{{`{}`, 1}}},
			{Expr: overview.expr(t, "Never backed up", "A"), EvalTime: at, Samples: []promtoolSample{{`{}`, 1}}},
			{Expr: "0 * (" + overview.expr(t, "Worst first: age of the newest success against its limit", "A") + ")", EvalTime: at, Samples: []promtoolSample{
				{`{operation_type="backup",project="p",resource_id="late",resource_name="late",resource_type="T",vault="new",vault_id="1"}`, 0},
				{`{` + good + `,resource_name="good",resource_type="T",vault="new"}`, 0},
			}},
			{Expr: overview.expr(t, "Worst first: age of the newest success against its limit", "B"), EvalTime: at, Samples: []promtoolSample{
				{`{operation_type="backup",project="p",resource_id="late",vault_id="1"}`, 34300. / 9000},
				{`{` + good + `}`, 6000. / 9000},
			}},
			{Expr: overview.expr(t, "Worst first: age of the newest success against its limit", "E"), EvalTime: at, Samples: []promtoolSample{
				{`{` + good + `,status="success"}`, 1},
			}},
			{Expr: overview.expr(t, "Worst first: age of the newest success against its limit", "F"), EvalTime: at, Samples: []promtoolSample{
				{`{` + good + `}`, 0},
			}},
			// At 17:40 a has read everything for the last time.
			{Expr: overview.expr(t, "Are the backups in time?", "A"), EvalTime: "18h"},
			{Expr: overview.expr(t, "Are the backups in time?", "B"), EvalTime: "18h", Samples: []promtoolSample{
				{`{project="p",since="1970-01-01 17:40 UTC"}`, 2},
			}},
		},
	})
}
