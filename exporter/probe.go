package exporter

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"

	"github.com/cbr-exporter/cbr_exporter/collector"
)

// probePath is that of the page with one project, which the parameter project names.
const (
	probePath      = "/probe"
	probeParameter = "project"
)

// serveProbe answers a scrape of one project. The request chooses it by a name
// of the configuration, and nothing else: no request can make the exporter send
// credentials to another host.
func (e *Exporter) serveProbe(w http.ResponseWriter, r *http.Request) {
	name, problem := projectAsked(r.URL.RawQuery)
	if problem != "" {
		e.refuseProbe(w, http.StatusBadRequest, problem)
		return
	}
	if e.inForce.Load().named(name) == nil {
		e.refuseProbe(w, http.StatusNotFound, fmt.Sprintf("There is no project %q.", name))
		return
	}

	margin := e.margins.project(name)
	ctx, cancel := e.deadline(r, margin)
	defer cancel()
	scrape := e.scrape(ctx, func(p *projects) *collector.Collector { //nolint:contextcheck // a pass outlives the scrape that began it
		if one := p.named(name); one != nil {
			return one.collector
		}
		return nil
	})
	if scrape == nil {
		e.refuseProbe(w, http.StatusNotFound, fmt.Sprintf("There is no project %q any more.", name))
		return
	}
	margin.observe(e.writePage(w, r, gathererOf(scrape), seriesOf{name, e.options.Registry}))
}

// projectAsked returns the name of the project that the query asks for, or the
// problem with it.
func projectAsked(query string) (name, problem string) {
	parameters, err := url.ParseQuery(query)
	names := parameters[probeParameter]
	switch {
	case err != nil:
		return "", fmt.Sprintf("The query cannot be read: %s.", err)
	case len(names) > 1:
		return "", "The parameter project is given more than once; give one project."
	case len(names) == 0 || names[0] == "":
		return "", "The parameter project is missing; say which project, as in " + probePath + "?project=NAME."
	}
	return names[0], ""
}

// refuseProbe says what is wrong with a request, and what may be asked for.
func (e *Exporter) refuseProbe(w http.ResponseWriter, status int, problem string) {
	text := problem + " The projects are:"
	for _, p := range e.inForce.Load().all {
		text += "\n" + p.name
	}
	http.Error(w, text, status)
}

// named returns the project with that name, and nil where there is none.
func (p *projects) named(name string) *project {
	for _, one := range p.all {
		if one.name == name {
			return one
		}
	}
	return nil
}

// seriesOf is a prometheus.Gatherer of those series that are about one project.
type seriesOf struct {
	project string
	from    prometheus.Gatherer
}

// Gather implements prometheus.Gatherer.
func (s seriesOf) Gather() ([]*dto.MetricFamily, error) {
	families, err := s.from.Gather()
	for _, f := range families {
		f.Metric = slices.DeleteFunc(f.Metric, func(m *dto.Metric) bool { return !s.isAbout(m) })
	}
	return slices.DeleteFunc(families, func(f *dto.MetricFamily) bool { return len(f.GetMetric()) == 0 }), err
}

func (s seriesOf) isAbout(m *dto.Metric) bool {
	return slices.ContainsFunc(m.GetLabel(), func(l *dto.LabelPair) bool {
		return l.GetName() == "project" && l.GetValue() == s.project
	})
}
