package exporter

import (
	"io"
	"net/http"
	_ "net/http/pprof" //nolint:gosec // G108: its pages are in the default mux, which is served with the flag alone
	"path"
	"strings"

	"github.com/klauspost/compress/gzhttp"

	"github.com/cbr-exporter/cbr_exporter/overview"
)

// maxClients is how many clients may request or read pages for people at a time. One that does
// not read its page keeps it in memory until WriteTimeout.
const maxClients = 100

// Handler returns the handler of all pages, which are below the route prefix.
func (e *Exporter) Handler() http.Handler {
	mux, prefix := http.NewServeMux(), e.options.RoutePrefix
	page := func(method, path string, serve http.HandlerFunc) { mux.HandleFunc(method+" "+prefix+path, serve) }
	// The pages of metrics are compressed already.
	scrape := func(path string, makePage func(*http.Request) *answer) { page("GET", path, e.limited(makePage)) }
	compressed := func(path string, serve http.HandlerFunc) { page("GET", path, gzhttp.GzipHandler(serve)) }

	turns := make(chan struct{}, maxPages) // others than those of scrapes, which must not wait for browsers
	clients := make(chan struct{}, maxClients)
	forPeople := func(path string, serve http.HandlerFunc) {
		zipped := gzhttp.GzipHandler(serve)
		page("GET", path, func(w http.ResponseWriter, r *http.Request) {
			select {
			case clients <- struct{}{}:
				defer func() { <-clients }()
			default:
				w.Header().Set("Retry-After", "10")
				http.Error(w, "Too many pages are being read; try again in a moment.", http.StatusServiceUnavailable)
				return
			}
			made := newAnswer()
			inTurn(turns, r, func() { zipped(made, r) })
			made.send(w, r, WriteTimeout)
		})
	}

	pages := overview.New(overview.Options{
		Sources:       e.lastSnapshots,
		Refused:       e.refused.Load,
		TelemetryPath: e.options.TelemetryPath,
		Version:       e.options.Version,
		Now:           e.options.Now,
		Logger:        e.options.Logger,
	})
	metrics := strings.TrimSuffix(e.options.TelemetryPath, "/")
	if metrics != e.options.TelemetryPath {
		scrape(metrics+"/{$}", e.metricsPage) // only this path, not the paths below it
	}
	if metrics != "" {
		scrape(metrics, e.metricsPage)
		forPeople("/{$}", pages.ServePage)
	}
	forPeople("/resource", pages.ServeResource)
	compressed("/assets/{name}", pages.ServeAsset)
	forPeople("/api/v1/status", pages.ServeStatus)
	forPeople("/api/v1/resource", pages.ServeResourceStatus)
	scrape(probePath, e.probePage)
	compressed("/sd", e.serveTargets)
	compressed("/config", text(func() string { return e.current.Load().config.String() })) // without secrets
	scrape("/-/metrics", e.ownMetricsPage)
	page("GET", "/-/healthy", text(func() string { return "cbr_exporter is healthy.\n" }))
	// Always ready: without scrapes an unreachable API would go unnoticed.
	page("GET", "/-/ready", text(func() string { return "cbr_exporter is ready.\n" }))
	// A page elsewhere must not have a browser of the network reload.
	reload := http.NewCrossOriginProtection().Handler(http.HandlerFunc(e.serveReload)).ServeHTTP
	page("POST", "/-/reload", reload)
	page("PUT", "/-/reload", reload)
	if e.options.Profiles {
		mux.Handle(prefix+profilesPath, http.StripPrefix(prefix, http.DefaultServeMux))
	}

	if prefix != "" {
		mux.HandleFunc("GET /{$}", redirect(strings.TrimPrefix(prefix, "/")+"/"))
		mux.HandleFunc("GET "+prefix, redirect(path.Base(prefix)+"/"))
	}
	return withHeaders(mux)
}

// redirect returns a handler that redirects to a relative URL. An absolute one, as of
// http.Redirect, would lack what a proxy has removed from the path.
func redirect(relative string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Location", relative)
		w.WriteHeader(http.StatusFound)
	}
}

// text returns a handler of a page of plain text.
func text(content func() string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		_, _ = io.WriteString(w, content()) // fails if the client is gone
	}
}
