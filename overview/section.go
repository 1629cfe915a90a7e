package overview

import (
	"time"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
)

// section is a section of the page of all projects: the rows of one of the tables. If the
// query asks for nothing in particular, and something is wrong, the rows in which nothing is
// are folded.
type section[T any] struct {
	Name           string
	All, Selected  int
	Rows           table[T]
	Folded         table[T]
	From, To       int
	Previous, Next string // links
}

// table is some rows of a section.
type table[T any] struct {
	Rows    []T
	Caption string
	At      time.Time // to which ages are relative
	Several bool      // projects
	Points  bool      // with a column about restore points
}

func newSection[T foldable](name string, rows Rows[T], q Query, s *Status) section[T] {
	t := table[T]{At: s.At, Several: len(s.Projects) > 1, Points: s.ReadsBackups}
	v := section[T]{Name: name, All: rows.All, Selected: rows.Selected, Rows: t, Folded: t}
	for _, x := range rows.Rows {
		if x.isQuiet() {
			v.Folded.Rows = append(v.Folded.Rows, x)
		} else {
			v.Rows.Rows = append(v.Rows.Rows, x)
		}
	}
	if len(q.Values()) > 0 || len(v.Rows.Rows) == 0 {
		v.Rows.Rows, v.Folded.Rows = rows.Rows, nil
	}
	v.Rows.Caption = name
	v.Folded.Caption = formatCount(len(v.Folded.Rows)) + " without problems"
	v.From = (rows.Page-1)*pageSize + 1
	v.To = v.From + len(rows.Rows) - 1
	turn := func(page int) string {
		q.Page = page
		return link(q.Values()) + "#" + name
	}
	if rows.Page > 1 {
		v.Previous = turn(rows.Page - 1)
	}
	if rows.Page < rows.Pages {
		v.Next = turn(rows.Page + 1)
	}
	return v
}

// foldable is a row that is folded if nothing is wrong, and nothing is going on.
type foldable interface{ isQuiet() bool }

func (r Resource) isQuiet() bool { return quiet(r.States) }
func (t Task) isQuiet() bool     { return quiet(t.States) && t.Status != string(cbrapi.StatusSkipped) }
func (v Vault) isQuiet() bool    { return quiet(v.States) }
