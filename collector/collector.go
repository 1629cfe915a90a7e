package collector

import (
	"context"
	"sync"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
	"github.com/cbr-exporter/cbr_exporter/collection"
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
	project      table[*collection.Snapshot]
	configured   table[collection.Task]
	task         table[*cbrapi.OperationLog]
	lastFinished table[collection.LastFinished]
	resource     table[cbrapi.Resource]
}

func newTables() tables {
	return tables{
		project:      newTable(projectFamilies()),
		configured:   newTable(configuredFamilies(), "task_id"),
		task:         newTable(taskFamilies(), "task_id", "operation_type", "vault"),
		lastFinished: newTable(lastFinishedFamilies(), "vault_id", "vault", "resource_id", "operation_type"),
		resource:     newTable(resourceFamilies(), "resource_id"),
	}
}

func (t tables) describe(ch chan<- *prometheus.Desc) {
	t.project.describe(ch)
	t.configured.describe(ch)
	t.task.describe(ch)
	t.lastFinished.describe(ch)
	t.resource.describe(ch)
}

func (t tables) collect(s *collection.Snapshot, e *emitter) {
	var tasks []subject[*cbrapi.OperationLog]
	configured := make([]subject[collection.Task], len(s.Tasks))
	for i, task := range s.Tasks {
		configured[i] = t.configured.subject(e, task, s.Project, task.ID)
		if l := task.Log; l != nil {
			tasks = append(tasks, t.task.subject(e, l, s.Project,
				l.ID, string(l.OperationType), firstText(l.VaultName, l.VaultID)))
		}
	}
	lastFinished := make([]subject[collection.LastFinished], len(s.Resources.LastFinished))
	for i, last := range s.Resources.LastFinished {
		lastFinished[i] = t.lastFinished.subject(e, last, s.Project,
			last.VaultID, firstText(last.VaultName, last.VaultID), last.ResourceID, string(last.OperationType))
	}
	newest := make([]subject[cbrapi.Resource], len(s.Resources.Newest))
	for i, r := range s.Resources.Newest {
		newest[i] = t.resource.subject(e, r, s.Project, r.ID)
	}

	t.project.collect(e, []subject[*collection.Snapshot]{t.project.subject(e, s, s.Project)})
	t.configured.collect(e, configured)
	t.task.collect(e, tasks)
	t.lastFinished.collect(e, lastFinished)
	t.resource.collect(e, newest)
}

func firstText(a, b string) string {
	if a != "" {
		return a
	}
	return b
}
