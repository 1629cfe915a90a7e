//go:build e2e

package e2e

import (
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/common/model"
)

const dashboardFiles = "../../dashboards/*.json"

// What these tests look at of a dashboard. What else it should be is the matter
// of the tests beside the files.
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
		Panels          []dashboardPanel  `json:"panels"`
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
		Name  string          `json:"name"`
		Type  string          `json:"type"`
		Regex string          `json:"regex"`
		Query json.RawMessage `json:"query"`
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

func (d dashboard) allPanels() []dashboardPanel {
	var all []dashboardPanel
	for _, p := range d.Panels {
		all = append(append(all, p), p.Panels...)
	}
	return all
}

// choice is what somebody has chosen at the top of a dashboard: patterns by the
// name of the variable. What is missing is All.
type choice map[string]string

// apply puts the choice into a query, and for the intervals what Grafana would.
func (c choice) apply(query string) string {
	all := choice{
		"job": ".+", "instance": ".+", "project": ".*", "vault": ".*", "resource": ".*", "operation_type": ".*", "limit": "129600",
		"__rate_interval": "1m",
	}
	return regexp.MustCompile(`\$(\w+)`).ReplaceAllStringFunc(query, func(name string) string {
		if value, ok := c[name[1:]]; ok {
			return value
		}
		if value, ok := all[name[1:]]; ok {
			return value
		}
		return name // such as $1 of label_replace
	})
}

// run asks as Grafana does, at a time, and returns the series of the answer.
func (p prometheus) run(t *testing.T, target dashboardTarget, c choice, at time.Time) ([]model.Metric, error) {
	t.Helper()
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
	body, err := get(t, "http://"+p.address+path+"?"+params.Encode())
	if err != nil {
		return nil, err
	}
	var answer struct {
		Data struct {
			Result []struct{ Metric model.Metric }
		}
	}
	if err := json.Unmarshal(body, &answer); err != nil {
		return nil, err
	}
	var series []model.Metric
	for _, result := range answer.Data.Result {
		series = append(series, result.Metric)
	}
	return series, nil
}

// quietPanel is a query that has nothing to say about the demo, or not
// at each time of the day: a story makes it answer.
type quietPanel struct {
	project string        // whose story it is
	later   time.Duration // how long after the last scrape
}

// quiet are those queries, as dashboard/panel/query.
var quiet = map[string]quietPanel{
	"cbr-overview/Are the backups in time?/B": {project: "pair", later: 20 * time.Minute}, // blind
	"cbr-overview/Are the backups in time?/C": {project: "refused"},
	"cbr-overview/Are the backups in time?/D": {project: "ids"},
	"cbr-overview/Are the backups in time?/E": {project: "empty"},
	"cbr-overview/Are the backups in time?/F": {project: "pair", later: 48 * time.Hour}, // Prometheus knows nothing
	"cbr-overview/Are the backups in time?/G": {project: "pair"},
	"cbr-overview/Are the backups in time?/H": {project: "refused", later: 10 * time.Minute}, // and nobody answers
	"cbr-overview/What runs now/A":            {project: "pair"},
	"cbr-overview/What runs now/B":            {project: "pair"},
	"cbr-overview/What runs now/C":            {project: "pair"},
	"cbr-overview/What runs now/D":            {project: "pair"},
	"cbr-overview/What runs now/E":            {project: "pair"},
	"cbr-overview/Replication lag/E":          {project: "pair"}, // in the demo nothing is both backed up and replicated

	"cbr-tasks/Progress of what runs/A":             {project: "pair"},
	"cbr-tasks/What runs and waits/A":               {project: "pair"},
	"cbr-tasks/What runs and waits/B":               {project: "pair"},
	"cbr-tasks/What runs and waits/C":               {project: "pair"},
	"cbr-tasks/What runs and waits/D":               {project: "pair"},
	"cbr-tasks/What runs and waits/E":               {project: "pair"},
	"cbr-tasks/What runs and waits/F":               {project: "pair"},
	"cbr-tasks/Queue: how long the longest waits/A": {project: "pair"},
	"cbr-tasks/Replication lag/B":                   {project: "pair"},
	"cbr-tasks/Replications under way/A":            {project: "pair"},
	"cbr-tasks/Replications under way/B":            {project: "pair"},
	"cbr-tasks/Replications under way/C":            {project: "pair"},
	"cbr-tasks/Every task/F":                        {project: "ids"},
	"cbr-tasks/Ids not found or not read/A":         {project: "ids"},
	"cbr-tasks/Backups/A":                           {project: "pair"},
	"cbr-tasks/Backups/B":                           {project: "pair"},
	"cbr-tasks/Backups/C":                           {project: "pair"},
	"cbr-tasks/Restores/A":                          {project: "ids"},
	"cbr-tasks/Restores/B":                          {project: "ids"},
	"cbr-tasks/Restores/C":                          {project: "ids"},

	"cbr-exporter/Why not/A":           {project: "refused"},
	"cbr-exporter/Unreadable fields/A": {project: "pair"},
}

// needsAWeek is the one query that no story of seconds makes answer; see
// TestVaultForecast.
const needsAWeek = "cbr-overview/How full the vaults are, and will be/D"

func TestDashboardsShowDemo(t *testing.T) {
	// The second demo is a replica of the first.
	demo, replica, troubled := startExporter(t, "--demo"), startExporter(t, "--demo"), startExporterOfStories(t)
	config := strings.Replace(scrapeConfig(t, "metrics.yml", demo),
		"- "+demo.address, fmt.Sprintf("- %s\n          - %s\n          - %s", demo.address, replica.address, troubled.address), 1)
	prometheus := startPrometheus(t, config)
	eventually(t, 60*time.Second, func() error {
		// Rates need two scrapes, and the graphs a few seconds.
		for _, ready := range []string{
			`count by (resource_id) (cbr_resource_last_success_timestamp_seconds{project="demo",operation_type="backup"} offset 5s) == 2`,
			`cbr_resource_last_success_timestamp_seconds{project="pair"} offset 5s`,
			`cbr_scrape_collector_last_success_timestamp_seconds{project="ids"} offset 5s`,
			`rate(cbr_exporter_invalid_fields_total{project="pair"}[1m])`,
		} {
			if len(prometheus.query(t, ready)) == 0 {
				return fmt.Errorf("nothing yet of %s", ready)
			}
		}
		return nil
	})
	now, dashboards := time.Now(), readDashboards(t)
	told := map[string]bool{}

	for name, d := range dashboards {
		for _, v := range d.Templating.List {
			if err := prometheus.runVariable(t, v); err != nil {
				t.Errorf("%s: variable %s: %v", name, v.Name, err)
			}
		}
		for _, panel := range d.allPanels() {
			for _, target := range panel.Targets {
				key := name + "/" + panel.Title + "/" + target.RefID
				what, at := choice{"project": "demo"}, now
				if s, ok := quiet[key]; ok {
					what, at = choice{"project": s.project}, now.Add(s.later)
					told[key] = true
				}
				series, err := prometheus.run(t, target, what, at)
				if err != nil {
					t.Errorf("%s: %v", key, err)
				}
				if len(series) == 0 && key != needsAWeek {
					t.Errorf("%s: empty for %v: %s", key, what, what.apply(target.Expr))
				}
				for _, problem := range panel.unreadable(target, series) {
					t.Errorf("%s: %s", key, problem)
				}
				// Everything at once, with the trouble, and little of it.
				for _, what := range []choice{
					{},
					{"project": "(demo|pair)", "vault": "(vault-web|vault-nightly)", "resource": "(9e6665c6-bf6d-4976-8121-2f67153b1db3)", "operation_type": "(backup|sync)"},
				} {
					if _, err := prometheus.run(t, target, what, now); err != nil {
						t.Errorf("%s: with %v: %v", key, what, err)
					}
				}
			}
		}
	}
	for key := range quiet {
		if !told[key] {
			t.Errorf("%s: a story without a query", key)
		}
	}

	// Where there is nothing to count they say 0, so that they answer is not enough.
	for _, tt := range []struct {
		panel, project string
		want           float64
	}{
		{"Running now", "pair", 2},
		{"Waiting now", "pair", 1},
		{"Failed in 24 h", "pair", 0},
		{"Without a policy", "pair", 1}, // its policy cannot be read
		{"Late", "pair", 0},
		{"Never backed up", "pair", 0},
	} {
		expr := strings.ReplaceAll(dashboards["cbr-overview"].expr(t, tt.panel, "A"), `project=~".*"`, `project=~"`+tt.project+`"`)
		if got := prometheus.query(t, expr); len(got) != 1 || float64(got[0].Value) != tt.want {
			t.Errorf("%s of %s: got %v, want %v", tt.panel, tt.project, got, tt.want)
		}
	}
}

// unreadable says where labels would be columns that nobody has thought of, or a
// legend would have a hole.
func (p dashboardPanel) unreadable(target dashboardTarget, series []model.Metric) []string {
	var problems []string
	for _, hole := range regexp.MustCompile(`\{\{(\w+)\}\}`).FindAllStringSubmatch(target.LegendFormat, -1) {
		for _, labels := range series {
			if _, ok := labels[model.LabelName(hole[1])]; !ok {
				problems = append(problems, fmt.Sprintf("legend with %s, which %v has not", hole[1], labels))
				break
			}
		}
	}
	if p.Type != "table" {
		return problems
	}
	known := func(label model.LabelName) bool {
		return slices.ContainsFunc(p.Transformations, func(tr struct {
			Options struct {
				IndexByName   map[string]int  `json:"indexByName"`
				ExcludeByName map[string]bool `json:"excludeByName"`
			} `json:"options"`
		},
		) bool {
			_, column := tr.Options.IndexByName[string(label)]
			return column || tr.Options.ExcludeByName[string(label)]
		})
	}
	unthought := map[model.LabelName]bool{}
	for _, labels := range series {
		for label := range labels {
			if !known(label) && !unthought[label] {
				unthought[label] = true
				problems = append(problems, fmt.Sprintf("the label %s is neither a column nor left out", label))
			}
		}
	}
	return problems
}

// runVariable asks for the values of a variable, as Grafana does.
func (p prometheus) runVariable(t *testing.T, v dashboardVariable) error {
	t.Helper()
	if v.Type != "query" {
		return nil
	}
	var object struct{ Query string }
	if err := json.Unmarshal(v.Query, &object); err != nil {
		return err
	}
	query := choice{}.apply(object.Query)
	if expr, ok := strings.CutPrefix(query, "query_result("); ok {
		return p.runResultVariable(t, strings.TrimSuffix(expr, ")"), v.Regex)
	}
	expr := strings.TrimSuffix(strings.TrimPrefix(query, "label_values("), ")")
	comma := strings.LastIndex(expr, ", ")
	params := url.Values{"match[]": {expr[:comma]}}
	body, err := get(t, "http://"+p.address+"/api/v1/label/"+expr[comma+2:]+"/values?"+params.Encode())
	if err != nil {
		return err
	}
	var answer struct{ Data []string }
	if err := json.Unmarshal(body, &answer); err != nil {
		return err
	}
	if len(answer.Data) == 0 {
		return fmt.Errorf("no value: %s", query)
	}
	return nil
}

// runResultVariable has the pattern find a value and a text in each series, as
// Grafana writes them.
func (p prometheus) runResultVariable(t *testing.T, expr, pattern string) error {
	t.Helper()
	value, err := regexp.Compile(strings.Trim(pattern, "/"))
	if err != nil {
		return err
	}
	samples := p.query(t, expr)
	if len(samples) == 0 {
		return fmt.Errorf("no value: %s", expr)
	}
	for _, sample := range samples {
		var labels []string
		for label, value := range sample.Metric {
			labels = append(labels, fmt.Sprintf("%s=%q", label, string(value)))
		}
		slices.Sort(labels)
		text := "{" + strings.Join(labels, ",") + "} 1 0"
		found := value.FindStringSubmatch(text)
		if found == nil || found[value.SubexpIndex("value")] != string(sample.Metric["resource_id"]) ||
			found[value.SubexpIndex("text")] != string(sample.Metric["resource_name"]) {
			return fmt.Errorf("%s finds %q in %s", pattern, found, text)
		}
	}
	return nil
}
