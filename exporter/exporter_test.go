package exporter_test

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
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

// noon is the time of all tests.
func noon() time.Time { return time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC) }

// running is an exporter behind its HTTP server.
type running struct {
	*exporter.Exporter
	server   *httptest.Server
	registry *prometheus.Registry
	log      *logBuffer
	// environment has the variables that the next reload finds.
	environment map[string]string
	// projects is the part of the configuration that the next reload finds.
	projects string
	shown    *transcript // of its pages; nil if nobody reads it
}

// start runs an exporter for the projects at noon, until the end of the test.
func start(t testing.TB, projects ...string) *running {
	t.Helper()
	return startAt(t, noon, projects...)
}

func startAt(t testing.TB, now func() time.Time, projects ...string) *running {
	t.Helper()
	r := &running{projects: strings.Join(projects, "")}
	r.start(t, now)
	return r
}

// start runs the exporter for its projects and its environment.
func (r *running) start(t testing.TB, now func() time.Time) {
	t.Helper()
	r.log, r.registry = &logBuffer{}, prometheus.NewRegistry()
	e, err := exporter.New(exporter.Options{
		Load: func() (*config.Config, error) {
			text := "projects:" + r.projects
			if !strings.Contains(text, "scrape: ") {
				text += "\nscrape: {requests_per_second: 0}\n" // no test has time to spare
			}
			return config.Parse("test.yml", []byte(text), r.lookup)
		},
		Registry:      r.registry,
		TelemetryPath: "/metrics",
		UserAgent:     "cbr_exporter/test",
		Now:           now,
		Logger:        log.NewLogfmtLogger(r.log),
	})
	if err != nil {
		t.Fatal(err)
	}
	r.Exporter = e
	r.server = httptest.NewServer(e.Handler())
	t.Cleanup(func() {
		r.server.Close()
		e.Close()
		http.DefaultClient.CloseIdleConnections()
	})
}

// scrape returns the metrics page as Prometheus gets it that waits for timeout
// seconds, or that does not say how long it waits.
func (r *running) scrape(t testing.TB, timeout string) string {
	t.Helper()
	header := http.Header{"Accept-Encoding": {"identity"}}
	if timeout != "" {
		header.Set("X-Prometheus-Scrape-Timeout-Seconds", timeout)
	}
	status, body := r.do(t, http.MethodGet, "/metrics", header)
	if status != http.StatusOK {
		t.Fatalf("/metrics: got status %d, want 200; body:\n%s", status, body)
	}
	return body
}

func (r *running) do(t testing.TB, method, path string, header http.Header) (status int, body string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, r.server.URL+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header = header
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	content, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	r.shown.add(path, string(content))
	return resp.StatusCode, string(content)
}

func (r *running) lookup(name string) (string, bool) {
	value, set := r.environment[name]
	return value, set
}

// lint fails the test where a page breaks a convention of Prometheus.
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
