package coverage

import (
	"time"

	"github.com/cbr-exporter/cbr_exporter/inventory"
	"github.com/cbr-exporter/cbr_exporter/ledger"
)

// tolerance is how many intervals a success may be old: it takes some time itself, and
// one that is late is not missing yet.
const tolerance = 1.5

// Overdue is a resource that ought to have had a success by now.
type Overdue struct {
	inventory.Expectation
	LastSuccess time.Time // zero where none is known
}

// Overdue returns what had no success for too long, as of when the list of tasks was
// read for the last time: while it cannot be read, nothing new becomes overdue. Where
// it is not followed, nobody knows.
func (s *Snapshot) Overdue() []Overdue {
	if s.Inventory == nil || s.Found == nil || !s.Found.Swept || s.Found.LastComplete.IsZero() {
		return nil
	}
	successes := map[ledger.ResourceKey]*ledger.Outcome{}
	for _, standing := range s.Standings {
		if standing.LastSuccess != nil {
			successes[standing.ResourceKey] = standing.LastSuccess
		}
	}
	var overdue []Overdue
	for _, e := range s.Inventory.Expected {
		if !s.Missable(e.ResourceKey) {
			continue
		}
		o := Overdue{Expectation: e}
		since := s.Found.HistoryStart
		if success := successes[e.ResourceKey]; success != nil {
			if success.End.IsZero() {
				continue // the API did not say
			}
			o.LastSuccess, since = success.End, success.End
		}
		if e.Since.After(since) {
			since = e.Since
		}
		if s.Found.LastComplete.Sub(since) > time.Duration(tolerance*float64(e.Interval)) {
			overdue = append(overdue, o)
		}
	}
	return overdue
}
