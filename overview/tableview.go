package overview

import (
	"fmt"
	"slices"
	"time"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
)

// table describes one of the tables.
type table struct {
	name    string // of the section
	param   string // for its page
	columns []column
}

// column is a column of a table. Sort is the name by which the query orders it, "" if it
// does not.
type column struct{ Class, Title, Sort string }

// resourcesTable has a column about restore points if some project reads its backups.
func resourcesTable(readsBackups bool) table {
	t := table{"resources", "page", []column{
		{"state", "State", "state"},
		{"name", "Resource", "resource"},
		{"project", "Project", ""},
		{"vault", "Vault", "vault"},
		{"operation", "Operation", "operation"},
		{"history", "History", ""},
		{"took", "Duration", "duration"},
		{"success", "Last success", "success"},
		{"restorable", "Restorable", "restorable"},
		{"why", "Why", ""},
	}}
	if !readsBackups {
		t.columns = slices.DeleteFunc(t.columns, func(c column) bool { return c.Class == "restorable" })
	}
	return t
}

func tasksTable() table {
	return table{"tasks", "tasks_page", []column{
		{"state", "Status", "state"},
		{"name", "Resource", "resource"},
		{"project", "Project", ""},
		{"vault", "Vault", "vault"},
		{"operation", "Operation", "operation"},
		{"progress", "Progress", "duration"},
		{"success", "Created", ""},
		{"why", "Task and error", ""},
	}}
}

func vaultsTable() table {
	return table{"vaults", "vaults_page", []column{
		{"state", "State", "state"},
		{"name", "Vault", "vault"},
		{"project", "Project", ""},
		{"operation", "Status", ""},
		{"progress", "Used", ""},
		{"count", "Resources", ""},
		{"schedules", "Schedules", ""},
		{"why", "Why", ""},
	}}
}

func unprotectedTable() table {
	return table{"unprotected", "unprotected_page", []column{
		{"state", "State", ""},
		{"name", "Resource", "resource"},
		{"project", "Project", ""},
		{"type", "Type", ""},
		{"why", "Why", ""},
	}}
}

// tableView is one of the tables.
type tableView[T any] struct {
	groupView[T]
	Name           string
	All            int
	Selected       int
	Folded         []T
	Fold           string // what they are, such as "34 without problems"
	From, To       int
	Previous, Next string // links
}

// Group returns rows as a table of their own, for the template.
func (t tableView[T]) Group(rows []T, caption string) groupView[T] {
	g := t.groupView
	g.Rows, g.Caption = rows, caption
	return g
}

// groupView is some rows of a table.
type groupView[T any] struct {
	Columns []columnView
	Rows    []T
	Caption string
	Several bool      // projects
	At      time.Time // to which ages are relative
}

// Has reports whether the table has a column of the class.
func (g groupView[T]) Has(class string) bool {
	return slices.ContainsFunc(g.Columns, func(c columnView) bool { return c.Class == class })
}

type columnView struct {
	Class, Title string
	URL          string // orders by the column; "" if nothing can
	Order        string // ascending or descending if it does
}

// newWholeTable returns a table of all rows, which nothing selects or orders.
func newWholeTable[T any](rows []T, t table, at time.Time) tableView[T] {
	v := tableView[T]{Name: t.name, groupView: groupView[T]{At: at, Rows: rows}}
	for _, c := range t.columns {
		if c.Class != "project" {
			v.Columns = append(v.Columns, columnView{Class: c.Class, Title: c.Title})
		}
	}
	return v
}

// newTableView returns a page of a table. If the query asks for nothing in particular, and
// something is wrong, the rows in which nothing is are folded.
func newTableView[T foldable](rows Rows[T], q Query, t table, at time.Time, several bool) tableView[T] {
	v := tableView[T]{Name: t.name, All: rows.All, Selected: rows.Selected}
	v.At, v.Several = at, several
	for _, c := range t.columns {
		if c.Class != "project" || several {
			v.Columns = append(v.Columns, newColumnView(c, q, t))
		}
	}
	for _, x := range rows.Rows {
		if x.isQuiet() {
			v.Folded = append(v.Folded, x)
		} else {
			v.Rows = append(v.Rows, x)
		}
	}
	v.Fold = formatCount(rows.Selected - len(v.Rows))
	switch {
	case len(q.Values()) > 0, len(v.Rows) == 0, len(v.Folded) == 0:
		v.Rows, v.Folded = rows.Rows, nil
	case rows.Pages > 1: // those of other pages may have problems
		v.Fold += " more"
	default:
		v.Fold += " without problems"
	}
	v.From = (rows.Page-1)*pageSize + 1
	v.To = v.From + len(rows.Rows) - 1
	turn := func(page int) string {
		values := q.Values()
		values.Set(t.param, fmt.Sprint(page))
		return link(values) + "#" + t.name
	}
	if rows.Page > 1 {
		v.Previous = turn(rows.Page - 1)
	}
	if rows.Page < rows.Pages {
		v.Next = turn(rows.Page + 1)
	}
	return v
}

func newColumnView(c column, q Query, t table) columnView {
	v := columnView{Class: c.Class, Title: c.Title}
	if c.Sort == "" {
		return v
	}
	next := c.Sort
	switch q.sort() {
	case c.Sort:
		v.Order, next = "ascending", "-"+c.Sort
	case "-" + c.Sort:
		v.Order = "descending"
	}
	values := q.Values()
	values.Del(t.param)
	values.Set("sort", next)
	v.URL = link(values) + "#" + t.name
	return v
}

// foldable is a row that is folded if nothing is wrong, and nothing is going on.
type foldable interface{ isQuiet() bool }

func (r Resource) isQuiet() bool { return quiet(r.States) }
func (t Task) isQuiet() bool     { return quiet(t.States) && t.Status != string(cbrapi.StatusSkipped) }
func (v Vault) isQuiet() bool    { return quiet(v.States) }

func (u Unprotected) isQuiet() bool { return quiet(u.States) }
