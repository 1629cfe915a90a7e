package dashboards_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
)

const (
	gridColumns = 24
	// No query is longer, so that it can be read.
	longestQuery = 400
	// No query is longer when some long names are chosen. Some data sources put it into a URL.
	longestRequest = 2000
)

var prometheus = datasource{"prometheus", "${datasource}"}

// lint says what is wrong with dashboards, given by file name. families are the names that
// queries may use.
func lint(files map[string][]byte, families map[string]bool) []string {
	parsed := map[string]dashboard{}
	uids := map[string]dashboard{}
	var findings []string
	for _, name := range slices.Sorted(maps.Keys(files)) {
		var d dashboard
		if err := json.Unmarshal(files[name], &d); err != nil {
			findings = append(findings, fmt.Sprintf("%s: %v", name, err))
			continue
		}
		if _, taken := uids[d.UID]; taken {
			findings = append(findings, fmt.Sprintf("%s: uid %q is taken", name, d.UID))
		}
		parsed[name], uids[d.UID] = d, d
	}
	for _, name := range slices.Sorted(maps.Keys(parsed)) {
		l := linter{where: name, of: parsed[name], families: families}
		l.dashboard()
		l.links(string(files[name]), uids)
		findings = append(findings, l.findings...)
	}
	return findings
}

// A linter collects findings; where is what it looks at.
type linter struct {
	where    string
	of       dashboard
	families map[string]bool
	findings []string
}

func (l *linter) check(ok bool, format string, args ...any) {
	if !ok {
		l.findings = append(l.findings, l.where+": "+fmt.Sprintf(format, args...))
	}
}

func (l *linter) dashboard() {
	d := l.of
	l.check(d.ID == nil, "id: want null")
	l.check(d.UID != "" && d.Title != "", "uid or title is missing")
	l.check(d.Timezone == "browser", "timezone %q: want browser", d.Timezone)
	l.check(d.SchemaVersion == 39, "schemaVersion %d: want 39", d.SchemaVersion)
	l.check(d.GraphTooltip == 1, "graphTooltip %d: want 1", d.GraphTooltip)
	l.check(d.Editable != nil && !*d.Editable, "editable: want false")
	l.check(strings.HasPrefix(d.Time.From, "now-") && d.Time.To == "now", "time: want one that ends now")
	file := l.where
	for _, v := range d.Templating.List {
		l.where = file + ": variable " + v.Name
		l.variable(v)
	}
	ids, titles := map[int]bool{}, map[string]bool{}
	for i, p := range d.Panels {
		l.where = fmt.Sprintf("%s: panel %q", file, p.Title)
		l.check(p.ID > 0 && !ids[p.ID], "id %d is missing or used twice", p.ID)
		l.check(p.Title != "" && !titles[p.Title], "title is missing or used twice")
		ids[p.ID], titles[p.Title] = true, true
		l.place(p, d.Panels[:i])
		if p.Type != "row" {
			l.panel(p)
		}
	}
	l.where = file
	l.check(d.has("datasource") && d.has("project"), "variable datasource or project is missing")
}

func (l *linter) variable(v variable) {
	if v.Type == "datasource" {
		l.check(v.Name == "datasource" && v.Query == "prometheus", "want datasource, of prometheus")
		return
	}
	l.check(v.Type == "query", "type %q: want query", v.Type)
	l.check(v.Multi && v.IncludeAll && v.Refresh == 2, "want multi, includeAll and refresh 2")
	// All jobs are those of the list: their pattern is of use for other programs, too.
	l.check((v.AllValue == ".*") == (v.Name != "job"), "allValue %q", v.AllValue)
	l.check(v.Datasource == prometheus, "datasource: want ${datasource}")
	l.check(strings.HasPrefix(string(v.Query), "label_values("), "query %q: want label_values", v.Query)
	l.metrics(string(v.Query))
}

func (l *linter) place(p panel, before []panel) {
	g := p.GridPos
	l.check(g.X >= 0 && g.Y >= 0 && g.W > 0 && g.H > 0 && g.X+g.W <= gridColumns, "gridPos %+v is outside the grid", g)
	for _, b := range before {
		o := b.GridPos
		apart := g.X >= o.X+o.W || o.X >= g.X+g.W || g.Y >= o.Y+o.H || o.Y >= g.Y+g.H
		l.check(apart, "overlaps %q", b.Title)
	}
}

func (l *linter) panel(p panel) {
	l.check(p.Description != "", "description is missing")
	l.check(p.FieldConfig.Defaults.Unit != "", "unit is missing")
	l.check(p.FieldConfig.Defaults.NoValue != "", "noValue is missing")
	l.check(p.Datasource == prometheus, "datasource: want ${datasource}")
	l.check(len(p.Targets) > 0, "targets are missing")
	if p.Type == "table" {
		l.table(p)
	}
	panel, refs := l.where, map[string]bool{}
	for _, t := range p.Targets {
		l.where = panel + ": target " + t.RefID
		l.check(t.RefID != "" && !refs[t.RefID], "refId is missing or used twice")
		refs[t.RefID] = true
		l.check(t.Datasource == prometheus, "datasource: want ${datasource}")
		l.check(p.Type != "table" || t.Instant && t.Format == "table", "in a table: want instant and format table")
		series := slices.Contains([]string{"timeseries", "state-timeline", "bargauge"}, p.Type)
		l.check(!series && (p.Type != "stat" || len(p.Targets) == 1) || t.LegendFormat != "", "legendFormat is missing")
		l.expr(t.Expr)
	}
}

// table checks that what is said of columns is said of columns that exist.
func (l *linter) table(p panel) {
	shown := p.columns()
	exists := func(field string) bool {
		ref, ok := strings.CutPrefix(field, "Value #")
		return !ok && (field != "Value" || len(p.Targets) == 1) ||
			ok && len(p.Targets) > 1 && slices.ContainsFunc(p.Targets, func(t target) bool { return t.RefID == ref })
	}
	for _, field := range slices.Sorted(maps.Keys(shown)) {
		l.check(exists(field), "column %q shows %s, of which there is no query", shown[field], field)
	}
	for _, t := range p.Transformations {
		for _, f := range t.Options.Filters {
			l.check(exists(f.FieldName), "filter by %s, of which there is no query", f.FieldName)
		}
	}
	for _, s := range p.Options.SortBy {
		l.check(slices.Contains(slices.Collect(maps.Values(shown)), s.DisplayName), "sorted by %q, which is no column", s.DisplayName)
	}
}

var (
	selector = regexp.MustCompile(`([a-zA-Z_][a-zA-Z0-9_]*)\{([^}]*)\}(\[?)`)
	ours     = regexp.MustCompile(`\bcbr_\w+`)
	chosen   = regexp.MustCompile(`\$\w+`)
)

func (l *linter) expr(expr string) {
	l.check(len(expr) <= longestQuery, "%d characters: want at most %d", len(expr), longestQuery)
	request := chosen.ReplaceAllStringFunc(expr, longChoice)
	l.check(len(request) < longestRequest, "%d bytes with long names chosen: want less than %d", len(request), longestRequest)
	found := selector.FindAllStringSubmatch(expr, -1)
	l.check(len(found) > 0, "no selector in %s", expr)
	for _, s := range found {
		name, matchers := s[1], s[2]
		l.metrics(name)
		l.check(l.narrowed(matchers), "%s without what is chosen", name)
		counter := regexp.MustCompile(`_(total|bucket|count|sum)$`).MatchString(name)
		l.check(!counter || s[3] != "", "counter %s outside rate()", name)
	}
	bare := len(ours.FindAllString(selector.ReplaceAllString(expr, ""), -1))
	l.check(bare == 0, "a metric without a selector")
}

// narrowed reports whether the choice at the top counts: each series of ours has a project,
// and those of the process have a job.
func (l *linter) narrowed(matchers string) bool {
	job := strings.Contains(matchers, `job=~"$job"`)
	project := strings.Contains(matchers, `project=~"$project"`)
	if l.of.has("job") {
		return job
	}
	return project && !job
}

// metrics checks that the names in a text exist.
func (l *linter) metrics(text string) {
	for _, name := range ours.FindAllString(text, -1) {
		family := name
		for _, suffix := range []string{"_bucket", "_count", "_sum"} {
			if base, ok := strings.CutSuffix(name, suffix); ok && l.families[base] {
				family = base
			}
		}
		l.check(l.families[family] || name == "cbr_exporter_build_info", "no metric %s", name)
	}
}

// longChoice is what Grafana writes for a variable of which some long values are chosen.
func longChoice(variable string) string {
	values, length := 3, 40
	if variable == "$operation_type" {
		length = len("remove_resource")
	}
	if variable == "$__rate_interval" || variable == "$__range" {
		return "1m0s"
	}
	return "(" + strings.Repeat(strings.Repeat("x", length)+"|", values-1) + strings.Repeat("x", length) + ")"
}

var (
	dataLink = regexp.MustCompile(`"url": "/d/([^?"]*)\?([^\n]*)"`)
	carried  = regexp.MustCompile(`\$\{(\w+):queryparam\}|var-(\w+)=`)
	field    = regexp.MustCompile(`fields\[\\"([^\\]*)\\"\]`)
)

// links checks that what a dashboard links to exists, and that the choice goes along.
func (l *linter) links(text string, all map[string]dashboard) {
	l.check(len(l.of.Links) > 0, "links: the other dashboards are missing")
	for _, link := range l.of.Links {
		l.check(link.IncludeVars && link.KeepTime, "link: want includeVars and keepTime")
		for _, tag := range link.Tags {
			l.check(slices.Contains(l.of.Tags, tag), "link: the dashboard itself has no tag %q", tag)
		}
	}
	var columns []string
	for _, p := range l.of.Panels {
		columns = slices.AppendSeq(columns, maps.Values(p.columns()))
	}
	for _, match := range dataLink.FindAllStringSubmatch(text, -1) {
		to, ok := all[match[1]]
		l.check(ok, "link to /d/%s, which is no dashboard here", match[1])
		l.check(strings.Contains(match[2], "${__url_time_range}"), "link to %s does not keep the time", match[1])
		for _, v := range carried.FindAllStringSubmatch(match[2], -1) {
			l.check(!ok || to.has(v[1]+v[2]), "link to %s with %s, which that dashboard has not", match[1], v[1]+v[2])
		}
		for _, f := range field.FindAllStringSubmatch(match[2], -1) {
			l.check(slices.Contains(columns, f[1]), "link to %s with the column %q, which is missing", match[1], f[1])
		}
	}
}
