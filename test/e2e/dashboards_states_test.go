//go:build e2e

package e2e

import (
	"maps"
	"path/filepath"
	"strings"
	"testing"
)

const (
	inTime     = "Are the backups in time?"
	worst      = "Worst first: age of the newest success against its limit"
	neverTable = "Covered by a policy, and never backed up"
)

// TestOverviewSaysWhetherItKnows has everybody say the one thing that is true, and
// nobody else anything.
func TestOverviewSaysWhetherItKnows(t *testing.T) {
	const (
		success = "cbr_scrape_collector_success"
		last    = "cbr_scrape_collector_last_success_timestamp_seconds"
	)
	discovery := func(name string) string { return told(name, "collector", "discovery") }
	tasks := func(name string) string { return told(name, "collector", "tasks") }
	good := ofExporter().with(toldSeries{
		ofResource("cbr_resource_expected_interval_seconds", "r", "backup"):        "3600x600",
		ofResource("cbr_resource_expected_since_timestamp_seconds", "r", "backup"): "0x600",
		ofResource("cbr_resource_last_success_timestamp_seconds", "r", "backup"):   "0+60x600",
	})
	// What an exporter does not say before it has read everything.
	begun := func(up string) toldSeries {
		s := ofExporter().without(last).without("cbr_tasks")
		return s.with(toldSeries{told("cbr_up"): up, discovery(success): "0x600"})
	}
	restarted := toldSeries{ // at 2:00, and reads nothing since
		told("cbr_up"): "1x119 0x480", discovery(success): "1x119 0x480", discovery(last): "0+60x119 stale",
		told("cbr_tasks_history_start_timestamp_seconds"):                        "0x119 stale",
		ofResource("cbr_resource_last_success_timestamp_seconds", "r", "backup"): "0+60x119 stale",
	}
	gone := toldSeries{`up{job="cbr",instance="a"}`: "1x119 0x480"}
	for name, values := range good {
		if name == discovery(last) || strings.HasPrefix(name, "cbr_resource_last_success") {
			gone[name] = "0+60x119 stale"
		} else if strings.HasPrefix(name, "cbr_") {
			gone[name] = strings.Split(values, "x")[0] + "x119 stale"
		}
	}

	overview := readDashboards(t)["cbr-overview"]
	for _, tt := range []struct {
		name   string
		series toldSeries
		at     string
		query  string // what speaks
		labels string
		value  float64
	}{
		{"well", good, "2h", "A", `{in_time="1",expected="1",age="0"}`, 1},
		{"its clock is 16 minutes behind", good.with(toldSeries{discovery(last): "-960+60x600"}), "2h", "A", `{in_time="1",expected="1",age="960"}`, 1},
		{"its clock is an hour ahead", good.with(toldSeries{discovery(last): "3600+60x600"}), "2h", "A", `{in_time="1",expected="1",age="0"}`, 1},
		{
			"blind, its clock an hour ahead", good.with(toldSeries{discovery(last): "3600+60x119 10740x480", discovery(success): "1x119 0x480"}), "2h16m", "B",
			`{project="p",since="1970-01-01 02:59 UTC"}`, 2,
		},
		{
			"read 10 minutes ago", good.with(toldSeries{discovery(last): "0+60x119 7140x480", discovery(success): "1x119 0x480"}), "2h9m", "A",
			`{in_time="1",expected="1",age="600"}`, 1,
		},
		{
			"read 16 minutes ago", good.with(toldSeries{discovery(last): "0+60x119 7140x480", discovery(success): "1x119 0x480"}), "2h16m", "B",
			`{project="p",since="1970-01-01 01:59 UTC"}`, 2,
		},
		{"restarted in an outage", good.with(restarted), "2h5m", "C", `{project="p"}`, 0},
		{"restarted in a long outage", good.with(restarted), "2h20m", "B", `{project="p",since="1970-01-01 01:59 UTC"}`, 2},
		{"exporter gone", good.with(gone), "2h5m", "B", `{project="p",since="1970-01-01 01:59 UTC"}`, 0},
		{"exporter gone for long", good.with(gone), "2h20m", "B", `{project="p",since="1970-01-01 01:59 UTC"}`, 2},
		{"project no longer configured", good.with(gone).with(toldSeries{`up{job="cbr",instance="a"}`: "1x600"}), "2h20m", "H", `{}`, 0},
		{"begun", begun("1x600"), "1h", "C", `{project="p"}`, 0},
		{"begun, and refused", begun("0x600"), "1h", "C", `{project="p"}`, 2},
		{"begun, ids read before the list", begun("1x600").with(toldSeries{tasks(success): "1x600", tasks(last): "0+60x600"}), "1h", "C", `{project="p"}`, 0},
		{"ids alone", begun("1x600").without(success).with(toldSeries{
			tasks(success): "1x600", tasks(last): "-960+60x600",
			ofResource("cbr_resource_last_finished_task_status", "r", "backup", "status", "success"): "1x600",
		}), "1h", "D", `{good="1",all="1",age="960"}`, 1},
		{"ids alone, of which none has ended", begun("1x600").without(success).with(toldSeries{
			tasks(success): "1x600", tasks(last): "0+60x600",
		}), "1h", "H", `{}`, 0},
		{"begun, and gone before it had read", toldSeries{
			`up{job="cbr",instance="a"}`: "1x60 0x500", told("cbr_up"): "1x60 stale", discovery(success): "0x60 stale",
		}, "1h5m", "H", `{}`, 0},
		{"nothing expected", ofExporter(), "1h", "E", `{age="0"}`, 0},
		{"nothing known", toldSeries{`up{job="cbr",instance="a"}`: "0x600"}, "1h", "F", `{}`, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var exprs []promtoolExpr
			for _, query := range []string{"A", "B", "C", "D", "E", "F", "G", "H"} {
				expr := promtoolExpr{Expr: overview.expr(t, inTime, query), EvalTime: tt.at}
				if query == tt.query {
					expr.Samples = []promtoolSample{{tt.labels, tt.value}}
				}
				exprs = append(exprs, expr)
			}
			runPromtool(t, promtoolTest{Interval: "1m", Series: tt.series.series(), Exprs: exprs})
		})
	}
}

// TestOverviewOfDisabledPolicy has a policy disabled at 1:00, after which nothing is
// backed up. The sentence is not green, with the rules or without, least of all while
// a page is out.
func TestOverviewOfDisabledPolicy(t *testing.T) {
	overview := readDashboards(t)["cbr-overview"]
	series := ofExporter()
	for resource, values := range map[string][3]string{"held": {"3600x59 stale", "0x59 stale", "0x600"}, "well": {"3600x600", "0x600", "0+60x600"}} {
		maps.Copy(series, toldSeries{
			ofResource("cbr_resource_expected_interval_seconds", resource, "backup"):                                         values[0],
			ofResource("cbr_resource_expected_since_timestamp_seconds", resource, "backup"):                                  values[1],
			ofResource("cbr_resource_last_success_timestamp_seconds", resource, "backup"):                                    values[2],
			ofResource("cbr_resource_last_finished_task_created_timestamp_seconds", resource, "backup"):                      values[2],
			ofResource("cbr_resource_last_finished_task_status", resource, "backup", "status", "success"):                    "1x600",
			told("cbr_vault_resource_status", "vault_id", "1", "vault", "v", "resource_id", resource, "status", "available"): "1x600",
		})
	}
	series[told("cbr_vault_info", "vault_id", "1", "vault", "v", "protect_type", "backup")] = "1x600"
	const at = "5h"
	uncovered := promtoolExpr{overview.expr(t, inTime, "G"), at, []promtoolSample{{`{uncovered="1"}`, 0}}}
	t.Run("without rules", func(t *testing.T) {
		runPromtool(t, promtoolTest{Interval: "1m", Series: series.series(), Exprs: []promtoolExpr{
			{overview.expr(t, inTime, "A"), "30m", []promtoolSample{{`{in_time="2",expected="2",age="0"}`, 1}}},
			{overview.expr(t, inTime, "G"), "30m", nil},
			{overview.expr(t, inTime, "A"), at, []promtoolSample{{`{in_time="1",expected="1",age="0"}`, 0}}},
			uncovered,
			{overview.expr(t, "Late", "A"), at, []promtoolSample{{`{}`, 0}}},
			{overview.expr(t, "Without a policy", "A"), at, []promtoolSample{{`{}`, 1}}},
		}})
	})
	t.Run("with rules", func(t *testing.T) {
		rules, err := filepath.Abs(rulesFile)
		if err != nil {
			t.Fatal(err)
		}
		ratio := func(resource string) string {
			return `{operation_type="backup",project="p",resource_id="` + resource + `",vault_id="1"}`
		}
		other := choice{"vault": "another"}.apply(overview.raw(t, inTime, "A"))
		runPromtoolWith(t, []string{rules}, promtoolTest{Interval: "1m", Series: series.series(), Exprs: []promtoolExpr{
			{`count(ALERTS{alertname="CBRBackupStale",alertstate="firing",resource_id="held"})`, at, []promtoolSample{{`{}`, 1}}},
			{overview.expr(t, inTime, "A"), at, []promtoolSample{{`{in_time="1",expected="2",age="0"}`, 0}}},
			uncovered,
			{overview.expr(t, "Late", "A"), at, []promtoolSample{{`{}`, 1}}},
			{overview.expr(t, worst, "B"), at, []promtoolSample{{ratio("held"), 2}, {ratio("well"), 0}}},
			{overview.expr(t, worst, "D"), at, []promtoolSample{{ratio("held"), 9000}, {ratio("well"), 9000}}},
			{other, at, nil},
		}})
	})
}

// TestOverviewWithoutVaults has the limit that is recorded go before the one that is
// chosen, so that nothing is in time while a page says that it is late.
func TestOverviewWithoutVaults(t *testing.T) {
	overview := readDashboards(t)["cbr-overview"]
	series := ofExporter().with(toldSeries{
		ofResource("cbr_resource_last_success_timestamp_seconds", "r", "backup"):               "-100000x600",
		ofResource("cbr_resource_last_finished_task_created_timestamp_seconds", "r", "backup"): "-100000x600",
	})
	maps.DeleteFunc(series, func(name, _ string) bool { return strings.Contains(name, `"vaults"`) })
	const recorded = `resource:cbr_success_limit:seconds{operation_type="backup",project="p",resource_id="r",vault_id="1"}`
	for _, tt := range []struct {
		name   string
		series toldSeries
		inTime string
		value  float64
	}{
		{"chosen", series, "1", 1}, // 103,600 s of 129,600
		{"recorded", series.with(toldSeries{recorded: "90000x600"}), "0", 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			runPromtool(t, promtoolTest{Interval: "1m", Series: tt.series.series(), Exprs: []promtoolExpr{
				{overview.expr(t, inTime, "A"), "1h", []promtoolSample{{`{in_time="` + tt.inTime + `",expected="1",age="0"}`, tt.value}}},
				{overview.expr(t, "Late", "A"), "1h", []promtoolSample{{`{}`, 1 - tt.value}}},
			}})
		})
	}
}

// TestOverviewOfWhatDiscoveryLeavesOut has policies for more than discovery follows:
// the exporter does not say since when a replication is expected.
func TestOverviewOfWhatDiscoveryLeavesOut(t *testing.T) {
	dashboards := readDashboards(t)
	overview, tasks := dashboards["cbr-overview"], dashboards["cbr-tasks"]
	series := ofExporter()
	for _, resource := range []string{"followed", "left", "old"} {
		series[ofResource("cbr_resource_expected_interval_seconds", resource, "backup")] = "3600x600"
	}
	// old has a success from before it was left out.
	series[ofResource("cbr_resource_last_success_timestamp_seconds", "old", "backup")] = "-80000x600"
	series[ofResource("cbr_resource_last_finished_task_created_timestamp_seconds", "old", "backup")] = "-80000x600"
	series[ofResource("cbr_resource_expected_since_timestamp_seconds", "followed", "backup")] = "0x600"
	const (
		at       = "5h"
		followed = `{operation_type="backup",project="p",resource_id="followed",vault_id="1"}`
	)
	raw := []promtoolExpr{
		{overview.expr(t, inTime, "A"), at, []promtoolSample{{`{in_time="0",expected="1",age="0"}`, 0}}},
		{overview.expr(t, "Late", "A"), at, []promtoolSample{{`{}`, 0}}},
		{overview.expr(t, "Never backed up", "A"), at, []promtoolSample{{`{}`, 1}}},
		{overview.expr(t, neverTable, "B"), at, []promtoolSample{{followed, 9000}}},
		{overview.expr(t, worst, "B"), at, nil},
		{tasks.expr(t, "Resources", "F"), at, nil},
	}
	runPromtool(t,
		promtoolTest{Name: "without rules", Interval: "1m", Series: series.series(), Exprs: raw},
		promtoolTest{Name: "with the records", Interval: "1m", Series: series.with(toldSeries{
			`resource:cbr_success_limit:seconds` + followed:                                         "9000x600",
			`resource:cbr_success_limit:seconds` + strings.Replace(followed, "followed", "left", 1): "9000x600",
			`resource:cbr_success_limit:seconds` + strings.Replace(followed, "followed", "old", 1):  "9000x600",
		}).series(), Exprs: raw},
	)
}
