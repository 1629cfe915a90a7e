package collector

import (
	"slices"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
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
	names []string // of the common labels
	each  each[T]
	rows  []row[T]
}

// each calls add for all T of a snapshot, with their values of the labels that newTable was
// given.
type each[T any] func(s snapshot, add func(of T, values ...string))

type row[T any] struct {
	name   string
	read   func(T, *emitter)
	layout layout
}

// layout is how the samples of a family are written.
type layout struct {
	desc   *prometheus.Desc
	names  []string // of all labels: the common ones by name, then those of the family
	sorted []int    // positions in names, in the order of the names
}

// newTable returns a table of the families. The labels that they have in common are
// project and the given ones.
func newTable[T any](families []family[T], of each[T], labels ...string) *table[T] {
	t := &table[T]{names: append([]string{"project"}, labels...), each: of}
	common := slices.Sorted(slices.Values(t.names))
	for _, f := range families {
		l := layout{names: slices.Concat(common, f.labels)}
		l.desc = prometheus.NewDesc(f.name, f.help, l.names, nil)
		l.sorted = sortedPositions(l.names)
		t.rows = append(t.rows, row[T]{f.name, f.read, l})
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

// item is a T with its common labels, by name.
type item[T any] struct {
	value  T
	labels []*dto.LabelPair
}

// families returns the families of the snapshots.
func (t *table[T]) families(snapshots []snapshot, shared pairs) []Family {
	var items []item[T]
	sorted := sortedPositions(t.names)
	for _, s := range snapshots {
		t.each(s, func(of T, values ...string) {
			labels := make([]*dto.LabelPair, len(sorted))
			for i, position := range sorted {
				value := s.Project
				if position > 0 {
					value = values[position-1]
				}
				labels[i] = shared.get(t.names[position], value)
			}
			items = append(items, item[T]{of, labels})
		})
	}
	all := make([]Family, len(t.rows))
	for i := range t.rows {
		r := &t.rows[i]
		all[i] = Family{r.name, len(items), r.layout.desc, func(ch chan<- prometheus.Metric) {
			e := &emitter{ch: ch, layout: &r.layout, own: pairs{}}
			for j := range items {
				e.common = items[j].labels
				r.read(items[j].value, e)
			}
		}}
	}
	return all
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

// boolValue returns 1 or 0; known is false if b is nil.
func boolValue(b *bool) (value float64, known bool) {
	if b == nil {
		return 0, false
	}
	return boolToFloat(*b), true
}

// boolLabel returns b as the value of a label, "" if b is not known.
func boolLabel(b *bool) string {
	if b == nil {
		return ""
	}
	return strconv.FormatBool(*b)
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
