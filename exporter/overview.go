package exporter

import (
	"bytes"
	_ "embed"
	"html/template"
	"net/http"

	"github.com/go-kit/log/level"
)

//go:embed overview.html
var overviewHTML string

// serveOverview returns the page for people. It shows what the last pass found
// and asks the API nothing, so that a browser tab left open costs nothing.
func (e *Exporter) serveOverview() http.HandlerFunc {
	page := template.Must(template.New("overview").Parse(overviewHTML))
	return func(w http.ResponseWriter, _ *http.Request) {
		now := e.options.Now()
		view := overview{TelemetryPath: e.options.TelemetryPath}
		for _, p := range e.inForce.Load().all {
			last, ok := p.last()
			view.Projects = append(view.Projects, viewProject(last, ok, now))
		}
		var body bytes.Buffer
		if err := page.Execute(&body, view); err != nil {
			_ = level.Error(e.options.Logger).Log("msg", "the overview cannot be written", "err", err)
			http.Error(w, "the overview cannot be written; see the log", http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = body.WriteTo(w) // a browser that is gone is no error
	}
}
