package model_test

import (
	"maps"
	"slices"
	"time"
)

// knowledge is what an exporter must know, and what it has shown.
type knowledge struct {
	must   map[string]*task // ended tasks by id: they were in a list or in a response of their own
	active map[string]bool  // ids that were shown as active
	ended  map[string]bool  // ids that were shown as finished

	begun      time.Time // when the latest complete pass began; zero if there is none
	synced     bool
	success    float64 // discovery's latest success
	hasSuccess bool
}

// clone returns an independent copy.
func (k *knowledge) clone() *knowledge {
	c := *k
	c.must, c.active, c.ended = maps.Clone(k.must), maps.Clone(k.active), maps.Clone(k.ended)
	return &c
}

// merge adds the knowledge of another one.
func (k *knowledge) merge(other *knowledge) {
	maps.Copy(k.must, other.must)
	maps.Copy(k.active, other.active)
	maps.Copy(k.ended, other.ended)
	if other.begun.After(k.begun) {
		k.begun = other.begun
	}
	k.synced = k.synced || other.synced
	k.success, k.hasSuccess = max(k.success, other.success), k.hasSuccess || other.hasSuccess
}

// inventory is what an exporter has shown of vaults.
type inventory struct {
	last    float64     // the latest success; zero if there is none
	before  float64     // the same, before the concurrent scrapes
	started time.Time   // by the exporter's clock, as all times
	reads   []read      // in order
	scrapes []time.Time // when they began
	backups restoreHistory
	// The latest success of the collectors backups and protectables, and the same before the
	// concurrent scrapes.
	lists, listsBefore map[string]float64
}

func newInventory() *inventory {
	now := time.Now()
	return &inventory{started: now, backups: restoreHistory{since: now, observed: map[time.Time]bool{}, lasting: map[time.Time]lasting{}}, lists: map[string]float64{}}
}

// read is a success of reading vaults and policies.
type read struct{ at, seen time.Time }

// took returns how long a reading of vaults and policies takes at most.
func (s *story) took() time.Duration { return 2*s.settings.timeout + 2*time.Second }

// firstRead returns when the exporter first showed vaults and policies that were read since a
// moment.
func (s *story) firstRead(since time.Time) time.Time {
	for _, r := range s.inventory.reads {
		if r.at.Add(-s.took()).After(since) {
			return r.seen
		}
	}
	return time.Now()
}

// holding returns between which moments the exporter first saw what holds now about a vault
// or a policy. Both are zero if it held at the first reading.
func (s *story) holding(holds func(*state) bool, ids ...string) (from, to time.Time) {
	i, took, firstRead := s.inventory, s.took(), s.firstRead
	first := func(n int, held bool) int { // the first of the states before n in which it held, or did not
		for n > 0 && holds(s.states[n-1]) == held {
			n--
		}
		return n
	}
	n := first(len(s.states), true)
	if began := s.states[n].at; n > 0 && began.After(i.started) {
		to = firstRead(began)
		ended := later(s.states[first(n, false)].at, i.started)
		if firstRead(ended).Before(began) { // the exporter saw that it did not hold
			from = began.Add(-took)
		}
	}
	for _, l := range s.losses {
		if slices.Contains(ids, l.id) && (l.until.IsZero() || l.until.After(i.started)) {
			from, to = time.Time{}, later(to, firstRead(l.until))
		}
	}
	if s.cloud.partial(i.started) {
		from, to = time.Time{}, later(to, firstRead(s.cloud.ignored))
	}
	return from, to
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func newKnowledge() *knowledge {
	return &knowledge{must: map[string]*task{}, active: map[string]bool{}, ended: map[string]bool{}}
}
