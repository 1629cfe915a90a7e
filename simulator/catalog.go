package simulator

import (
	"slices"
	"sync"
	"time"
)

// A catalog is all that can be asked for: the runs of the fleet and the scripted
// tasks, less what was removed, under the names that they were created with; and
// the vaults and policies, of the fleet or given in their place.
type catalog struct {
	fleet *fleet

	mu       sync.Mutex
	window   window
	scripted []*entry // in the order of compareRuns
	byID     map[uuid]*entry
	added    uint32 // scripted tasks, ever
	removed  map[taskID]struct{}
	renames  []rename

	givenVaults   *[]Vault // nil: those of the fleet
	renamesBefore int      // how many renames the given names know of
	givenPolicies *[]Policy
}

func newCatalog(f *fleet) *catalog {
	return &catalog{fleet: f, byID: make(map[uuid]*entry), removed: make(map[taskID]struct{})}
}

// find returns the task that a UUID names, if it exists now.
func (c *catalog) find(u uuid, now time.Time) (run, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if e := c.byID[u]; e != nil {
		return e.run, c.fleet.exists(e.run, now)
	}
	r, ok := c.fleet.find(u, now)
	if _, gone := c.removed[r.id]; !ok || gone {
		return run{}, false
	}
	return c.named(r), true
}

// existing returns the tasks that exist now, in the order of compareRuns. The
// slice is the caller's.
func (c *catalog) existing(now time.Time) []*entry {
	c.mu.Lock()
	defer c.mu.Unlock()
	since := now.Add(-c.fleet.retention)
	c.window.cover(since, now, c.entries)
	fleet, script := between(c.window.entries, since, now), between(c.scripted, since, now)

	all := make([]*entry, 0, len(fleet)+len(script))
	for _, e := range fleet {
		if _, gone := c.removed[e.id]; gone {
			continue
		}
		for len(script) > 0 && compareRuns(script[0].run, e.run) < 0 {
			all, script = append(all, script[0]), script[1:]
		}
		all = append(all, e)
	}
	return append(all, script...)
}

// current returns the tasks that tell how each schedule stands, see
// [fleet.current]. Tasks of a script count as one schedule where vault, resource
// and operation are the same.
func (c *catalog) current(now time.Time) []run {
	c.mu.Lock()
	defer c.mu.Unlock()
	runs := c.fleet.current(now, c.removed)
	type key struct{ operation, vaultID, resourceID string }
	over := make(map[key]bool)
	for _, e := range slices.Backward(between(c.scripted, now.Add(-c.fleet.retention), now)) {
		k := key{operation: e.schedule.operation, vaultID: e.vaultID(), resourceID: e.resourceID()}
		if ended := e.hasEnded(now); !ended || !over[k] {
			runs = append(runs, e.run)
			over[k] = over[k] || ended
		}
	}
	return runs
}

// add puts a task into the catalog, in place of one that has its id.
func (c *catalog) add(t Task, now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.added++
	r := t.run(c.fleet.seed, c.added, now)
	if _, ok := c.fleet.identify(r.given); ok {
		panic("simulator: Add: " + t.ID + " is a task of the fleet")
	}
	c.remove(r.given)
	e := &entry{run: c.named(r)}
	at, _ := slices.BinarySearchFunc(c.scripted, e, compareEntries)
	c.scripted = slices.Insert(c.scripted, at, e)
	c.byID[r.given] = e
}

// remove forgets a task. The caller holds mu.
func (c *catalog) remove(u uuid) {
	if e := c.byID[u]; e != nil {
		at, _ := slices.BinarySearchFunc(c.scripted, e, compareEntries)
		c.scripted = slices.Delete(c.scripted, at, at+1)
		delete(c.byID, u)
		return
	}
	if id, ok := c.fleet.identify(u); ok {
		c.removed[id] = struct{}{}
	}
}

// entries are those of the fleet that are created at from or later, but before
// to. The caller holds mu.
func (c *catalog) entries(from, to time.Time) []*entry {
	var entries []*entry
	for _, r := range c.fleet.created(from, to) {
		entries = append(entries, &entry{run: c.named(r)})
	}
	return entries
}

// between returns those that were created from one moment to another, both
// included, of some in the order of compareRuns.
func between(entries []*entry, from, to time.Time) []*entry {
	byCreation := func(e *entry, at time.Time) int { return e.created.Compare(at) }
	first, _ := slices.BinarySearchFunc(entries, from, byCreation)
	end, _ := slices.BinarySearchFunc(entries, to.Add(1), byCreation) // 1: a nanosecond, the next moment
	return entries[first:max(first, end)]
}
