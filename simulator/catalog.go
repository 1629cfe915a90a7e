package simulator

import (
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// A catalog holds all that can be listed: the tasks of the demo project and those
// added, without those removed and under the names at their creation; the vaults and
// policies, the backups, and the resources that could be in a vault.
type catalog struct {
	project   *project
	retention time.Duration

	mu       sync.Mutex
	days     map[int64][]*entry // the project's tasks by the day of their creation, as far as they were needed
	added    []*entry           // in the order of compareRuns
	byID     map[uuid]*entry    // of those added
	addedAll uint32             // tasks that were ever added
	removed  map[uuid]bool
	renames  []rename

	givenVaults       *[]Vault // nil: the project's
	givenPolicies     *[]Policy
	givenBackups      *[]Backup
	givenProtectables *[]Protectable
}

func newCatalog(p *project, retention time.Duration) *catalog {
	return &catalog{
		project:   p,
		retention: retention,
		days:      make(map[int64][]*entry),
		byID:      make(map[uuid]*entry),
		removed:   make(map[uuid]bool),
	}
}

// An entry is a task in the catalog. It caches the JSON of a task that has ended.
type entry struct {
	run
	final atomic.Pointer[[]byte]
}

func compareEntries(a, b *entry) int { return compareRuns(a.run, b.run) }

// text returns the JSON of the task as the API writes it now.
func (e *entry) text(s seed, now time.Time) []byte {
	over := e.hasEnded(now) && !now.Before(e.started)
	if final := e.final.Load(); over && final != nil {
		return *final
	}
	text := encode(e.record(s, now))
	if over {
		e.final.Store(&text)
	}
	return text
}

// existing returns the tasks that exist now, in the order of compareRuns. The
// caller may change the slice.
func (c *catalog) existing(now time.Time) []*entry {
	c.mu.Lock()
	defer c.mu.Unlock()
	since := now.Add(-c.retention)
	var all []*entry
	for d := dayOf(since); d <= dayOf(now); d++ {
		all = append(all, c.day(d)...)
	}
	all = between(all, since, now)
	if added := between(c.added, since, now); len(added) > 0 {
		ofProject := len(all) > 0
		all = append(all, added...)
		if ofProject {
			slices.SortFunc(all, compareEntries)
		}
	}
	if len(c.removed) > 0 {
		all = slices.DeleteFunc(all, func(e *entry) bool { return c.removed[e.id] })
	}
	return all
}

// day returns the tasks of the project that are created on a day since 1970. The
// caller holds mu.
func (c *catalog) day(d int64) []*entry {
	entries, ok := c.days[d]
	if ok {
		return entries
	}
	if len(c.days) > 3*int(c.retention/day+2) { // the clock has moved on
		clear(c.days)
	}
	begin := time.Unix(d*int64(day/time.Second), 0).UTC()
	for _, r := range c.project.created(begin, begin.Add(day)) {
		entries = append(entries, &entry{run: c.named(r)})
	}
	c.days[d] = entries
	return entries
}

func dayOf(t time.Time) int64 { return t.Unix() / int64(day/time.Second) }

// between returns the entries that were created between two moments, both
// included.
func between(entries []*entry, from, to time.Time) []*entry {
	byCreation := func(e *entry, at time.Time) int { return e.created.Compare(at) }
	first, _ := slices.BinarySearchFunc(entries, from, byCreation)
	end, _ := slices.BinarySearchFunc(entries, to.Add(1), byCreation) // 1 ns later
	return entries[first:max(first, end)]
}

func (c *catalog) find(id uuid, now time.Time) (*entry, bool) {
	for _, e := range c.existing(now) {
		if e.id == id {
			return e, true
		}
	}
	return nil, false
}

func (c *catalog) add(t Task, s seed, now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.addedAll++
	e := &entry{run: c.named(t.run(s, c.addedAll, now))}
	if old := c.byID[e.id]; old != nil {
		at, _ := slices.BinarySearchFunc(c.added, old, compareEntries)
		c.added = slices.Delete(c.added, at, at+1)
	}
	at, _ := slices.BinarySearchFunc(c.added, e, compareEntries)
	c.added = slices.Insert(c.added, at, e)
	c.byID[e.id] = e
	delete(c.removed, e.id)
}

func (c *catalog) remove(id uuid) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.removed[id] = true
}

// A rename gives a vault or a resource a new name. A task keeps the name at its
// creation; the list of vaults has the latest.
type rename struct {
	kind renamed
	id   string
	name string
	at   time.Time
}

type renamed int

const (
	aVault renamed = iota
	aResource
)

// RenameVault gives a vault a new name, from now on by the cloud's clock: in the
// list of vaults, and in tasks and their backups that are created later.
func (s *Simulator) RenameVault(id, name string) {
	s.catalog.rename(rename{kind: aVault, id: id, name: name, at: s.now()})
}

// RenameResource gives a resource a new name, as RenameVault does for a vault.
func (s *Simulator) RenameResource(id, name string) {
	s.catalog.rename(rename{kind: aResource, id: id, name: name, at: s.now()})
}

func (c *catalog) rename(n rename) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.renames = append(c.renames, n)
	clear(c.days) // the names are part of the entries
	for i, e := range c.added {
		e = &entry{run: n.apply(e.run)}
		c.added[i], c.byID[e.id] = e, e
	}
	if c.givenVaults != nil {
		n.applyTo(*c.givenVaults)
	}
	if c.givenProtectables != nil {
		n.applyToProtectables(*c.givenProtectables)
	}
}

// named returns a run under the names at its creation. The caller holds mu.
func (c *catalog) named(r run) run {
	for _, n := range c.renames {
		r = n.apply(r)
	}
	return r
}

// apply returns a run as it is after the rename. A missing name stays missing.
func (n rename) apply(r run) run {
	if !r.created.After(n.at) {
		return r
	}
	switch n.kind {
	case aVault:
		if r.vault.id == n.id && r.vault.name != "" {
			v := *r.vault
			v.name = n.name
			r.vault = &v
		}
	case aResource:
		r.resource = n.resource(r.resource)
		r.others = slices.Clone(r.others)
		for i, other := range r.others {
			r.others[i] = n.resource(other)
		}
	}
	return r
}

// resource returns a resource under its new name.
func (n rename) resource(r *resource) *resource {
	if r.id != n.id || r.name == "" {
		return r
	}
	renamed := *r
	renamed.name = n.name
	return &renamed
}

func (n rename) applyTo(vaults []Vault) {
	for i := range vaults {
		v := &vaults[i]
		if n.kind == aVault && v.ID == n.id {
			v.Name = n.name
		}
		for j := range v.Resources {
			if r := &v.Resources[j]; n.kind == aResource && r.ID == n.id {
				r.Name = n.name
			}
		}
	}
}

func (n rename) applyToProtectables(all []Protectable) {
	for i := range all {
		if p := &all[i]; n.kind == aResource && p.ID == n.id {
			p.Name = n.name
		}
	}
}
