package exporter_test

import (
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/go-kit/log"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/cbr-exporter/cbr_exporter/config"
	"github.com/cbr-exporter/cbr_exporter/exporter"
)

// TestReload replaces the configuration, then tries to replace it with one that
// is wrong.
func TestReload(t *testing.T) {
	one := newAPI(t, filepath.Join("testdata", "three_tasks.json"))
	other := newAPI(t, filepath.Join("testdata", "vendor_sample.json"))
	e := start(t, one.project())
	e.scrape(t, "")

	e.projects = other.project()
	if status, body := e.do(t, http.MethodPost, "/-/reload", nil); status != http.StatusOK {
		t.Fatalf("reload: got status %d: %s", status, body)
	}
	page := e.scrape(t, "")
	if !strings.Contains(page, "4827f2da-b008-4507-ab7d-42d0df5ed912") || strings.Contains(page, one.ids[0]) {
		t.Errorf("the new configuration is not in force:\n%s", page)
	}

	e.projects = strings.ReplaceAll(other.project(), "task_ids", "task_idz")
	status, body := e.do(t, http.MethodPost, "/-/reload", nil)
	if want := "unknown key; did you mean task_ids?"; status != http.StatusInternalServerError || !strings.Contains(body, want) {
		t.Errorf("got status %d and %q, want 500 and %q", status, body, want)
	}
	page = e.scrape(t, "")
	for _, want := range []string{"cbr_exporter_config_last_reload_successful 0", `cbr_up{project="test"} 1`} {
		if !strings.Contains(page, want) {
			t.Errorf("after a bad reload the page lacks %s:\n%s", want, page)
		}
	}
	if got := e.log.String(); !strings.Contains(got, "new configuration refused, the old one stays") {
		t.Errorf("the log does not tell of the bad configuration:\n%s", got)
	}
}

// TestReloadDuringScrape cancels a pass that hangs. Its scrape goes on with the new
// configuration, and tells of no failure.
func TestReloadDuringScrape(t *testing.T) {
	ill := newAPI(t, filepath.Join("testdata", "three_tasks.json"))
	hanging := make(chan struct{}, 3)
	ill.everyFault = func(w http.ResponseWriter, r *http.Request) {
		hanging <- struct{}{}
		hang(w, r)
	}
	well := newAPI(t, filepath.Join("testdata", "three_tasks.json"))
	e := start(t, ill.project())
	page := make(chan string)
	go func() { page <- e.scrape(t, "") }()
	<-hanging
	e.projects = well.project()
	if err := e.Reload(); err != nil {
		t.Fatal(err)
	}
	got := <-page
	for _, want := range []string{
		`cbr_up{project="test"} 1`,
		`cbr_scrape_error{project="test",reason="other"} 0`,
		`cbr_scrape_collector_success{collector="tasks",project="test"} 1`,
	} {
		if !strings.Contains(got, want+"\n") {
			t.Errorf("the page lacks %s:\n%s", want, got)
		}
	}
	if log := e.log.String(); strings.Contains(log, "level=warn") {
		t.Errorf("the log tells of a failure:\n%s", log)
	}
}

// TestReloadForgetsNothing adds an id while the API fails: what had ended is still
// exposed, as of when it was known.
func TestReloadForgetsNothing(t *testing.T) {
	api := newAPI(t, filepath.Join("testdata", "statuses.json"))
	e := start(t, api.project())
	e.scrape(t, "")
	api.everyFault = answer(http.StatusServiceUnavailable, "")
	e.projects = strings.Replace(api.project(), "task_ids: [", "task_ids: [4827f2da-b008-4507-ab7d-42d0df5ed912, ", 1)
	if err := e.Reload(); err != nil {
		t.Fatal(err)
	}
	page := e.scrape(t, "")
	if got := strings.Count(page, `status="success",task_id=`); got != 4 {
		t.Errorf("got the status of %d tasks, want that of the 4 that have ended:\n%s", got, page)
	}
}

// TestScrapeDuringSlowReload has the configuration take five seconds to load: nobody waits
// for that, and what is counted of a project that is gone then goes with it.
func TestScrapeDuringSlowReload(t *testing.T) {
	atNoon(t, func(t *testing.T) {
		cloud := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "none", http.StatusBadGateway) })
		name, slow := "old", time.Duration(0)
		e, err := exporter.New(exporter.Options{
			Load: func() (*config.Config, error) {
				time.Sleep(slow)
				return config.Parse("test.yml", []byte("projects:"+projectAt(name, token, []string{"4827f2da-b008-4507-ab7d-42d0df5ed912"})), noEnvironment)
			},
			Registry: prometheus.NewRegistry(), TelemetryPath: "/metrics", Now: time.Now, Logger: log.NewNopLogger(),
			Transport: hosts{"old.test": cloud, "new.test": cloud},
		})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(e.Close)
		q := &quiet{Exporter: e}
		q.get(t, "/metrics", "10")
		if page := q.get(t, "/-/metrics", "10"); !strings.Contains(page, `project="old"`) {
			t.Errorf("nothing is counted of the project:\n%s", page)
		}

		name, slow = "new", 5*time.Second
		done := make(chan error)
		go func() { done <- e.Reload() }()
		time.Sleep(time.Second)
		began := time.Now()
		q.get(t, "/metrics", "2")
		if took := time.Since(began); took > 2*time.Second {
			t.Errorf("a scrape during the reload took %s", took)
		}
		if err := <-done; err != nil {
			t.Fatal(err)
		}
		q.get(t, "/metrics", "10")
		if page := q.get(t, "/metrics", "10"); strings.Contains(page, `project="old"`) || !strings.Contains(page, `project="new"`) {
			t.Errorf("after the reload:\n%s", page)
		}
	})
}

func noEnvironment(string) (string, bool) { return "", false }
