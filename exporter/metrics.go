package exporter

import (
	"cmp"
	"net/http"
	"slices"

	"github.com/go-kit/log/level"
	"github.com/klauspost/compress/gzip"
	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"

	"github.com/cbr-exporter/cbr_exporter/collector"
)

// newPage returns a page of the exporter's own metrics and those of projects. It is
// compressed, as it may wait for many slow clients.
//
// One family after the other is gathered and written: promhttp would gather all of them
// first, which takes several times as much memory.
func (e *Exporter) newPage(r *http.Request, own prometheus.Gatherer, ofProjects []collector.Family) *answer {
	fail := func(err error) {
		if err != nil {
			_ = level.Error(e.options.Logger).Log("msg", "writing a page of metrics failed", "err", err)
		}
	}
	format := expfmt.NegotiateAccept(r.Header, expfmt.DefaultOpenMetricsAcceptedFormats()...)
	page := newAnswer()
	page.header.Set("Content-Type", string(format))
	page.header.Set("Content-Encoding", "gzip")
	page.header["Vary"] = []string{"Accept", "Accept-Encoding"}
	compressed := gzip.NewWriter(&page.body)
	encoder := expfmt.NewEncoder(compressed, format)

	families, err := byName(own, ofProjects)
	fail(err)
	wanted := r.URL.Query()["name[]"]
	for _, f := range families {
		if len(wanted) > 0 && !slices.Contains(wanted, f.name) {
			continue
		}
		gathered, err := f.gatherer.Gather()
		fail(err)
		for _, g := range gathered {
			fail(encoder.Encode(g))
		}
	}
	if closer, ok := encoder.(expfmt.Closer); ok { // it writes the end of OpenMetrics
		fail(closer.Close())
	}
	fail(compressed.Close())
	return page
}

// named is a family of a page.
type named struct {
	name     string
	gatherer prometheus.Gatherer
}

// byName returns all families of a page.
func byName(own prometheus.Gatherer, ofProjects []collector.Family) ([]named, error) {
	gathered, err := own.Gather()
	var all []named
	for _, f := range gathered {
		all = append(all, named{f.GetName(), prometheus.GathererFunc(func() ([]*dto.MetricFamily, error) {
			return []*dto.MetricFamily{f}, nil
		})})
	}
	for _, f := range ofProjects {
		registry := prometheus.NewRegistry()
		registry.MustRegister(f)
		all = append(all, named{f.Name, registry})
	}
	slices.SortFunc(all, func(a, b named) int { return cmp.Compare(a.name, b.name) })
	return all, err
}

// ofProject returns a Gatherer of the series in g that have the project as a label.
func ofProject(name string, g prometheus.Gatherer) prometheus.Gatherer {
	other := func(m *dto.Metric) bool {
		return !slices.ContainsFunc(m.GetLabel(), func(l *dto.LabelPair) bool {
			return l.GetName() == "project" && l.GetValue() == name
		})
	}
	return prometheus.GathererFunc(func() ([]*dto.MetricFamily, error) {
		families, err := g.Gather()
		for _, f := range families {
			f.Metric = slices.DeleteFunc(f.Metric, other)
		}
		return slices.DeleteFunc(families, func(f *dto.MetricFamily) bool { return len(f.GetMetric()) == 0 }), err
	})
}
