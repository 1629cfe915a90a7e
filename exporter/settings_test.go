package exporter_test

import (
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// TestSettings has each of the settings of scrape make a difference.
func TestSettings(t *testing.T) {
	api := newAPI(t, filepath.Join("testdata", "operation_types.json"))
	var (
		mu             sync.Mutex
		inFlight, most int
	)
	count := func(n int) {
		mu.Lock()
		defer mu.Unlock()
		inFlight += n
		most = max(most, inFlight)
	}
	api.everyFault = func(w http.ResponseWriter, r *http.Request) {
		count(1)
		defer count(-1)
		time.Sleep(2 * time.Millisecond)
		answer(http.StatusOK, `{"operation_log":`+string(api.tasks[r.PathValue("id")])+`}`)(w, r)
	}
	e := startAt(t, time.Now, api.project()+"scrape: {requests_per_second: 0, timeout: 400ms, concurrency: 2, finished_task_ttl: 0s}\n")
	page := e.scrape(t, "")
	if strings.Contains(page, `cbr_scrape_duration_seconds{project="test"} 0`+"\n") {
		t.Error("the pass took no time")
	}
	if most != 2 {
		t.Errorf("concurrency 2: got %d requests at once", most)
	}
	before := api.requests.Load()
	e.scrape(t, "")
	if got := api.requests.Load() - before; got != 9 {
		t.Errorf("finished_task_ttl 0s: got %d requests, want all 9 tasks to be read again", got)
	}
	api.everyFault = hang
	began := time.Now()
	page = e.scrape(t, "")
	if took := time.Since(began); took < 400*time.Millisecond || took > 20*time.Second {
		t.Errorf("timeout 400ms: a scrape took %s", took)
	}
	if want := `cbr_scrape_error{project="test",reason="deadline"} 1`; !strings.Contains(page, want) {
		t.Errorf("the page lacks %s", want)
	}
}
