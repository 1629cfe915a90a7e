package simulator

import "time"

// A rename gives a vault or a resource another name. A record keeps the name
// that was right when its task was created; the list of vaults has the newest.
type rename struct {
	of   thing
	id   string
	name string
	at   time.Time
}

type thing int

const (
	aVault thing = iota
	aResource
)

// RenameVault gives a vault another name: the list of vaults and the records of
// tasks that are created later, by the cloud's clock, show it.
func (s *Simulator) RenameVault(id, name string) {
	s.catalog.rename(rename{of: aVault, id: id, name: name, at: s.now()})
}

// RenameResource does for a resource what RenameVault does for a vault.
func (s *Simulator) RenameResource(id, name string) {
	s.catalog.rename(rename{of: aResource, id: id, name: name, at: s.now()})
}

func (c *catalog) rename(n rename) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.renames = append(c.renames, n)
	c.window = window{} // it has names, and what it has can be drawn again
	for i, e := range c.scripted {
		renamed := &entry{run: n.apply(e.run)}
		c.scripted[i], c.byID[e.given] = renamed, renamed
	}
}

// named returns a run under the names at its creation. The caller holds mu.
func (c *catalog) named(r run) run {
	for _, n := range c.renames {
		r = n.apply(r)
	}
	return r
}

// apply returns a run as it is after the rename. A task that does not tell a
// name does not tell the new one either.
func (n rename) apply(r run) run {
	if !r.created.After(n.at) {
		return r
	}
	switch {
	case n.of == aVault && r.vault != nil && r.vault.id == n.id && r.vault.name != "":
		v := *r.vault
		v.name = n.name
		r.vault = &v
	case n.of == aResource && r.resource != nil && r.resource.id == n.id && r.resource.name != "":
		renamed := *r.resource
		renamed.name = n.name
		r.resource = &renamed
	}
	return r
}
