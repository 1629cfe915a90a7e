package overview

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/cbr-exporter/cbr_exporter/protection"
)

// stale is the age at which the page assumes that the exporter is not scraped any more.
const stale = 5 * time.Minute

// Source is one project to show.
type Source struct {
	protection.Snapshot      // of the last pass
	Scraped             bool // whether there was a pass; if not, only Snapshot.Project is set
}

// model is what is known of all projects at one moment.
type model struct {
	at       time.Time // to which ages are relative
	projects []*project
	counts   *counts  // of all projects
	refusal  *Refusal // nil if the latest configuration is in force
}

// project is what is known of one project.
type project struct {
	*protection.Snapshot
	scraped   bool
	at        time.Time     // that of the model
	unscraped time.Duration // since the last pass if that is long ago; else 0
	blind     bool          // not everything is known and recent
	// completeAt is when everything was read for the last time; zero if it never was.
	completeAt time.Time
	calendar   *protection.Calendar

	resources []*resourceRow
	tasks     []*taskRow
	vaults    []*vaultRow
	counts    *counts
}

// newModel reads what is known. Between two passes it is the same, except for the vaults.
func newModel(sources []Source, refusal *Refusal, now time.Time) *model {
	m := &model{refusal: refusal}
	for i := range sources {
		if s := &sources[i]; s.Scraped && s.At.After(m.at) {
			m.at = s.At
		}
	}
	if now.Sub(m.at) >= stale {
		m.at = now.Truncate(time.Minute)
	}
	m.at = m.at.UTC()
	for i := range sources {
		s := &sources[i].Snapshot
		p := &project{Snapshot: s, scraped: sources[i].Scraped, at: m.at, calendar: s.Calendar()}
		if age := now.Sub(s.At); p.scraped && age >= stale {
			p.unscraped = m.at.Sub(s.At)
		}
		p.completeAt = s.At
		for _, c := range s.Collectors() {
			if c.Complete {
				continue
			}
			p.blind = true
			if c.LastComplete.Before(p.completeAt) {
				p.completeAt = c.LastComplete
			}
		}
		p.blind = p.blind || !p.scraped || p.unscraped > 0
		p.resources, p.tasks, p.vaults = p.resourceRows(), p.taskRows(), p.vaultRows()
		p.counts = newCounts(p)
		m.projects = append(m.projects, p)
	}
	m.counts = newCounts(m.projects...)
	return m
}

// notFoundError says what does not exist, and what does.
type notFoundError string

func (e notFoundError) Error() string { return string(e) }

// project returns a project by its name.
func (m *model) project(name string) (*project, error) {
	names := make([]string, 0, len(m.projects))
	for _, p := range m.projects {
		if p.Project == name {
			return p, nil
		}
		names = append(names, p.Project)
	}
	if len(names) == 0 {
		return nil, notFoundError("no project is configured")
	}
	return nil, notFoundError(fmt.Sprintf("there is no project %q; the projects are %s", name, enumerate(names, " and ", 10)))
}

// status returns what is selected by the query. The error says what does not exist.
func (m *model) status(q Query, version string) (*Status, error) {
	if q.Project != "" {
		if _, err := m.project(q.Project); err != nil {
			return nil, err
		}
	}
	s := &Status{
		Version: version, At: m.at, State: m.state(), Summary: m.summary(), Tiles: m.tiles(),
		Refusal: m.refusal, Projects: []Project{},
	}
	var resources []*resourceRow
	var tasks []*taskRow
	var vaults []*vaultRow
	for _, p := range m.projects {
		s.Projects = append(s.Projects, p.project())
		resources = append(resources, p.resources...)
		tasks = append(tasks, p.tasks...)
		vaults = append(vaults, p.vaults...)
	}
	slices.SortStableFunc(s.Projects, func(a, b Project) int { return cmp.Compare(a.State.rank(), b.State.rank()) })
	s.Resources = selectRows(slices.DeleteFunc(resources, (*resourceRow).hidden), &q)
	s.Tasks = selectRows(tasks, &q)
	q.Type = "" // vaults have none
	s.Vaults = selectRows(vaults, &q)
	return s, nil
}

// state is the worst of all projects.
func (m *model) state() State {
	switch {
	case m.refusal != nil || m.counts.wrong():
		return StateAttention
	case m.counts.blind > 0 || len(m.projects) == 0:
		return StateBlind
	default:
		return StateOK
	}
}

func isTrue(b *bool) bool  { return b != nil && *b }
func isFalse(b *bool) bool { return b != nil && !*b }
