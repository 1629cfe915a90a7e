package exporter_test

import (
	"net/http"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus/collectors"
)

// withProcess adds what package main has of the process.
func withProcess(r *running) {
	r.registry.MustRegister(
		collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
	)
}

// TestOwnMetricsPage compares the page with the exporter's own series, after a
// scrape of two projects. What the process has differs by system and by version of
// Go, and is left out of the comparison.
func TestOwnMetricsPage(t *testing.T) {
	api := newAPI(t, filepath.Join("testdata", "odd_field_types.json"))
	e := start(t, api.project(), named(api.project(), "other"))
	withProcess(e)
	e.scrape(t, "")
	before := api.requests.Load()
	status, page := e.do(t, http.MethodGet, "/-/metrics", nil)
	if status != http.StatusOK {
		t.Fatalf("got status %d, want 200; body:\n%s", status, page)
	}
	if got := api.requests.Load() - before; got != 0 {
		t.Errorf("the page sent %d requests to the API", got)
	}
	lint(t, page)
	for _, want := range []string{"go_goroutines ", "process_start_time_seconds "} {
		if !strings.Contains(page, "\n"+want) {
			t.Errorf("the page lacks %s:\n%s", want, page)
		}
	}
	ofProcess := regexp.MustCompile(`(?m)^(# (HELP|TYPE) )?(go|process)_.*\n`)
	compare(t, filepath.Join("testdata", "own.prom"), ofProcess.ReplaceAllString(page, ""))

	_, page = e.do(t, http.MethodGet, "/-/metrics", http.Header{"Accept": {"application/openmetrics-text; version=1.0.0"}})
	if !strings.HasSuffix(page, "# EOF\n") {
		t.Errorf("OpenMetrics is not negotiated:\n%s", page)
	}
}
