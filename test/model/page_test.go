package model_test

import (
	"fmt"
	"math"
	"strings"
	"time"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
)

// page is what one scrape has brought.
type page map[string]*dto.MetricFamily

// series is one sample with its labels.
type series struct {
	labels map[string]string
	value  float64
}

// parsePage reads a page, and reports what a Prometheus would not accept of it.
func parsePage(text string) (page, error) {
	var ours strings.Builder // what the exporter says of itself takes long to read
	seen := map[string]bool{}
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, "cbr_exporter_") || strings.HasPrefix(line, "#") && !strings.HasPrefix(line, "# TYPE cbr_") {
			continue
		}
		ours.WriteString(line)
		name := line[:max(0, strings.LastIndexByte(line, ' '))]
		if seen[name] {
			return nil, fmt.Errorf("twice on the page: %s", name)
		}
		seen[name] = true
	}
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(strings.NewReader(ours.String()))
	if err != nil {
		return nil, err
	}
	return families, nil
}

// all returns the series of a gauge.
func (p page) all(family string) []series {
	var all []series
	if p[family] == nil {
		return nil
	}
	for _, m := range p[family].Metric {
		s := series{labels: map[string]string{}, value: m.GetGauge().GetValue()}
		if m.Gauge == nil {
			s.value = m.GetUntyped().GetValue()
		}
		for _, l := range m.Label {
			s.labels[l.GetName()] = l.GetValue()
		}
		all = append(all, s)
	}
	return all
}

// ones returns those whose value is 1.
func (p page) ones(family string) []series {
	var ones []series
	for _, s := range p.all(family) {
		if s.value == 1 {
			ones = append(ones, s)
		}
	}
	return ones
}

// value returns the only series of a family that has the label, if there is one.
func (p page) value(family string, label ...string) (v float64, ok bool) {
	for _, s := range p.all(family) {
		if len(label) == 0 || s.labels[label[0]] == label[1] {
			return s.value, true
		}
	}
	return 0, false
}

// complete reports whether the page says that nothing can be missing.
func (p page) complete() bool {
	v, _ := p.value("cbr_scrape_collector_success", "collector", "discovery")
	return v == 1
}

// key is that of a resource, as its series have it.
type key struct{ vault, resource, operation string }

func keyOf(s series) key {
	return key{s.labels["vault_id"], s.labels["resource_id"], s.labels["operation_type"]}
}

// byKey returns the values of a family by the keys of resources.
func (p page) byKey(family string) map[key]float64 {
	values := map[key]float64{}
	for _, s := range p.all(family) {
		values[keyOf(s)] = s.value
	}
	return values
}

// seconds is how the exporter writes a time.
func seconds(t time.Time) float64 { return float64(t.UnixMicro()) / 1e6 }

// timeOf is the reverse, as exactly as the number is.
func timeOf(seconds float64) time.Time {
	whole, fraction := math.Modf(seconds)
	return time.Unix(int64(whole), int64(fraction*1e9)).UTC()
}
