package overview

import (
	"cmp"
	"slices"
	"strings"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
)

// pageView is the page of all projects.
type pageView struct {
	layout
	Status   *Status
	Tiles    []tileView
	Projects []Project // in trouble, the worst first
	Quiet    []Project // the others
	Filter   filterView

	Resources table[Resource]
	Tasks     table[Task]
	Vaults    table[Vault]
}

// page returns the page of all projects.
func (r *renderer) page(s *Status, q Query) pageView {
	v := pageView{layout: r.layout(pageTitle(s)), Status: s, Filter: newFilterView(s, q)}
	v.State, v.AsOf = s.State, formatUTC(s.At)
	v.JSON = "api/v1/status?" + q.Values().Encode()
	for _, t := range s.Tiles {
		v.Tiles = append(v.Tiles, newTileView(t, q))
	}
	for _, p := range s.Projects {
		if len(s.Projects) == 1 && p.Summary == s.Summary {
			p.Summary = "" // the heading says it
		}
		if p.State == StateOK {
			v.Quiet = append(v.Quiet, p)
		} else {
			v.Projects = append(v.Projects, p)
		}
	}
	v.Resources = newTable("resources", s.Resources, q, s)
	v.Tasks = newTable("tasks", s.Tasks, q, s)
	v.Vaults = newTable("vaults", s.Vaults, q, s)
	return v
}

// pageTitle is the worst that a tile of resources or projects counts, such as "5 overdue", or
// else the state.
func pageTitle(s *Status) string {
	for _, t := range s.Tiles {
		title, states := describeTile(t.Name)
		section := states[0].section()
		if t.Count != nil && *t.Count > 0 && section != "tasks" && section != "vaults" {
			return formatCount(*t.Count) + " " + strings.ToLower(title)
		}
	}
	return string(s.State)
}

// describeTile returns the title of a tile, and the states of the rows to which it leads.
func describeTile(name string) (title string, states []State) {
	switch name {
	case "overdue":
		return "Overdue", []State{StateOverdue}
	case "unrestorable":
		return "Not restorable", []State{StateLost, StateNoRestorePoint}
	case "failing":
		return "Failing", []State{StateFailing}
	case "blind":
		return "Blind", []State{StateBlind}
	case "vaults":
		return "Vaults unusable", []State{StateUnavailable, StateFull}
	case "uncovered":
		return "Not covered", []State{StateUncovered}
	case "unprotected":
		return "Unprotected", []State{StateUnprotected}
	default: // stuck
		return "Stuck", []State{StateStuck}
	}
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
	title, states := describeTile(t.Name)
	v := tileView{Title: title, Count: "–", Of: "not known", Class: "zero"}
	v.URL = link(Query{States: states}.Values()) + "#" + states[0].section()
	v.Current = slices.Equal(states, q.States)
	if t.Count == nil {
		return v
	}
	v.Count, v.Of = formatCount(*t.Count), ""
	if t.Of != nil {
		v.Of = "of " + formatCount(*t.Of)
	}
	if *t.Count > 0 {
		v.Class = "bad"
	}
	return v
}

// projectBadges returns the badges of a project, which may be blind beside what is wrong.
func projectBadges(p Project) []badge {
	all := []badge{p.State.shown().badge}
	if p.Blind && p.State != StateBlind {
		all = append(all, StateBlind.shown().badge)
	}
	return all
}

// projectLink returns a link that selects the rows of a project.
func projectLink(name string) string { return link(Query{Project: name}.Values()) }

// filterView is the form that selects rows.
type filterView struct {
	Query    Query
	Active   bool // whether anything is selected
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
	q.Page = 0
	v := filterView{Query: q, Active: len(q.Values()) > 0, Types: operationTypes()}
	for _, p := range s.Projects {
		v.Projects = append(v.Projects, p.Name)
	}
	slices.Sort(v.Projects)
	for _, vault := range s.Vaults.Rows {
		v.Vaults = append(v.Vaults, cmp.Or(vault.VaultName, vault.VaultID))
	}
	var chosen []string
	for _, title := range []string{"Resources", "Tasks", "Vaults", "Projects"} {
		group := optionGroup{Title: title}
		for _, state := range shownStates {
			if state.group != title {
				continue
			}
			o := option{string(state.State), state.Words, slices.Contains(q.States, state.State)}
			if o.Selected {
				chosen = append(chosen, o.Words)
			}
			group.Options = append(group.Options, o)
		}
		v.States = append(v.States, group)
	}
	v.Chosen = strings.Join(chosen, ", ")
	return v
}
