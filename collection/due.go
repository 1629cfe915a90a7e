package collection

import (
	"slices"
	"strings"
)

// worthLists is the number of configured tasks that are due above which the lists
// of active tasks are read first: one request each instead of hundreds.
const worthLists = 20

// due returns what the pass p has to read one by one, as far as no list has brought
// it in this pass: the configured tasks that are due and, unless the lists could not
// be read, those that were found and are active. The first is the one that was read
// last, which is the most likely to answer; then come the others, the longest untried
// first, so that no task starves where a pass cannot read them all.
//
// A pass always asks something: or it could not say whether the API would have
// answered.
func (c *Collection) due(p *pass) []*entry {
	c.mu.Lock()
	defer c.mu.Unlock()
	var due []*entry
	for _, e := range c.entries {
		wanted := e.due(c.options.Now(), c.options.FinishedTaskTTL)
		if !e.configured && (!p.listed || p.discoveryFailed) {
			wanted = false // or an ill API would be asked for each of them
		}
		if wanted && e.readIn != p.number && e.failedIn != p.number {
			due = append(due, e)
		}
	}
	if len(due) == 0 {
		if p.answered || p.discoveryFailed || len(c.configured) == 0 {
			return nil
		}
		return []*entry{slices.MinFunc(c.configured, func(a, b *entry) int { return a.readAt.Compare(b.readAt) })}
	}
	slices.SortFunc(due, longestUntried)
	if p.answered {
		return due
	}
	probe := slices.MaxFunc(due, func(a, b *entry) int { return a.readAt.Compare(b.readAt) })
	due = slices.DeleteFunc(due, func(e *entry) bool { return e == probe })
	return slices.Insert(due, 0, probe)
}

func longestUntried(a, b *entry) int {
	if order := a.triedAt.Compare(b.triedAt); order != 0 {
		return order
	}
	return strings.Compare(a.id, b.id)
}

// countDue returns how many of the configured tasks are due.
func (c *Collection) countDue() int {
	due := 0
	for _, e := range c.configured {
		if e.due(c.options.Now(), c.options.FinishedTaskTTL) {
			due++
		}
	}
	return due
}
