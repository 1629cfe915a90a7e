package exporter

import (
	"context"
	"fmt"
	"net/http"
	"strings"

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
	scrape := e.scrape(ctx) //nolint:contextcheck // a pass outlives the scrape that began it

	rendering := e.options.Now()
	registry := prometheus.NewRegistry()
	registry.MustRegister(scrape)
	// The process's own metrics come second, so that they count this scrape.
	promhttp.HandlerFor(prometheus.Gatherers{registry, e.options.Registry}, promhttp.HandlerOpts{
		EnableOpenMetrics: true,
		// A fault in one family must not hide the others.
		ErrorHandling: promhttp.ContinueOnError,
		ErrorLog:      pageLog{e.options.Logger, r.Context()},
	}).ServeHTTP(w, r)
	e.margin.observe(e.options.Now().Sub(rendering))
}

// scrape collects from all projects. A reload cancels what it replaces, which is no
// reason to tell of failures: then the new projects are asked.
func (e *Exporter) scrape(ctx context.Context) *collector.Scrape {
	for {
		projects := e.inForce.Load()
		scrape := projects.collector.Scrape(ctx)
		if ctx.Err() != nil || e.inForce.Load() == projects {
			return scrape
		}
	}
}

// Refresh reads what is due, as a scrape does.
func (e *Exporter) Refresh(ctx context.Context) { e.scrape(ctx) }

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
