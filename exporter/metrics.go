package exporter

import (
	"context"
	"net/http"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/cbr-exporter/cbr_exporter/collector"
)

// serveMetrics answers a scrape. What fails upstream is told by metrics, with
// status 200: the rest of the page is still true.
func (e *Exporter) serveMetrics(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := e.deadline(r, &e.margin)
	defer cancel()
	scrape := e.scrape(ctx, allProjects) //nolint:contextcheck // a pass outlives the scrape that began it

	// The process's own metrics come second, so that they count this scrape.
	e.margin.observe(e.writePage(w, r, gathererOf(scrape), e.options.Registry))
}

// serveOwnMetrics shows what the exporter knows of itself. It asks the API
// nothing, and waits for no turn: it is small, and may be asked for at any time.
func (e *Exporter) serveOwnMetrics(w http.ResponseWriter, r *http.Request) {
	e.metricsHandler(r, []prometheus.Gatherer{e.options.Registry}).ServeHTTP(w, r)
}

// deadline returns the context in which to collect for the request r, for which m is
// to be left.
func (e *Exporter) deadline(r *http.Request, m *margin) (context.Context, context.CancelFunc) {
	ctx, cancel := m.deadline(r)
	stop := context.AfterFunc(e.leaving, cancel)
	return ctx, func() {
		stop()
		cancel()
	}
}

func gathererOf(scrape *collector.Scrape) prometheus.Gatherer {
	registry := prometheus.NewRegistry()
	registry.MustRegister(scrape)
	return registry
}

// scrape collects with the collector that choose finds among the projects in
// force; it returns nil where choose does. A reload cancels what it replaces, which
// is no reason to tell of failures: then the new projects are asked.
func (e *Exporter) scrape(ctx context.Context, choose func(*projects) *collector.Collector) *collector.Scrape {
	for {
		projects := e.inForce.Load()
		chosen := choose(projects)
		if chosen == nil {
			return nil
		}
		scrape := chosen.Scrape(ctx)
		if ctx.Err() != nil || e.stillInForce(projects) {
			return scrape
		}
	}
}

// stillInForce reports whether no other projects have replaced these, or are about
// to: then they have been relieved of what they know.
func (e *Exporter) stillInForce(projects *projects) bool {
	e.swapping.Lock()
	defer e.swapping.Unlock()
	return e.inForce.Load() == projects
}

func allProjects(p *projects) *collector.Collector { return p.collector }

// Refresh reads what is due, as a scrape does.
func (e *Exporter) Refresh(ctx context.Context) { e.scrape(ctx, allProjects) }
