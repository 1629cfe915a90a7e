package exporter

import (
	"fmt"
	"net/http"
	"path"
	"regexp"
	"slices"
	"strings"
)

// TelemetryPathError says why p cannot be that of the metrics page; it is nil
// for one that can.
func TelemetryPathError(p string) error {
	clean := path.Clean(p)
	if !regexp.MustCompile(`^/[\w./-]*$`).MatchString(p) || strings.TrimSuffix(p, "/") != strings.TrimSuffix(clean, "/") {
		return fmt.Errorf("%q is no path; begin it with a slash, and use letters, digits, dots, dashes and single slashes", p)
	}
	if slices.Contains([]string{"/config", probePath, "/sd", "/-"}, clean) || strings.HasPrefix(clean, "/-/") {
		return fmt.Errorf("%q is the path of another page; choose one that is not", p)
	}
	return nil
}

// Handler returns the pages of the exporter.
func (e *Exporter) Handler() http.Handler {
	mux := http.NewServeMux()
	metrics := "GET " + e.options.TelemetryPath
	if strings.HasSuffix(metrics, "/") {
		metrics += "{$}" // this path, not all below it
	}
	mux.HandleFunc(metrics, e.serveMetrics)
	if e.options.TelemetryPath != "/" {
		mux.HandleFunc("GET /{$}", e.serveOverview())
	}
	mux.HandleFunc("GET "+probePath, e.serveProbe)
	mux.HandleFunc("GET /sd", e.serveTargets)
	mux.HandleFunc("GET /config", e.serveConfig)
	mux.HandleFunc("GET /-/metrics", e.serveOwnMetrics)
	mux.HandleFunc("GET /-/healthy", serveText("cbr_exporter is healthy.\n"))
	// A configuration is in force from the start on. Whether the cloud answers
	// is no reason to stop scraping, which would hide that it does not.
	mux.HandleFunc("GET /-/ready", serveText("cbr_exporter is ready.\n"))
	mux.HandleFunc("POST /-/reload", e.serveReload)
	mux.HandleFunc("PUT /-/reload", e.serveReload)
	return mux
}

func serveText(text string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		_, _ = fmt.Fprint(w, text)
	}
}

// serveConfig shows the configuration in force, without its secrets.
func (e *Exporter) serveConfig(w http.ResponseWriter, r *http.Request) {
	serveText(e.inForce.Load().config.String())(w, r)
}

func (e *Exporter) serveReload(w http.ResponseWriter, _ *http.Request) {
	if err := e.Reload(); err != nil { //nolint:contextcheck // a configuration outlives the request that loads it
		http.Error(w, "New configuration refused, the old one stays:\n"+err.Error(), http.StatusInternalServerError)
	}
}
