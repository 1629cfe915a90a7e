package collection

// Adopt takes over what old knows of tasks that have ended, and all that it has
// found if it looks for the same, so that a new configuration forgets nothing. It
// must come before the first pass. What old goes on to read is lost.
func (c *Collection) Adopt(old *Collection) {
	old.mu.Lock()
	defer old.mu.Unlock()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.troubles = old.troubles // those that last began before the new configuration
	all := true
	for _, e := range c.configured {
		before := old.entries[e.id]
		if before == nil || !before.final() {
			all = false
			if before != nil { // it does not count as read, but as having been active
				e.log, e.missingSince = before.log, before.missingSince
			}
			continue
		}
		e.log, e.readAt, e.triedAt = before.log, before.readAt, before.triedAt
	}
	if all {
		c.lastTasks = old.lastTasks
	}
	if c.discovered == nil || old.discovered == nil || !c.options.Discovery.equal(*old.options.Discovery) {
		return
	}
	// Two collections must not share it: each has a mutex of its own.
	c.discovered, old.discovered = old.discovered, newDiscovered(*old.options.Discovery)
	c.discovered.sweep, c.discovered.sweeping = nil, false // its list is the old client's
	for _, log := range c.discovered.ledger.Active() {
		if c.entries[log.ID] == nil {
			e := &entry{id: log.ID, log: log}
			if before := old.entries[log.ID]; before != nil {
				e.missingSince, e.triedAt = before.missingSince, before.triedAt
			}
			c.entries[log.ID] = e
		}
	}
}
