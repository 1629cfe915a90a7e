package overview

import (
	"fmt"
	"time"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
)

// counts are how many of what can be judged are judged to be wrong. They are those of the
// metrics.
type counts struct {
	due, overdue, attempted, failing tally // resources and operations
	// without is the longest time for which one that is overdue has had no success.
	without time.Duration

	reads                            bool // tasks have been read
	active, stuck                    int  // active tasks
	readsVaults, readsCoverage       bool
	vaults, unavailable, full, unfit int // vaults; unfit are unavailable or full
	bound, uncovered                 int // resources
	readsBackups, readsProtectables  bool
	knowsBackups                     bool
	pointsKnown, unrestorable        int // resources whose restore points are known, and of these those with lost or no restore points
	lost, withoutPoints              int
	protectable, unprotected         int // resources; protectable are all that exist and are not excluded
	nearlyFull                       int // vaults that are not full
	disabled                         int // policies that are bound to vaults
	inError                          int // resources whose protection status is error
	inconsistent                     int // latest backups that are not application-consistent, as they should be
	configured                       int // configured tasks that failed
	unknown                          int // configured tasks that do not exist
	withoutResource                  int // last tasks of vaults that failed
	blind, withoutVaults             int // projects; withoutVaults are those that lack them
}

// tally counts operations, and knows their type if all have the same.
type tally struct {
	n         int
	operation cbrapi.OperationType
	mixed     bool
}

func (t *tally) add(operation cbrapi.OperationType) {
	t.mixed = t.mixed || t.n > 0 && operation != t.operation
	t.n++
	t.operation = operation
}

// name names what is counted.
func (t tally) name() string {
	name := "operation"
	if !t.mixed && (t.operation == cbrapi.OperationBackup || t.operation == cbrapi.OperationReplication) {
		name = string(t.operation)
	}
	return plural(t.n, name)
}

func plural(n int, name string) string {
	if n == 1 {
		return name
	}
	return name + "s"
}

// add adds what is known of a project.
func (c *counts) add(p *project) {
	for _, r := range p.resources {
		if r.resourceID == "" {
			c.withoutResource++
		}
		if r.points != nil {
			c.pointsKnown++
		}
		if r.verdict == nil {
			continue
		}
		if r.verdict.Overdue != nil {
			c.due.add(r.operation)
		}
		if r.verdict.Failing != nil {
			c.attempted.add(r.operation)
		}
		if r.is(StateOverdue) {
			c.overdue.add(r.operation)
			c.without = max(c.without, r.without())
		}
		if r.is(StateFailing) {
			c.failing.add(r.operation)
		}
	}
	if p.blind {
		c.blind++
	}
	c.reads = c.reads || !p.LastComplete.IsZero() && len(p.Tasks) > 0 || p.Discovered != nil && !p.Discovered.LastComplete.IsZero()
	c.active += having(p.tasks, StateActive)
	c.stuck += having(p.tasks, StateStuck)
	c.configured += having(p.tasks, StateFailed)
	c.bound += len(p.Coverage)
	c.uncovered += having(p.resources, StateUncovered)
	c.knowsBackups = c.knowsBackups || p.RestorePoints != nil
	c.inconsistent += having(p.resources, StateInconsistent)
	c.unrestorable += having(p.resources, StateLost, StateNoRestorePoint)
	c.lost += having(p.resources, StateLost)
	c.withoutPoints += having(p.resources, StateNoRestorePoint)
	c.unprotected += len(p.unprotected)
	if p.Protectables != nil {
		for _, n := range p.Protectables.Counts {
			c.protectable += n.Protected + n.Unprotected
		}
	}
	c.readsVaults = c.readsVaults || p.Inventory != nil && p.Inventory.Vaults != nil
	c.readsCoverage = c.readsCoverage || p.Inventory != nil && p.Inventory.Expected != nil
	c.vaults += len(p.vaults)
	c.unavailable += having(p.vaults, StateUnavailable)
	c.full += having(p.vaults, StateFull)
	c.unfit += having(p.vaults, StateUnavailable, StateFull)
	c.nearlyFull += having(p.vaults, StateNearlyFull)
	for _, v := range p.vaults {
		c.inError += len(v.failing)
	}
	for _, t := range p.tasks {
		if t.configured && t.known.Known && !t.known.Exists() {
			c.unknown++
		}
	}
	if p.Inventory == nil {
		return
	}
	c.readsBackups = c.readsBackups || p.Inventory.Backups != nil
	c.readsProtectables = c.readsProtectables || p.Inventory.Protectables != nil
	for _, policy := range p.Inventory.Policies {
		if isFalse(policy.Enabled) && len(policy.VaultIDs) > 0 {
			c.disabled++
		}
	}
	if p.lacksVaults() {
		c.withoutVaults++
	}
}

// having returns how many of the rows have one of the states.
func having[R interface{ is(...State) bool }](rows []R, states ...State) (n int) {
	for _, r := range rows {
		if r.is(states...) {
			n++
		}
	}
	return n
}

// wrong reports whether anything is, such as all that the shipped rules have an alert for.
func (c *counts) wrong() bool {
	verdicts, others := c.clauses()
	return len(verdicts)+len(others)+c.withoutVaults > 0
}

// tiles returns the numbers about all projects.
func (m *model) tiles() []Tile {
	c := &m.counts
	tile := func(name, title string, isKnown bool, n, of int, wrong bool, states ...State) Tile {
		t := Tile{Name: name, Title: title, Wrong: wrong, States: states}
		if isKnown {
			t.Count = &n
		}
		if isKnown && of > 0 {
			t.Of = &of
		}
		return t
	}
	running := "Running"
	if c.stuck > 0 {
		running = fmt.Sprintf("Running, %s stuck", formatCount(c.stuck))
	}
	tiles := []Tile{tile("overdue", "Overdue", c.due.n > 0, c.overdue.n, c.due.n, true, StateOverdue)}
	if c.readsBackups {
		title := "Not restorable"
		if c.lost > 0 {
			title += fmt.Sprintf(", %s\u00a0lost", formatCount(c.lost))
		}
		tiles = append(tiles, tile("unrestorable", title, c.knowsBackups, c.unrestorable, c.pointsKnown, true, StateLost, StateNoRestorePoint))
	}
	tiles = append(tiles,
		tile("failing", "Failing", c.attempted.n > 0, c.failing.n, c.attempted.n, true, StateFailing),
		tile("blind", "Blind", true, c.blind, len(m.projects), true, StateBlind),
		tile("vaults", "Vaults unusable", c.readsVaults, c.unfit, c.vaults, true, StateUnavailable, StateFull),
		tile("uncovered", "Not covered", c.readsCoverage, c.uncovered, c.bound, true, StateUncovered),
	)
	if c.readsProtectables {
		tiles = append(tiles, tile("unprotected", "Unprotected", m.protectables() != nil, c.unprotected, c.protectable, true, StateUnprotected))
	}
	return append(tiles,
		tile("running", running, c.reads, c.active, 0, c.stuck > 0, StateActive),
		tile("in_time", "In time", c.due.n > 0, c.due.n-c.overdue.n, c.due.n, false, StateInTime),
	)
}
