package exporter

import (
	"context"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-kit/log"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/cbr-exporter/cbr_exporter/cbrapi/credentials"
	"github.com/cbr-exporter/cbr_exporter/collector"
	"github.com/cbr-exporter/cbr_exporter/config"
)

// Options say what an exporter is made from, besides its configuration.
type Options struct {
	// Load returns the configuration as it is now. It is called by New and Reload.
	Load func() (*config.Config, error)
	// Registry holds the metrics of the process itself; the exporter adds its own.
	Registry      *prometheus.Registry
	TelemetryPath string // the path of the metrics page, such as /metrics
	UserAgent     string // sent to the API
	Now           func() time.Time
	Logger        log.Logger
	// Transport carries all requests in place of the network; nil: there is one for
	// each project, as its configuration wants it.
	Transport http.RoundTripper
}

// Exporter serves the metrics of one configuration at a time.
type Exporter struct {
	options   Options
	telemetry *collector.Telemetry
	reloads   *reloads
	guard     *credentials.Guard
	margin    margin        // of the page with everything
	margins   margins       // of the pages with one project
	pages     chan struct{} // holds one element for each page that is being written
	loading   sync.Mutex    // held while a configuration is loaded
	swapping  sync.Mutex    // held while it replaces another
	inForce   atomic.Pointer[projects]

	leaving context.Context // done when scrapes are to wait no longer
	leave   context.CancelFunc
}

// New loads the configuration and returns an exporter for it. Nothing is asked
// of the API before the first scrape.
func New(o Options) (*Exporter, error) {
	e := &Exporter{
		options:   o,
		telemetry: collector.NewTelemetry(o.Now),
		reloads:   newReloads(o.Now),
		guard:     credentials.NewGuard(o.Now),
		pages:     make(chan struct{}, maxPages),
	}
	e.leaving, e.leave = context.WithCancel(context.Background())
	o.Registry.MustRegister(e.telemetry, e.reloads, newStandings(e))
	if err := e.load(); err != nil {
		return nil, err
	}
	return e, nil
}

// Leave has all scrapes, those to come included, answer at once with what is known.
func (e *Exporter) Leave() { e.leave() }

// Close cancels what runs and waits for its end.
func (e *Exporter) Close() {
	e.leave()
	e.inForce.Load().close()
}
