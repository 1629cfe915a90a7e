package overview

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
)

// row is what the rows of all tables have before they are selected: 10,000 of them must be
// cheap.
type row struct {
	project   *project
	vaultID   string
	operation cbrapi.OperationType
	states    []State // the worst first
}

// is reports whether the row has one of the states.
func (r *row) is(states ...State) bool {
	return slices.ContainsFunc(r.states, func(s State) bool { return slices.Contains(states, s) })
}

// isSelectedBy reports whether the query selects the row, whatever its text.
func (r *row) isSelectedBy(q *Query) bool {
	p := r.project
	return (q.Project == "" || q.Project == p.Project) &&
		(q.Vault == "" || q.Vault == r.vaultID || r.vaultID != "" && q.Vault == p.VaultName(r.vaultID)) &&
		(q.Type == "" || cbrapi.OperationType(q.Type).Canonical() == r.operation.Canonical()) &&
		(len(q.States) == 0 || r.is(q.States...))
}

// isSelected reports whether the query selects one of the rows, whatever its text.
func isSelected[R interface{ isSelectedBy(*Query) bool }](rows []R, q *Query) bool {
	return slices.ContainsFunc(rows, func(r R) bool { return r.isSelectedBy(q) })
}

// selectable is a row of one of the tables.
type selectable[R, T any] interface {
	isSelectedBy(*Query) bool
	texts() []string          // in which the query finds its text
	by(column string) sortKey // what the column is ordered by; zero if the table lacks it
	compare(other R) int      // the worst first
	show() T                  // all that is shown
}

// sortKey is what a row has in a column, of which one part is set.
type sortKey struct {
	text   string
	number float64
	group  int // the lowest first, in either order
}

func (k sortKey) compare(other sortKey) int {
	return cmp.Or(strings.Compare(k.text, other.text), cmp.Compare(k.number, other.number))
}

// byName orders rows by names as people read them.
func byName(name string) sortKey { return sortKey{text: strings.ToLower(name)} }

// byTime orders rows by times, of which a zero one is the first.
func byTime(t time.Time) sortKey { return sortKey{number: float64(t.UnixMilli())} }

// selectRows selects and orders the rows by the query, and shows those of the page.
func selectRows[R selectable[R, T], T any](all []R, q *Query, page int) Rows[T] {
	type keyed struct {
		row R
		n   int
		key sortKey
	}
	var selected []keyed
	text := strings.ToLower(q.Text)
	for n, r := range all {
		if r.isSelectedBy(q) && (text == "" || contains(r.texts(), text)) {
			selected = append(selected, keyed{r, n, r.by(q.Sort)})
		}
	}
	slices.SortFunc(selected, func(a, b keyed) int {
		order := a.key.compare(b.key)
		if q.Descending {
			order = -order
		}
		return cmp.Or(cmp.Compare(a.key.group, b.key.group), order, a.row.compare(b.row), cmp.Compare(a.n, b.n))
	})
	rows := Rows[T]{All: len(all), Selected: len(selected), Pages: max(1, (len(selected)+pageSize-1)/pageSize), Rows: []T{}}
	rows.Page = min(max(page, 1), rows.Pages)
	start := (rows.Page - 1) * pageSize
	for _, k := range selected[start:min(start+pageSize, len(selected))] {
		rows.Rows = append(rows.Rows, k.row.show())
	}
	return rows
}

// contains reports whether one of the texts contains another one in lower case.
func contains(texts []string, lower string) bool {
	return slices.ContainsFunc(texts, func(s string) bool { return strings.Contains(strings.ToLower(s), lower) })
}

// place returns where a row of a vault belongs.
func (p *project) place(vaultID string) Place {
	place := Place{Project: p.Project, VaultID: vaultID}
	if name := p.VaultName(vaultID); name != vaultID {
		place.VaultName = name
	}
	return place
}

// severity orders tasks by how much they need attention.
func severity(s cbrapi.Status) int {
	switch s {
	case cbrapi.StatusFailed:
		return 5
	case cbrapi.StatusTimeout:
		return 4
	case cbrapi.StatusSkipped:
		return 3
	case cbrapi.StatusRunning:
		return 2
	case cbrapi.StatusWaiting:
		return 1
	case cbrapi.StatusSuccess:
		return 0
	default:
		return 3
	}
}
