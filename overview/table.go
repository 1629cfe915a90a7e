package overview

import (
	"slices"
	"time"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
)

// table is the rows of one of the tables, or those of them that are folded.
type table[T any] struct {
	Name    string
	Caption string
	Rows    []T
	Folded  *table[T] // the rows in which nothing is wrong; nil if none are folded

	At      time.Time // to which ages are relative
	Several bool      // projects
	Points  bool      // with a column about restore points

	All, Selected  int
	From, To       int
	Previous, Next string // links
}

// newTable returns a table of the page of all projects. If the query asks for nothing in
// particular, and something is wrong, the rows in which nothing is are folded.
func newTable[T foldable](name string, rows Rows[T], q Query, s *Status) table[T] {
	v := table[T]{Name: name, Caption: name, Rows: rows.Rows, At: s.At, Several: len(s.Projects) > 1}
	v.Points = slices.ContainsFunc(s.Tiles, func(t Tile) bool { return t.Name == "unrestorable" }) // there if backups are read
	var open, quiet []T
	for _, x := range rows.Rows {
		if x.isQuiet() {
			quiet = append(quiet, x)
		} else {
			open = append(open, x)
		}
	}
	if len(q.Values()) == 0 && len(open) > 0 && len(quiet) > 0 {
		folded := v
		folded.Rows, folded.Caption = quiet, formatCount(len(quiet))+" without problems"
		v.Rows, v.Folded = open, &folded
	}
	v.All, v.Selected = rows.All, rows.Selected
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
