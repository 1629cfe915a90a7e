package exporter

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/go-kit/log"
	"github.com/go-kit/log/level"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/cbr-exporter/cbr_exporter/collector"
)

// serveMetrics answers a scrape. What fails upstream is told by metrics, with
// status 200: the rest of the page is still true.
func (e *Exporter) serveMetrics(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := e.margin.deadline(r)
	defer cancel()
	scrape := e.scrape(ctx, allProjects) //nolint:contextcheck // a pass outlives the scrape that began it

	// The process's own metrics come second, so that they count this scrape.
	e.margin.observe(e.writePage(w, r, gathererOf(scrape), e.options.Registry))
}

// serveOwnMetrics shows what the exporter knows of itself. It asks the API
// nothing, so it need not be as rare as a scrape of the projects.
func (e *Exporter) serveOwnMetrics(w http.ResponseWriter, r *http.Request) {
	e.writePage(w, r, e.options.Registry)
}

// writePage writes a page of metrics, and returns how long that took.
func (e *Exporter) writePage(w http.ResponseWriter, r *http.Request, series ...prometheus.Gatherer) time.Duration {
	began := e.options.Now()
	promhttp.HandlerFor(prometheus.Gatherers(series), promhttp.HandlerOpts{
		EnableOpenMetrics: true,
		// A fault in one family must not hide the others.
		ErrorHandling: promhttp.ContinueOnError,
		ErrorLog:      pageLog{e.options.Logger, r.Context()},
	}).ServeHTTP(w, r)
	return e.options.Now().Sub(began)
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
	e.loading.Lock()
	defer e.loading.Unlock()
	return e.inForce.Load() == projects
}

func allProjects(p *projects) *collector.Collector { return p.collector }

// Refresh reads what is due, as a scrape does.
func (e *Exporter) Refresh(ctx context.Context) { e.scrape(ctx, allProjects) }

// pageLog logs what goes wrong with a page. Where the client has gone, nothing has.
type pageLog struct {
	logger log.Logger
	ctx    context.Context
}

// Println implements promhttp.Logger.
func (l pageLog) Println(values ...any) {
	logger := level.Error(l.logger)
	if l.ctx.Err() != nil {
		logger = level.Debug(l.logger)
	}
	_ = logger.Log("msg", "writing the metrics page", "err", strings.TrimSpace(fmt.Sprintln(values...)))
}
