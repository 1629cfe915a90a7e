package overview

import (
	"time"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
)

// counts are how many of what can be judged are judged to be wrong. They are those of the
// metrics.
type counts struct {
	states map[State]int // rows of all tables, by each of their states

	due, overdue tally // due are all that are judged to be overdue or not
	failing      tally
	attempted    int // all that are judged to be failing or not
	// without is the longest time for which one that is overdue has had no success.
	without time.Duration

	knowsTasks                bool // those of a project have been read completely
	readsBackups              bool
	readsProtectables         bool
	pointsKnown, unrestorable int // resources whose restore points are known, and of these those with lost or no restore points
	bound                     int // resources
	vaults, unfit             int // unfit ones are unavailable or full
	protectable               int // all resources that exist and are not excluded
	disabled                  int // policies that are bound to vaults
	inError                   int // resources whose protection status is error
	configured, unknown       int // configured tasks that failed, and that do not exist
	withoutResource           int // last tasks of vaults that failed
	blind, withoutVaults      int // projects; withoutVaults are those that lack them
}

// tally counts operations on resources.
type tally struct {
	n    int
	noun string // "operation" unless all are of one type that has a noun
}

func (t *tally) add(o cbrapi.OperationType) {
	noun := "operation"
	if o == cbrapi.OperationBackup || o == cbrapi.OperationReplication {
		noun = string(o)
	}
	if t.n > 0 && t.noun != noun {
		noun = "operation"
	}
	t.n, t.noun = t.n+1, noun
}

// newCounts counts what is known of projects.
func newCounts(projects ...*project) *counts {
	c := &counts{states: map[State]int{}}
	for _, p := range projects {
		c.addResources(p)
		c.addVaults(p)
		for _, t := range p.tasks {
			c.add(&t.row)
			if t.is(StateFailed) {
				c.configured++
			}
			if t.status == statusNotFound {
				c.unknown++
			}
		}
		if p.Protectables != nil {
			for _, n := range p.Protectables.Counts {
				c.protectable += n.Protected + n.Unprotected
			}
		}
		if p.blind {
			c.blind++
		}
		c.knowsTasks = c.knowsTasks || p.knowsTasks()
	}
	return c
}

// knowsTasks reports whether its configured tasks or its task list have been read completely.
func (p *project) knowsTasks() bool {
	if p.Discovered != nil && !p.Discovered.LastComplete.IsZero() {
		return true
	}
	return len(p.Tasks) > 0 && !p.LastComplete.IsZero()
}

func (c *counts) add(r *row) {
	for _, s := range r.states {
		c.states[s]++
	}
}

func (c *counts) addResources(p *project) {
	c.bound += len(p.Coverage)
	for _, r := range p.resources {
		c.add(&r.row)
		if r.resourceID == "" {
			c.withoutResource++
		}
		if r.points != nil {
			c.pointsKnown++
		}
		if r.is(StateLost, StateNoRestorePoint) {
			c.unrestorable++
		}
		if r.verdict != nil && r.verdict.Overdue != nil {
			c.due.add(r.operation)
		}
		if r.verdict != nil && r.verdict.Failing != nil {
			c.attempted++
		}
		if r.is(StateFailing) {
			c.failing.add(r.operation)
		}
		if r.is(StateOverdue) {
			c.overdue.add(r.operation)
			c.without = max(c.without, r.without())
		}
	}
}

func (c *counts) addVaults(p *project) {
	if p.Inventory == nil {
		return
	}
	c.readsBackups = c.readsBackups || p.Inventory.Backups != nil
	c.readsProtectables = c.readsProtectables || p.Inventory.Protectables != nil
	c.vaults += len(p.vaults)
	for _, v := range p.vaults {
		c.add(&v.row)
		c.inError += len(v.failing)
		if v.is(StateUnavailable, StateFull) {
			c.unfit++
		}
	}
	for _, policy := range p.Inventory.Policies {
		if isFalse(policy.Enabled) && len(policy.VaultIDs) > 0 {
			c.disabled++
		}
	}
	if p.lacksVaults() {
		c.withoutVaults++
	}
}

// tiles returns the numbers about all projects.
func (m *model) tiles() []Tile {
	c := m.counts
	tile := func(name string, n, of int) Tile {
		t := Tile{Name: name}
		if of > 0 {
			t.Count, t.Of = &n, &of
		}
		return t
	}
	tiles := []Tile{tile("overdue", c.overdue.n, c.due.n)}
	if c.readsBackups {
		tiles = append(tiles, tile("unrestorable", c.unrestorable, c.pointsKnown))
	}
	tiles = append(tiles,
		tile("failing", c.failing.n, c.attempted),
		tile("blind", c.blind, len(m.projects)),
		tile("vaults", c.unfit, c.vaults),
		tile("uncovered", c.states[StateUncovered], c.bound),
	)
	if c.readsProtectables {
		tiles = append(tiles, tile("unprotected", c.states[StateUnprotected], c.protectable))
	}
	stuck := tile("stuck", c.states[StateStuck], c.states[StateActive])
	if stuck.Count == nil && c.knowsTasks {
		stuck.Count = new(0) // nothing runs
	}
	return append(tiles, stuck)
}
