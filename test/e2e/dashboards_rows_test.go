//go:build e2e

package e2e

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
)

// toldSeries are series by their names and labels, with values of a minute each.
type toldSeries map[string]string

// ofExporter are those of an exporter of the project p that reads the task list
// and the vaults each minute.
func ofExporter() toldSeries {
	s := toldSeries{`up{job="cbr",instance="a"}`: "1x600", told("cbr_up"): "1x600", told("cbr_tasks_history_start_timestamp_seconds"): "-900000x600"}
	for _, collector := range []string{"discovery", "vaults"} {
		s[told("cbr_scrape_collector_success", "collector", collector)] = "1x600"
		s[told("cbr_scrape_collector_last_success_timestamp_seconds", "collector", collector)] = "0+60x600"
	}
	return s
}

// told is the name of a series of the project p, with more labels.
func told(name string, more ...string) string {
	text := name + `{job="cbr",instance="a",project="p"`
	for i := 0; i < len(more); i += 2 {
		text += fmt.Sprintf(",%s=%q", more[i], more[i+1])
	}
	return text + "}"
}

// ofResource names a series of what is done for a resource in the vault v.
func ofResource(name, resource, operation string, more ...string) string {
	return told(name, append([]string{"vault_id", "1", "vault", "v", "resource_id", resource, "operation_type", operation}, more...)...)
}

// with has other series as well, or instead.
func (s toldSeries) with(more toldSeries) toldSeries {
	s = maps.Clone(s)
	maps.Copy(s, more)
	return s
}

// without has none whose name begins so.
func (s toldSeries) without(prefix string) toldSeries {
	s = maps.Clone(s)
	maps.DeleteFunc(s, func(name, _ string) bool { return strings.HasPrefix(name, prefix) })
	return s
}

func (s toldSeries) series() []promtoolSeries {
	var all []promtoolSeries
	for _, name := range slices.Sorted(maps.Keys(s)) {
		all = append(all, promtoolSeries{name, s[name]})
	}
	return all
}

// TestOverviewShowsTheWorst has more rows than a table shows, and all of its queries
// choose the same.
func TestOverviewShowsTheWorst(t *testing.T) {
	const failed = "Failed, timed out or skipped in 24 h, or not made good since"
	overview := readDashboards(t)["cbr-overview"]
	failures, replications := ofExporter(), ofExporter()
	created := func(s toldSeries, resource, operation, at string) {
		s[ofResource("cbr_resource_last_finished_task_created_timestamp_seconds", resource, operation)] = at + "x600"
		s[ofResource("cbr_resource_last_finished_task_ended_timestamp_seconds", resource, operation)] = at + "x600"
		s[told("cbr_resource_info", "resource_id", resource, "resource_name", "server-"+resource, "resource_type", "T")] = "1x600"
		s[ofResource("cbr_resource_consecutive_failures", resource, operation)] = "0x600"
		s[ofResource("cbr_resource_last_finished_task_info", resource, operation, "error_code", "E")] = "1x600"
	}
	// Three made good since, and two not, one of which failed long ago.
	for resource, ended := range map[string][2]string{
		"good1": {"success", "16000"}, "good2": {"success", "16001"}, "good3": {"success", "16002"},
		"failed": {"failed", "15000"}, "skipped": {"skipped", "-400000"},
	} {
		created(failures, resource, "backup", ended[1])
		failures[ofResource("cbr_resource_last_failure_timestamp_seconds", resource, "backup")] = ended[1] + "x600"
		for _, status := range []string{"success", "failed", "skipped"} {
			value := "0x600"
			if status == ended[0] {
				value = "1x600"
			}
			failures[ofResource("cbr_resource_last_finished_task_status", resource, "backup", "status", status)] = value
		}
	}
	// Two in time though of long intervals, one that is late, and one without a copy.
	for resource, r := range map[string][2]string{
		"weekly": {"604800", "10000"}, "daily": {"86400", "9000"}, "hourly": {"3600", "0"}, "never": {"3600", ""},
	} {
		created(replications, resource, "replication", "0")
		replications[ofResource("cbr_resource_expected_interval_seconds", resource, "replication")] = r[0] + "x600"
		replications[ofResource("cbr_resource_expected_since_timestamp_seconds", resource, "replication")] = "0x600"
		replications[ofResource("cbr_resource_last_finished_task_status", resource, "replication", "status", "success")] = "1x600"
		replications[ofResource("cbr_resource_last_success_timestamp_seconds", resource, "backup")] = "17000x600"
		if r[1] != "" {
			replications[ofResource("cbr_resource_last_success_timestamp_seconds", resource, "replication")] = r[1] + "x600"
		}
	}
	for _, tt := range []struct {
		title   string
		queries string
		series  toldSeries
		all     float64
		worst   []string
		lacks   map[string]string // a query, and of what it has no row
	}{
		{failed, "ABCDEF", failures, 5, []string{"failed", "skipped"}, nil},
		{"Replication lag", "ABCDEFG", replications, 4, []string{"hourly", "never"}, map[string]string{"B": "never", "C": "never", "E": "never"}},
	} {
		var exprs []promtoolExpr
		for _, query := range strings.Split(tt.queries, "") {
			expr := strings.ReplaceAll(overview.expr(t, tt.title, query), "topk(100,", "topk(2,")
			var rows []promtoolSample
			for _, resource := range tt.worst {
				if tt.lacks[query] != resource {
					rows = append(rows, promtoolSample{`{resource_id="` + resource + `"}`, 1})
				}
			}
			exprs = append(exprs, promtoolExpr{"count by (resource_id) (" + expr + ")", "5h", rows})
		}
		exprs = append(exprs, promtoolExpr{"count(" + overview.expr(t, tt.title, "A") + ")", "5h", []promtoolSample{{`{}`, tt.all}}})
		runPromtool(t, promtoolTest{Name: tt.title, Interval: "1m", Series: tt.series.series(), Exprs: exprs})
	}
}
