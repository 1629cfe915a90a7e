package collection

import (
	"time"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
)

// staleness is how long Prometheus takes a sample for current, and so how long a
// pass that is over may speak for the one that runs.
const staleness = 5 * time.Minute

// A scrape that leaves before its pass is over sees a part of it. Where every pass
// takes longer than a scrape may, no scrape ever sees a whole one: so what the pass
// before it has found counts until the one that runs knows better.

// lately returns the pass that was over before p, which runs; nil if p does not, or
// if that was too long ago.
func (c *Collection) lately(p *pass, now time.Time) *pass {
	before := c.previous
	if p != c.current { // it was begun too late, and reads nothing
		before = c.current
	}
	if p.over() || before == nil || !before.over() || now.Sub(before.ended) > staleness {
		return nil
	}
	return before
}

// readLately reports whether the pass p, which runs, has yet to try what the pass
// before it has read.
func (c *Collection) readLately(e *entry, p *pass, now time.Time) bool {
	before := c.lately(p, now)
	return before != nil && e.failedIn != p.number && e.readIn == before.number && now.Sub(e.readAt) <= staleness
}

// answered reports whether the API gives valid answers, as far as p knows.
func (c *Collection) answered(p *pass, now time.Time) bool {
	before := c.lately(p, now)
	return p.answered || before != nil && before.answered && len(p.failures) == 0
}

// complete reports whether a pass knows all, as knows says, and p has nothing to
// say against it. What the pass before it has read must all count yet, the first of
// it as well.
func (c *Collection) complete(p *pass, now time.Time, knows func(*pass) bool) bool {
	before := c.lately(p, now)
	return knows(p) && (p.over() || before != nil && knows(before) && now.Sub(before.started) <= staleness)
}

// reasons returns why something could not be read: that p is not over is one where
// the pass before does not speak for it.
func (c *Collection) reasons(p *pass, now time.Time) map[cbrapi.Reason]bool {
	reasons := map[cbrapi.Reason]bool{}
	for reason := range p.failures {
		reasons[reason] = true
	}
	before := c.lately(p, now)
	if !p.over() && (before == nil || len(p.failures) > 0) {
		reasons[cbrapi.ReasonDeadline] = true
	}
	if before != nil {
		for reason := range before.failures {
			reasons[reason] = true
		}
	}
	return reasons
}
