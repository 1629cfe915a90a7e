package collector_test

import (
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
	"github.com/cbr-exporter/cbr_exporter/collector"
	"github.com/cbr-exporter/cbr_exporter/inventory"
	"github.com/cbr-exporter/cbr_exporter/protection"
	"github.com/cbr-exporter/cbr_exporter/tasks"
	"github.com/cbr-exporter/cbr_exporter/tasks/ledger"
)

// BenchmarkScrape gathers and encodes the page of many tasks, one family after the other. The
// target is at most 1.2 times the duration of BenchmarkPrebuilt.
func BenchmarkScrape(b *testing.B) {
	for _, tasks := range []int{1000, 10000} {
		b.Run(fmt.Sprint(tasks), func(b *testing.B) {
			c, project := collector.New(nil), manyTasks(tasks)
			b.ReportAllocs()
			for b.Loop() {
				for _, f := range c.Families(project) {
					encode(b, f)
				}
			}
		})
	}
}

// BenchmarkPrebuilt does the same with const metrics that exist before, in one registry, as
// promhttp does: all of them are gathered before the first is encoded.
func BenchmarkPrebuilt(b *testing.B) {
	for _, tasks := range []int{1000, 10000} {
		b.Run(fmt.Sprint(tasks), func(b *testing.B) {
			p := &prebuilt{}
			for _, f := range collector.New(nil).Families(manyTasks(tasks)) {
				p.add(b, f)
			}
			b.ReportAllocs()
			for b.Loop() {
				encode(b, p)
			}
		})
	}
}

// encode writes the metrics of c in the text format, with a registry of its own.
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

// add makes a const metric of each sample of c, in the order of c.
func (p *prebuilt) add(b *testing.B, c prometheus.Collector) {
	b.Helper()
	descs, metrics := make(chan *prometheus.Desc), make(chan prometheus.Metric)
	go func() {
		c.Describe(descs)
		close(descs)
		c.Collect(metrics)
		close(metrics)
	}()
	for desc := range descs {
		p.descs = append(p.descs, desc)
	}
	for m := range metrics {
		var sample dto.Metric
		if err := m.Write(&sample); err != nil {
			b.Fatal(err)
		}
		p.metrics = append(p.metrics, prometheus.MustNewConstMetric(m.Desc(), prometheus.GaugeValue,
			sample.GetGauge().GetValue(), declared(m.Desc(), &sample)...))
	}
}

// declared returns the label values of a sample in the order in which desc declares
// their names. Only desc.String() has that order.
func declared(desc *prometheus.Desc, sample *dto.Metric) []string {
	_, list, _ := strings.Cut(desc.String(), "variableLabels: {")
	var values []string
	for name := range strings.SplitSeq(strings.TrimSuffix(list, "}}"), ",") {
		for _, l := range sample.GetLabel() {
			if l.GetName() == name {
				values = append(values, l.GetValue())
			}
		}
	}
	return values
}

// manyTasks returns a project with n tasks of as many resources, which have backups. One task
// in twenty is running.
func manyTasks(n int) protection.Snapshot {
	s := protection.Snapshot{Snapshot: tasks.Snapshot{Project: "prod", LastComplete: time.Unix(1e9, 0)}}
	var logs []*cbrapi.OperationLog
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
		s.Tasks = append(s.Tasks, tasks.Task{ID: id, Log: l, Known: true})
		logs = append(logs, l)
	}
	l := ledger.New(ledger.Options{})
	for _, log := range logs {
		l.Add(log)
	}
	s.ResourceStates, s.Resources = l.ResourceStates(), l.Resources()
	for _, state := range s.ResourceStates {
		s.Verdicts = append(s.Verdicts, protection.Verdict{
			ResourceKey: state.ResourceKey, VaultID: state.VaultID, Due: time.Unix(1e9, 0), Overdue: new(false), Failing: new(false),
		})
		s.RestorePoints = append(s.RestorePoints, protection.RestorePoints{
			ResourceID: state.ResourceID, VaultID: state.VaultID, Lost: new(false),
			RestorePoints: inventory.RestorePoints{
				Count: 30, Oldest: time.Unix(1e8, 0), Latest: time.Unix(1e9, 0), NextExpiry: time.Unix(2e9, 0),
				Replicas: []inventory.Replicas{{Region: "elsewhere", Latest: time.Unix(1e9, 0)}},
			},
		})
	}
	return s
}
