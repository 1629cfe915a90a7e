package exporter_test

import (
	"bytes"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-kit/log"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil/promlint"
	"go.uber.org/goleak"

	"github.com/cbr-exporter/cbr_exporter/config"
	"github.com/cbr-exporter/cbr_exporter/exporter"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// noon is the time at which tests start.
func noon() time.Time { return time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC) }

// running is an exporter without a server of its own.
type running struct {
	*exporter.Exporter
	handler       http.Handler
	log           *logBuffer
	configuration string // that the next reload loads
}

// start runs an exporter until the end of the test. Without a transport, it has its own
// ones, which need a network.
func start(t testing.TB, transport http.RoundTripper, configuration string, changes ...func(*exporter.Options)) *running {
	t.Helper()
	r := &running{log: &logBuffer{}, configuration: configuration}
	o := exporter.Options{
		Load: func() (*config.Config, error) {
			return config.Parse("test.yml", ".", []byte(r.configuration), nil)
		},
		Registry:      prometheus.NewRegistry(),
		TelemetryPath: "/metrics",
		UserAgent:     "cbr_exporter/test",
		Now:           time.Now,
		Logger:        log.NewLogfmtLogger(r.log),
		Transport:     transport,
	}
	for _, change := range changes {
		change(&o)
	}
	e, err := exporter.New(o)
	if err != nil {
		t.Fatal(err)
	}
	r.Exporter, r.handler = e, e.Handler()
	t.Cleanup(e.Close)
	return r
}

// alwaysNoon has the clock of the exporter stand still, so that pages have no durations.
// Deadlines do not depend on it.
func alwaysNoon(o *exporter.Options) { o.Now = noon }

// exposing has the exporter expose the metrics of the registry too.
func exposing(registry *prometheus.Registry) func(*exporter.Options) {
	return func(o *exporter.Options) { o.Registry = registry }
}

// do returns the response to a request.
func (r *running) do(t testing.TB, method, target string, header http.Header) (status int, body string) {
	t.Helper()
	got := r.fetch(t, method, target, header)
	return got.status, got.body
}

// get returns a page. The timeout of the scrape is in seconds; "" sends none.
func (r *running) get(t testing.TB, path, timeout string) string {
	t.Helper()
	header := http.Header{}
	if timeout != "" {
		header.Set("X-Prometheus-Scrape-Timeout-Seconds", timeout)
	}
	status, body := r.do(t, http.MethodGet, path, header)
	if status != http.StatusOK {
		t.Fatalf("%s: got status %d, want 200; body:\n%s", path, status, body)
	}
	return body
}

func (r *running) scrape(t testing.TB) string {
	t.Helper()
	return r.get(t, "/metrics", "")
}

// lint fails the test if a page violates a convention of Prometheus.
func lint(t *testing.T, page string) {
	t.Helper()
	problems, err := promlint.New(strings.NewReader(page)).Lint()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		t.Errorf("promlint: %s: %s", p.Metric, p.Text)
	}
}

// logBuffer holds what was logged. It is safe for concurrent use.
type logBuffer struct {
	mu  sync.Mutex
	all bytes.Buffer
}

func (b *logBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.all.Write(p)
}

func (b *logBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.all.String()
}
