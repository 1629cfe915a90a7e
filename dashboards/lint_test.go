package dashboards_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// The part of Grafana's classic dashboard model that the rules look at.
type (
	dashboard struct {
		ID            *int            `json:"id"`
		UID           string          `json:"uid"`
		Title         string          `json:"title"`
		Tags          []string        `json:"tags"`
		Timezone      string          `json:"timezone"`
		SchemaVersion int             `json:"schemaVersion"`
		GraphTooltip  int             `json:"graphTooltip"`
		Editable      *bool           `json:"editable"`
		Inputs        json.RawMessage `json:"__inputs"`
		Panels        []panel         `json:"panels"`
		Templating    struct {
			List []variable `json:"list"`
		} `json:"templating"`
	}
	panel struct {
		ID          int        `json:"id"`
		Type        string     `json:"type"`
		Title       string     `json:"title"`
		Description string     `json:"description"`
		Datasource  datasource `json:"datasource"`
		GridPos     gridPos    `json:"gridPos"`
		Collapsed   bool       `json:"collapsed"`
		Panels      []panel    `json:"panels"`
		Targets     []target   `json:"targets"`
		FieldConfig struct {
			Defaults struct {
				Unit    string `json:"unit"`
				NoValue string `json:"noValue"`
			} `json:"defaults"`
		} `json:"fieldConfig"`
	}
	target struct {
		RefID      string     `json:"refId"`
		Datasource datasource `json:"datasource"`
		Expr       string     `json:"expr"`
		Instant    bool       `json:"instant"`
		Format     string     `json:"format"`
	}
	variable struct {
		Type       string     `json:"type"`
		Name       string     `json:"name"`
		Datasource datasource `json:"datasource"`
		Query      query      `json:"query"`
		Refresh    int        `json:"refresh"`
		Multi      bool       `json:"multi"`
		IncludeAll bool       `json:"includeAll"`
		AllValue   string     `json:"allValue"`
	}
	gridPos    struct{ X, Y, W, H int }
	datasource struct{ Type, UID string }
	query      string
)

// UnmarshalJSON accepts both forms of a variable's query: text, and an object around it.
func (q *query) UnmarshalJSON(data []byte) error {
	var object struct{ Query string }
	if json.Unmarshal(data, &object) == nil {
		*q = query(object.Query)
		return nil
	}
	return json.Unmarshal(data, (*string)(q))
}

var (
	gridColumns = 24
	prometheus  = datasource{Type: "prometheus", UID: "${datasource}"}

	onTimeRangeChange = 2
	templating        = []variable{
		{Name: "datasource", Type: "datasource", Query: "prometheus"},
		{Name: "job", Type: "query", AllValue: ".+"},
		{Name: "instance", Type: "query", AllValue: ".+"},
		{Name: "project", Type: "query", AllValue: ".*"},
		{Name: "vault", Type: "query", AllValue: ".*"}, // a task may have none
	}
)

// families are the metrics that dashboards may use, with the variables that
// every selector of them has to apply.
var families = []struct {
	scope []string
	names []string
}{
	{[]string{"job", "instance"}, []string{"cbr_exporter_build_info"}},
	{[]string{"job", "instance", "project"}, []string{
		"cbr_task_found",
		"cbr_task_scrape_success",
		"cbr_resource_info",
		"cbr_up",
		"cbr_scrape_error",
		"cbr_scrape_duration_seconds",
		"cbr_scrape_collector_success",
		"cbr_scrape_collector_last_success_timestamp_seconds",
		"cbr_exporter_api_requests_total",
		"cbr_exporter_api_request_duration_seconds",
		"cbr_exporter_api_request_duration_seconds_bucket",
		"cbr_exporter_api_request_duration_seconds_count",
		"cbr_exporter_api_request_duration_seconds_sum",
		"cbr_exporter_invalid_fields_total",
	}},
	{[]string{"job", "instance", "project", "vault"}, []string{
		"cbr_task_info",
		"cbr_task_status",
		"cbr_task_progress_ratio",
		"cbr_task_duration_seconds",
		"cbr_task_created_timestamp_seconds",
		"cbr_task_started_timestamp_seconds",
		"cbr_task_ended_timestamp_seconds",
		"cbr_task_updated_timestamp_seconds",
		"cbr_task_sync_backups",
		"cbr_task_sync_deleted_backups",
		"cbr_task_sync_failed_backups",
		"cbr_task_deleted_backups",
		"cbr_task_delete_failed_resources",
		"cbr_task_excluded_volumes",
		"cbr_task_error_info",
		"cbr_task_backup_info",
		"cbr_task_restore_info",
		"cbr_task_replication_info",
		"cbr_resource_last_finished_task_status",
		"cbr_resource_last_finished_task_info",
		"cbr_resource_last_finished_task_created_timestamp_seconds",
		"cbr_resource_last_finished_task_ended_timestamp_seconds",
		"cbr_resource_last_finished_task_duration_seconds",
		"cbr_resource_last_finished_task_sync_backups",
		"cbr_resource_last_finished_task_sync_deleted_backups",
		"cbr_resource_last_finished_task_sync_failed_backups",
		"cbr_resource_last_finished_task_deleted_backups",
		"cbr_resource_last_finished_task_delete_failed_resources",
		"cbr_resource_last_finished_task_app_consistent",
	}},
}

func scopeOf(metric string) (scope []string, known bool) {
	for _, f := range families {
		if slices.Contains(f.names, metric) {
			return f.scope, true
		}
	}
	return nil, false
}

func isCounter(metric string) bool {
	for _, suffix := range []string{"_total", "_bucket", "_count", "_sum"} {
		if strings.HasSuffix(metric, suffix) {
			return true
		}
	}
	return metric == "cbr_exporter_api_request_duration_seconds" // the native histogram
}

// lint says what is wrong with the dashboards, given by file name.
func lint(files map[string][]byte) []string {
	var l linter
	firstUse := map[string]string{}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		l.where = name
		var d dashboard
		if err := json.Unmarshal(files[name], &d); err != nil {
			l.addf("%v", err)
			continue
		}
		l.check(!bytes.Contains(files[name], []byte("${DS_")), "input ${DS_…} used: want ${datasource}")
		l.dashboard(d)
		if other, taken := firstUse[d.UID]; taken {
			l.addf("uid %q is taken by %s", d.UID, other)
		}
		firstUse[d.UID] = name
	}
	return l.findings
}

// A linter collects findings; where is what it looks at.
type linter struct {
	where    string
	findings []string
}

func (l *linter) addf(format string, args ...any) {
	l.findings = append(l.findings, l.where+": "+fmt.Sprintf(format, args...))
}

func (l *linter) check(ok bool, format string, args ...any) {
	if !ok {
		l.addf(format, args...)
	}
}

// in looks at a part, whose name its findings then carry.
func (l *linter) in(part string, look func(*linter)) {
	inner := linter{where: l.where + ": " + part}
	look(&inner)
	l.findings = append(l.findings, inner.findings...)
}

func (l *linter) dashboard(d dashboard) {
	l.check(d.ID == nil, "id: want null")
	l.check(d.UID != "", "uid is missing")
	l.check(d.Title != "", "title is missing")
	l.check(len(d.Tags) > 0, "tags are missing")
	l.check(d.Timezone == "browser", "timezone %q: want browser", d.Timezone)
	l.check(d.SchemaVersion == 39, "schemaVersion %d: want 39", d.SchemaVersion)
	l.check(d.GraphTooltip == 1, "graphTooltip %d: want 1", d.GraphTooltip)
	l.check(d.Editable != nil && !*d.Editable, "editable: want false")
	l.check(d.Inputs == nil, "__inputs: a provisioned file has none")
	l.variables(d.Templating.List)
	l.panelIDs(d.Panels)
	l.layout(d.Panels)
	for _, p := range d.Panels {
		l.panel(p)
	}
}

func (l *linter) variables(got []variable) {
	for _, want := range templating {
		l.in("variable "+want.Name, func(l *linter) {
			i := slices.IndexFunc(got, func(v variable) bool { return v.Name == want.Name })
			if i < 0 {
				l.addf("missing")
				return
			}
			l.variable(got[i], want)
			if want.Type == "query" {
				l.queryVariable(got[i], got[:i])
			}
		})
	}
}

func (l *linter) variable(got, want variable) {
	l.check(got.Type == want.Type, "type %q: want %q", got.Type, want.Type)
	l.check(got.AllValue == want.AllValue, "allValue %q: want %q", got.AllValue, want.AllValue)
	l.check(want.Query == "" || got.Query == want.Query, "query %q: want %q", got.Query, want.Query)
}

// queryVariable checks a variable that Prometheus fills. It is narrowed by the
// ones before it.
func (l *linter) queryVariable(v variable, before []variable) {
	l.check(v.Multi, "multi: want true")
	l.check(v.IncludeAll, "includeAll: want true")
	l.check(v.Refresh == onTimeRangeChange, "refresh %d: want %d", v.Refresh, onTimeRangeChange)
	l.check(v.Datasource == prometheus, "datasource: want ${datasource}")
	list, ok := strings.CutPrefix(string(v.Query), "label_values(")
	source, ok2 := strings.CutSuffix(list, ", "+v.Name+")")
	if !ok || !ok2 {
		l.addf("query %q: want label_values(…, %s)", v.Query, v.Name)
		return
	}
	l.expr(source, func(label string) bool {
		return slices.ContainsFunc(before, func(b variable) bool { return b.Name == label })
	})
}

func (l *linter) panelIDs(panels []panel) {
	seen := map[int]bool{}
	for _, p := range withNested(panels) {
		l.check(p.ID > 0, "panel %q: id is missing", p.Title)
		l.check(!seen[p.ID], "panel id %d is used twice", p.ID)
		seen[p.ID] = true
	}
}

func withNested(panels []panel) []panel {
	var all []panel
	for _, p := range panels {
		all = append(append(all, p), p.Panels...)
	}
	return all
}

// layout checks panels that are seen together: a collapsed row's are not seen
// with those outside.
func (l *linter) layout(panels []panel) {
	for i, p := range panels {
		pos := p.GridPos
		l.check(pos.X >= 0 && pos.Y >= 0 && pos.W > 0 && pos.H > 0 && pos.X+pos.W <= gridColumns,
			"panel %q: gridPos %+v is outside the grid", p.Title, pos)
		for _, q := range panels[:i] {
			l.check(!pos.overlaps(q.GridPos), "panel %q overlaps %q", p.Title, q.Title)
		}
		l.layout(p.Panels)
	}
}

func (p gridPos) overlaps(q gridPos) bool {
	return p.X < q.X+q.W && q.X < p.X+p.W && p.Y < q.Y+q.H && q.Y < p.Y+p.H
}

func (l *linter) panel(p panel) {
	l.in(fmt.Sprintf("panel %q", p.Title), func(l *linter) {
		l.check(p.Title != "", "title is missing")
		switch p.Type {
		case "row":
			l.check(p.Collapsed || len(p.Panels) == 0, "panels inside an open row are not shown")
		case "text":
			l.check(p.Description != "", "description is missing")
		default:
			l.dataPanel(p)
		}
	})
	for _, nested := range p.Panels {
		l.panel(nested)
	}
}

func (l *linter) dataPanel(p panel) {
	l.check(p.Description != "", "description is missing")
	l.check(p.FieldConfig.Defaults.Unit != "", "unit is missing")
	l.check(p.FieldConfig.Defaults.NoValue != "", "noValue is missing")
	l.check(p.Datasource == prometheus, "datasource: want ${datasource}")
	l.check(len(p.Targets) > 0, "targets are missing")
	seen := map[string]bool{}
	for _, t := range p.Targets {
		l.check(!seen[t.RefID], "refId %q is used twice", t.RefID)
		seen[t.RefID] = true
		l.in("target "+t.RefID, func(l *linter) {
			l.check(t.Datasource == prometheus, "datasource: want ${datasource}")
			l.check(p.Type != "table" || t.Instant && t.Format == "table", "in a table: want instant and format table")
			for _, s := range l.expr(t.Expr, func(string) bool { return true }) {
				l.rate(s)
			}
		})
	}
}

// expr checks the selectors of a query and returns them. Of a family's
// variables it asks for those that are required.
func (l *linter) expr(expr string, required func(label string) bool) []selector {
	found, err := selectors(expr)
	switch {
	case err != nil:
		l.addf("%v in %s", err, expr)
	case expr == "":
		l.addf("expr is missing")
	case len(found) == 0:
		l.addf("no metric in %s", expr)
	}
	for _, s := range found {
		l.check(len(s.Metrics) > 0, "selector without a metric in %s", expr)
		for _, metric := range s.Metrics {
			l.matchers(metric, s, required)
		}
	}
	return found
}

func (l *linter) matchers(metric string, s selector, required func(label string) bool) {
	scope, known := scopeOf(metric)
	l.check(known, "no metric %s", metric)
	for _, label := range scope {
		l.check(!required(label) || s.Matchers[label] == "=~$"+label, "%s without %s=~\"$%s\"", metric, label, label)
	}
}

func (l *linter) rate(s selector) {
	switch {
	case s.Range == "" && slices.ContainsFunc(s.Metrics, isCounter):
		l.addf("counter %s outside rate()", strings.Join(s.Metrics, "|"))
	case s.Range != "" && s.Range != "$__rate_interval":
		l.addf("range [%s]: want [$__rate_interval]", s.Range)
	}
}
