package collector

import (
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
)

// Telemetry is what the exporter tells of its own work. It is a
// prometheus.Collector and safe for concurrent use.
type Telemetry struct {
	requests      *prometheus.CounterVec
	durations     *prometheus.HistogramVec
	invalidFields *prometheus.CounterVec
	now           func() time.Time

	mu       sync.Mutex
	projects map[string]bool // that have been measured
}

// NewTelemetry returns a Telemetry that has counted nothing. It takes the time
// of requests from now.
func NewTelemetry(now func() time.Time) *Telemetry {
	const exporter = prefix + "exporter_"
	return &Telemetry{
		now:      now,
		projects: map[string]bool{},
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: exporter + "api_requests_total",
			Help: "Requests to the API, by the API's name of the operation and the HTTP status of the answer, or error where there was none.",
		}, []string{"project", "operation", "code"}),
		durations: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: exporter + "api_request_duration_seconds",
			Help: "Time from a request to the API until the header of its answer, or until it failed.",
			// For Prometheus servers without native histograms.
			Buckets:                         []float64{.01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30},
			NativeHistogramBucketFactor:     1.1,
			NativeHistogramMaxBucketNumber:  100,
			NativeHistogramMinResetDuration: time.Hour,
		}, []string{"project", "operation"}),
		invalidFields: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: exporter + "invalid_fields_total",
			Help: "Fields in the API's answers that could not be read and are left out.",
		}, []string{"project", "field"}),
	}
}

// Describe implements prometheus.Collector.
func (t *Telemetry) Describe(ch chan<- *prometheus.Desc) {
	t.requests.Describe(ch)
	t.durations.Describe(ch)
	t.invalidFields.Describe(ch)
}

// Collect implements prometheus.Collector.
func (t *Telemetry) Collect(ch chan<- prometheus.Metric) {
	t.requests.Collect(ch)
	t.durations.Collect(ch)
	t.invalidFields.Collect(ch)
}

// InvalidField counts a field of the project that could not be read.
func (t *Telemetry) InvalidField(project, field string) {
	t.invalidFields.WithLabelValues(project, field).Inc()
}

// Forget removes what was counted of projects that are not kept.
func (t *Telemetry) Forget(keep func(project string) bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for project := range t.projects {
		if keep(project) {
			continue
		}
		delete(t.projects, project)
		for _, vector := range []interface{ DeletePartialMatch(prometheus.Labels) int }{t.requests, t.durations, t.invalidFields} {
			vector.DeletePartialMatch(prometheus.Labels{"project": project})
		}
	}
}

// Measure returns a RoundTripper that counts and times the requests of a project
// on their way to next, by the operation that cbrapi.Operation names.
func (t *Telemetry) Measure(project string, next http.RoundTripper) http.RoundTripper {
	t.mu.Lock()
	t.projects[project] = true
	t.mu.Unlock()
	return roundTripper(func(req *http.Request) (*http.Response, error) {
		operation := cbrapi.Operation(req.Context())
		began := t.now()
		resp, err := next.RoundTrip(req)
		code := "error"
		if err == nil {
			code = strconv.Itoa(resp.StatusCode)
		}
		t.requests.WithLabelValues(project, operation, code).Inc()
		t.durations.WithLabelValues(project, operation).Observe(t.now().Sub(began).Seconds())
		return resp, err
	})
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }
