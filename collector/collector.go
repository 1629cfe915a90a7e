package collector

import (
	"context"
	"slices"
	"sync"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
	"github.com/cbr-exporter/cbr_exporter/collection"
	"github.com/cbr-exporter/cbr_exporter/ledger"
)

// A Source knows the tasks of one project. collection.Collection is one.
type Source interface {
	// Collect returns what is known at the latest when ctx is done.
	Collect(ctx context.Context) collection.Snapshot
}

// Collector fetches from its sources, once for each scrape. It is safe for
// concurrent use.
type Collector struct {
	sources []Source
	tables  tables
}

// New returns a collector over sources, which are of different projects.
func New(sources ...Source) *Collector {
	return &Collector{sources: sources, tables: newTables()}
}

// Only returns a collector over one source, which shares what New has made.
func (c *Collector) Only(source Source) *Collector {
	return &Collector{sources: []Source{source}, tables: c.tables}
}

// Scrape collects from all sources at once, until the slowest is done or ctx
// is, and returns the metrics of what they knew then.
//
// It is apart from prometheus.Collector's Collect, which has no context: the
// deadline is another one for each scrape.
func (c *Collector) Scrape(ctx context.Context) *Scrape {
	s := &Scrape{tables: c.tables, snapshots: make([]collection.Snapshot, len(c.sources))}
	var wait sync.WaitGroup
	for i, source := range c.sources {
		wait.Go(func() { s.snapshots[i] = source.Collect(ctx) })
	}
	wait.Wait()
	return s
}

// Scrape is a prometheus.Collector over the snapshots of one scrape.
type Scrape struct {
	tables    tables
	snapshots []collection.Snapshot
}

// Describe implements prometheus.Collector.
func (s *Scrape) Describe(ch chan<- *prometheus.Desc) { s.tables.describe(ch) }

// Collect implements prometheus.Collector.
func (s *Scrape) Collect(ch chan<- prometheus.Metric) {
	e := &emitter{ch: ch}
	for i := range s.snapshots {
		s.tables.collect(&s.snapshots[i], e)
	}
}

// tables holds the families by what they are about.
type tables struct {
	project    table[*collection.Snapshot]
	configured table[collection.Task]
	task       table[*cbrapi.OperationLog]
	standing   table[standing]
	resource   table[ledger.Resource]
	tally      table[ledger.Tally]
}

func newTables() tables {
	return tables{
		project:    newTable(slices.Concat(projectFamilies(), windowFamilies())),
		configured: newTable(configuredFamilies(), "task_id"),
		task:       newTable(taskFamilies(), "task_id", "operation_type", "vault"),
		standing:   newTable(standingFamilies(), "vault_id", "vault", "resource_id", "operation_type"),
		resource:   newTable(resourceFamilies(), "resource_id"),
		tally:      newTable(tallyFamilies(), "vault_id", "vault", "operation_type"),
	}
}

func (t tables) describe(ch chan<- *prometheus.Desc) {
	t.project.describe(ch)
	t.configured.describe(ch)
	t.task.describe(ch)
	t.standing.describe(ch)
	t.resource.describe(ch)
	t.tally.describe(ch)
}

func (t tables) collect(s *collection.Snapshot, e *emitter) {
	t.project.collect(e, []subject[*collection.Snapshot]{t.project.subject(e, s, s.Project)})
	t.configured.collect(e, subjects(s.Tasks, func(task collection.Task) subject[collection.Task] {
		return t.configured.subject(e, task, s.Project, task.ID)
	}))
	t.task.collect(e, subjects(logs(s), func(l *cbrapi.OperationLog) subject[*cbrapi.OperationLog] {
		return t.task.subject(e, l, s.Project, l.ID, string(l.OperationType), firstText(l.VaultName, l.VaultID))
	}))
	t.standing.collect(e, subjects(s.Standings, func(r ledger.Standing) subject[standing] {
		return t.standing.subject(e, standing{r, s.Found != nil}, s.Project,
			r.VaultID, firstText(r.VaultName, r.VaultID), r.ResourceID, string(r.OperationType))
	}))
	t.resource.collect(e, subjects(s.Resources, func(r ledger.Resource) subject[ledger.Resource] {
		return t.resource.subject(e, r, s.Project, r.ID)
	}))
	if s.Found != nil {
		t.tally.collect(e, subjects(s.Found.Tallies, func(n ledger.Tally) subject[ledger.Tally] {
			return t.tally.subject(e, n, s.Project, n.VaultID, firstText(n.VaultName, n.VaultID), string(n.OperationType))
		}))
	}
}

// logs returns the tasks that are shown one by one.
func logs(s *collection.Snapshot) []*cbrapi.OperationLog {
	var all []*cbrapi.OperationLog
	for _, task := range s.Tasks {
		if task.Log != nil {
			all = append(all, task.Log)
		}
	}
	if s.Found != nil {
		all = append(all, s.Found.Active...)
	}
	return all
}

func subjects[T, S any](all []T, subjectOf func(T) subject[S]) []subject[S] {
	of := make([]subject[S], len(all))
	for i, one := range all {
		of[i] = subjectOf(one)
	}
	return of
}

func firstText(a, b string) string {
	if a != "" {
		return a
	}
	return b
}
