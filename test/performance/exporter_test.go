//go:build unix

package performance_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/cbr-exporter/cbr_exporter/config"
	"github.com/cbr-exporter/cbr_exporter/exporter"
	"github.com/cbr-exporter/cbr_exporter/simulator"
)

// running is an exporter of a cloud in this process.
type running struct {
	*exporter.Exporter
	server *httptest.Server
	url    string        // of the page of metrics
	syncs  chan struct{} // has an element for each full sync that is complete
}

// start runs an exporter that reads the tasks of the cloud, and more if alsoReads says so, in
// YAML.
func start(b *testing.B, c *cloud, alsoReads string) *running {
	b.Helper()
	r := &running{syncs: make(chan struct{}, 100)}
	text := fmt.Sprintf("scrape: {requests_per_second: 0}\n"+
		"projects: [{name: production, project_id: %s, endpoint: %s, credentials: {token: %s}, discovery: {}%s}]\n",
		simulator.DefaultProjectID, c.url, token, alsoReads)
	e, err := exporter.New(exporter.Options{
		Load:          func() (*config.Config, error) { return config.Parse("performance.yml", ".", []byte(text), nil) },
		Registry:      prometheus.NewRegistry(),
		TelemetryPath: "/metrics",
		UserAgent:     "cbr_exporter/performance",
		Now:           c.time,
		Logger:        r,
	})
	if err != nil {
		b.Fatal(err)
	}
	r.Exporter = e
	r.server = httptest.NewServer(e.Handler())
	r.url = r.server.URL + "/metrics"
	return r
}

func (r *running) stop() {
	r.server.Close()
	r.Close()
}

// page returns the page of metrics.
func (r *running) page(b *testing.B) string {
	b.Helper()
	request, err := http.NewRequestWithContext(b.Context(), http.MethodGet, r.url, http.NoBody)
	if err != nil {
		b.Fatal(err)
	}
	return string(fetch(b, request))
}

// Log implements log.Logger.
func (r *running) Log(keyvals ...any) error {
	if slices.Contains(keyvals, any("full task sync complete")) {
		r.syncs <- struct{}{}
	}
	return nil
}

// sync starts a pass and waits until the full sync that is due is complete.
func (r *running) sync(b *testing.B) {
	b.Helper()
	r.Refresh(b.Context())
	select {
	case <-r.syncs:
	case <-time.After(time.Minute):
		b.Fatal("the full sync does not end")
	}
}
