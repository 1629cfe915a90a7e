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
	names  []string // of the labels that identify a subject
	sorted []int    // where in names the first, second and so on by name are
	rows   []row[T]
}

type row[T any] struct {
	read   func(subject T, e *emitter)
	layout layout
}

// layout is how the samples of a family look.
type layout struct {
	desc   *prometheus.Desc
	names  []string // of all labels: the subject's, and then the family's own
	sorted []int    // where in names the first, second and so on by name are
}

// newTable returns the table of families about a subject that is identified by
// its project and the given labels.
func newTable[T any](families []family[T], labels ...string) table[T] {
	t := table[T]{names: append([]string{"project"}, labels...)}
	t.sorted = byName(t.names)
	for _, f := range families {
		l := layout{names: slices.Concat(t.names, f.labels)}
		l.desc = prometheus.NewDesc(prefix+f.name, f.help, l.names, nil)
		l.sorted = byName(l.names)
		t.rows = append(t.rows, row[T]{f.read, l})
	}
	return t
}

// byName returns the positions of names in the order in which a metric has to
// have its labels.
func byName(names []string) []int {
	var positions []int
	for _, name := range slices.Sorted(slices.Values(names)) {
		positions = append(positions, slices.Index(names, name))
	}
	return positions
}

func (t table[T]) describe(ch chan<- *prometheus.Desc) {
	for _, r := range t.rows {
		ch <- r.layout.desc
	}
}

// subject is one that a table is about, with the labels that identify it.
type subject[T any] struct {
	about  T
	labels labels
}

// subject returns a subject of the table. The values are those of the labels that
// newTable was given.
func (t table[T]) subject(e *emitter, about T, project string, values ...string) subject[T] {
	given := e.lists.take(len(t.names))
	given[0] = e.pair(&t.names[0], project)
	for i, value := range values {
		given[i+1] = e.pair(&t.names[i+1], value)
	}
	sorted := e.lists.take(len(given))
	for i, position := range t.sorted {
		sorted[i] = given[position]
	}
	return subject[T]{about, labels{given, sorted}}
}

// collect emits all samples of the subjects, a family at a time: what Prometheus'
// library then sorts and writes together lies together in memory.
func (t table[T]) collect(e *emitter, subjects []subject[T]) {
	for i := range t.rows {
		r := &t.rows[i]
		e.layout = &r.layout
		for j := range subjects {
			e.subject = &subjects[j].labels
			r.read(subjects[j].about, e)
		}
	}
}
