package overview

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
	"github.com/cbr-exporter/cbr_exporter/problem"
	"github.com/cbr-exporter/cbr_exporter/protection"
	"github.com/cbr-exporter/cbr_exporter/tasks/ledger"
)

// list is what is read of the API, and why it could not be.
type list struct {
	name     string
	reasons  map[cbrapi.Reason]bool
	problems []problem.Problem
	hint     func(cbrapi.Reason, error) string
}

// lists returns what is read. What is being read for the first time has no reasons, except
// for tasks and vaults, for which a scrape waits.
func (p *project) lists() []list {
	all := []list{{"tasks", p.Reasons, p.Problems, p.Info.Hints.Tasks}}
	if p.Inventory == nil {
		return all
	}
	all = append(all, list{"vaults or policies", p.Inventory.Reasons, p.Inventory.Problems, p.Info.Hints.Vaults})
	if b := p.Inventory.Backups; b != nil && !b.Waiting {
		all = append(all, list{"backups", b.Reasons, b.Problems, p.Info.Hints.Backups})
	}
	if r := p.Inventory.Protectables; r != nil && !r.Waiting {
		all = append(all, list{"protectable resources", r.Reasons, r.Problems, p.Info.Hints.Protectables})
	}
	return all
}

// lacksVaults reports whether tasks of backups are known, but no vault is listed: none of them
// is judged. The vaults may be gone, or the permission to see them.
func (p *project) lacksVaults() bool {
	return p.Inventory != nil && p.Inventory.Vaults != nil && len(p.Inventory.Vaults) == 0 &&
		slices.ContainsFunc(p.ResourceStates, func(s ledger.ResourceState) bool { return s.OperationType == cbrapi.OperationBackup })
}

// describeBlindness says since when not everything has been read, such as that of projects.
func describeBlindness(of string, since time.Time) string {
	text := "not everything" + of + " has been read "
	if since.IsZero() {
		return text + "yet"
	}
	return text + "since " + since.UTC().Format("2006-01-02 15:04 UTC")
}

func (p *project) state() State {
	switch {
	case p.counts.wrong():
		return StateAttention
	case p.blind:
		return StateBlind
	default:
		return StateOK
	}
}

func (p *project) project() Project {
	v := Project{Name: p.Project, State: p.state(), Blind: p.blind, Summary: p.summary(), Problems: []Problem{}}
	if !p.scraped {
		return v
	}
	v.Reading, v.At = p.reading(), new(p.At.UTC())
	for _, l := range p.lists() {
		for _, one := range l.problems {
			v.Problems = append(v.Problems, Problem{string(one.Reason), one.Err.Error(), one.Since.UTC()})
		}
	}
	return v
}

// summary says what is wrong in the project, and what is not known.
func (p *project) summary() string {
	if !p.scraped {
		return "No data yet. The exporter reads the API when it is scraped."
	}
	var sentences []string
	if clauses := slices.Concat(p.counts.clauses()); len(clauses) > 0 {
		sentences = append(sentences, sentence(clauses...))
	}
	switch d := p.Discovered; {
	case p.Waiting:
		sentences = append(sentences, "Tasks and resources are shown once the vaults have been read.")
	case d != nil && !d.Synced:
		sentences = append(sentences, "Resources are shown once the whole task list has been read.")
	case d != nil && d.Complete && len(p.ResourceStates) == 0:
		sentences = append(sentences, "No finished task of a resource is known. If there should be some, check project_id, enterprise_project_id and discovery.")
	case p.lacksVaults():
		sentences = append(sentences, "No backup is judged. If there should be vaults, check enterprise_project_id and the permissions.")
	case p.state() == StateOK && p.counts.due.n > 0:
		sentences = append(sentences, allInTime(p.counts.due))
	}
	if text := p.TooRare(); text != "" {
		sentences = append(sentences, sentence(text))
	}
	return strings.Join(sentences, " ")
}

// reading says when everything was read, and why it was not. It says no ages: the page stays as
// it is until the next pass.
func (p *project) reading() string {
	var sentences []string
	say := func(format string, args ...any) { sentences = append(sentences, fmt.Sprintf(format, args...)) }
	for _, reason := range cbrapi.Reasons() {
		said := ""
		for _, l := range p.lists() {
			if !l.reasons[reason] {
				continue
			}
			hint := l.hint(reason, problem.ErrorOf(l.problems, reason))
			if hint == said {
				say("Nor could %s, for the same reason.", l.name)
			} else {
				say("%s%s could not be read. Reason: %s; %s.", strings.ToUpper(l.name[:1]), l.name[1:], reason, hint)
			}
			said = hint
		}
	}
	for _, c := range p.Collectors() {
		say("%s: %s.", collectorWords(c.Name), describeReading(c, p.at))
	}
	if p.unscraped > 0 {
		say("Nothing has been read for %s. Is Prometheus still scraping?", age(p.unscraped))
	}
	return strings.Join(sentences, " ")
}

// collectorWords says what a collector reads.
func collectorWords(name string) string {
	switch name {
	case protection.TasksCollector:
		return "Configured tasks"
	case protection.DiscoveryCollector:
		return "Tasks"
	case protection.VaultsCollector:
		return "Vaults and policies"
	case protection.BackupsCollector:
		return "Backups"
	default:
		return "Protectable resources"
	}
}

// describeReading says when a collector last read everything.
func describeReading(c protection.Collector, now time.Time) string {
	switch {
	case c.LastComplete.IsZero():
		return "not read completely yet"
	case c.Complete:
		return "read at " + clock(c.LastComplete, now)
	default:
		return "last read completely at " + clock(c.LastComplete, now)
	}
}
