package overview

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
)

// pageView is the page of all projects.
type pageView struct {
	layout
	Status    *Status
	Refused   string // when, in UTC
	Tiles     []tileView
	Projects  []projectCard // in trouble, the worst first
	Quiet     []projectCard // the others
	Filter    filterView
	Resources tableView[Resource]
	Tasks     tableView[Task]
	Vaults    tableView[Vault]

	Unprotected tableView[Unprotected]
	Exist       string // how many resources exist, by type; "" if that is not known
}

// page returns the page of all projects.
func (r *renderer) page(s *Status, q Query) pageView {
	v := pageView{layout: r.layout(pageTitle(s), ""), Status: s, Filter: newFilterView(s, q)}
	v.State, v.AsOf = s.State, formatUTC(s.At)
	v.JSON = "api/v1/status?" + q.Values().Encode()
	if s.Refusal != nil {
		v.Refused = formatUTC(s.Refusal.At)
	}
	for _, t := range s.Tiles {
		v.Tiles = append(v.Tiles, newTileView(t, q))
	}
	several := len(s.Projects) > 1
	for _, p := range s.Projects {
		if !several {
			p.Summary = unsaid(p.Summary, s.Summary)
		}
		if card := newProjectCard(p, s.At); p.State == StateOK {
			v.Quiet = append(v.Quiet, card)
		} else {
			v.Projects = append(v.Projects, card)
		}
	}
	v.Resources = newTableView(s.Resources, q, resourcesTable(s.ReadsBackups), s.At, several)
	v.Tasks = newTableView(s.Tasks, q, tasksTable(), s.At, several)
	v.Vaults = newTableView(s.Vaults, q, vaultsTable(), s.At, several)
	v.Unprotected = newTableView(s.Unprotected, q, unprotectedTable(), s.At, several)
	v.Exist = describeProtectables(s.Protectables)
	return v
}

// unsaid returns what a sentence about the only project says beyond the one about all.
func unsaid(project, all string) string {
	said, cut := strings.CutSuffix(all, "; "+otherProblems+".")
	rest, found := strings.CutPrefix(project, said)
	switch {
	case !found:
		return project
	case cut:
		return "Also " + strings.TrimPrefix(rest, "; ")
	default:
		return rest
	}
}

// pageTitle is the worst that a tile of resources or projects counts, such as "5 overdue", or
// else the state.
func pageTitle(s *Status) string {
	for _, t := range s.Tiles {
		section := t.States[0].section()
		if t.Wrong && t.Count != nil && *t.Count > 0 && section != "tasks" && section != "vaults" {
			return formatCount(*t.Count) + " " + strings.ToLower(t.Title)
		}
	}
	return string(s.State)
}

// tileView is a tile.
type tileView struct {
	Title   string
	Count   string
	Of      string
	Class   string
	URL     string
	Current bool
}

func newTileView(t Tile, q Query) tileView {
	v := tileView{Title: t.Title, Count: "–", Of: "not known"}
	v.URL = link(Query{States: t.States}.Values()) + "#" + t.States[0].section()
	v.Current = slices.Equal(t.States, q.States)
	if t.Count == nil {
		v.Class = "zero"
		return v
	}
	v.Count, v.Of = formatCount(*t.Count), ""
	if t.Of != nil {
		v.Of = "of " + formatCount(*t.Of)
	}
	switch {
	case *t.Count == 0:
		v.Class = "zero"
	case t.Wrong:
		v.Class = "bad"
	}
	return v
}

// projectCard is a project with when it was read.
type projectCard struct {
	Project
	Badges   []badge
	URL      string // selects its rows
	Problems []problemItem
}

type problemItem struct {
	Problem
	Since string
}

func newProjectCard(p Project, now time.Time) projectCard {
	v := projectCard{Project: p, Badges: []badge{p.State.shown().badge}, URL: link(Query{Project: p.Name}.Values())}
	if p.Blind && p.State != StateBlind {
		v.Badges = append(v.Badges, StateBlind.shown().badge)
	}
	for _, problem := range p.Problems {
		v.Problems = append(v.Problems, problemItem{problem, clock(problem.Since, now)})
	}
	return v
}

// filterView is the form that selects rows.
type filterView struct {
	Query    Query
	Sort     string // as the query has it
	Active   bool   // whether anything is selected
	Projects []string
	Vaults   []string
	Types    []cbrapi.OperationType
	States   []optionGroup
	Chosen   string // states
}

type option struct {
	Value, Words string
	Selected     bool
}

type optionGroup struct {
	Title   string
	Options []option
}

func newFilterView(s *Status, q Query) filterView {
	v := filterView{Query: q, Sort: q.sort(), Types: operationTypes()}
	rows := q
	rows.Sort, rows.Descending, rows.Resources, rows.Tasks, rows.Vaults, rows.Unprotected = "", false, 0, 0, 0, 0
	v.Active = len(rows.Values()) > 0
	for _, p := range s.Projects {
		v.Projects = append(v.Projects, p.Name)
	}
	slices.Sort(v.Projects)
	for _, vault := range s.Vaults.Rows {
		v.Vaults = append(v.Vaults, cmp.Or(vault.VaultName, vault.VaultID))
	}
	if t := cbrapi.OperationType(q.Type); t != "" && !slices.Contains(v.Types, t) {
		v.Types = append(v.Types, t)
	}
	var chosen []string
	for _, state := range shownStates() {
		if state.group == "" {
			continue
		}
		if n := len(v.States); n == 0 || v.States[n-1].Title != state.group {
			v.States = append(v.States, optionGroup{Title: state.group})
		}
		o := option{string(state.State), state.Words, slices.Contains(q.States, state.State)}
		if o.Selected {
			chosen = append(chosen, o.Words)
		}
		group := &v.States[len(v.States)-1]
		group.Options = append(group.Options, o)
	}
	v.Chosen = strings.Join(chosen, ", ")
	return v
}
