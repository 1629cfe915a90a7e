package dashboards_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestDashboards(t *testing.T) {
	names, err := filepath.Glob("*.json")
	if err != nil {
		t.Fatal(err)
	}
	if len(names) == 0 {
		t.Fatal("no dashboards")
	}
	files := map[string][]byte{}
	for _, name := range names {
		if files[name], err = os.ReadFile(name); err != nil {
			t.Fatal(err)
		}
	}
	for _, finding := range lint(files) {
		t.Error(finding)
	}
}

// good is the smallest dashboard with nothing to find; the cases of TestLint
// spoil it.
const good = `{
  "id": null, "uid": "u", "title": "T", "tags": ["cbr"], "timezone": "browser",
  "schemaVersion": 39, "graphTooltip": 1, "editable": false,
  "links": [{"type": "dashboards", "tags": ["cbr"], "includeVars": true, "keepTime": true}],
  "templating": {"list": [
    {"name": "datasource", "type": "datasource", "query": "prometheus"},
    {"name": "job", "type": "query", "datasource": {"type": "prometheus", "uid": "${datasource}"},
     "query": "label_values(cbr_up, job)", "refresh": 2, "multi": true, "includeAll": true, "allValue": ".+"},
    {"name": "instance", "type": "query", "datasource": {"type": "prometheus", "uid": "${datasource}"},
     "query": "label_values(cbr_up{job=~\"$job\"}, instance)", "refresh": 2, "multi": true, "includeAll": true, "allValue": ".+"},
    {"name": "project", "type": "query", "datasource": {"type": "prometheus", "uid": "${datasource}"},
     "query": {"query": "label_values(cbr_up{job=~\"$job\", instance=~\"$instance\"}, project)"},
     "refresh": 2, "multi": true, "includeAll": true, "allValue": ".*"},
    {"name": "vault", "type": "query", "datasource": {"type": "prometheus", "uid": "${datasource}"},
     "query": "label_values({__name__=~\"cbr_task_info|cbr_task_status\", job=~\"$job\", instance=~\"$instance\", project=~\"$project\"}, vault)",
     "refresh": 2, "multi": true, "includeAll": true, "allValue": ".*"}
  ]},
  "panels": [
    {"id": 1, "type": "stat", "title": "Up", "description": "D", "gridPos": {"x": 0, "y": 0, "w": 12, "h": 4},
     "datasource": {"type": "prometheus", "uid": "${datasource}"},
     "fieldConfig": {"defaults": {"unit": "none", "noValue": "?"}},
     "targets": [{"refId": "A", "datasource": {"type": "prometheus", "uid": "${datasource}"},
       "expr": "min(cbr_up{job=~\"$job\", instance=~\"$instance\", project=~\"$project\"})"}]},
    {"id": 2, "type": "table", "title": "Running", "description": "D", "gridPos": {"x": 12, "y": 0, "w": 12, "h": 4},
     "datasource": {"type": "prometheus", "uid": "${datasource}"},
     "fieldConfig": {"defaults": {"unit": "none", "noValue": "?"}, "overrides": [
       {"matcher": {"id": "byName", "options": "Vault"}, "properties": [{"id": "links", "value": [
         {"title": "L", "url": "/d/u?${datasource:queryparam}&${job:queryparam}&${instance:queryparam}&${project:queryparam}&var-vault=${__data.fields[\"Vault\"]:percentencode}&${__url_time_range}"}]}]}]},
     "options": {"sortBy": [{"displayName": "Vault"}]},
     "transformations": [{"id": "organize", "options": {"indexByName": {"vault": 0}, "renameByName": {"vault": "Vault"}, "excludeByName": {"Value": true, "Value #A": true, "Value #B": true}}}],
     "targets": [{"refId": "A", "datasource": {"type": "prometheus", "uid": "${datasource}"}, "instant": true, "format": "table",
       "expr": "max by (vault) (cbr_task_status{job=~\"$job\", instance=~\"$instance\", project=~\"$project\", vault=~\"$vault\"})"}]},
    {"id": 3, "type": "row", "title": "More", "collapsed": true, "gridPos": {"x": 0, "y": 4, "w": 24, "h": 1}, "panels": [
      {"id": 4, "type": "timeseries", "title": "Requests", "description": "D", "gridPos": {"x": 0, "y": 5, "w": 24, "h": 4},
       "datasource": {"type": "prometheus", "uid": "${datasource}"},
       "fieldConfig": {"defaults": {"unit": "reqps", "noValue": "?"}},
       "targets": [{"refId": "A", "legendFormat": "L", "datasource": {"type": "prometheus", "uid": "${datasource}"},
         "expr": "sum(rate(cbr_exporter_api_requests_total{job=~\"$job\", instance=~\"$instance\", project=~\"$project\"}[$__rate_interval]))"}]}
    ]}
  ]
}`

// Places in good to spoil.
const (
	jobVariable      = `"name": "job", "type": "query", "datasource": {"type": "prometheus", "uid": "${datasource}"}`
	resourceVariable = `{"name": "resource", "type": "query", "datasource": {"type": "prometheus", "uid": "${datasource}"},
     "query": "label_values(cbr_up, resource)", "refresh": 2, "multi": true, "includeAll": true, "allValue": ".*"}`
	upPanel      = `"title": "Up", "description": "D"`
	upDatasource = `"h": 4},
     "datasource": {"type": "prometheus", "uid": "${datasource}"}`
	upExpr   = `min(cbr_up{job=~\"$job\", instance=~\"$instance\", project=~\"$project\"})`
	upTarget = `{"refId": "A", "datasource": {"type": "prometheus", "uid": "${datasource}"},
       "expr": "` + upExpr + `"}`
	runningExpr = `max by (vault) (cbr_task_status{job=~\"$job\", instance=~\"$instance\", project=~\"$project\", vault=~\"$vault\"})`
	taskScope   = `instance=~\"$instance\", project=~\"$project\", vault=~\"$vault\"`
)

// rankedTable gives the table two queries; $ is what it asks for.
func rankedTable(a, b string) string {
	return strings.ReplaceAll(a, "$", runningExpr) + `"},
      {"refId": "B", "datasource": {"type": "prometheus", "uid": "${datasource}"}, "instant": true, "format": "table",
       "expr": "` + strings.ReplaceAll(b, "$", runningExpr) + `"}]`
}

func TestLint(t *testing.T) {
	for _, tt := range []struct {
		name     string
		old, new string // what to spoil in good, and how
		want     []string
	}{
		{name: "good"},
		{"not JSON", `"id": null,`, `"id" null,`, []string{`invalid character 'n' after object key`}},
		{"wrong type", `"editable": false`, `"editable": "no"`, []string{
			`json: cannot unmarshal string into Go struct field dashboard.editable of type bool`,
		}},

		{"saved id", `"id": null`, `"id": 7`, []string{`id: want null`}},
		{"no identity", `"uid": "u", "title": "T", "tags": ["cbr"], "timezone": "browser"`, `"timezone": ""`, []string{
			`uid is missing`, `title is missing`, `tags are missing`, `timezone "": want browser`,
			`link: the dashboard itself has no tag "cbr"`, `panel "Running": link to /d/u, which is no dashboard here`,
		}},
		{"no links", `"links": [{"type": "dashboards", "tags": ["cbr"], "includeVars": true, "keepTime": true}]`, `"links": []`, []string{
			`links: the other dashboards are missing`,
		}},
		{"link by a foreign tag", `"tags": ["cbr"], "includeVars": true, "keepTime": true`, `"tags": ["rbc"]`, []string{
			`link: want includeVars and keepTime`, `link: the dashboard itself has no tag "rbc"`,
		}},
		{"other schema", `"schemaVersion": 39, "graphTooltip": 1`, `"schemaVersion": 16`, []string{
			`schemaVersion 16: want 39`, `graphTooltip 0: want 1`,
		}},
		{"editable", `"editable": false`, `"editable": true`, []string{`editable: want false`}},
		{"editable by default", `, "editable": false`, ``, []string{`editable: want false`}},
		{"inputs", `"id": null`, `"__inputs": [{"name": "DS_PROM"}]`, []string{`__inputs: a provisioned file has none`}},
		{"input used", `"title": "T"`, `"title": "${DS_PROM}"`, []string{`input ${DS_…} used: want ${datasource}`}},

		{"no data source variable", `"name": "datasource"`, `"name": "ds"`, []string{
			`variable datasource: missing`, `variable ds: not one that these dashboards share`,
			`panel "Running": link to u with datasource, which this dashboard has not`,
			`panel "Running": link to u with datasource, which that dashboard has not`,
		}},
		{"other data source", `"query": "prometheus"`, `"query": "loki"`, []string{
			`variable datasource: query "loki": want "prometheus"`,
		}},
		{"constant variable", jobVariable, `"name": "job", "type": "constant"`, []string{
			`variable job: type "constant": want "query"`, `variable job: datasource: want ${datasource}`,
		}},
		{
			"single value", `"query": "label_values(cbr_up, job)", "refresh": 2, "multi": true, "includeAll": true, "allValue": ".+"`,
			`"query": "label_values(cbr_up, job)", "refresh": 1`,
			[]string{
				`variable job: allValue "": want ".+"`, `variable job: multi: want true`,
				`variable job: includeAll: want true`, `variable job: refresh 1: want 2`,
			},
		},
		{"variable over another label", `label_values(cbr_up, job)`, `label_values(cbr_up, pod)`, []string{
			`variable job: query "label_values(cbr_up, pod)": want label_values(…, job)`,
		}},
		{"variable over no metric", `label_values(cbr_up, job)`, `label_values(ups, job)`, []string{`variable job: no metric ups`}},
		{"variable not narrowed", `cbr_up{job=~\"$job\"}, instance`, `cbr_up, instance`, []string{
			`variable instance: cbr_up without job=~"$job"`,
		}},
		{"variable, one of two metrics unknown", `cbr_task_info|cbr_task_status`, `cbr_task_info|cbr_jobs`, []string{
			`variable vault: no metric cbr_jobs`,
		}},

		{"no panel id", `"id": 1, `, ``, []string{`panel "Up": id is missing`}},
		{"id used twice", `"id": 2`, `"id": 1`, []string{`panel id 1 is used twice`}},
		{"nested id used twice", `"id": 4`, `"id": 1`, []string{`panel id 1 is used twice`}},
		{"too wide", `"x": 12, "y": 0, "w": 12`, `"x": 12, "y": 0, "w": 13`, []string{
			`panel "Running": gridPos {X:12 Y:0 W:13 H:4} is outside the grid`,
		}},
		{"no size", `"gridPos": {"x": 0, "y": 0, "w": 12, "h": 4}`, `"gridPos": {}`, []string{
			`panel "Up": gridPos {X:0 Y:0 W:0 H:0} is outside the grid`,
		}},
		{"overlap", `"x": 12, "y": 0`, `"x": 11, "y": 3`, []string{
			`panel "Running" overlaps "Up"`, `panel "More" overlaps "Running"`,
		}},
		{"open row with panels", `"collapsed": true`, `"collapsed": false`, []string{
			`panel "More": panels inside an open row are not shown`,
		}},
		{"untitled row", `"title": "More"`, `"title": ""`, []string{`panel "": title is missing`}},

		{"bare panel", upPanel, `"title": ""`, []string{`panel "": title is missing`, `panel "": description is missing`}},
		{"no unit", `{"unit": "reqps", "noValue": "?"}`, `{}`, []string{
			`panel "Requests": unit is missing`, `panel "Requests": noValue is missing`,
		}},
		{"fixed data source", upDatasource, `"h": 4}, "datasource": {"type": "prometheus", "uid": "P1"}`, []string{
			`panel "Up": datasource: want ${datasource}`,
		}},
		{"no targets", upTarget, ``, []string{`panel "Up": targets are missing`}},
		{"target twice", upTarget, upTarget + `, ` + upTarget, []string{
			`panel "Up": target A: legendFormat is missing`, `panel "Up": refId "A" is used twice`,
			`panel "Up": target A: legendFormat is missing`,
		}},
		{"target without a data source", upTarget, `{"refId": "A", "expr": "` + upExpr + `"}`, []string{
			`panel "Up": target A: datasource: want ${datasource}`,
		}},
		{"range query in a table", `"instant": true, `, ``, []string{
			`panel "Running": target A: in a table: want instant and format table`,
		}},
		{"series in a table", `"format": "table"`, `"format": "time_series"`, []string{
			`panel "Running": target A: in a table: want instant and format table`,
		}},

		{"no legend", `"legendFormat": "L", `, ``, []string{`panel "Requests": target A: legendFormat is missing`}},
		{"title used twice", `"title": "Running"`, `"title": "Up"`, []string{`title "Up" is used twice`}},

		{"ranked", runningExpr + `"}]`, rankedTable(`topk(2, $)`, `$ and on (vault) topk(2, $)`), nil},
		{"rows chosen otherwise", runningExpr + `"}]`, rankedTable(`topk(2, $)`, `$ and on (vault) topk(2, 1 - $)`), []string{
			`panel "Running": target B: does not choose its rows as the others do`,
		}},
		{"rows not chosen", runningExpr + `"}]`, rankedTable(`$`, `topk(2, $)`), []string{
			`panel "Running": target A: does not choose its rows as the others do`,
		}},
		{"rows chosen twice", runningExpr + `"}]`, rankedTable(`topk(2, $)`, `topk(2, $) and on (vault) topk(1, $)`), []string{
			`panel "Running": target B: does not choose its rows as the others do`,
		}},
		{"value forgotten", `"excludeByName": {"Value": true, "Value #A": true, "Value #B": true}`, `"excludeByName": {}`, []string{
			`panel "Running": Value is neither a column nor left out`,
		}},
		{"value of no query", `"vault": "Vault"}`, `"vault": "Vault", "Value #B": "B"}`, []string{
			`panel "Running": column "B" shows Value #B, of which there is no query`,
		}},
		{"override and order of no column", `"vault": "Vault"}`, `"vault": "Name"}`, []string{
			`panel "Running": override of "Vault", which is no column`, `panel "Running": sorted by "Vault", which is no column`,
			`panel "Running": link to u with the column "Vault", which is missing`,
		}},
		{"link to nowhere", `/d/u?`, `/d/v?`, []string{`panel "Running": link to /d/v, which is no dashboard here`}},
		{"link without time", `&${__url_time_range}`, ``, []string{`panel "Running": link to u does not keep the time`}},
		{"link without a variable", `&${project:queryparam}`, ``, []string{`panel "Running": link to u without project`}},
		{"link with an unknown variable", `&var-vault=`, `&var-volt=`, []string{
			`panel "Running": link to u with volt, which that dashboard has not`,
		}},
		{"link that carries an unknown variable", `&${project:queryparam}`, `&${project:queryparam}&${pod:queryparam}`, []string{
			`panel "Running": link to u with pod, which this dashboard has not`,
			`panel "Running": link to u with pod, which that dashboard has not`,
		}},

		{"variable of its own", `{"name": "vault"`, `{"name": "pod"}, {"name": "vault"`, []string{
			`variable pod: not one that these dashboards share`,
		}},
		{"resource by id", `{"name": "vault"`, resourceVariable + `, {"name": "vault"`, []string{
			`variable vault: cbr_task_info without resource_id=~"$resource"`,
			`variable resource: query "label_values(cbr_up, resource)": want query_result(…), with a pattern for value and text`,
		}},

		{"no expr", upExpr, ``, []string{`panel "Up": target A: expr is missing`}},
		{"no metric", upExpr, `vector(1)`, []string{`panel "Up": target A: no metric in vector(1)`}},
		{"nameless selector", upExpr, `{job=~\"$job\"}`, []string{
			`panel "Up": target A: selector without a metric in {job=~"$job"}`,
		}},
		{"unclosed selector", upExpr, `min(cbr_up{`, []string{`panel "Up": target A: missing } in min(cbr_up{`}},
		{"unknown metric", `cbr_exporter_api_requests_total`, `cbr_exporter_requests_total`, []string{
			`panel "Requests": target A: no metric cbr_exporter_requests_total`,
		}},
		{"bare metric", upExpr, `cbr_up`, []string{
			`panel "Up": target A: cbr_up without job=~"$job"`,
			`panel "Up": target A: cbr_up without instance=~"$instance"`,
			`panel "Up": target A: cbr_up without project=~"$project"`,
		}},
		{"second selector not narrowed", upExpr, upExpr + ` * on (project) group_left cbr_up{job=~\"$job\", instance=~\"$instance\"}`, []string{
			`panel "Up": target A: cbr_up without project=~"$project"`,
		}},
		{"matcher for one value", `{job=~\"$job\", ` + taskScope, `{job=\"$job\", ` + taskScope, []string{
			`panel "Running": target A: cbr_task_status without job=~"$job"`,
		}},
		{"vault not applied", taskScope, `instance=~\"$instance\", project=~\"$project\"`, []string{
			`panel "Running": target A: cbr_task_status without vault=~"$vault"`,
		}},
		{"fixed range", `[$__rate_interval]`, `[5m]`, []string{
			`panel "Requests": target A: range [5m]: want [$__rate_interval]`,
		}},
		{"counter as it is", `[$__rate_interval]`, ``, []string{
			`panel "Requests": target A: counter cbr_exporter_api_requests_total outside rate()`,
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if !strings.Contains(good, tt.old) {
				t.Fatalf("nothing to spoil: %s", tt.old)
			}
			var want []string
			for _, finding := range tt.want {
				want = append(want, "bad.json: "+finding)
			}
			spoilt := strings.Replace(good, tt.old, tt.new, 1)
			got := lint(map[string][]byte{"bad.json": []byte(spoilt)})
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("findings (-want +got):\n%s", diff)
			}
		})
	}
}

func TestLintUIDs(t *testing.T) {
	got := lint(map[string][]byte{
		"a.json": []byte(good),
		"b.json": []byte(strings.Replace(good, `"uid": "u"`, `"uid": "v"`, 1)),
		"c.json": []byte(good),
	})
	want := []string{`c.json: uid "u" is taken by a.json`}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("findings (-want +got):\n%s", diff)
	}
}

func TestSelectors(t *testing.T) {
	none := map[string]string{}
	for _, tt := range []struct {
		expr string
		want []selector
	}{
		{`time() - 1e3 * vector(1)`, nil},
		{`up`, []selector{{Metrics: []string{"up"}, Matchers: none}}},
		{`a{b="}", c!~'d|e',} offset 5m`, []selector{
			{Metrics: []string{"a"}, Matchers: map[string]string{"b": "=}", "c": "!~d|e"}},
		}},
		{`sum by (le, x) (rate(a_bucket{b="c"}[$__rate_interval]))`, []selector{
			{Metrics: []string{"a_bucket"}, Matchers: map[string]string{"b": "=c"}, Range: "$__rate_interval"},
		}},
		{`max without (x) (a) * on (y) group_left (z) topk by (y) (1, b) and ignoring (q) (c == bool 1 or d)`, []selector{
			{Metrics: []string{"a"}, Matchers: none},
			{Metrics: []string{"b"}, Matchers: none},
			{Metrics: []string{"c"}, Matchers: none},
			{Metrics: []string{"d"}, Matchers: none},
		}},
		{`a{b="c", b!="d"}`, []selector{{Metrics: []string{"a"}, Matchers: map[string]string{"b": "=c"}}}},
		{`a * on (x) group_left b`, []selector{{Metrics: []string{"a"}, Matchers: none}, {Metrics: []string{"b"}, Matchers: none}}},
		{`{__name__=~"a|b", c="d"}`, []selector{{Metrics: []string{"a", "b"}, Matchers: map[string]string{"c": "=d"}}}},
	} {
		t.Run(tt.expr, func(t *testing.T) {
			got, err := selectors(tt.expr)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("selectors (-want +got):\n%s", diff)
			}
		})
	}
}

func TestSelectorsErrors(t *testing.T) {
	for expr, want := range map[string]string{
		`a{b="c"`:      `missing }`,
		`rate(a[5m)`:   `missing ]`,
		`sum by (a, b`: `missing )`,
	} {
		if _, err := selectors(expr); err == nil || err.Error() != want {
			t.Errorf("%s: error %v, want %s", expr, err, want)
		}
	}
}
