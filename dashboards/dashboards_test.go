package dashboards_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestDashboards(t *testing.T) {
	names, err := filepath.Glob("*.json")
	if err != nil || len(names) == 0 {
		t.Fatalf("no dashboards: %v", err)
	}
	files := map[string][]byte{}
	for _, name := range names {
		if files[name], err = os.ReadFile(name); err != nil {
			t.Fatal(err)
		}
	}
	for _, finding := range lint(files, exposed(t)) {
		t.Error(finding)
	}
}

// exposed are the families of the exporter.
func exposed(t *testing.T) map[string]bool {
	t.Helper()
	content, err := os.ReadFile("../exporter/testdata/families.prom")
	if err != nil {
		t.Fatal(err)
	}
	families := map[string]bool{}
	for line := range bytes.Lines(content) {
		if words := strings.Fields(string(line)); len(words) > 2 && words[1] == "TYPE" {
			families[words[2]] = true
		}
	}
	return families
}

// good is the smallest dashboard with nothing to find; the cases of TestLint spoil it.
const good = `{
  "id": null, "uid": "u", "title": "T", "tags": ["cbr"], "timezone": "browser",
  "schemaVersion": 39, "graphTooltip": 1, "editable": false, "time": {"from": "now-1d", "to": "now"},
  "links": [{"type": "dashboards", "tags": ["cbr"], "includeVars": true, "keepTime": true}],
  "templating": {"list": [
    {"name": "datasource", "type": "datasource", "query": "prometheus"},
    {"name": "project", "type": "query", "datasource": {"type": "prometheus", "uid": "${datasource}"},
     "query": {"query": "label_values(cbr_up, project)"}, "refresh": 2, "multi": true, "includeAll": true, "allValue": ".*"}
  ]},
  "panels": [
    {"id": 1, "type": "row", "title": "Row", "gridPos": {"x": 0, "y": 0, "w": 24, "h": 1}},
    {"id": 2, "type": "table", "title": "Table", "description": "D", "gridPos": {"x": 0, "y": 1, "w": 12, "h": 4},
     "datasource": {"type": "prometheus", "uid": "${datasource}"},
     "fieldConfig": {"defaults": {"unit": "none", "noValue": "?"}, "overrides": [{"properties": [{"id": "links", "value": [
       {"url": "/d/u?${datasource:queryparam}&var-project=${__data.fields[\"Project\"]:percentencode}&${__url_time_range}"}
     ]}]}]},
     "options": {"sortBy": [{"displayName": "Project"}]},
     "transformations": [{"id": "filterByValue", "options": {"filters": [{"fieldName": "Value"}]}},
       {"id": "organize", "options": {"renameByName": {"project": "Project", "Value": "Up"}}}],
     "targets": [{"refId": "A", "datasource": {"type": "prometheus", "uid": "${datasource}"}, "instant": true, "format": "table",
       "expr": "max by (project) (cbr_up{project=~\"$project\"})"}]},
    {"id": 3, "type": "timeseries", "title": "Graph", "description": "D", "gridPos": {"x": 12, "y": 1, "w": 12, "h": 4},
     "datasource": {"type": "prometheus", "uid": "${datasource}"},
     "fieldConfig": {"defaults": {"unit": "reqps", "noValue": "?"}},
     "targets": [{"refId": "A", "legendFormat": "L", "datasource": {"type": "prometheus", "uid": "${datasource}"}, "format": "time_series",
       "expr": "sum(rate(cbr_requests_total{project=~\"$project\"}[$__rate_interval]))"}]}
  ]
}`

func TestLint(t *testing.T) {
	const (
		graph  = `panel "Graph": `
		table  = `panel "Table": `
		source = `"datasource": {"type": "prometheus", "uid": "${datasource}"}`
	)
	families := map[string]bool{"cbr_up": true, "cbr_requests_total": true}
	for _, tt := range []struct {
		name     string
		old, new string // what to spoil in good, and how
		want     []string
	}{
		{"good", ``, ``, nil},
		{"not JSON", `"id": null,`, `"id" null,`, []string{`invalid character 'n' after object key`}},
		{"saved id", `"id": null`, `"id": 7`, []string{`id: want null`}},
		{"no title", `"title": "T"`, `"title": ""`, []string{`uid or title is missing`}},
		{"other settings", `"schemaVersion": 39, "graphTooltip": 1, "editable": false`, `"schemaVersion": 16`, []string{
			`schemaVersion 16: want 39`, `graphTooltip 0: want 1`, `editable: want false`,
		}},
		{"time zone", `"browser"`, `"utc"`, []string{`timezone "utc": want browser`}},
		{"fixed time", `"now-1d"`, `"2026-01-01"`, []string{`time: want one that ends now`}},
		{"no links", `"links": [`, `"others": [`, []string{`links: the other dashboards are missing`}},
		{"link by a foreign tag", `"tags": ["cbr"], "includeVars": true`, `"tags": ["rbc"]`, []string{
			`link: want includeVars and keepTime`, `link: the dashboard itself has no tag "rbc"`,
		}},

		{"no data source", `{"name": "datasource", "type": "datasource", "query": "prometheus"},`, ``, []string{
			`variable datasource or project is missing`, `link to u with datasource, which that dashboard has not`,
		}},
		{"other data source", `"query": "prometheus"`, `"query": "loki"`, []string{`variable datasource: want datasource, of prometheus`}},
		{"constant variable", `"project", "type": "query"`, `"project", "type": "constant"`, []string{`variable project: type "constant": want query`}},
		{"one value", `"multi": true, "includeAll": true, "allValue": ".*"`, `"multi": true`, []string{
			`variable project: want multi, includeAll and refresh 2`, `variable project: allValue ""`,
		}},
		{"variable of no metric", `label_values(cbr_up,`, `label_values(cbr_ups,`, []string{`variable project: no metric cbr_ups`}},
		{"variable by query", `label_values(cbr_up, project)`, `query_result(cbr_up)`, []string{
			`variable project: query "query_result(cbr_up)": want label_values`,
		}},

		{"id used twice", `"id": 3`, `"id": 2`, []string{graph + `id 2 is missing or used twice`}},
		{"title used twice", `"title": "Graph"`, `"title": "Table"`, []string{table + `title is missing or used twice`}},
		{"too wide", `"x": 12, "y": 1, "w": 12`, `"x": 12, "y": 1, "w": 13`, []string{graph + `gridPos {X:12 Y:1 W:13 H:4} is outside the grid`}},
		{"overlap", `"x": 12, "y": 1`, `"x": 11, "y": 0`, []string{graph + `overlaps "Row"`, graph + `overlaps "Table"`}},
		{"bare panel", `"title": "Graph", "description": "D"`, `"title": "Graph"`, []string{graph + `description is missing`}},
		{"no unit", `{"unit": "reqps", "noValue": "?"}`, `{}`, []string{graph + `unit is missing`, graph + `noValue is missing`}},
		{"fixed data source", source + `, "instant"`, `"instant"`, []string{table + `target A: datasource: want ${datasource}`}},
		{"no legend", `"legendFormat": "L", `, ``, []string{graph + `target A: legendFormat is missing`}},
		{"no refId", `"refId": "A", "legendFormat"`, `"legendFormat"`, []string{graph + `target : refId is missing or used twice`}},
		{"range query in a table", `"instant": true, `, ``, []string{table + `target A: in a table: want instant and format table`}},

		{"value of no query", `"Value": "Up"`, `"Value #B": "Up"`, []string{table + `column "Up" shows Value #B, of which there is no query`}},
		{"filter by no query", `"fieldName": "Value"`, `"fieldName": "Value #A"`, []string{table + `filter by Value #A, of which there is no query`}},
		{"order of no column", `"displayName": "Project"`, `"displayName": "Name"`, []string{table + `sorted by "Name", which is no column`}},
		{"link to nowhere", `/d/u?`, `/d/v?`, []string{`link to /d/v, which is no dashboard here`}},
		{"link without time", `&${__url_time_range}`, ``, []string{`link to u does not keep the time`}},
		{"link with an unknown variable", `&var-project=`, `&var-pod=`, []string{`link to u with pod, which that dashboard has not`}},
		{"link with an unknown column", `fields[\"Project\"]`, `fields[\"Name\"]`, []string{`link to u with the column "Name", which is missing`}},

		{"no metric", `max by (project) (cbr_up{project=~\"$project\"})`, `vector(1)`, []string{table + `target A: no selector in vector(1)`}},
		{"unknown metric", `cbr_requests_total{`, `cbr_request_total{`, []string{graph + `target A: no metric cbr_request_total`}},
		{"not narrowed", `cbr_up{project=~\"$project\"}`, `cbr_up{project=\"p\"}`, []string{table + `target A: cbr_up without what is chosen`}},
		{"one of two not narrowed", `cbr_up{project=~\"$project\"})"`, `cbr_up{project=~\"$project\"}) * cbr_up"`, []string{
			table + `target A: a metric without a selector`,
		}},
		{"counter as it is", `[$__rate_interval]`, ``, []string{graph + `target A: counter cbr_requests_total outside rate()`}},
		{"long", `max by (project)`, `max by (` + strings.Repeat("p", 400) + `)`, []string{table + `target A: 439 characters: want at most 400`}},
		{"long with names", `{project=~\"$project\"})"`, `{project=~\"$project\", vault=~\"` + strings.Repeat("$vault", 19) + `\"})"`, []string{
			table + `target A: 2529 bytes with long names chosen: want less than 2000`,
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
			if diff := cmp.Diff(want, lint(map[string][]byte{"bad.json": []byte(spoilt)}, families)); diff != "" {
				t.Errorf("findings (-want +got):\n%s", diff)
			}
		})
	}
	t.Run("uid used twice", func(t *testing.T) {
		want := []string{`b.json: uid "u" is taken`}
		if diff := cmp.Diff(want, lint(map[string][]byte{"a.json": []byte(good), "b.json": []byte(good)}, families)); diff != "" {
			t.Errorf("findings (-want +got):\n%s", diff)
		}
	})
}
