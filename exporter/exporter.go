// Package exporter serves the metrics of the projects of a configuration: the pages for
// Prometheus and for people, and the chain from each project to its API.
package exporter

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-kit/log"
	"github.com/go-kit/log/level"
	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sync/singleflight"
	"golang.org/x/time/rate"

	"github.com/cbr-exporter/cbr_exporter/cbrapi/credentials"
	"github.com/cbr-exporter/cbr_exporter/config"
	"github.com/cbr-exporter/cbr_exporter/overview"
)

// Options configure an Exporter.
type Options struct {
	// Load returns the current configuration. New and Reload call it.
	Load func() (*config.Config, error)
	// Registry holds the metrics of the process. The exporter registers its own there.
	Registry      *prometheus.Registry
	TelemetryPath string // path of the metrics page, such as /metrics
	// ExternalURL is where others reach the pages, without a slash at the end. It is
	// nil if it is not known.
	ExternalURL *url.URL
	RoutePrefix string // what all paths of requests begin with, such as /cbr, or ""
	MaxRequests uint   // scrapes in flight; 0 is no limit
	Profiles    bool   // whether the profiles of the process are served
	Version     string // of the exporter
	UserAgent   string // of requests to the API
	Now         func() time.Time
	Logger      log.Logger
	// Transport sends all requests. If it is nil, each project has its own transport
	// with the settings of its http_client.
	Transport http.RoundTripper
}

// page returns the URL of the page for people; "" if it is not known, or if the metrics
// replace the page.
func (o Options) page() string {
	if o.ExternalURL == nil || o.TelemetryPath == "/" {
		return ""
	}
	return o.ExternalURL.String() + "/"
}

// Exporter serves the metrics of one configuration at a time.
type Exporter struct {
	options   Options
	telemetry *telemetry
	guard     *credentials.Guard
	margin    margin        // of the page with all projects
	pages     chan struct{} // has one element for each page that is being made
	making    singleflight.Group
	scrapes   atomic.Int64 // in flight, without those that are being sent

	reloads     singleflight.Group // by requests
	reloading   chan struct{}      // has an element while one of them runs
	reloadLimit *rate.Limiter

	loading   sync.Mutex // held while a configuration is loaded
	replacing sync.Mutex // held while current is replaced
	current   atomic.Pointer[projects]
	refused   atomic.Pointer[overview.Refusal] // the latest configuration, if it was refused

	draining context.Context // ends with Drain
	drain    context.CancelFunc
}

// New loads the configuration and returns an exporter for it. It sends no requests.
func New(o Options) (*Exporter, error) {
	e := &Exporter{
		options:     o,
		telemetry:   newTelemetry(o.Registry, o.Now),
		guard:       credentials.NewGuard(o.Now),
		pages:       make(chan struct{}, maxPages),
		reloading:   make(chan struct{}, 1),
		reloadLimit: rate.NewLimiter(rate.Every(reloadInterval), reloadBurst),
	}
	e.current.Store(&projects{})
	e.draining, e.drain = context.WithCancel(context.Background())
	o.Registry.MustRegister(newCredentialsCollector(e))
	if err := e.load(); err != nil {
		return nil, err
	}
	return e, nil
}

// Reload loads the configuration and replaces the current one. It cancels passes that
// are running, but what is known of a project that stays is kept. If the new
// configuration has an error, Reload logs and returns it, and keeps the current one.
func (e *Exporter) Reload() error {
	if err := e.load(); err != nil {
		for line := range strings.Lines(err.Error()) {
			_ = level.Error(e.options.Logger).Log("msg", "reloading the configuration failed; keeping the current one", "err", strings.TrimSpace(line))
		}
		return err
	}
	_ = level.Info(e.options.Logger).Log("msg", "configuration reloaded")
	return nil
}

func (e *Exporter) load() error {
	e.loading.Lock()
	defer e.loading.Unlock()
	next, err := e.newProjects()
	e.telemetry.recordReload(err)
	if err != nil {
		e.refused.Store(&overview.Refusal{At: e.options.Now(), Errors: strings.Split(err.Error(), "\n")})
		return err
	}
	e.refused.Store(nil)
	old := e.current.Load()
	e.replace(old, next)
	old.close()
	for _, p := range next.config.Projects {
		_ = level.Info(e.options.Logger).Log("msg", "following a project", "project", p.Name,
			"reads", p.Reads(), "credentials", p.Credentials.Describe(), "endpoint", p.Endpoint)
	}
	for _, p := range old.all {
		if next.named(p.name) == nil {
			e.telemetry.Forget(p.name)
		}
	}
	return nil
}

func (e *Exporter) replace(old, next *projects) {
	e.replacing.Lock()
	defer e.replacing.Unlock()
	next.inherit(old)
	e.current.Store(next)
}

// isCurrent reports whether p has not been replaced. It waits for a replacement that
// has begun, which takes over what the old projects know.
func (e *Exporter) isCurrent(p *projects) bool {
	e.replacing.Lock()
	defer e.replacing.Unlock()
	return e.current.Load() == p
}

// Drain makes all scrapes, current and future ones, return at once with what is known.
func (e *Exporter) Drain() { e.drain() }

// Close cancels all running requests and waits for their end, but for a few seconds at most.
func (e *Exporter) Close() {
	e.drain()
	e.current.Load().close()
}
