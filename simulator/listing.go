package simulator

import "time"

// A Listing says how the service lists tasks. Little of it is published, so a
// client has to do with all of it. The zero Listing is a service as one would
// have it: all that match, newest first, as they are now.
//
// Vaults come in pages too: what is said of pages, filters and counts goes for
// them as well, but not what is said of orders and times.
type Listing struct {
	Order Order
	// Reshuffle makes Shuffled another order in each request.
	Reshuffle bool
	// MaxLimit is the most that a page holds, whatever limit says; zero: 1000.
	MaxLimit int
	// ShortPages makes pages shorter than asked for though more follows: the
	// first one always, each later one perhaps.
	ShortPages bool
	// Repeat is how many rows each page has in common with the one before it, as
	// happens where tasks are created meanwhile. It has to be less than the limit.
	Repeat int
	// Lag is how long ago lists are from. A single task is always told as it is.
	Lag time.Duration

	// IgnoreFilters ignores all filters but start_time and end_time.
	IgnoreFilters bool
	// IgnoreOffset answers with the first page, always.
	IgnoreOffset bool
	// TimeOf is what start_time and end_time are compared with.
	TimeOf TimeOf

	// NoCount leaves out the count.
	NoCount bool
	// WrongCount counts the rows of the page, not all that match.
	WrongCount bool

	// EnterpriseProject is the only one whose tasks, vaults and policies the user
	// may list. A request has to name it, or all_granted_eps. Empty: the parameter
	// is ignored, but for vaults, which it selects. Tasks and policies do not tell
	// whose they are: all are that one's.
	EnterpriseProject string
}

// Order is that of the rows of a list. The API has no parameter for it.
type Order int

// The orders. Shuffled follows from the seed and keeps from page to page.
const (
	NewestFirst Order = iota
	OldestFirst
	Shuffled
)

// TimeOf is the time of a task that start_time and end_time are compared with.
// The page calls them the "task start time" and the "task end time", which may
// be anything. Both bounds are inclusive.
type TimeOf int

// The times. A task that never started has no started_at; neither has one that
// waits.
const (
	CreatedAt       TimeOf = iota
	StartedAt              // tasks without it do not match
	StartedAtOrNone        // tasks without it match
	NoTime                 // start_time and end_time are ignored
)

// SetListing changes how the service lists tasks from the next request on.
func (s *Simulator) SetListing(l Listing) { s.listing.Store(&l) }

// permits reports whether a user who is confined to an enterprise project gets
// an answer.
func (l Listing) permits(enterpriseProject string) bool {
	return l.EnterpriseProject == "" ||
		enterpriseProject == l.EnterpriseProject || enterpriseProject == allGrantedProjects
}

// page returns which of all rows the answer has.
func (l Listing) page(limit, offset, rows int, s seed) (from, to int) {
	from = offset
	if l.MaxLimit > 0 {
		limit = min(limit, l.MaxLimit)
	}
	if l.IgnoreOffset {
		from = 0
	}
	// How often the list moved on while a client came here.
	pages := (from + limit - 1) / limit
	from = max(0, from-l.Repeat*pages)

	from = min(from, rows)
	to = min(from+limit, rows)
	if length := to - from; l.ShortPages && length > 1 {
		chance := s.rand("short page", from)
		if from == 0 || oneIn(chance, 2) {
			to = from + 1 + chance.IntN(length-1)
		}
	}
	return from, to
}

// count returns what the answer tells as the count: all rows that match, those
// of the page, or nothing.
func (l Listing) count(all, page int) *int {
	switch {
	case l.NoCount:
		return nil
	case l.WrongCount:
		return &page
	}
	return &all
}
