//go:build unix

package performance_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
)

// bareList is a list of tasks as encoding/json reads it, without further checks.
type bareList struct {
	Count         int        `json:"count"`
	OperationLogs []bareTask `json:"operation_logs"`
}

type bareTask struct {
	ID            string `json:"id"`
	Status        string `json:"status"`
	OperationType string `json:"operation_type"`
	CreatedAt     string `json:"created_at"`
	StartedAt     string `json:"started_at"`
	EndedAt       string `json:"ended_at"`
	UpdatedAt     string `json:"updated_at"`
	CheckpointID  string `json:"checkpoint_id"`
	PolicyID      string `json:"policy_id"`
	ProviderID    string `json:"provider_id"`
	VaultID       string `json:"vault_id"`
	VaultName     string `json:"vault_name"`
	ErrorInfo     struct {
		Code    string `json:"code"`
		Message string `json:"message"`
	} `json:"error_info"`
	ExtraInfo struct {
		Common struct {
			Progress  float64 `json:"progress"`
			RequestID string  `json:"request_id"`
		} `json:"common"`
		Resource struct {
			ID   string `json:"id"`
			Name string `json:"name"`
			Type string `json:"type"`
		} `json:"resource"`
		Backup struct {
			BackupID   string `json:"backup_id"`
			BackupName string `json:"backup_name"`
		} `json:"backup"`
	} `json:"extra_info"`
}

// client neither asks for compression nor expands a body by itself.
var client = &http.Client{Transport: &http.Transport{DisableCompression: true}}

// repeat sends requests for lists of tasks again, one after the other, and returns the number
// of rows.
func repeat(b *testing.B, url string, requests []*http.Request) (rows int) {
	b.Helper()
	for _, request := range requests {
		again, err := http.NewRequestWithContext(b.Context(), request.Method, url+request.RequestURI, http.NoBody)
		if err != nil {
			b.Fatal(err)
		}
		again.Header = request.Header.Clone()
		var list bareList
		if err := json.Unmarshal(fetch(b, again), &list); err != nil {
			b.Fatal(err)
		}
		rows += len(list.OperationLogs)
	}
	return rows
}

func fetch(b *testing.B, request *http.Request) []byte {
	b.Helper()
	response, err := client.Do(request)
	if err != nil {
		b.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != http.StatusOK {
		b.Fatal(response.Status, err)
	}
	return body
}

// scrape requests a page of metrics as Prometheus does, compressed.
func scrape(b *testing.B, url string) {
	b.Helper()
	request, err := http.NewRequestWithContext(b.Context(), http.MethodGet, url, http.NoBody)
	if err != nil {
		b.Fatal(err)
	}
	request.Header.Set("Accept-Encoding", "gzip")
	fetch(b, request)
}

// prebuilt serves the gauges and counters of a page as const metrics, and returns the URL.
func prebuilt(b *testing.B, text string) string {
	b.Helper()
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(strings.NewReader(text))
	if err != nil {
		b.Fatal(err)
	}
	var metrics prebuiltMetrics
	for name, family := range families {
		kind := prometheus.GaugeValue
		switch family.GetType() {
		case dto.MetricType_GAUGE:
		case dto.MetricType_COUNTER:
			kind = prometheus.CounterValue
		default: // a few histograms
			continue
		}
		var desc *prometheus.Desc
		for _, m := range family.GetMetric() {
			var names, values []string
			for _, l := range m.GetLabel() {
				names, values = append(names, l.GetName()), append(values, l.GetValue())
			}
			if desc == nil { // all series of a family have the same labels
				desc = prometheus.NewDesc(name, family.GetHelp(), names, nil)
			}
			metrics = append(metrics, prometheus.MustNewConstMetric(desc, kind, m.GetGauge().GetValue()+m.GetCounter().GetValue(), values...))
		}
	}
	registry := prometheus.NewRegistry()
	registry.MustRegister(metrics)
	server := httptest.NewServer(promhttp.HandlerFor(registry, promhttp.HandlerOpts{}))
	b.Cleanup(server.Close)
	return server.URL
}

// prebuiltMetrics is a collector that the registry does not check, as it describes nothing.
type prebuiltMetrics []prometheus.Metric

// Describe implements prometheus.Collector.
func (prebuiltMetrics) Describe(chan<- *prometheus.Desc) {}

// Collect implements prometheus.Collector.
func (p prebuiltMetrics) Collect(metrics chan<- prometheus.Metric) {
	for _, m := range p {
		metrics <- m
	}
}

// cpu returns the time that all processors have spent for this process.
func cpu(b *testing.B) time.Duration {
	b.Helper()
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		b.Fatal(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

// reportCPU reports what the benchmark's loop has cost since start.
func reportCPU(b *testing.B, start time.Duration) {
	b.Helper()
	b.ReportMetric((cpu(b)-start).Seconds()*1e3/float64(b.N), "cpu-ms/op")
}
