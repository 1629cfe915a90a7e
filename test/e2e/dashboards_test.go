//go:build e2e

package e2e

import (
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/common/model"
)

const dashboardFiles = "../../dashboards/*.json"

// The parts of a dashboard that these tests check. The tests beside the files check more.
type (
	dashboard struct {
		Title      string           `json:"title"`
		Panels     []dashboardPanel `json:"panels"`
		Templating struct {
			List []dashboardVariable `json:"list"`
		} `json:"templating"`
	}
	dashboardPanel struct {
		Type            string            `json:"type"`
		Title           string            `json:"title"`
		Targets         []dashboardTarget `json:"targets"`
		Transformations []struct {
			Options struct {
				IndexByName   map[string]int  `json:"indexByName"`
				ExcludeByName map[string]bool `json:"excludeByName"`
			} `json:"options"`
		} `json:"transformations"`
	}
	dashboardTarget struct {
		RefID        string `json:"refId"`
		Expr         string `json:"expr"`
		Instant      bool   `json:"instant"`
		LegendFormat string `json:"legendFormat"`
	}
	dashboardVariable struct {
		Name       string `json:"name"`
		Type       string `json:"type"`
		Definition string `json:"definition"`
	}
)

func readDashboards(t *testing.T) map[string]dashboard {
	t.Helper()
	files, err := filepath.Glob(dashboardFiles)
	if err != nil || len(files) == 0 {
		t.Fatalf("no dashboards: %v", err)
	}
	dashboards := map[string]dashboard{}
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var d dashboard
		if err := json.Unmarshal(content, &d); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		dashboards[strings.TrimSuffix(filepath.Base(file), ".json")] = d
	}
	return dashboards
}

// choice is what is selected at the top of a dashboard: patterns by variable. The default
// is All.
type choice map[string]string

// apply replaces the variables in a query, as Grafana does.
func (c choice) apply(query string) string {
	return regexp.MustCompile(`\$(\w+)`).ReplaceAllStringFunc(query, func(name string) string {
		if value, ok := c[name[1:]]; ok {
			return value
		}
		switch name {
		case "$job":
			return "(cbr)"
		case "$__rate_interval":
			return "1m"
		default:
			return ".*"
		}
	})
}

// run runs a query as Grafana does and returns the resulting series.
func (p prometheus) run(target dashboardTarget, c choice, at time.Time) ([]model.Metric, error) {
	params := url.Values{"query": {c.apply(target.Expr)}}
	path := "/api/v1/query"
	if target.Instant {
		params.Set("time", strconv.FormatInt(at.Unix(), 10))
	} else {
		path = "/api/v1/query_range"
		params.Set("start", strconv.FormatInt(at.Add(-20*time.Second).Unix(), 10))
		params.Set("end", strconv.FormatInt(at.Unix(), 10))
		params.Set("step", "2")
	}
	var response struct {
		Data struct {
			Result []struct{ Metric model.Metric }
		}
	}
	if err := p.getJSON(path+"?"+params.Encode(), &response); err != nil {
		return nil, err
	}
	var series []model.Metric
	for _, result := range response.Data.Result {
		series = append(series, result.Metric)
	}
	return series, nil
}

// quiet are the queries without a result for the demo, at least at some times of the day, by
// dashboard/panel/query, and the project that has one.
var quiet = map[string]string{
	"cbr-tasks/Tasks/E":                  "ids", // only a configured task has an error code
	"cbr-exporter/Why not/A":             "refused",
	"cbr-exporter/Requests by project/B": "refused",
	"cbr-exporter/Invalid fields/A":      "pair",
}

// slow are the queries without a result within seconds.
var slow = map[string]string{
	"cbr-overview/Are the backups in time?/B": "we are blind after a quarter of an hour; see TestSentence",
	"cbr-overview/Restore points/C":           "that none are lost is known after a day",
	"cbr-overview/Vaults/C":                   "a forecast needs a week; see TestVaultForecast",
}

func TestDashboardsShowDemo(t *testing.T) {
	t.Parallel()
	// The second demo is a replica of the first.
	demo, replica, troubled := startExporter(t, "--demo"), startExporter(t, "--demo"), startExporterOfStories(t)
	config := strings.Replace(scrapeConfig(t, "metrics.yml", demo),
		"- "+demo.address, fmt.Sprintf("- %s\n          - %s\n          - %s", demo.address, replica.address, troubled.address), 1)
	prometheus := startPrometheus(t, config)
	prometheus.Eventually(t, func() error {
		// Rates need two scrapes, and the graphs a few seconds.
		for _, ready := range []string{
			`count by (resource_id) (cbr_resource_last_success_timestamp_seconds{project="demo",operation_type="backup"} offset 5s) == 2`,
			`cbr_resource_last_success_timestamp_seconds{project="pair"} offset 5s`,
			`cbr_scrape_collector_last_success_timestamp_seconds{project="ids"} offset 5s`,
			`rate(cbr_exporter_invalid_fields_total{project="pair"}[1m])`,
		} {
			if len(prometheus.query(t, ready)) == 0 {
				return fmt.Errorf("no result yet: %s", ready)
			}
		}
		return nil
	})
	now, dashboards := time.Now(), readDashboards(t)
	used := map[string]bool{}

	for name, d := range dashboards {
		for _, v := range d.Templating.List {
			if err := prometheus.runVariable(v); err != nil {
				t.Errorf("%s: variable %s: %v", name, v.Name, err)
			}
		}
		for _, panel := range d.Panels {
			results := map[string][]model.Metric{}
			for _, target := range panel.Targets {
				key := name + "/" + panel.Title + "/" + target.RefID
				used[key] = true
				what := choice{"project": "demo"}
				if project, ok := quiet[key]; ok {
					what["project"] = project
				}
				series, err := prometheus.run(target, what, now)
				if err != nil {
					t.Errorf("%s: %v", key, err)
				}
				if len(series) == 0 && slow[key] == "" {
					t.Errorf("%s: empty for %v: %s", key, what, what.apply(target.Expr))
				}
				results[target.RefID] = series
				for _, problem := range panel.unreadable(target, series) {
					t.Errorf("%s: %s", key, problem)
				}
				// With everything selected, and with little.
				for _, what := range []choice{
					{},
					{"project": "(demo|pair)", "vault": "(vault-web|vault-nightly)", "resource": `(web-01|财务数据盘|a\\.b)`, "operation_type": "(backup|sync)"},
				} {
					if _, err := prometheus.run(target, what, now); err != nil {
						t.Errorf("%s: with %v: %v", key, what, err)
					}
				}
			}
			for _, problem := range panel.doubled(results) {
				t.Errorf("%s/%s: %s", name, panel.Title, problem)
			}
		}
	}
	for _, list := range []map[string]string{quiet, slow} {
		for key := range list {
			if !used[key] {
				t.Errorf("%s: no such query", key)
			}
		}
	}
}

// unreadable returns labels that are unexpected columns of a table, and labels missing in a
// legend.
func (p dashboardPanel) unreadable(target dashboardTarget, series []model.Metric) []string {
	var problems []string
	for _, hole := range regexp.MustCompile(`\{\{(\w+)\}\}`).FindAllStringSubmatch(target.LegendFormat, -1) {
		for _, labels := range series {
			if _, ok := labels[model.LabelName(hole[1])]; !ok {
				problems = append(problems, fmt.Sprintf("the legend has %s, but %v has no such label", hole[1], labels))
				break
			}
		}
	}
	if p.Type != "table" {
		return problems
	}
	known := map[model.LabelName]bool{}
	for _, tr := range p.Transformations {
		for label := range tr.Options.IndexByName {
			known[model.LabelName(label)] = true
		}
		for label := range tr.Options.ExcludeByName {
			known[model.LabelName(label)] = true
		}
	}
	for _, labels := range series {
		for label := range labels {
			if !known[label] {
				problems = append(problems, fmt.Sprintf("label %s is neither a column nor excluded", label))
				known[label] = true
			}
		}
	}
	return problems
}

// doubled returns what a table has two rows of: Grafana merges those whose labels are the same
// as far as all queries have them.
func (p dashboardPanel) doubled(results map[string][]model.Metric) []string {
	if p.Type != "table" {
		return nil
	}
	shared, queries := map[model.LabelName]int{}, 0
	for _, series := range results {
		if len(series) > 0 {
			queries++
			for label := range series[0] {
				shared[label]++
			}
		}
	}
	var problems []string
	for refID, series := range results {
		rows := map[string]bool{}
		for _, labels := range series {
			key := model.Metric{}
			for label, value := range labels {
				if shared[label] == queries {
					key[label] = value
				}
			}
			if rows[key.String()] {
				problems = append(problems, fmt.Sprintf("query %s has several rows for %s", refID, key))
			}
			rows[key.String()] = true
		}
	}
	return problems
}

// runVariable queries the values of a variable, as Grafana does.
func (p prometheus) runVariable(v dashboardVariable) error {
	if v.Type != "query" {
		return nil
	}
	query := choice{}.apply(v.Definition)
	expr := strings.TrimSuffix(strings.TrimPrefix(query, "label_values("), ")")
	comma := strings.LastIndex(expr, ", ")
	params := url.Values{"match[]": {expr[:comma]}}
	var response struct{ Data []string }
	if err := p.getJSON("/api/v1/label/"+expr[comma+2:]+"/values?"+params.Encode(), &response); err != nil {
		return err
	}
	if len(response.Data) == 0 {
		return fmt.Errorf("no value: %s", query)
	}
	return nil
}
