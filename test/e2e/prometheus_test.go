//go:build e2e

package e2e

import (
	"fmt"
	"net/url"
	"path/filepath"
	"testing"
	"time"

	"github.com/prometheus/common/model"

	"github.com/cbr-exporter/cbr_exporter/test/process"
)

// prometheus is a running Prometheus server.
type prometheus struct{ server }

// startPrometheus starts a Prometheus with a configuration and additional flags.
func startPrometheus(t *testing.T, config string, flags ...string) prometheus {
	t.Helper()
	return startPrometheusOn(t, t.TempDir(), config, flags...)
}

// startPrometheusOn starts a Prometheus with data.
func startPrometheusOn(t *testing.T, data, config string, flags ...string) prometheus {
	t.Helper()
	file := filepath.Join(t.TempDir(), "prometheus.yml")
	writeFile(t, file, config)
	return prometheus{startServer(t, process.FreeAddress(t), "prometheus", append(flags,
		"--config.file="+file, "--storage.tsdb.path="+data, "--log.level=warn")...)}
}

// query runs an instant query.
func (p prometheus) query(t *testing.T, query string) model.Vector {
	t.Helper()
	var result model.Vector
	p.ask(t, "query", url.Values{"query": {query}}, &result)
	return result
}

// allUp returns an error if the latest scrape of a target failed.
func (p prometheus) allUp(t *testing.T) error {
	t.Helper()
	if down := p.query(t, "up != 1"); len(down) > 0 {
		return fmt.Errorf("the latest scrape failed: %v", down)
	}
	return nil
}

// queryRange runs a query at each step from start to end.
func (p prometheus) queryRange(t *testing.T, query string, start, end time.Time, step time.Duration) model.Matrix {
	t.Helper()
	var result model.Matrix
	p.ask(t, "query_range", url.Values{
		"query": {query}, "start": {start.Format(time.RFC3339)}, "end": {end.Format(time.RFC3339)}, "step": {step.String()},
	}, &result)
	return result
}

func (p prometheus) ask(t *testing.T, endpoint string, params url.Values, result any) {
	t.Helper()
	response := struct {
		Data struct{ Result any }
	}{struct{ Result any }{result}}
	if err := p.getJSON("/api/v1/"+endpoint+"?"+params.Encode(), &response); err != nil {
		t.Fatalf("%s: %v", params.Get("query"), err)
	}
}
