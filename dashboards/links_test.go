package dashboards_test

import (
	"net/url"
	"regexp"
	"slices"
	"strings"
)

// links checks that what a dashboard links to exists, and that the choice of
// data source and time goes along.
func (l *linter) links(d dashboard, all map[string]dashboard) {
	l.check(len(d.Links) > 0, "links: the other dashboards are missing")
	for _, link := range d.Links {
		l.check(link.Type == "dashboards", "link type %q: want dashboards", link.Type)
		l.check(link.IncludeVars && link.KeepTime, "link: want includeVars and keepTime")
		for _, tag := range link.Tags {
			l.check(slices.Contains(d.Tags, tag), "link: the dashboard itself has no tag %q", tag)
		}
	}
	for _, p := range withNested(d.Panels) {
		l.where, l.of = strings.SplitN(l.where, ": ", 2)[0], d
		links, err := p.dataLinks()
		if err != nil {
			l.addf("panel %q: links: %v", p.Title, err)
		}
		l.in("panel \""+p.Title+"\"", func(l *linter) {
			for _, link := range links {
				l.dataLink(link, p, all)
			}
		})
	}
}

var (
	linkedField = regexp.MustCompile(`\$\{__data\.fields\["([^"]*)"\]`)
	wholeQuery  = regexp.MustCompile(`\$\{(\w+):queryparam\}`)
)

func (l *linter) dataLink(link dataLink, p panel, all map[string]dashboard) {
	l.check(link.Title != "", "link %s: title is missing", link.URL)
	path, params, _ := strings.Cut(link.URL, "?")
	uid := strings.TrimPrefix(path, "/d/")
	var to *dashboard
	for _, d := range all {
		if d.UID == uid {
			to = &d
		}
	}
	if to == nil {
		l.addf("link to %s, which is no dashboard here", path)
		return
	}
	l.check(strings.Contains(params, "${__url_time_range}"), "link to %s does not keep the time", uid)
	var carried []string
	for _, match := range wholeQuery.FindAllStringSubmatch(params, -1) {
		l.check(l.of.has(match[1]), "link to %s with %s, which this dashboard has not", uid, match[1])
		carried = append(carried, match[1])
	}
	for _, param := range strings.Split(params, "&") {
		name, _, _ := strings.Cut(param, "=")
		if name, err := url.QueryUnescape(name); err == nil && strings.HasPrefix(name, "var-") {
			carried = append(carried, strings.TrimPrefix(name, "var-"))
		}
	}
	for _, name := range carried {
		l.check(to.has(name), "link to %s with %s, which that dashboard has not", uid, name)
	}
	for _, name := range []string{"datasource", "job", "instance", "project"} {
		l.check(slices.Contains(carried, name), "link to %s without %s", uid, name)
	}
	shown, _ := p.columns()
	for _, match := range linkedField.FindAllStringSubmatch(params, -1) {
		found := false
		for _, column := range shown {
			found = found || column == match[1]
		}
		l.check(found, "link to %s with the column %q, which is missing", uid, match[1])
	}
}
