package dashboards_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

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
	// What a dashboard may have besides.
	optional = []variable{
		{Name: "resource", Type: "query", AllValue: ".*"},
		{Name: "operation_type", Type: "query", AllValue: ".*"},
		{Name: "limit", Type: "custom"},
	}
)

// lint says what is wrong with the dashboards, given by file name.
func lint(files map[string][]byte) []string {
	var l linter
	parsed, firstUse := map[string]dashboard{}, map[string]string{}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		l.where = name
		var d dashboard
		if err := json.Unmarshal(files[name], &d); err != nil {
			l.addf("%v", err)
			continue
		}
		parsed[name] = d
		l.check(!bytes.Contains(files[name], []byte("${DS_")), "input ${DS_…} used: want ${datasource}")
		l.dashboard(d)
		if other, taken := firstUse[d.UID]; taken {
			l.addf("uid %q is taken by %s", d.UID, other)
		}
		firstUse[d.UID] = name
	}
	for _, name := range slices.Sorted(maps.Keys(parsed)) {
		l.where = name
		l.links(parsed[name], parsed)
	}
	return l.findings
}

// A linter collects findings; where is what it looks at, in which dashboard.
type linter struct {
	where    string
	of       dashboard
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
	inner := linter{where: l.where + ": " + part, of: l.of}
	look(&inner)
	l.findings = append(l.findings, inner.findings...)
}

func (l *linter) dashboard(d dashboard) {
	l.of = d
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
	for _, want := range slices.Concat(templating, optional) {
		l.in("variable "+want.Name, func(l *linter) {
			i := slices.IndexFunc(got, func(v variable) bool { return v.Name == want.Name })
			if i < 0 {
				l.check(slices.ContainsFunc(optional, func(v variable) bool { return v.Name == want.Name }), "missing")
				return
			}
			l.variable(got[i], want)
			if want.Type == "query" {
				l.queryVariable(got[i], got[:i])
			}
		})
	}
	for _, v := range got {
		l.check(slices.ContainsFunc(slices.Concat(templating, optional), func(want variable) bool { return v.Name == want.Name }),
			"variable %s: not one that these dashboards share", v.Name)
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
	list, function, ok := sourceOf(v)
	if !ok {
		l.addf("query %q: want %s", v.Query, function)
		return
	}
	l.expr(list, func(name string) bool {
		return slices.ContainsFunc(before, func(b variable) bool { return b.Name == name })
	})
}

// sourceOf is the expression in a variable's query. Ids are not for people, so
// the resource has a query that answers with names as well, which a pattern
// takes apart.
func sourceOf(v variable) (expr, want string, ok bool) {
	if v.Name == "resource" {
		expr, ok = strings.CutPrefix(string(v.Query), "query_result(")
		named := strings.Contains(v.Regex, `resource_id="(?<value>`) && strings.Contains(v.Regex, `resource_name="(?<text>`)
		return strings.TrimSuffix(expr, ")"), "query_result(…), with a pattern for value and text", ok && named
	}
	expr, ok = strings.CutPrefix(string(v.Query), "label_values(")
	expr, ok2 := strings.CutSuffix(expr, ", "+v.Name+")")
	return expr, "label_values(…, " + v.Name + ")", ok && ok2
}

func (l *linter) panelIDs(panels []panel) {
	seen, titles := map[int]bool{}, map[string]bool{}
	for _, p := range withNested(panels) {
		l.check(p.ID > 0, "panel %q: id is missing", p.Title)
		l.check(!seen[p.ID], "panel id %d is used twice", p.ID)
		l.check(p.Title == "" || !titles[p.Title], "title %q is used twice", p.Title)
		seen[p.ID], titles[p.Title] = true, true
	}
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
			l.check(!needsLegend(p) || t.LegendFormat != "" && t.LegendFormat != "__auto", "legendFormat is missing")
			for _, s := range l.expr(t.Expr, l.of.has) {
				l.rate(p, s)
			}
		})
	}
	if p.Type == "table" {
		l.table(p)
		l.ranking(p)
	}
}

func needsLegend(p panel) bool {
	return slices.Contains([]string{"timeseries", "state-timeline", "bargauge"}, p.Type) || p.Type == "stat" && len(p.Targets) > 1
}

// table checks that what is said of a table's columns is said of columns that it
// has, and that no query's value is forgotten.
func (l *linter) table(p panel) {
	shown, left := p.columns()
	has := func(column string) bool { return slices.Contains(slices.Collect(maps.Values(shown)), column) }
	for _, field := range slices.Sorted(maps.Keys(shown)) {
		refID, ok := valueOf(field, p.Targets)
		l.check(!ok || slices.ContainsFunc(p.Targets, func(t target) bool { return t.RefID == refID }),
			"column %q shows %s, of which there is no query", shown[field], field)
	}
	for _, t := range p.Targets {
		field := "Value #" + t.RefID
		if len(p.Targets) == 1 {
			field = "Value"
		}
		l.check(shown[field] != "" || left[field], "%s is neither a column nor left out", field)
	}
	for _, o := range p.FieldConfig.Overrides {
		name, _ := o.Matcher.Options.(string)
		l.check(o.Matcher.ID != "byName" || has(name), "override of %q, which is no column", name)
	}
	for _, s := range p.Options.SortBy {
		l.check(has(s.DisplayName), "sorted by %q, which is no column", s.DisplayName)
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
	for _, name := range scope {
		label := labelOf(name)
		l.check(!required(name) || applies(s, name), "%s without %s=~\"$%s\"", metric, label, name)
	}
}

// applies reports whether a selector is narrowed by a variable, or says that it
// is not: the vault, the resource and the operation may be any, and the
// operation a fixed one.
func applies(s selector, name string) bool {
	got := s.Matchers[labelOf(name)]
	switch name {
	case "vault", "resource":
		return got == "=~$"+name || got == "=~.*"
	case "operation_type":
		return got == "=~$"+name || got == "=~.*" || strings.HasPrefix(got, "=") && !strings.HasPrefix(got, "=~")
	default:
		return got == "=~$"+name
	}
}

// rate checks that counters are looked at as rates, in graphs over the interval
// that fits their resolution.
func (l *linter) rate(p panel, s selector) {
	if !slices.ContainsFunc(s.Metrics, isCounter) {
		return
	}
	l.check(s.Range != "", "counter %s outside rate()", strings.Join(s.Metrics, "|"))
	l.check(s.Range == "" || s.Range == "$__rate_interval" || p.Type != "timeseries", "range [%s]: want [$__rate_interval]", s.Range)
}
