package simulator

import (
	"sync/atomic"
	"time"
)

// An entry is a task in the catalog. It remembers how it is written once that
// does not change any more: most tasks of a list are over.
type entry struct {
	run
	final atomic.Pointer[[]byte]
}

func compareEntries(a, b *entry) int { return compareRuns(a.run, b.run) }

// text returns the JSON of the task as the API writes it now.
func (e *entry) text(f *fleet, now time.Time) []byte {
	over := e.hasEnded(now) && !now.Before(e.started)
	if final := e.final.Load(); over && final != nil {
		return *final
	}
	text := encode(f.record(e.run, now))
	if over {
		e.final.Store(&text)
	}
	return text
}
