package exporter

import (
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
)

// telemetry measures the exporter itself: its requests to the API, the fields that it
// could not read, and the loading of its configuration. It is safe for concurrent use.
type telemetry struct {
	requests          *prometheus.CounterVec
	durations         *prometheus.HistogramVec
	invalidFields     *prometheus.CounterVec
	reloadSuccessful  prometheus.Gauge
	lastReloadSuccess prometheus.Gauge
	now               func() time.Time
}

func newTelemetry(registry prometheus.Registerer, now func() time.Time) *telemetry {
	metrics := promauto.With(registry)
	return &telemetry{
		now: now,
		requests: metrics.NewCounterVec(prometheus.CounterOpts{
			Name: "cbr_exporter_api_requests_total",
			Help: "Number of requests to the API by operation and HTTP status code; the code is error if there was no response.",
		}, []string{"project", "operation", "code"}),
		durations: metrics.NewHistogramVec(prometheus.HistogramOpts{
			Name: "cbr_exporter_api_request_duration_seconds",
			Help: "Time from sending a request to the API to the header of its response, or to its failure.",
			// For Prometheus servers without native histograms.
			Buckets:                         []float64{.01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30},
			NativeHistogramBucketFactor:     1.1,
			NativeHistogramMaxBucketNumber:  100,
			NativeHistogramMinResetDuration: time.Hour,
		}, []string{"project", "operation"}),
		invalidFields: metrics.NewCounterVec(prometheus.CounterOpts{
			Name: "cbr_exporter_invalid_fields_total",
			Help: "Number of fields in responses of the API that could not be read and were left out.",
		}, []string{"project", "field"}),
		reloadSuccessful: metrics.NewGauge(prometheus.GaugeOpts{
			Name: "cbr_exporter_config_last_reload_successful",
			Help: "Whether the last attempt to load the configuration succeeded.",
		}),
		lastReloadSuccess: metrics.NewGauge(prometheus.GaugeOpts{
			Name: "cbr_exporter_config_last_reload_success_timestamp_seconds",
			Help: "Unix time at which the configuration was last loaded successfully.",
		}),
	}
}

// Measure returns a RoundTripper that counts and times the requests of a project. Their
// operation is the one of cbrapi.Operation.
func (t *telemetry) Measure(project string, next http.RoundTripper) http.RoundTripper {
	return promhttp.RoundTripperFunc(func(req *http.Request) (*http.Response, error) {
		operation := cbrapi.Operation(req.Context())
		start := t.now()
		resp, err := next.RoundTrip(req)
		code := "error"
		if err == nil {
			code = strconv.Itoa(resp.StatusCode)
		}
		t.requests.WithLabelValues(project, operation, code).Inc()
		t.durations.WithLabelValues(project, operation).Observe(t.now().Sub(start).Seconds())
		return resp, err
	})
}

// InvalidFields returns the counter of the project's invalid fields, by the label field.
func (t *telemetry) InvalidFields(project string) *prometheus.CounterVec {
	return t.invalidFields.MustCurryWith(prometheus.Labels{"project": project})
}

// Forget removes the series of a project.
func (t *telemetry) Forget(project string) {
	labels := prometheus.Labels{"project": project}
	t.requests.DeletePartialMatch(labels)
	t.durations.DeletePartialMatch(labels)
	t.invalidFields.DeletePartialMatch(labels)
}

// recordReload records the outcome of an attempt to load the configuration.
func (t *telemetry) recordReload(err error) {
	if err != nil {
		t.reloadSuccessful.Set(0)
		return
	}
	t.reloadSuccessful.Set(1)
	t.lastReloadSuccess.Set(float64(t.now().UnixMilli()) / 1e3)
}
