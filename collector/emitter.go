package collector

import (
	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
)

// emitter makes the samples of one scrape and sends them on. Prometheus' own
// const metrics copy and sort their labels one by one; a task has some forty
// samples with the same labels, and a scrape some thousand tasks, so here a
// subject's labels are made once, and everything is made in slabs.
type emitter struct {
	ch chan<- prometheus.Metric

	layout  *layout // of the family whose samples come
	subject *labels // of the subject that they are of

	samples slab[sample]
	lists   slab[*dto.LabelPair]
	pairs   slab[dto.LabelPair]
	values  slab[string]
}

// labels are those that identify a subject.
type labels struct {
	given  []*dto.LabelPair // in the order of the table
	sorted []*dto.LabelPair // the same, by name
}

// emit sends one sample of the family, with the values of its own labels.
func (e *emitter) emit(value float64, own ...string) {
	s := &e.samples.take(1)[0]
	s.desc, s.value, s.labels = e.layout.desc, value, e.subject.sorted
	s.gauge.Value = &s.value
	if len(own) > 0 {
		s.labels = e.with(own)
	}
	e.ch <- s
}

// with returns the labels of the subject and the family's own, by name.
func (e *emitter) with(own []string) []*dto.LabelPair {
	given, l := e.subject.given, e.layout
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

// sample is a gauge at one moment. It implements prometheus.Metric.
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

// slab hands out pieces of larger allocations. They live as long as any of them.
type slab[T any] struct {
	free []T
}

// take returns n zero values.
func (s *slab[T]) take(n int) []T {
	const together = 256
	if n > len(s.free) {
		s.free = make([]T, max(n, together))
	}
	taken := s.free[:n:n]
	s.free = s.free[n:]
	return taken
}
