package collection

import (
	"time"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
)

// Trouble is why something could not be read, in words for people.
type Trouble struct {
	Reason cbrapi.Reason
	Err    error     // one of those for this reason
	Since  time.Time // when the first pass in a row was over that met it
}

// noteTroubles says what is wrong after the pass p, which has just ended. It must be
// called with the mutex held.
func (c *Collection) noteTroubles(p *pass) {
	var troubles []Trouble
	for _, reason := range cbrapi.Reasons() {
		err := p.failures[reason].err
		if err == nil && c.discovered != nil && c.discovered.sweepError != nil &&
			cbrapi.ReasonOf(c.discovered.sweepError) == reason {
			err = c.discovered.sweepError
		}
		if err == nil {
			continue
		}
		t := Trouble{Reason: reason, Err: err, Since: p.ended}
		for _, before := range c.troubles {
			if before.Reason == reason {
				t.Since = before.Since
			}
		}
		troubles = append(troubles, t)
	}
	c.troubles = troubles // another slice: snapshots share the one before
}
