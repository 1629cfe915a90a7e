package overview

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
	"github.com/cbr-exporter/cbr_exporter/protection"
)

// The sentence about all projects is short: the tiles count the rest.
const (
	maxClauses = 3
	maxNames   = 3  // of projects
	maxName    = 40 // characters

	otherProblems = "and there are other problems"
)

// clauses say what is wrong: the verdicts, and the rest with the worst first.
func (c *counts) clauses() (verdicts, others []string) {
	if n, since := c.overdue.n, age(c.without); n > 0 {
		name := c.overdue.name()
		verdicts = say(verdicts, n, name+" is overdue, without a success for "+since, name+" are overdue, the longest without a success for "+since)
	}
	switch c.lost {
	case 0:
	case 1:
		verdicts = append(verdicts, "restore points of 1 resource are lost")
	default:
		verdicts = append(verdicts, "restore points of "+formatCount(c.lost)+" resources are lost")
	}
	if n, name := c.failing.n, c.failing.name()+" "; n > 0 {
		if c.overdue.n > 0 && c.overdue.operation == c.failing.operation && !c.overdue.mixed && !c.failing.mixed {
			name = ""
		}
		verdicts = say(verdicts, n, name+"is failing", name+"are failing")
	}
	others = say(others, c.withoutPoints, "resource has no restore point", "resources have no restore point")
	others = say(others, c.unavailable, "vault is not available", "vaults are not available")
	others = say(others, c.full, "vault is full", "vaults are full")
	others = say(others, c.uncovered, "resource is not covered by a policy", "resources are not covered by a policy")
	others = say(others, c.unprotected, "resource is in no vault", "resources are in no vault")
	others = say(others, c.stuck, "task is stuck", "tasks are stuck")
	others = say(others, c.configured, "configured task failed", "configured tasks failed")
	others = say(others, c.withoutResource, "failed task names no resource", "failed tasks name no resource")
	others = say(others, c.inError, "resource has the protection status error", "resources have the protection status error")
	others = say(others, c.inconsistent, "latest backup is only crash-consistent", "latest backups are only crash-consistent")
	others = say(others, c.disabled, "policy is disabled", "policies are disabled")
	others = say(others, c.nearlyFull, "vault is nearly full", "vaults are nearly full")
	others = say(others, c.unknown, "configured task does not exist", "configured tasks do not exist")
	return verdicts, others
}

// say adds a clause about n of something; none about 0.
func say(clauses []string, n int, one, many string) []string {
	switch n {
	case 0:
		return clauses
	case 1:
		return append(clauses, "1 "+one)
	default:
		return append(clauses, formatCount(n)+" "+many)
	}
}

// sentence makes a sentence of clauses.
func sentence(clauses []string) string {
	text := strings.Join(clauses, "; ")
	first, size := utf8.DecodeRuneInString(text)
	return string(unicode.ToUpper(first)) + text[size:] + "."
}

// allInTime says that nothing is overdue.
func allInTime(due tally) string {
	if due.n == 1 {
		return "The only " + due.name() + " that is judged is in time."
	}
	return fmt.Sprintf("All %s %s that are judged are in time.", formatCount(due.n), due.name())
}

// summary says in one sentence what is wrong in all projects, or that nothing is. It says
// so only if everything is known.
func (m *model) summary() string {
	c := &m.counts
	verdicts, others := c.clauses()
	unknown := m.unknown()
	if m.refusal != nil {
		unknown = append(unknown, "the new configuration was refused, and the one before is in force")
	}
	clauses := slices.Concat(verdicts, unknown, others) // what may hide more is next to the verdicts
	switch {
	case len(m.projects) == 0 && m.refusal == nil:
		return "No project is configured."
	case len(clauses) == 0 && c.due.n > 0:
		return allInTime(c.due)
	case len(clauses) == 0:
		return "Nothing is wrong in what is read, but whether a backup is overdue is not judged."
	}
	if len(clauses) > maxClauses {
		clauses = append(clauses[:maxClauses], otherProblems)
	}
	return sentence(clauses)
}

// unknown says which projects could not be read, the worst first.
func (m *model) unknown() []string {
	var unread, unscraped, beingRead, empty, withoutVaults []string // names of projects
	var lists []list                                                // of the unread
	var longest time.Duration                                       // unread
	var unscrapedFor time.Duration
	never := false
	for _, p := range m.projects {
		switch {
		case !p.scraped:
			empty = append(empty, p.Project)
		case p.unscraped > 0 && !p.failed(): // else the failure is what to look at
			unscraped = append(unscraped, p.Project)
			unscrapedFor = max(unscrapedFor, p.unscraped)
		case p.lacksVaults() && !p.blind:
			withoutVaults = append(withoutVaults, p.Project)
		case !p.blind:
		case p.isBeingRead() && !p.failed():
			beingRead = append(beingRead, p.Project)
		default:
			unread = append(unread, p.Project)
			at := p.completeAt()
			never = never || at.IsZero()
			longest = max(longest, m.at.Sub(at))
			lists = append(lists, p.lists()...)
		}
	}
	var all []string
	say := func(names []string, one, many string) {
		for n, name := range names {
			if runes := []rune(name); len(runes) > maxName {
				names[n] = string(runes[:maxName]) + "…"
			}
		}
		if len(names) == 1 {
			all = append(all, "project "+names[0]+" "+one)
		} else if len(names) > 1 {
			all = append(all, "projects "+enumerate(names, " and ", maxNames)+" "+many)
		}
	}
	since, upTo := " for "+age(longest), " for up to "+age(longest)
	if never {
		since, upTo = " yet", " yet"
	}
	why := ""
	for _, reason := range cbrapi.Reasons() {
		if slices.ContainsFunc(lists, func(l list) bool { return l.reasons[reason] }) {
			why = " (" + string(reason) + ")"
			break
		}
	}
	say(unread, "has not been read completely"+since+why, "have not been read completely"+upTo+why)
	if len(unscraped) > 0 && len(unscraped) == len(m.projects) {
		all = append(all, "nothing has been scraped for "+age(unscrapedFor))
	} else {
		say(unscraped, "has not been scraped for "+age(unscrapedFor), "have not been scraped for up to "+age(unscrapedFor))
	}
	say(withoutVaults, "has backups, but lists no vault", "have backups, but list no vault")
	say(beingRead, "is being read for the first time", "are being read for the first time")
	say(empty, "has no data yet", "have no data yet")
	return all
}

// isBeingRead reports whether the first attempt to read some list is not over.
func (p *project) isBeingRead() bool {
	return p.Waiting || p.Discovered != nil && !p.Discovered.Synced ||
		p.awaits(protection.BackupsCollector) || p.awaits(protection.ProtectablesCollector)
}

// failed reports whether reading failed, rather than not being over.
func (p *project) failed() bool {
	return slices.ContainsFunc(p.lists(), func(l list) bool { return len(l.problems) > 0 })
}
