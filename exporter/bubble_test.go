package exporter_test

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-kit/log"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/cbr-exporter/cbr_exporter/config"
	"github.com/cbr-exporter/cbr_exporter/exporter"
	"github.com/cbr-exporter/cbr_exporter/simulator"
)

// atNoon runs a test in a bubble in which it is noon: time passes when everybody
// waits.
func atNoon(t *testing.T, test func(*testing.T)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Until(noon()))
		test(t)
	})
}

// hosts carries requests to what stands for the hosts, without a network between.
type hosts map[string]http.Handler

// RoundTrip implements http.RoundTripper.
func (h hosts) RoundTrip(req *http.Request) (*http.Response, error) {
	asked := req.Clone(req.Context())
	if asked.Body == nil {
		asked.Body = http.NoBody
	}
	recorder := httptest.NewRecorder()
	h[req.URL.Host].ServeHTTP(recorder, asked)
	if err := req.Context().Err(); err != nil {
		return nil, err // nobody waits for the answer
	}
	resp := recorder.Result()
	resp.Request = req
	return resp, nil
}

// quiet is an exporter without sockets, for tests in a bubble.
type quiet struct {
	*exporter.Exporter
	log *logBuffer
}

// startQuiet runs an exporter for the configuration, whose requests go to the
// hosts, until the end of the test or stop.
func startQuiet(t *testing.T, h hosts, configuration string) *quiet {
	t.Helper()
	return startQuietWith(t, h, prometheus.NewRegistry(), configuration)
}

// startQuietWith is startQuiet with what a process has registered.
func startQuietWith(t *testing.T, h hosts, registry *prometheus.Registry, configuration string) *quiet {
	t.Helper()
	q := &quiet{log: &logBuffer{}}
	e, err := exporter.New(exporter.Options{
		Load: func() (*config.Config, error) {
			return config.Parse("test.yml", []byte(configuration), func(string) (string, bool) { return "", false })
		},
		Registry:      registry,
		TelemetryPath: "/metrics",
		UserAgent:     "cbr_exporter/test",
		Now:           time.Now,
		Logger:        log.NewLogfmtLogger(q.log),
		Transport:     h,
	})
	if err != nil {
		t.Fatal(err)
	}
	q.Exporter = e
	t.Cleanup(e.Close)
	return q
}

// get returns a page as Prometheus gets it that waits for timeout seconds, or that
// does not say how long it waits.
func (q *quiet) get(t *testing.T, path, timeout string) string {
	t.Helper()
	req := httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, nil)
	if timeout != "" {
		req.Header.Set("X-Prometheus-Scrape-Timeout-Seconds", timeout)
	}
	recorder := httptest.NewRecorder()
	q.Handler().ServeHTTP(recorder, req)
	if recorder.Code != http.StatusOK {
		t.Fatalf("%s: got status %d, want 200; body:\n%s", path, recorder.Code, recorder.Body)
	}
	return recorder.Body.String()
}

func (q *quiet) scrape(t *testing.T) string {
	t.Helper()
	return q.get(t, "/metrics", "")
}

// resourceID, vaultID and taskID are those of a number.
func resourceID(n string) string { return "22222222-2222-4222-8222-00000000000" + n }

func vaultID(n string) string { return "33333333-3333-4333-8333-00000000000" + n }

func taskID(n string) string { return "11111111-1111-4111-8111-000000000000"[:36-len(n)] + n }

// policy is that of tasks that are not started by hand.
const policy = "44444444-4444-4444-8444-000000000001"

// minutes returns the time so many minutes after noon.
func minutes(n float64) time.Time { return noon().Add(time.Duration(n * float64(time.Minute))) }

// backup is a policy's backup of resource 1 into vault 1, between minutes after
// noon; it never ends if the second is before the first.
func backup(n, outcome string, from, to float64) simulator.Task {
	task := simulator.Task{
		ID: taskID(n), OperationType: "backup", Outcome: outcome, PolicyID: policy,
		VaultID: vaultID("1"), VaultName: "vault-db",
		ResourceID: resourceID("1"), ResourceName: "ecs-1", ResourceType: "OS::Nova::Server",
		Created: minutes(from), Started: minutes(from), Ended: minutes(to),
	}
	switch {
	case to < from:
		task.Ended = time.Time{}
	case outcome == "failed":
		task.ErrorCode, task.ErrorMessage = "BackupService.6114", "The vault is full."
	case outcome == "skipped":
		task.Started = time.Time{}
		task.ErrorCode, task.ErrorMessage = "BackupService.7102", "The server has stopped."
	}
	return task
}

// with returns a task after some changes.
func with(task simulator.Task, changes ...func(*simulator.Task)) simulator.Task {
	for _, change := range changes {
		change(&task)
	}
	return task
}

func inVault(n, name string) func(*simulator.Task) {
	return func(task *simulator.Task) { task.VaultID, task.VaultName = vaultID(n), name }
}

func ofResource(n, name, kind string) func(*simulator.Task) {
	return func(task *simulator.Task) {
		task.ResourceID, task.ResourceName, task.ResourceType = resourceID(n), name, kind
	}
}

func doing(operation string) func(*simulator.Task) {
	return func(task *simulator.Task) { task.OperationType = operation }
}

func byHand(task *simulator.Task) { task.PolicyID = "" }
