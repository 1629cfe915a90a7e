package exporter

import (
	"strings"
	"time"

	"github.com/go-kit/log/level"
	"github.com/prometheus/client_golang/prometheus"
)

// Reload loads the configuration anew and puts it in force, and logs what came
// of it. One with an error is refused whole, and the old one stays. Passes that run
// for the old one are cancelled; what has ended stays known.
func (e *Exporter) Reload() error {
	if err := e.load(); err != nil {
		for problem := range strings.Lines(err.Error()) {
			_ = level.Error(e.options.Logger).Log("msg", "new configuration refused, the old one stays", "err", strings.TrimSpace(problem))
		}
		return err
	}
	_ = level.Info(e.options.Logger).Log("msg", "configuration reloaded")
	return nil
}

// load puts the configuration as it is now in force.
func (e *Exporter) load() error {
	e.loading.Lock()
	defer e.loading.Unlock()
	next, err := e.newProjects()
	e.reloads.note(err)
	if err != nil {
		return err
	}
	old := e.inForce.Load()
	e.swap(next, old)
	old.close()
	e.telemetry.Forget(func(project string) bool { return next.named(project) != nil })
	return nil
}

func (e *Exporter) swap(next, old *projects) {
	e.swapping.Lock()
	defer e.swapping.Unlock()
	next.adopt(old)
	e.inForce.Store(next)
}

// reloads says whether the configuration on disk is the one in force. It is a
// prometheus.Collector.
type reloads struct {
	now         func() time.Time
	successful  prometheus.Gauge
	lastSuccess prometheus.Gauge
}

func newReloads(now func() time.Time) *reloads {
	const namespace = "cbr_exporter"
	return &reloads{
		now: now,
		successful: prometheus.NewGauge(prometheus.GaugeOpts{
			Namespace: namespace,
			Name:      "config_last_reload_successful",
			Help:      "1 if the newest attempt to load the configuration succeeded, 0 if an older configuration is in force.",
		}),
		lastSuccess: prometheus.NewGauge(prometheus.GaugeOpts{
			Namespace: namespace,
			Name:      "config_last_reload_success_timestamp_seconds",
			Help:      "Unix time at which the configuration in force was loaded.",
		}),
	}
}

func (r *reloads) note(err error) {
	if err != nil {
		r.successful.Set(0)
		return
	}
	r.successful.Set(1)
	r.lastSuccess.Set(float64(r.now().UnixMilli()) / 1e3)
}

// Describe implements prometheus.Collector.
func (r *reloads) Describe(ch chan<- *prometheus.Desc) {
	r.successful.Describe(ch)
	r.lastSuccess.Describe(ch)
}

// Collect implements prometheus.Collector.
func (r *reloads) Collect(ch chan<- prometheus.Metric) {
	r.successful.Collect(ch)
	r.lastSuccess.Collect(ch)
}
