package exporter

import (
	"encoding/json"
	"net/http"
)

// targetGroup is a list of targets in HTTP service discovery. See
// https://prometheus.io/docs/prometheus/latest/http_sd/.
type targetGroup struct {
	Targets []string          `json:"targets"`
	Labels  map[string]string `json:"labels"`
}

// serveTargets returns a handler of the targets, which need an address.
func (e *Exporter) serveTargets(targets http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if r.Host == "" && e.options.ExternalURL == nil {
			http.Error(w, "The request has no Host header, which is the address of the targets.", http.StatusBadRequest)
			return
		}
		targets(w, r)
	}
}

// targets returns one target for each project as JSON. Its address is the external URL or,
// without one, the address that Prometheus used for this request. Headers of proxies are
// ignored: any client can set them.
func (e *Exporter) targets(r *http.Request) string {
	scheme, host, prefix := "", r.Host, e.options.RoutePrefix
	if r.TLS != nil {
		scheme = "https"
	}
	if u := e.options.ExternalURL; u != nil {
		scheme, host, prefix = u.Scheme, u.Host, u.Path
	}
	groups := []targetGroup{} // never null in JSON
	for _, p := range e.current.Load().all {
		labels := map[string]string{
			"__metrics_path__":          prefix + probePath,
			"__param_" + probeParameter: p.name,
			"instance":                  host + "/" + p.name,
		}
		if scheme != "" {
			labels["__scheme__"] = scheme
		}
		groups = append(groups, targetGroup{Targets: []string{host}, Labels: labels})
	}
	text, _ := json.MarshalIndent(groups, "", "  ") // strings alone
	return string(text) + "\n"
}
