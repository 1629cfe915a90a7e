package exporter

import (
	stdlog "log"
	"net/http"

	"github.com/go-kit/log"
	"github.com/go-kit/log/level"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// serveMetrics answers a scrape. What fails upstream is told by metrics, with
// status 200: the rest of the page is still true.
func (e *Exporter) serveMetrics(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := e.margin.deadline(r)
	defer cancel()
	scrape := e.inForce.Load().collector.Scrape(ctx) //nolint:contextcheck // a pass outlives the scrape that began it

	rendering := e.options.Now()
	registry := prometheus.NewRegistry()
	registry.MustRegister(scrape)
	// The process's own metrics come second, so that they count this scrape.
	promhttp.HandlerFor(prometheus.Gatherers{registry, e.options.Registry}, promhttp.HandlerOpts{
		EnableOpenMetrics: true,
		// A fault in one family must not hide the others.
		ErrorHandling: promhttp.ContinueOnError,
		ErrorLog:      stdlog.New(log.NewStdlibAdapter(level.Error(e.options.Logger)), "", 0),
	}).ServeHTTP(w, r)
	e.margin.observe(e.options.Now().Sub(rendering))
}
