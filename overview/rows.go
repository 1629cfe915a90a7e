package overview

import (
	"cmp"
	"slices"
	"strings"

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

// candidate is a state that a row may have.
type candidate struct {
	state State
	has   bool
}

// statesOf returns the states that a row has.
func statesOf(candidates ...candidate) (states []State) {
	for _, c := range candidates {
		if c.has {
			states = append(states, c.state)
		}
	}
	return states
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

func (r *row) worst() State { return r.states[0] }

// selectable is a row of one of the tables.
type selectable[R, T any] interface {
	isSelectedBy(*Query) bool
	texts() []string // in which the query finds its text
	worst() State
	compare(other R) int // orders rows with the same worst state
	show() T             // all that is shown
}

// selectRows selects rows by the query, orders them with the worst first, and shows those of
// the page.
func selectRows[R selectable[R, T], T any](all []R, q *Query) Rows[T] {
	rows := Rows[T]{All: len(all), Rows: []T{}}
	text := strings.ToLower(q.Text)
	all = slices.DeleteFunc(all, func(r R) bool {
		return !r.isSelectedBy(q) || text != "" && !contains(r.texts(), text)
	})
	slices.SortStableFunc(all, func(a, b R) int {
		return cmp.Or(cmp.Compare(a.worst().rank(), b.worst().rank()), a.compare(b))
	})
	rows.Selected, rows.Pages = len(all), max(1, (len(all)+pageSize-1)/pageSize)
	rows.Page = min(max(q.Page, 1), rows.Pages)
	start := (rows.Page - 1) * pageSize
	for _, r := range all[start:min(start+pageSize, len(all))] {
		rows.Rows = append(rows.Rows, r.show())
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
