package collector

import (
	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
)

// emitter makes the samples of a family and sends them to a registry.
//
// prometheus.NewConstMetric copies and sorts the labels of each sample. A task has
// some forty samples with the same labels, and a scrape may have thousands of tasks.
// So samples share their labels.
type emitter struct {
	ch     chan<- prometheus.Metric
	layout *layout
	common []*dto.LabelPair // of the current item, by name
	own    pairs            // of the family
}

// emit sends one sample of the current item, with the values of the family's own labels.
func (e *emitter) emit(value float64, own ...string) {
	labels := e.common
	if len(own) > 0 {
		labels = e.merge(own)
	}
	e.ch <- &sample{e.layout.desc, labels, value}
}

// merge returns the common labels and the family's own, by name.
func (e *emitter) merge(own []string) []*dto.LabelPair {
	list := make([]*dto.LabelPair, len(e.layout.sorted))
	for i, position := range e.layout.sorted {
		if position < len(e.common) {
			list[i] = e.common[position]
		} else {
			list[i] = e.own.get(e.layout.names[position], own[position-len(e.common)])
		}
	}
	return list
}

// sample is one value of a gauge. It implements prometheus.Metric.
type sample struct {
	desc   *prometheus.Desc
	labels []*dto.LabelPair
	value  float64
}

// Desc implements prometheus.Metric.
func (s *sample) Desc() *prometheus.Desc { return s.desc }

// Write implements prometheus.Metric.
func (s *sample) Write(out *dto.Metric) error {
	out.Label, out.Gauge = s.labels, &dto.Gauge{Value: &s.value}
	return nil
}

// pairs are labels that many samples share.
type pairs map[label]*dto.LabelPair

type label struct{ name, value string }

func (p pairs) get(name, value string) *dto.LabelPair {
	l := label{name, value}
	if p[l] == nil {
		p[l] = &dto.LabelPair{Name: &l.name, Value: &l.value}
	}
	return p[l]
}
