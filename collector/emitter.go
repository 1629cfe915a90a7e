package collector

import (
	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
)

// emitter makes the samples of one scrape and sends them to a registry.
//
// prometheus.NewConstMetric copies and sorts the labels of each sample. A task has
// some forty samples with the same labels, and a scrape may have thousands of tasks.
// So the labels of an item are made once, and all objects are allocated in slabs.
type emitter struct {
	ch chan<- prometheus.Metric

	layout *layout // of the current family
	common *labels // of the current item

	samples slab[sample]
	lists   slab[*dto.LabelPair]
	pairs   slab[dto.LabelPair]
	values  slab[string]
}

// labels are the common labels of an item.
type labels struct {
	given  []*dto.LabelPair // in the order of the table
	sorted []*dto.LabelPair // by name
}

// emit sends one sample of the current family and item, with the values of the
// family's own labels.
func (e *emitter) emit(value float64, own ...string) {
	s := &e.samples.take(1)[0]
	s.desc, s.value, s.labels = e.layout.desc, value, e.common.sorted
	s.gauge.Value = &s.value
	if len(own) > 0 {
		s.labels = e.merge(own)
	}
	e.ch <- s
}

// merge returns the common labels and the family's own, by name.
func (e *emitter) merge(own []string) []*dto.LabelPair {
	given, l := e.common.given, e.layout
	list := e.lists.take(len(l.sorted))
	for i, position := range l.sorted {
		if position < len(given) {
			list[i] = given[position]
		} else {
			list[i] = e.pair(&l.names[position], own[position-len(given)])
		}
	}
	return list
}

func (e *emitter) pair(name *string, value string) *dto.LabelPair {
	kept := &e.values.take(1)[0]
	*kept = value
	pair := &e.pairs.take(1)[0]
	pair.Name, pair.Value = name, kept
	return pair
}

// sample is one value of a gauge. It implements prometheus.Metric.
type sample struct {
	desc   *prometheus.Desc
	labels []*dto.LabelPair
	value  float64
	gauge  dto.Gauge // points to value
}

// Desc implements prometheus.Metric.
func (s *sample) Desc() *prometheus.Desc { return s.desc }

// Write implements prometheus.Metric.
func (s *sample) Write(out *dto.Metric) error {
	out.Label, out.Gauge = s.labels, &s.gauge
	return nil
}

// slab hands out parts of larger allocations.
type slab[T any] struct {
	free []T
}

// take returns n zero values.
func (s *slab[T]) take(n int) []T {
	const size = 256
	if n > len(s.free) {
		s.free = make([]T, max(n, size))
	}
	taken := s.free[:n:n]
	s.free = s.free[n:]
	return taken
}
