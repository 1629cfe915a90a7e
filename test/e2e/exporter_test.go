//go:build e2e

package e2e

import (
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"github.com/cbr-exporter/cbr_exporter/test/process"
)

// exporter is a running exporter.
type exporter struct{ server }

// startExporter starts the built exporter on a free port and waits until it is ready.
func startExporter(t *testing.T, args ...string) exporter {
	t.Helper()
	return exporter{startServer(t, process.FreeAddress(t), exporterBinary, args...)}
}

// metrics returns one scrape.
func (e exporter) metrics(t *testing.T) string {
	t.Helper()
	page, err := process.Get("http://" + e.address + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	return page
}

// samples returns the samples of a gauge with a value.
func (e exporter) samples(t *testing.T, family string, value float64) model.Vector {
	t.Helper()
	return slices.DeleteFunc(samplesOf(t, e.metrics(t), family), func(s *model.Sample) bool { return float64(s.Value) != value })
}

// samplesOf returns the samples of a family on a page.
func samplesOf(t *testing.T, page, family string) model.Vector {
	t.Helper()
	var text strings.Builder
	for line := range strings.Lines(page) {
		if strings.HasPrefix(strings.TrimPrefix(line, "# TYPE "), family) {
			text.WriteString(line)
		}
	}
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(strings.NewReader(text.String()))
	if err != nil {
		t.Fatal(err)
	}
	if families[family] == nil {
		return nil
	}
	samples, err := expfmt.ExtractSamples(&expfmt.DecodeOptions{Timestamp: model.Now()}, families[family])
	if err != nil {
		t.Fatal(err)
	}
	return samples
}
