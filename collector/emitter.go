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

	subject []*dto.LabelPair // labels of the subject, in the order of its table
	shared  []*dto.LabelPair // the same, sorted; made when the first sample needs them
	layout  *layout          // of the family whose samples come

	samples slab[sample]
	lists   slab[*dto.LabelPair]
	pairs   slab[dto.LabelPair]
	values  slab[string]
}

// begin makes the next samples those of the subject with the given labels.
func (e *emitter) begin(names []string, project string, values []string) {
	e.shared = nil
	e.subject = e.lists.take(len(names))
	e.subject[0] = e.pair(&names[0], project)
	for i, value := range values {
		e.subject[i+1] = e.pair(&names[i+1], value)
	}
}

// emit sends one sample of the family, with the values of its own labels.
func (e *emitter) emit(value float64, own ...string) {
	s := &e.samples.take(1)[0]
	s.desc, s.value = e.layout.desc, value
	s.gauge.Value = &s.value
	switch {
	case len(own) > 0:
		s.labels = e.sorted(own)
	case e.shared == nil:
		e.shared = e.sorted(nil)
		fallthrough
	default:
		s.labels = e.shared
	}
	e.ch <- s
}

// sorted returns the labels of the subject and the family's own, by name.
func (e *emitter) sorted(own []string) []*dto.LabelPair {
	l := e.layout
	list := e.lists.take(len(l.order))
	for i, position := range l.order {
		if position < len(e.subject) {
			list[i] = e.subject[position]
		} else {
			list[i] = e.pair(&l.names[position], own[position-len(e.subject)])
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
