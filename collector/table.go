package collector

import (
	"slices"

	"github.com/prometheus/client_golang/prometheus"
)

// prefix begins the name of every metric.
const prefix = "cbr_"

// family is one metric family about subjects of the type T: a task, say.
type family[T any] struct {
	name   string // without the prefix
	help   string
	labels []string // its own, besides those that identify the subject
	// read emits each sample that the subject has in this family, with the
	// values of labels. A value that is not known is not emitted.
	read func(subject T, e *emitter)
}

// table is the families about the same kind of subject, which share the labels
// that identify it.
type table[T any] struct {
	labels []string
	rows   []row[T]
}

type row[T any] struct {
	read   func(subject T, e *emitter)
	layout layout
}

// layout is how the samples of a family look.
type layout struct {
	desc *prometheus.Desc
	// names are those of all labels: the subject's, and then the family's own.
	names []string
	// order is where in names the labels are that a metric, which has to have
	// them sorted, has first, second and so on.
	order []int
}

// newTable returns the table of families about a subject that is identified by
// its project and the given labels.
func newTable[T any](families []family[T], labels ...string) table[T] {
	t := table[T]{labels: append([]string{"project"}, labels...)}
	for _, f := range families {
		l := layout{names: slices.Concat(t.labels, f.labels)}
		l.desc = prometheus.NewDesc(prefix+f.name, f.help, l.names, nil)
		for _, name := range slices.Sorted(slices.Values(l.names)) {
			l.order = append(l.order, slices.Index(l.names, name))
		}
		t.rows = append(t.rows, row[T]{f.read, l})
	}
	return t
}

func (t table[T]) describe(ch chan<- *prometheus.Desc) {
	for _, r := range t.rows {
		ch <- r.layout.desc
	}
}

// collect emits the samples of one subject, which the label values identify in
// the order in which newTable was given the names.
func (t table[T]) collect(e *emitter, subject T, project string, labelValues ...string) {
	e.begin(t.labels, project, labelValues)
	for i := range t.rows {
		r := &t.rows[i]
		e.layout = &r.layout
		r.read(subject, e)
	}
}
