package exporter_test

import (
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// TestParallelScrapes lets many scrapes overlap: each page is whole.
func TestParallelScrapes(t *testing.T) {
	api := newAPI(t, filepath.Join("testdata", "operation_types.json"))
	e := start(t, api.project())
	var wait sync.WaitGroup
	for range 20 {
		wait.Go(func() {
			page := e.scrape(t, "30")
			if !strings.Contains(page, `cbr_scrape_collector_success{collector="tasks",project="test"} 1`) {
				t.Errorf("a scrape was incomplete:\n%s", page)
			}
		})
	}
	wait.Wait()
}

// TestIllProjectDelaysNoOther has one project hang: the other one is complete,
// in time, and says so.
func TestIllProjectDelaysNoOther(t *testing.T) {
	ill := newAPI(t, filepath.Join("testdata", "three_tasks.json"))
	ill.everyFault = hang
	well := newAPI(t, filepath.Join("testdata", "vendor_sample.json"))
	e := start(t, strings.Replace(ill.project(), "name: test", "name: ill", 1), well.project())

	began := time.Now()
	page := e.scrape(t, "2")
	if took := time.Since(began); took >= 2*time.Second {
		t.Errorf("a scrape that may take 2 s took %s", took)
	}
	for _, want := range []string{
		`cbr_up{project="ill"} 0`,
		`cbr_scrape_error{project="ill",reason="deadline"} 1`,
		`cbr_scrape_collector_success{collector="tasks",project="ill"} 0`,
		`cbr_up{project="test"} 1`,
		`cbr_scrape_collector_success{collector="tasks",project="test"} 1`,
		`cbr_task_found{project="test",task_id="4827f2da-b008-4507-ab7d-42d0df5ed912"} 1`,
	} {
		if !strings.Contains(page, want+"\n") {
			t.Errorf("the page lacks %s", want)
		}
	}
}

// TestUnreachable has nobody listen at the endpoint.
func TestUnreachable(t *testing.T) {
	api := newAPI(t, filepath.Join("testdata", "vendor_sample.json"))
	// Nobody listens there, and no other test may be given this port.
	e := start(t, strings.Replace(api.project(), api.server.URL, "http://127.0.0.1:9", 1))

	page := e.scrape(t, "")
	for _, want := range []string{
		`cbr_up{project="test"} 0`,
		`cbr_scrape_error{project="test",reason="network"} 1`,
		`cbr_exporter_api_requests_total{code="error",operation="ShowOpLog",project="test"} 3`, // it was worth two more tries
	} {
		if !strings.Contains(page, want+"\n") {
			t.Errorf("the page lacks %s:\n%s", want, page)
		}
	}
	if got := e.log.String(); !strings.Contains(got, "connection refused") {
		t.Errorf("the log does not say that the connection was refused:\n%s", got)
	}
}

// TestFinishedTasksAreNotReadAgain scrapes twice within their time to live.
func TestFinishedTasksAreNotReadAgain(t *testing.T) {
	api := newAPI(t, filepath.Join("testdata", "statuses.json"))
	e := start(t, api.project())
	e.scrape(t, "")
	first := api.requests.Load()
	e.scrape(t, "")
	// Two of the six tasks, one that runs and one that waits, may have changed.
	if got := api.requests.Load() - first; first != 6 || got != 2 {
		t.Errorf("got %d and then %d requests, want 6 and then 2", first, got)
	}
}

// TestFailureIsLoggedOnce scrapes an ill API again and again.
func TestFailureIsLoggedOnce(t *testing.T) {
	api := newAPI(t, filepath.Join("testdata", "three_tasks.json"))
	api.everyFault = answer(http.StatusServiceUnavailable, "")
	e := start(t, api.project())
	for range 5 {
		e.scrape(t, "")
	}
	if got := strings.Count(e.log.String(), "level=warn"); got != 1 {
		t.Errorf("got %d warnings for 5 scrapes that failed for the same reason, want 1:\n%s", got, e.log)
	}
	api.everyFault = nil
	e.scrape(t, "")
	if got := e.log.String(); !strings.Contains(got, `level=info project=test msg="tasks are read again"`) {
		t.Errorf("the log does not say that the API is well again:\n%s", got)
	}
}

// TestOpenMetrics asks for the other format.
func TestOpenMetrics(t *testing.T) {
	api := newAPI(t, filepath.Join("testdata", "operation_types.json"))
	e := start(t, api.project())
	status, body := e.do(t, http.MethodGet, "/metrics", http.Header{
		"Accept": {"application/openmetrics-text; version=1.0.0"},
	})
	if status != http.StatusOK || !strings.HasSuffix(body, "# EOF\n") {
		t.Errorf("got status %d and a page that ends in %q, want 200 and # EOF", status, body[max(0, len(body)-40):])
	}
}
