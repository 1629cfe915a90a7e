package exporter

import (
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
// One batch of families after the other is gathered and written: promhttp would gather all
// of them first, which takes several times as much memory.
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

	wanted := r.URL.Query()["name[]"]
	isWanted := func(name string) bool { return len(wanted) == 0 || slices.Contains(wanted, name) }
	others, err := own.Gather()
	fail(err)
	others = slices.DeleteFunc(others, func(f *dto.MetricFamily) bool { return !isWanted(f.GetName()) })
	ofProjects = slices.DeleteFunc(ofProjects, func(f collector.Family) bool { return !isWanted(f.Name) })
	for _, registry := range batches(ofProjects) {
		gathered, err := registry.Gather()
		fail(err)
		for _, f := range gathered {
			for len(others) > 0 && others[0].GetName() < f.GetName() { // all are written by name
				fail(encoder.Encode(others[0]))
				others = others[1:]
			}
			fail(encoder.Encode(f))
		}
	}
	for _, f := range others {
		fail(encoder.Encode(f))
	}
	if closer, ok := encoder.(expfmt.Closer); ok { // it writes the end of OpenMetrics
		fail(closer.Close())
	}
	fail(compressed.Close())
	return page
}

// batchSize limits what is in memory at once, but for large families: about as many series.
const batchSize = 1000

// batches returns registries of the families, in turn. One for each family would allocate
// 3 MB for a page, however small: to gather takes 32 KB.
func batches(families []collector.Family) []*prometheus.Registry {
	var all []*prometheus.Registry
	size := 0
	for _, f := range families {
		if size += f.Size; size > batchSize || len(all) == 0 {
			all, size = append(all, prometheus.NewRegistry()), f.Size
		}
		all[len(all)-1].MustRegister(f)
	}
	return all
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
