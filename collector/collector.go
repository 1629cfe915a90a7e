package collector

import (
	"context"
	"sync"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/cbr-exporter/cbr_exporter/coverage"
)

// A Source knows one project.
type Source interface {
	// Collect returns what is known at the latest when ctx is done.
	Collect(ctx context.Context) coverage.Snapshot
}

// Collector fetches from its sources, once for each scrape. It is safe for
// concurrent use.
type Collector struct {
	sources []Source
	tables  tables
}

// New returns a collector over sources, which are of different projects. The labels
// are those for tags of vaults; coverage.Snapshot has the keys that belong to them.
func New(tagLabels []string, sources ...Source) *Collector {
	return &Collector{sources: sources, tables: newTables(tagLabels)}
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
	s := &Scrape{tables: c.tables, snapshots: make([]coverage.Snapshot, len(c.sources))}
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
	snapshots []coverage.Snapshot
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
