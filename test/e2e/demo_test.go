//go:build e2e

package e2e

import (
	"fmt"
	"os/exec"
	"strings"
	"testing"
)

func TestPrometheusScrapesDemo(t *testing.T) {
	t.Parallel()
	exporter := startExporter(t, "--demo")
	prometheus := startPrometheus(t, scrapeConfig(t, "metrics.yml", exporter))

	// Exactly one status of a task is 1, so this counts tasks. They change, so both sides
	// are read again each time. On a busy machine a scrape can miss its second.
	exporter.Eventually(t, func() error {
		exposed := len(exporter.samples(t, "cbr_task_status", 1))
		stored := len(prometheus.query(t, "cbr_task_status == 1"))
		if exposed == 0 || stored != exposed {
			return fmt.Errorf("cbr_task_status == 1: %d series in Prometheus, %d in /metrics", stored, exposed)
		}
		return prometheus.allUp(t)
	})

	for _, tt := range []struct{ query, because string }{
		{`cbr_up != 1`, "the demo's cloud is up"},
		{`cbr_scrape_collector_success != 1`, "the demo's cloud is complete"},
		{`scrape_samples_post_metric_relabeling == 0`, "no scrape is empty"},
		{`{__name__=~"cbr_.+", exported_project=~".+"}`, "honor_labels keeps the exporter's project label"},
	} {
		if got := prometheus.query(t, tt.query); len(got) != 0 {
			t.Errorf("%s: got %v, want nothing: %s", tt.query, got, tt.because)
		}
	}
	// The families of these queries exist.
	for _, query := range []string{
		`up == 1`, `cbr_up == 1`, `cbr_scrape_collector_success == 1`, `scrape_samples_post_metric_relabeling > 0`,
		`cbr_exporter_build_info`,
	} {
		if len(prometheus.query(t, query)) == 0 {
			t.Errorf("%s: got nothing", query)
		}
	}
}

func TestPromtoolAcceptsMetrics(t *testing.T) {
	exporter := startExporter(t, "--demo")

	lint := exec.CommandContext(t.Context(), "promtool", "check", "metrics")
	lint.Stdin = strings.NewReader(exporter.metrics(t))
	if out, err := lint.CombinedOutput(); err != nil || len(out) != 0 {
		t.Errorf("promtool check metrics: %v\n%s", err, out)
	}
}

func TestExporterStopsOnSIGTERM(t *testing.T) {
	exporter := startExporter(t, "--demo")

	if code := exporter.Stop(t); code != 0 {
		t.Errorf("exit after SIGTERM: got code %d, want 0", code)
	}
}
