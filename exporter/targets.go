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

// serveTargets serves one target for each project. Its address is the external URL or,
// without one, the address that Prometheus used for this request. Headers of proxies are
// ignored: any client can set them.
func (e *Exporter) serveTargets(w http.ResponseWriter, r *http.Request) {
	scheme, host, prefix := "", r.Host, e.options.RoutePrefix
	if r.TLS != nil {
		scheme = "https"
	}
	if u := e.options.ExternalURL; u != nil {
		scheme, host, prefix = u.Scheme, u.Host, u.Path
	}
	if host == "" {
		http.Error(w, "The request has no Host header, which is the address of the targets.", http.StatusBadRequest)
		return
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
	w.Header().Set("Content-Type", "application/json")
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	_ = encoder.Encode(groups) // fails if the client is gone
}
