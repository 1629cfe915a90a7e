package model_test

import (
	"fmt"
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

// site is an exporter with a cloud.
type site struct {
	t        testing.TB
	cloud    *service
	exporter *exporter.Exporter
}

// newSite returns a site with some tasks, and with additional configuration of the scrape
// and of its only project.
func newSite(t testing.TB, scrape, project string, tasks ...simulator.Task) *site {
	t.Helper()
	s := &site{t: t, cloud: newService(1, 0, 0)}
	s.cloud.Add(tasks...)
	text := fmt.Sprintf("scrape: {%s}\nprojects:\n- {name: prod, project_id: %s, endpoint: http://cbr.test, credentials: {token: %s}, %s}\n",
		scrape, simulator.DefaultProjectID, token, project)
	e, err := exporter.New(exporter.Options{
		Load:          func() (*config.Config, error) { return config.Parse("site.yml", ".", []byte(text), nil) },
		Registry:      prometheus.NewRegistry(),
		TelemetryPath: "/metrics",
		UserAgent:     "cbr_exporter/model",
		Now:           time.Now,
		Logger:        log.NewNopLogger(),
		Transport:     s,
	})
	if err != nil {
		t.Fatal(err)
	}
	s.exporter = e
	t.Cleanup(e.Close)
	return s
}

// RoundTrip implements http.RoundTripper.
func (s *site) RoundTrip(r *http.Request) (*http.Response, error) { return s.cloud.RoundTrip(r) }

// scrape returns a page for a scrape timeout of 10 s, and its number of requests.
func (s *site) scrape() (p page, requests int) {
	s.t.Helper()
	before := s.cloud.Requests().Seen
	r := httptest.NewRequest(http.MethodGet, "/metrics", nil)
	r.Header.Set("X-Prometheus-Scrape-Timeout-Seconds", "10")
	w := httptest.NewRecorder()
	s.exporter.Handler().ServeHTTP(w, r)
	requests = int(s.cloud.Requests().Seen - before)
	p, err := parsePage(w.Body.String())
	if err != nil {
		s.t.Fatal(err)
	}
	return p, requests
}

func (s *site) succeeds(p page, collector string) bool {
	v, _ := p.value("cbr_scrape_collector_success", "collector", collector)
	return v == 1
}

// history returns ended hourly tasks of a number of resources.
func history(tasks, resources int) []simulator.Task {
	all := make([]simulator.Task, tasks)
	now := time.Now()
	for n := range all {
		i := tasks - 1 - n // the oldest come first
		created := now.Add(-time.Duration(i/resources+1) * time.Hour).Add(-time.Duration(i%resources) * time.Second / 2)
		all[n] = simulator.Task{
			OperationType: "backup",
			VaultID:       fmt.Sprintf("00000000-0000-4000-8000-%012x", i%20), VaultName: fmt.Sprintf("vault-%d", i%20),
			ResourceID: fmt.Sprintf("11111111-0000-4000-8000-%012x", i%resources), ResourceName: fmt.Sprintf("server-%d", i%resources),
			ResourceType: "OS::Nova::Server", PolicyID: "22222222-0000-4000-8000-000000000000",
			Created: created, Started: created.Add(10 * time.Second), Ended: created.Add(20 * time.Minute),
		}
		if i%10 == 0 {
			all[n].Outcome, all[n].ErrorCode = "failed", "BackupService.6114"
		}
	}
	return all
}

// TestSteadyScrape scrapes 50,000 tasks of history and 2,000 keys.
func TestSteadyScrape(t *testing.T) {
	if testing.Short() {
		t.Skip("reads 50,000 tasks")
	}
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t, "", "discovery: {}", history(50_000, 2000)...)
		s.scrape()
		time.Sleep(time.Minute)
		for range 3 {
			p, requests := s.scrape()
			if requests > 3 || !p.complete() {
				t.Errorf("a steady scrape took %d requests, complete %t; want at most 3", requests, p.complete())
			}
			if n := len(p.all("cbr_resource_last_finished_task_info")); n != 2000 {
				t.Errorf("%d keys, want 2000", n)
			}
			time.Sleep(time.Minute)
		}
	})
}

// many returns tasks, of which one in a number is running, and their ids as
// configuration.
func many(tasks, running int) (all []simulator.Task, ids string) {
	for i := range tasks {
		id := fmt.Sprintf("33333333-0000-4000-8000-%012x", i)
		created := time.Now().Add(-time.Duration(i+1) * time.Minute)
		task := simulator.Task{ID: id, OperationType: "backup", ResourceID: id, Created: created, Started: created}
		if i%running != 0 {
			task.Ended = created.Add(time.Second)
		}
		all, ids = append(all, task), ids+id+", "
	}
	return all, "task_ids: [" + ids + "]"
}

// TestSecondScrape configures 1,000 ids, of which 5 % are active.
func TestSecondScrape(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		tasks, ids := many(1000, 20)
		s := newSite(t, "requests_per_second: 0", ids, tasks...)
		s.cloud.setTrouble(trouble{latency: 20 * time.Millisecond})
		s.scrape()
		time.Sleep(time.Minute)
		p, requests := s.scrape()
		if requests > 50 || !s.succeeds(p, "tasks") {
			t.Errorf("the second scrape took %d requests, success %t; want at most 50", requests, s.succeeds(p, "tasks"))
		}
	})
}

// TestSlowPages lists 50 pages of 0.3 s each: they are read, and no scrape of 10 s fails
// meanwhile.
func TestSlowPages(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t, "", "discovery: {}", history(1000, 40)...)
		s.cloud.list(simulator.Listing{MaxLimit: 20})
		s.cloud.setTrouble(trouble{latency: 300 * time.Millisecond})
		for minute := range 3 {
			began := time.Now()
			p, _ := s.scrape()
			up, _ := p.value("cbr_up")
			deadline, _ := p.value("cbr_scrape_error", "reason", "deadline")
			if took := time.Since(began); up != 1 || deadline != 0 || took > 9*time.Second {
				t.Errorf("minute %d: up %v, deadline %v, took %v", minute, up, deadline, took)
			}
			if p.complete() != (minute > 0) {
				t.Errorf("minute %d: complete %t", minute, p.complete())
			}
			time.Sleep(time.Minute)
		}
	})
}

// TestHangingAPI has the API hang after a good scrape. The result of before is shown until the
// first hanging pass is over.
func TestHangingAPI(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		runs := simulator.Task{OperationType: "backup", ResourceID: "44444444-0000-4000-8000-000000000000", Created: time.Now(), Started: time.Now()}
		s := newSite(t, "", "discovery: {}", append(history(100, 10), runs)...)
		s.scrape()
		time.Sleep(time.Minute)
		if p, _ := s.scrape(); !p.complete() {
			t.Fatal("the scrape before is not complete")
		}
		time.Sleep(time.Minute)
		s.cloud.setTrouble(trouble{stall: time.Hour, share: 1})
		for scrape, fresh := range []float64{1, 1, 0, 0} { // every 15 s; a pass ends after 30 s
			p, _ := s.scrape()
			up, _ := p.value("cbr_up")
			deadline, _ := p.value("cbr_scrape_error", "reason", "deadline")
			if up != fresh || p.complete() != (fresh == 1) || deadline != 1-fresh || len(p.ones("cbr_task_status")) != int(fresh) {
				t.Errorf("scrape %d: up %v, complete %t, deadline %v, %d active tasks; want %v",
					scrape, up, p.complete(), deadline, len(p.ones("cbr_task_status")), fresh)
			}
			if n := len(p.all("cbr_resource_last_finished_task_info")); n != 10 {
				t.Errorf("scrape %d: %d resources, want the 10 of before", scrape, n)
			}
			time.Sleep(5500 * time.Millisecond)
		}
	})
}
