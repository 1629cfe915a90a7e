package collector

import (
	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
)

// emitter makes the samples of a family and sends them to a registry.
//
// prometheus.NewConstMetric copies and sorts the labels of each sample. A task has
// some forty samples with the same labels, and a scrape may have thousands of tasks.
// So samples share their labels, and most values, and are allocated in slabs.
type emitter struct {
	ch      chan<- prometheus.Metric
	layout  *layout
	common  []*dto.LabelPair // of the current item, by name
	own     pairs            // of the family
	zero    *dto.Gauge
	one     *dto.Gauge
	samples slab[sample]
	lists   slab[*dto.LabelPair]
	numbers slab[number]
}

func newEmitter(l *layout, ch chan<- prometheus.Metric) *emitter {
	e := &emitter{ch: ch, layout: l}
	e.zero, e.one = e.newGauge(0), e.newGauge(1)
	return e
}

// emit sends one sample of the current item, with the values of the family's own labels.
func (e *emitter) emit(value float64, own ...string) {
	s := &e.samples.take(1)[0]
	s.desc, s.labels = e.layout.desc, e.common
	if len(own) > 0 {
		s.labels = e.merge(own)
	}
	switch value {
	case 0:
		s.gauge = e.zero
	case 1:
		s.gauge = e.one
	default:
		s.gauge = e.newGauge(value)
	}
	e.ch <- s
}

// merge returns the common labels and the family's own, by name.
func (e *emitter) merge(own []string) []*dto.LabelPair {
	list := e.lists.take(len(e.layout.sorted))
	for i, position := range e.layout.sorted {
		if position < len(e.common) {
			list[i] = e.common[position]
		} else {
			list[i] = e.own.get(e.layout.names[position], own[position-len(e.common)])
		}
	}
	return list
}

func (e *emitter) newGauge(value float64) *dto.Gauge {
	n := &e.numbers.take(1)[0]
	n.value, n.gauge.Value = value, &n.value
	return &n.gauge
}

type number struct {
	gauge dto.Gauge // points to value
	value float64
}

// sample is one value of a gauge. It implements prometheus.Metric.
type sample struct {
	desc   *prometheus.Desc
	labels []*dto.LabelPair
	gauge  *dto.Gauge
}

// Desc implements prometheus.Metric.
func (s *sample) Desc() *prometheus.Desc { return s.desc }

// Write implements prometheus.Metric.
func (s *sample) Write(out *dto.Metric) error {
	out.Label, out.Gauge = s.labels, s.gauge
	return nil
}

// pairs are labels that many samples share.
type pairs struct {
	known map[label]*dto.LabelPair
	slab  slab[pair]
}

type label struct{ name, value string }

type pair struct {
	dto   dto.LabelPair // points to label
	label label
}

func (p *pairs) get(name, value string) *dto.LabelPair {
	l := label{name, value}
	if known, ok := p.known[l]; ok {
		return known
	}
	if p.known == nil {
		p.known = map[label]*dto.LabelPair{}
	}
	made := &p.slab.take(1)[0]
	made.label = l
	made.dto.Name, made.dto.Value = &made.label.name, &made.label.value
	p.known[l] = &made.dto
	return &made.dto
}

// slab hands out parts of larger allocations, which grow: most families are small.
type slab[T any] struct {
	free []T
	size int // of the latest allocation
}

// take returns n zero values.
func (s *slab[T]) take(n int) []T {
	const smallest, largest = 8, 256
	if n > len(s.free) {
		s.size = min(max(smallest, 2*s.size), largest)
		s.free = make([]T, max(n, s.size))
	}
	taken := s.free[:n:n]
	s.free = s.free[n:]
	return taken
}
