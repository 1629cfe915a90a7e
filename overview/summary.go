package overview

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// The sentence about all projects is short: the tiles count the rest.
const (
	maxClauses = 3
	maxNames   = 3 // of projects
)

// clauses say what is wrong: the verdicts, and the rest with the worst first.
func (c *counts) clauses() (verdicts, others []string) {
	without := age(c.without)
	verdicts = say(verdicts, c.overdue.n,
		c.overdue.noun+" is overdue, without a success for "+without, c.overdue.noun+"s are overdue, the longest without a success for "+without)
	verdicts = say(verdicts, c.states[StateLost], "resource has lost restore points", "resources have lost restore points")
	verdicts = say(verdicts, c.failing.n, c.failing.noun+" is failing", c.failing.noun+"s are failing")
	others = say(others, c.states[StateNoRestorePoint], "resource has no restore point", "resources have no restore point")
	others = say(others, c.states[StateUnavailable], "vault is not available", "vaults are not available")
	others = say(others, c.states[StateFull], "vault is full", "vaults are full")
	others = say(others, c.states[StateUncovered], "resource is not covered by a policy", "resources are not covered by a policy")
	others = say(others, c.states[StateUnprotected], "resource is in no vault", "resources are in no vault")
	others = say(others, c.states[StateStuck], "task is stuck", "tasks are stuck")
	others = say(others, c.configured, "configured task failed", "configured tasks failed")
	others = say(others, c.withoutResource, "failed task names no resource", "failed tasks name no resource")
	others = say(others, c.inError, "resource has the protection status error", "resources have the protection status error")
	others = say(others, c.states[StateInconsistent], "latest backup is only crash-consistent", "latest backups are only crash-consistent")
	others = say(others, c.disabled, "policy is disabled", "policies are disabled")
	others = say(others, c.states[StateNearlyFull], "vault is nearly full", "vaults are nearly full")
	others = say(others, c.unknown, "configured task does not exist", "configured tasks do not exist")
	others = say(others, c.withoutVaults, "project has backups, but lists no vault", "projects have backups, but list no vault")
	return verdicts, others
}

// wrong reports whether anything is, such as all that the shipped rules have an alert for.
func (c *counts) wrong() bool {
	verdicts, others := c.clauses()
	return len(verdicts)+len(others) > 0
}

// say adds a clause about n of something; none about 0.
func say(clauses []string, n int, one, many string) []string {
	if n == 0 {
		return clauses
	}
	return append(clauses, counted(n, one, many))
}

// counted says how many of something there are.
func counted(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return formatCount(n) + " " + many
}

// sentence makes a sentence of clauses.
func sentence(clauses ...string) string {
	text := strings.Join(clauses, "; ")
	first, size := utf8.DecodeRuneInString(text)
	return string(unicode.ToUpper(first)) + text[size:] + "."
}

// allInTime says that nothing is overdue.
func allInTime(due tally) string {
	if due.n == 1 {
		return "The only " + due.noun + " that is judged is in time."
	}
	return fmt.Sprintf("All %s %ss that are judged are in time.", formatCount(due.n), due.noun)
}

// summary says in one sentence what is wrong in all projects, or that nothing is. It says
// so only if everything is known.
func (m *model) summary() string {
	clauses, others := m.counts.clauses()
	clauses = append(clauses, m.unknown()...) // which may hide more, so it is next to the verdicts
	clauses = append(clauses, others...)
	switch {
	case len(m.projects) == 0 && m.refusal == nil:
		return "No project is configured."
	case len(clauses) == 0 && m.counts.due.n > 0:
		return allInTime(m.counts.due)
	case len(clauses) == 0:
		return "Nothing is wrong in what is read, but whether a backup is overdue is not judged."
	case len(clauses) > maxClauses:
		clauses = append(clauses[:maxClauses], "and there are other problems")
	}
	return sentence(clauses...)
}

// unknown says of which projects not everything is known, and since when.
func (m *model) unknown() (clauses []string) {
	var blind []string // names of projects
	since := m.at
	for _, p := range m.projects {
		if p.blind {
			blind = append(blind, p.Project)
			if p.completeAt.Before(since) {
				since = p.completeAt
			}
		}
	}
	switch len(blind) {
	case 0:
	case 1:
		clauses = append(clauses, describeBlindness(" of project "+blind[0], since))
	default:
		clauses = append(clauses, describeBlindness(" of projects "+enumerate(blind, " and ", maxNames), since))
	}
	if m.refusal != nil {
		clauses = append(clauses, "the new configuration was refused, and the one before is in force")
	}
	return clauses
}
