package simulator

import (
	"slices"
	"time"
)

// A window remembers the runs of the fleet that are created in some stretch of
// time: to draw those of a month for each page of a list would take too long.
// It moves with the clock, and forgets what is far behind.
type window struct {
	from, to time.Time // created at from or later, and before to
	entries  []*entry  // in the order of compareRuns
}

// windowSlack is how far a window reaches beyond what was asked for, so that it
// need not grow at each request.
const windowSlack = day

// cover makes the window reach from one moment to another, both included. draw
// returns what is created at from or later, and before to.
func (w *window) cover(from, to time.Time, draw func(from, to time.Time) []*entry) {
	if from.After(w.to) || to.Before(w.from) { // the clock has jumped
		*w = window{from: from, to: from}
	}
	if from.Before(w.from) {
		earlier := from.Add(-windowSlack)
		w.entries = append(draw(earlier, w.from), w.entries...)
		w.from = earlier
	}
	if !to.Before(w.to) {
		later := to.Add(windowSlack)
		w.entries = append(w.entries, draw(w.to, later)...)
		w.to = later
	}
	// Not at once: questions about now and about a while ago may take turns.
	if w.to.Sub(w.from) > 2*(to.Sub(from)+2*windowSlack) {
		w.trim(from.Add(-windowSlack), to.Add(windowSlack))
	}
}

// trim forgets what was created before from, or at to or later.
func (w *window) trim(from, to time.Time) {
	if from.After(w.from) {
		w.from = from
	}
	if to.Before(w.to) {
		w.to = to
	}
	// A copy, since a part would keep the whole alive.
	w.entries = slices.Clone(between(w.entries, w.from, w.to.Add(-1)))
}
