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

// page is the result of a scrape.
type page map[string]*dto.MetricFamily

// series is one sample with its labels.
type series struct {
	labels map[string]string
	value  float64
}

// parsePage parses a page. It returns an error for what Prometheus would not accept.
func parsePage(text string) (page, error) {
	var ours strings.Builder // the exporter's own metrics take long to parse
	seen := map[string]bool{}
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, "cbr_exporter_") || strings.HasPrefix(line, "#") && !strings.HasPrefix(line, "# TYPE cbr_") {
			continue
		}
		ours.WriteString(line)
		name := line[:max(0, strings.LastIndexByte(line, ' '))]
		if seen[name] {
			return nil, fmt.Errorf("series appears twice: %s", name)
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

// ones returns the series whose value is 1.
func (p page) ones(family string) []series {
	var ones []series
	for _, s := range p.all(family) {
		if s.value == 1 {
			ones = append(ones, s)
		}
	}
	return ones
}

// value returns the value of the series of a family with a label, if there is one.
func (p page) value(family string, label ...string) (v float64, ok bool) {
	for _, s := range p.all(family) {
		if len(label) == 0 || s.labels[label[0]] == label[1] {
			return s.value, true
		}
	}
	return 0, false
}

// complete reports whether discovery succeeded.
func (p page) complete() bool {
	v, _ := p.value("cbr_scrape_collector_success", "collector", "discovery")
	return v == 1
}

// key is a resource key, as in the labels.
type key struct{ resource, operation string }

func keyOf(s series) key { return key{s.labels["resource_id"], s.labels["operation_type"]} }

// vaultKey is a type of operation in a vault, as in the labels.
type vaultKey struct{ vault, operation string }

func vaultKeyOf(s series) vaultKey { return vaultKey{s.labels["vault_id"], s.labels["operation_type"]} }

// bindings returns the vault of each resource that is bound on the page: the last one,
// should the list have been read while the resource moved.
func (p page) bindings() map[string]string {
	bound := map[string]string{}
	for _, s := range p.ones("cbr_vault_resource_status") {
		resource, vault := s.labels["resource_id"], s.labels["vault_id"]
		if last, ok := bound[resource]; !ok || vault > last {
			bound[resource] = vault
		}
	}
	return bound
}

// byKey returns the values of a family by resource key.
func (p page) byKey(family string) map[key]float64 {
	values := map[key]float64{}
	for _, s := range p.all(family) {
		values[keyOf(s)] = s.value
	}
	return values
}

// seconds returns a time as the exporter writes it.
func seconds(t time.Time) float64 { return float64(t.UnixMicro()) / 1e6 }

// timeOf is the inverse of seconds, as precise as the number.
func timeOf(seconds float64) time.Time {
	whole, fraction := math.Modf(seconds)
	return time.Unix(int64(whole), int64(fraction*1e9)).UTC()
}
