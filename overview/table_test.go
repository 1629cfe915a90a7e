package overview

import (
	"strings"
	"testing"
)

func TestGreenRowsAreFolded(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		status *Status
		query  Query
		fold   string
	}{
		"something is wrong": {troubled(), Query{Page: 1}, "<summary>34 without problems</summary>"},
		"nothing is wrong":   {fine(), Query{}, ""},
		"filter":             {troubled(), Query{Text: "web"}, ""},
		"page":               {troubled(), Query{Page: 2}, ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			page := render(t, tt.status, tt.query)
			if folded := strings.Contains(page, `class="fold"`); folded != (tt.fold != "") {
				t.Errorf("folded: %t", folded)
			}
			want(t, page, tt.fold, "web-33</a>")
		})
	}
}

// TestRowsThatAreNotFolded have nothing wrong with them that is known.
func TestRowsThatAreNotFolded(t *testing.T) {
	t.Parallel()
	for name, states := range map[string][]State{"blind": {StateBlind, StateInTime}, "blind, finished": {StateBlind, StateFinished}, "unjudged": {StateUnjudged}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := troubled()
			s.Resources.Rows[20].States = states
			s.Resources.Rows[21].States = []State{StateFinished}
			want(t, render(t, s, Query{}), "<summary>33 without problems</summary>")
		})
	}
	s := troubled()
	want(t, render(t, s, Query{}), "<summary>1 without problems</summary>", `id="tasks-fold"`)
	s.Tasks.Rows[4].Status = "skipped"
	wantNot(t, render(t, s, Query{}), `id="tasks-fold"`)
}

func TestPager(t *testing.T) {
	t.Parallel()
	s := manyRows()
	want(t, render(t, s, Query{Page: 2}),
		`<a rel="prev" href="./?#resources">`, "<span>201 to 400 of 10,000</span>", `<a rel="next" href="./?page=3#resources">`)
	s.Resources.Page = 50
	wantNot(t, render(t, s, Query{Page: 50}), `rel="next"`)
	wantNot(t, render(t, troubled(), Query{}), `class="pager"`)
}

func TestRowsThatTheQuerySelects(t *testing.T) {
	t.Parallel()
	s := troubled()
	s.Resources.Selected, s.Resources.Rows = 1, s.Resources.Rows[:1]
	s.Vaults.Selected, s.Vaults.Rows = 0, nil
	page := render(t, s, Query{Text: "db"})
	want(t, page, "<small>1 of 43</small>", "<small>none of 4 matches the filter</small>", `<a class="clear" href="./">`, `value="db"`)
	wantNot(t, page, `class="rows wide vaults`)
}

func TestFilterKeepsTheQuery(t *testing.T) {
	t.Parallel()
	page := render(t, troubled(), Query{Project: "archive", Vault: "v", Type: "vault_delete", States: []State{StateFull, StateUnavailable}})
	want(t, page,
		"<option selected>archive</option>", `name="vault" value="v"`, `<option value="vault_delete" selected>vault delete</option>`,
		`value="full" checked`, `value="unavailable" checked`, "<b>not available, full</b>")
	if n := strings.Count(page, " checked"); n != 2 {
		t.Errorf("%d states are checked", n)
	}
}

func TestTiles(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		tile  Tile
		query Query
		want  tileView
	}{
		"wrong": {
			Tile{"overdue", new(1234), new(10000)},
			Query{},
			tileView{Title: "Overdue", Count: "1,234", Of: "of 10,000", Class: "bad", URL: "./?state=overdue#resources"},
		},
		"none wrong": {
			Tile{"stuck", new(0), nil},
			Query{},
			tileView{Title: "Stuck", Count: "0", Class: "zero", URL: "./?state=stuck#tasks"},
		},
		"not known": {
			Tile{"blind", nil, nil},
			Query{},
			tileView{Title: "Blind", Count: "–", Of: "not known", Class: "zero", URL: "./?state=blind#projects"},
		},
		"selected": {
			Tile{"vaults", new(1), nil},
			Query{States: []State{StateUnavailable, StateFull}},
			tileView{Title: "Vaults unusable", Count: "1", Class: "bad", URL: "./?state=unavailable&state=full#vaults", Current: true},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := newTileView(tt.tile, tt.query); got != tt.want {
				t.Errorf("got %+v, want %+v", got, tt.want)
			}
		})
	}
	want(t, render(t, troubled(), Query{States: []State{StateOverdue}}),
		`<a class="tile bad" href="./?state=overdue#resources" aria-current="true"><span class="title">Overdue</span> <b>4</b> <span class="of">of 412</span></a>`)
}
