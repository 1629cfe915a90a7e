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

// awaits reports whether the first attempt to read the lists of a collector is not over.
func (p *project) awaits(collector string) bool {
	return slices.ContainsFunc(p.Readings(), func(r protection.Reading) bool { return r.Collector == collector && r.Waiting })
}

// incomplete returns the collectors that have not read everything.
func (p *project) incomplete() []protection.Collector {
	return slices.DeleteFunc(p.Collectors(), func(c protection.Collector) bool { return c.Complete })
}

// lacksVaults reports whether tasks of backups are known, but no vault is listed: none of them
// is judged. The vaults may be gone, or the permission to see them.
func (p *project) lacksVaults() bool {
	return p.Inventory != nil && p.Inventory.Vaults != nil && len(p.Inventory.Vaults) == 0 &&
		slices.ContainsFunc(p.ResourceStates, func(s ledger.ResourceState) bool { return s.OperationType == cbrapi.OperationBackup })
}

// describeBlindness says since when not everything is known; "" if everything is.
func (p *project) describeBlindness() string {
	if !p.blind || !p.scraped {
		return ""
	}
	since := p.completeAt()
	if since.IsZero() {
		return "not everything has been read yet"
	}
	return "not everything has been read since " + since.UTC().Format("2006-01-02 15:04 UTC")
}

// completeAt returns when everything was read for the last time; zero if it never was.
func (p *project) completeAt() time.Time {
	at := p.At
	for _, c := range p.incomplete() {
		if c.LastComplete.Before(at) {
			at = c.LastComplete
		}
	}
	return at
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
	c := &p.counts
	if verdicts, others := c.clauses(); len(verdicts)+len(others) > 0 {
		sentences = append(sentences, sentence(slices.Concat(verdicts, others)))
	}
	switch d := p.Discovered; {
	case p.Waiting:
		sentences = append(sentences, "Tasks and resources are shown once the vaults have been read.")
	case d != nil && !d.Synced:
		sentences = append(sentences, "Resources are shown once the whole task list has been read.")
	case d != nil && d.Complete && len(p.ResourceStates) == 0:
		sentences = append(sentences, "No finished task of a resource is known. If there should be some, check project_id, enterprise_project_id and discovery.")
	case p.lacksVaults():
		sentences = append(sentences, "No vault is listed, so no backup is judged. If there should be some, check enterprise_project_id and the permissions.")
	case p.state() == StateOK && c.due.n > 0:
		sentences = append(sentences, allInTime(c.due))
	}
	if p.awaits(protection.BackupsCollector) && !p.Waiting {
		sentences = append(sentences, "Restore points are shown once the backups have been read.")
	}
	if p.awaits(protection.ProtectablesCollector) && !p.Waiting {
		sentences = append(sentences, "What is in no vault is shown once the protectable resources have been read.")
	}
	if text := p.TooRare(); text != "" {
		sentences = append(sentences, sentence([]string{text}))
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
		text := p.describe(c)
		if d := p.Discovered; c.Name == protection.DiscoveryCollector && d.Synced {
			text += fmt.Sprintf(", the whole list at %s", clock(d.SyncedAt, p.at))
		}
		if c.Name == protection.BackupsCollector && !p.Inventory.Backups.FullAt.IsZero() {
			text += fmt.Sprintf(", all of them at %s", clock(p.Inventory.Backups.FullAt, p.at))
		}
		say("%s.", strings.ReplaceAll(text, " UTC,", ",")) // once is enough
	}
	if p.unscraped > 0 {
		say("Nothing has been read for %s. Is Prometheus still scraping?", age(p.unscraped))
	}
	return strings.Join(sentences, " ")
}

// describe says when a collector last read everything.
func (p *project) describe(c protection.Collector) string {
	what := map[string]string{
		protection.TasksCollector:     "Configured tasks",
		protection.DiscoveryCollector: "Tasks",
		protection.VaultsCollector:    "Vaults and policies",

		protection.BackupsCollector:      "Backups",
		protection.ProtectablesCollector: "Protectable resources",
	}[c.Name]
	switch at := clock(c.LastComplete, p.at); {
	case c.LastComplete.IsZero():
		return what + ": not read completely yet"
	case c.Complete:
		return what + ": read at " + at
	default:
		return what + ": last read completely at " + at
	}
}
