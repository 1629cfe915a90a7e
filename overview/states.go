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

// shownStates are all states, the worst first.
var shownStates = [...]shownState{
	{StateOverdue, "Resources", badge{"bad", "overdue"}},
	{StateLost, "Resources", badge{"bad", "lost"}},
	{StateFailing, "Resources", badge{"bad", "failing"}},
	{StateNoRestorePoint, "Resources", badge{"bad", "no restore point"}},
	{StateUncovered, "Resources", badge{"warn", "not covered"}},
	{StateUnprotected, "Resources", badge{"warn", "unprotected"}},
	{StateStuck, "Tasks", badge{"bad", "stuck"}},
	{StateUnreadable, "Tasks", badge{"bad", "unreadable"}},
	{StateFailed, "Tasks", badge{"bad", "failed"}},
	{StateUnavailable, "Vaults", badge{"bad", "not available"}},
	{StateFull, "Vaults", badge{"bad", "full"}},
	{StateNearlyFull, "Vaults", badge{"warn", "nearly full"}},
	{StateGaps, "Vaults", badge{"warn", "gaps"}},
	{StateInconsistent, "Resources", badge{"warn", "crash-consistent"}},
	{StateAttention, "", badge{"bad", "attention"}}, // selects no rows
	{StateBlind, "Projects", badge{"warn", "blind"}},
	{StateUnjudged, "Resources", badge{"busy", "not judged"}},
	{StateFinished, "Resources", badge{"plain", "finished"}},
	{StateInTime, "Resources", badge{"good", "in time"}},
	{StateActive, "Tasks", badge{"busy", "running or waiting"}},
	{StateEnded, "Tasks", badge{"good", "ended"}},
	{StateOK, "Vaults", badge{"good", "ok"}},
}

// rank is the place of the state in the order from the worst.
func (s State) rank() int {
	return slices.IndexFunc(shownStates[:], func(shown shownState) bool { return shown.State == s })
}

func (s State) shown() shownState { return shownStates[s.rank()] }

// states returns the states that select rows.
func states() (all []State) {
	for _, s := range shownStates {
		if s.group != "" {
			all = append(all, s.State)
		}
	}
	return all
}

// section is the section of the page in which the rows of the state are.
func (s State) section() string { return strings.ToLower(s.shown().group) }

// badges returns the badges of a row. What was good when it was last read may not be now. That
// there is no restore point is said beside what is worse.
func badges(states []State) []badge {
	all := make([]badge, 0, len(states))
	for _, s := range states {
		if s == StateNoRestorePoint && (slices.Contains(states, StateOverdue) || slices.Contains(states, StateLost)) {
			continue
		}
		b := s.shown().badge
		if b.Class == "good" && slices.Contains(states, StateBlind) {
			b.Class = "plain"
		}
		all = append(all, b)
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
