package collector_test

import (
	"fmt"
	"io"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
	"github.com/cbr-exporter/cbr_exporter/collection"
	"github.com/cbr-exporter/cbr_exporter/collector"
)

// BenchmarkScrape gathers and encodes the page of many tasks; its target is 1.5
// of the time and the allocations of BenchmarkPrebuilt.
func BenchmarkScrape(b *testing.B) {
	for _, tasks := range []int{1000, 10000} {
		b.Run(fmt.Sprint(tasks), func(b *testing.B) {
			c := collector.New(manyTasks(tasks))
			b.ReportAllocs()
			for b.Loop() {
				encode(b, c.Scrape(b.Context()))
			}
		})
	}
}

// BenchmarkPrebuilt does the same with metrics of client_golang that exist
// before: it is what gathering and encoding cost by themselves.
func BenchmarkPrebuilt(b *testing.B) {
	for _, tasks := range []int{1000, 10000} {
		b.Run(fmt.Sprint(tasks), func(b *testing.B) {
			p := prebuild(b, collector.New(manyTasks(tasks)).Scrape(b.Context()))
			b.ReportAllocs()
			for b.Loop() {
				encode(b, p)
			}
		})
	}
}

// encode writes the page of c as a scrape gets it, with a registry of its own.
func encode(b *testing.B, c prometheus.Collector) {
	b.Helper()
	r := prometheus.NewRegistry()
	r.MustRegister(c)
	families, err := r.Gather()
	if err != nil {
		b.Fatal(err)
	}
	e := expfmt.NewEncoder(io.Discard, expfmt.NewFormat(expfmt.TypeTextPlain))
	for _, f := range families {
		if err := e.Encode(f); err != nil {
			b.Fatal(err)
		}
	}
}

// prebuilt is a collector of const metrics.
type prebuilt struct {
	descs   []*prometheus.Desc
	metrics []prometheus.Metric
}

func (p *prebuilt) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range p.descs {
		ch <- d
	}
}

func (p *prebuilt) Collect(ch chan<- prometheus.Metric) {
	for _, m := range p.metrics {
		ch <- m
	}
}

// prebuild makes const metrics of all samples of c.
func prebuild(b *testing.B, c prometheus.Collector) *prebuilt {
	b.Helper()
	p := &prebuilt{}
	r := prometheus.NewRegistry()
	r.MustRegister(c)
	families, err := r.Gather()
	if err != nil {
		b.Fatal(err)
	}
	for _, f := range families {
		var desc *prometheus.Desc
		for _, m := range f.GetMetric() {
			names, values := labels(m)
			if desc == nil {
				desc = prometheus.NewDesc(f.GetName(), f.GetHelp(), names, nil)
				p.descs = append(p.descs, desc)
			}
			p.metrics = append(p.metrics,
				prometheus.MustNewConstMetric(desc, prometheus.GaugeValue, m.GetGauge().GetValue(), values...))
		}
	}
	return p
}

func labels(m *dto.Metric) (names, values []string) {
	for _, l := range m.GetLabel() {
		names, values = append(names, l.GetName()), append(values, l.GetValue())
	}
	return names, values
}

// manyTasks is a project with n tasks of as many resources, of which one in
// twenty runs.
func manyTasks(n int) source {
	s := source{Project: "prod", LastComplete: time.Unix(1e9, 0)}
	for i := range n {
		id := fmt.Sprintf("11111111-1111-4111-8111-%012d", i)
		l := fullTask()
		l.ID, l.Status = id, cbrapi.StatusSuccess
		l.ExtraInfo.Resource.ID = fmt.Sprintf("22222222-2222-4222-8222-%012d", i)
		l.ExtraInfo.Restore, l.ExtraInfo.Replication, l.ExtraInfo.Sync, l.ExtraInfo.VaultDelete = nil, nil, nil, nil
		l.ErrorInfo = cbrapi.ErrorInfo{}
		if i%20 == 0 {
			l.Status, l.EndedAt = cbrapi.StatusRunning, time.Time{}
		}
		s.Tasks = append(s.Tasks, collection.Task{ID: id, Log: l, Known: true})
	}
	return s
}
