package collector

import (
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// family is one metric family: a row of a table. Its samples are about a T, such as a
// task.
type family[T any] struct {
	name   string
	help   string
	labels []string // besides those of the table
	// read emits the samples of one T. It emits nothing for a value that is not known.
	read func(T, *emitter)
}

// gauge returns a family with at most one sample for each T. The value is emitted if
// read reports that it is known.
func gauge[T any](name, help string, read func(T) (value float64, known bool)) family[T] {
	return family[T]{name: name, help: help, read: func(of T, e *emitter) {
		if v, known := read(of); known {
			e.emit(v)
		}
	}}
}

// table is a list of families that are about the same kind of T and have the labels in
// common that identify it.
type table[T any] struct {
	names  []string // of the common labels
	sorted []int    // positions in names, in the order of the names
	rows   []row[T]
}

type row[T any] struct {
	read   func(T, *emitter)
	layout layout
}

// layout is how the samples of a family are written.
type layout struct {
	desc   *prometheus.Desc
	names  []string // of all labels: the common ones, then those of the family
	sorted []int    // positions in names, in the order of the names
}

// newTable returns a table of the families. The labels that they have in common are
// project and the given ones.
func newTable[T any](families []family[T], labels ...string) table[T] {
	t := table[T]{names: append([]string{"project"}, labels...)}
	t.sorted = sortedPositions(t.names)
	for _, f := range families {
		l := layout{names: slices.Concat(t.names, f.labels)}
		l.desc = prometheus.NewDesc(f.name, f.help, l.names, nil)
		l.sorted = sortedPositions(l.names)
		t.rows = append(t.rows, row[T]{f.read, l})
	}
	return t
}

// sortedPositions returns the positions of names in sorted order, which is the order of
// labels in a dto.Metric.
func sortedPositions(names []string) []int {
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

// item is a T with its values of the common labels.
type item[T any] struct {
	value  T
	labels labels
}

// item returns an item of the table. The values are those of the labels that newTable
// was given.
func (t table[T]) item(e *emitter, value T, project string, values ...string) item[T] {
	given := e.lists.take(len(t.names))
	given[0] = e.pair(&t.names[0], project)
	for i, v := range values {
		given[i+1] = e.pair(&t.names[i+1], v)
	}
	sorted := e.lists.take(len(given))
	for i, position := range t.sorted {
		sorted[i] = given[position]
	}
	return item[T]{value, labels{given, sorted}}
}

// collect emits all samples of the items, one family after the other: the registry
// sorts and writes a family at a time, and its samples are then close in memory.
func (t table[T]) collect(e *emitter, items []item[T]) {
	for i := range t.rows {
		r := &t.rows[i]
		e.layout = &r.layout
		for j := range items {
			e.common = &items[j].labels
			r.read(items[j].value, e)
		}
	}
}

// The functions below convert values of the API to samples.

func boolToFloat(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

// unixSeconds returns t as a Unix time; known is false for the zero time.
func unixSeconds(t time.Time) (seconds float64, known bool) {
	if t.IsZero() {
		return 0, false
	}
	return float64(t.UnixMicro()) / 1e6, true
}

func intValue(n *int64) (value float64, known bool) {
	if n == nil {
		return 0, false
	}
	return float64(*n), true
}

// emitStatus emits one sample for each known status and one for "unknown": 1 for the
// given status and 0 for the others.
func emitStatus[S ~string](status S, known []S, e *emitter) {
	unknown := 1.0
	for _, s := range known {
		value := 0.0
		if s == status {
			value, unknown = 1, 0
		}
		e.emit(value, string(s))
	}
	e.emit(unknown, "unknown")
}
