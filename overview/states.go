package overview

import (
	"slices"
	"strings"
)

// shownState is how the page shows a state.
type shownState struct {
	State
	group string // of the filter; in lower case the section in which its rows are
	badge
}

// badge is a word with a class for how bad it is: bad, warn, busy, plain or good.
type badge struct{ Class, Words string }

// shownStates returns all states, in the order of the filter.
func shownStates() []shownState {
	return []shownState{
		{StateOverdue, "Resources", badge{"bad", "overdue"}},
		{StateFailing, "Resources", badge{"bad", "failing"}},
		{StateUncovered, "Resources", badge{"warn", "not covered"}},
		{StateInTime, "Resources", badge{"good", "in time"}},
		{StateFinished, "Resources", badge{"plain", "finished"}},
		{StateUnjudged, "Resources", badge{"busy", "not judged"}},
		{StateStuck, "Tasks", badge{"bad", "stuck"}},
		{StateActive, "Tasks", badge{"busy", "running or waiting"}},
		{StateFailed, "Tasks", badge{"bad", "failed"}},
		{StateUnreadable, "Tasks", badge{"bad", "unreadable"}},
		{StateEnded, "Tasks", badge{"good", "ended"}},
		{StateUnavailable, "Vaults", badge{"bad", "not available"}},
		{StateFull, "Vaults", badge{"bad", "full"}},
		{StateNearlyFull, "Vaults", badge{"warn", "nearly full"}},
		{StateGaps, "Vaults", badge{"warn", "gaps"}},
		{StateOK, "Vaults", badge{"good", "ok"}},
		{StateBlind, "Projects", badge{"warn", "blind"}},
		{StateAttention, "", badge{"bad", "attention"}}, // selects no rows
	}
}

// states returns the states that select rows.
func states() (all []State) {
	for _, s := range shownStates() {
		if s.group != "" {
			all = append(all, s.State)
		}
	}
	return all
}

func (s State) shown() shownState {
	all := shownStates()
	return all[slices.IndexFunc(all, func(shown shownState) bool { return shown.State == s })]
}

// section is the section of the page in which the rows of the state are.
func (s State) section() string { return strings.ToLower(s.shown().group) }

// badges returns the badges of a row. What was good when it was last read may not be now.
func badges(states []State) []badge {
	all := make([]badge, len(states))
	for n, s := range states {
		all[n] = s.shown().badge
		if all[n].Class == "good" && slices.Contains(states, StateBlind) {
			all[n].Class = "plain"
		}
	}
	return all
}

// wrong reports whether something is known to be wrong.
func wrong(states []State) bool {
	return slices.ContainsFunc(states, func(s State) bool {
		return s != StateBlind && (s.shown().Class == "bad" || s.shown().Class == "warn")
	})
}

// quiet reports whether nothing is wrong, and nothing is going on.
func quiet(states []State) bool {
	return !slices.ContainsFunc(states, func(s State) bool { return s.shown().Class != "good" && s.shown().Class != "plain" })
}
