package exporter_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/cbr-exporter/cbr_exporter/exporter"
)

// TestConnectionRefused has no server at the endpoint.
func TestConnectionRefused(t *testing.T) {
	atNoon(t, func(t *testing.T) {
		api := loadAPI(t, "vendor_sample")
		e := startAPI(t, configuration(api.project())) // without the API
		expectLines(t, "scrape", e.scrape(t),
			`cbr_up{project="test"} 0`,
			`cbr_scrape_error{project="test",reason="network"} 1`,
			`cbr_exporter_api_requests_total{code="error",operation="ShowOpLog",project="test"} 3`) // with two retries
		if got := e.log.String(); !strings.Contains(got, "connection refused") {
			t.Errorf("the log does not say that the connection was refused:\n%s", got)
		}
	})
}

// TestTaskFromTheFuture has a task be created in the year 2999.
func TestTaskFromTheFuture(t *testing.T) {
	atNoon(t, func(t *testing.T) {
		api := loadAPI(t, "vendor_sample")
		for id, task := range api.tasks {
			api.tasks[id] = []byte(strings.ReplaceAll(string(task), "2019-05", "2999-05"))
		}
		e := startAPI(t, configuration(api.project()), api)
		expectLines(t, "scrape", e.scrape(t), `cbr_exporter_invalid_fields_total{field="created_at",project="test"} 1`)
		e.get(t, "/", "")
	})
}

// TestScrapeSettings checks the effect of each setting under scrape.
func TestScrapeSettings(t *testing.T) {
	atNoon(t, func(t *testing.T) {
		api := loadAPI(t, "operation_types")
		var inFlight, most atomic.Int64
		api.everyFault = func(w http.ResponseWriter, r *http.Request) {
			most.Store(max(most.Load(), inFlight.Add(1)))
			time.Sleep(2 * time.Millisecond)
			inFlight.Add(-1)
			api.respond(w, r)
		}
		e := start(t, hosts{api.host: api}, "projects:"+api.project()+"scrape: {requests_per_second: 0, timeout: 400ms, concurrency: 2, finished_task_ttl: 0s}\n")
		if page := e.scrape(t); strings.Contains(page, `cbr_scrape_duration_seconds{project="test"} 0`+"\n") {
			t.Error("the duration of the pass is 0")
		}
		if got := most.Load(); got != 2 {
			t.Errorf("concurrency 2: got %d requests at once", got)
		}
		before := api.requests.Load()
		e.scrape(t)
		if got := api.requests.Load() - before; got != 9 {
			t.Errorf("finished_task_ttl 0s: got %d requests, want all 9 tasks to be read again", got)
		}
		api.everyFault = hang
		start := time.Now()
		page := e.get(t, "/metrics", "10")
		if took := time.Since(start); took != 400*time.Millisecond {
			t.Errorf("timeout 400ms: a scrape took %s", took)
		}
		expectLines(t, "timeout 400ms", page, `cbr_scrape_error{project="test",reason="deadline"} 1`)
	})
}

// TestScrapeTimeout checks how long a scrape waits for an API that hangs, after a page
// that took some time to write.
func TestScrapeTimeout(t *testing.T) {
	cases := []struct {
		name     string
		header   string
		lastPage time.Duration
		want     time.Duration // less than scrape.timeout, 10 s, without a valid header
	}{
		{"no header", "", 0, 9500 * time.Millisecond},
		{"no header and a slow page", "", 2 * time.Second, 6 * time.Second},
		{"no header and a very slow page", "", time.Minute, 5 * time.Second},
		{"not a number", "soon", 0, 9500 * time.Millisecond},
		{"NaN", "NaN", 0, 9500 * time.Millisecond},
		{"infinite", "+Inf", 0, 9500 * time.Millisecond},
		{"with a unit", "5s", 0, 9500 * time.Millisecond},
		{"zero", "0", 0, 9500 * time.Millisecond},
		{"negative", "-5", 0, 9500 * time.Millisecond},
		{"absurd", "1e300", 0, 9500 * time.Millisecond},
		{"more than a duration holds", "10000000000", 0, 9500 * time.Millisecond},
		{"a year", "31536000", 0, 10 * time.Second}, // the pass ends
		{"default of Prometheus", "10", 0, 9500 * time.Millisecond},
		{"slow page", "10", 2 * time.Second, 6 * time.Second},
		{"very slow page", "10", time.Minute, 5 * time.Second},
		{"short", "0.2", 0, 100 * time.Millisecond},
		{"fraction", "2.5", 0, 2 * time.Second},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			atNoon(t, func(t *testing.T) {
				api := loadAPI(t, "vendor_sample")
				registry, slow := prometheus.NewRegistry(), &slowCollector{delay: c.lastPage}
				registry.MustRegister(slow)
				e := start(t, hosts{api.host: api}, "projects:"+api.project()+"scrape: {timeout: 10s, finished_task_ttl: 0s}\n", exposing(registry))
				for _, path := range []string{"/metrics", "/probe?project=test"} {
					api.everyFault, slow.delay = nil, c.lastPage
					e.get(t, path, "")
					api.everyFault, slow.delay = hang, 0
					start := time.Now()
					e.get(t, path, c.header)
					if got := time.Since(start); got != c.want {
						t.Errorf("%s took %s, want %s", path, got, c.want)
					}
					time.Sleep(10 * time.Second) // until the pass ends
					synctest.Wait()
				}
			})
		})
	}
}

// TestReloadsDuringScrape reloads the configuration while a scrape without a timeout waits
// for an API that responds for all tasks but one. The scrape still ends within
// scrape.timeout, with what is known.
func TestReloadsDuringScrape(t *testing.T) {
	for _, path := range []string{"/metrics", "/probe?project=test"} {
		t.Run(path, func(t *testing.T) {
			atNoon(t, func(t *testing.T) {
				api := loadAPI(t, "statuses")
				api.faults = map[string]http.HandlerFunc{api.ids[0]: hang}
				e := startAPI(t, "projects:"+api.project()+"scrape: {timeout: 10s}\n", api)
				for _, after := range []time.Duration{4 * time.Second, 8 * time.Second, 12 * time.Second} {
					time.AfterFunc(after, func() { _ = e.Reload() })
				}
				start := time.Now()
				page := e.get(t, path, "")
				if took := time.Since(start); took != 9500*time.Millisecond {
					t.Errorf("took %s, want half a second less than scrape.timeout", took)
				}
				expectLines(t, path, page,
					`cbr_up{project="test"} 1`,
					`cbr_scrape_error{project="test",reason="deadline"} 1`,
					`cbr_task_found{project="test",task_id="`+api.ids[1]+`"} 1`)
				time.Sleep(time.Minute)
			})
		})
	}
}

// TestPagesAtATime has each page take a minute to make. Four are made at a time; the
// others wait, unless their client is gone.
func TestPagesAtATime(t *testing.T) {
	atNoon(t, func(t *testing.T) {
		registry, slow := prometheus.NewRegistry(), &slowCollector{delay: time.Minute}
		registry.MustRegister(slow)
		api := loadAPI(t, "vendor_sample")
		names := []string{"a", "b", "c", "d", "e", "f", "gone"}
		var projects []string
		for _, name := range names {
			projects = append(projects, named(api.project(), name))
		}
		e := start(t, hosts{api.host: api}, configuration(projects...), exposing(registry))
		var received atomic.Int64
		get := func(ctx context.Context, name string) {
			w := httptest.NewRecorder()
			e.handler.ServeHTTP(w, httptest.NewRequestWithContext(ctx, http.MethodGet, "/probe?project="+name, http.NoBody))
			if w.Body.Len() > 0 {
				received.Add(1)
			}
		}
		for _, name := range names[:6] {
			go get(t.Context(), name)
		}
		time.Sleep(time.Second) // four are being made, two wait
		ctx, cancel := context.WithCancelCause(t.Context())
		go get(ctx, "gone")
		time.Sleep(time.Second)
		cancel(errors.New("the client is gone"))
		time.Sleep(time.Hour)
		if got := slow.most.Load(); got != 4 {
			t.Errorf("%d pages were made at a time, want 4", got)
		}
		if got, made := received.Load(), slow.all.Load(); got != 6 || made != 6 {
			t.Errorf("%d pages were made and %d received, want the 6 whose client was not gone", made, got)
		}
	})
}

// TestSharedPage has many scrape at a time, while a page takes a second to make. The clients of
// the first scrapes go away.
func TestSharedPage(t *testing.T) {
	cases := []struct {
		name string
		path func(n int) string
		gone int // clients
		want int64
	}{
		{"same", func(int) string { return "/metrics" }, 0, 1},
		{"same project", func(int) string { return "/probe?project=test" }, 0, 1},
		{"the first client goes", func(int) string { return "/metrics" }, 1, 1},
		{"different selections", func(n int) string { return fmt.Sprintf("/metrics?name[]=cbr_up&name[]=%d", n%2) }, 0, 2},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			atNoon(t, func(t *testing.T) {
				registry, slow := prometheus.NewRegistry(), &slowCollector{delay: time.Second}
				registry.MustRegister(slow)
				api := loadAPI(t, "vendor_sample")
				e := start(t, hosts{api.host: api}, configuration(api.project()), exposing(registry))
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				var pages [20]string
				for n := range pages {
					client := t.Context()
					if n < c.gone {
						client = ctx
					}
					go func() {
						w := httptest.NewRecorder()
						e.handler.ServeHTTP(w, httptest.NewRequestWithContext(client, http.MethodGet, c.path(n), http.NoBody))
						pages[n] = w.Body.String()
					}()
					synctest.Wait()
				}
				cancel()
				time.Sleep(time.Minute)
				synctest.Wait()
				for n, page := range pages[c.gone:] {
					if !strings.Contains(page, `cbr_up{project="test"} 1`) {
						t.Errorf("scrape %d: got %q", n, page)
					}
				}
				if got := slow.all.Load(); got != c.want {
					t.Errorf("%d pages were made, want %d", got, c.want)
				}
			})
		})
	}
}

// TestMaxRequests has six scrapes in flight, of which four wait for the page of another: as
// many as are allowed. Others are refused, on all pages with metrics and only there.
func TestMaxRequests(t *testing.T) {
	atNoon(t, func(t *testing.T) {
		registry, slow := prometheus.NewRegistry(), &slowCollector{delay: time.Minute}
		registry.MustRegister(slow)
		api := loadAPI(t, "vendor_sample")
		e := start(t, hosts{api.host: api}, configuration(api.project()), exposing(registry),
			func(o *exporter.Options) { o.MaxRequests = 6 })
		for range 3 { // of the same page, and of the same project
			go e.do(t, http.MethodGet, "/metrics", nil)
			go e.do(t, http.MethodGet, "/probe?project=test", nil)
		}
		time.Sleep(time.Second)
		for _, path := range []string{"/metrics", "/probe?project=test", "/-/metrics"} {
			got := e.fetch(t, http.MethodGet, path)
			const want = "6 scrapes are in flight; scrape less often, or raise --web.max-requests.\n"
			if got.status != http.StatusServiceUnavailable || got.header.Get("Retry-After") != "10" || got.body != want {
				t.Errorf("%s: got status %d, %v and %q, want 503 and %q", path, got.status, got.header, got.body, want)
			}
		}
		for _, path := range []string{"/-/healthy", "/-/ready", "/", "/api/v1/status", "/sd", "/config"} {
			e.get(t, path, "")
		}
		time.Sleep(time.Hour)
		e.scrape(t) // others have left
	})
}

// slowCollector delays each page, and counts the pages, also those at a time.
type slowCollector struct {
	delay          time.Duration
	now, most, all atomic.Int64
}

func (c *slowCollector) Describe(chan<- *prometheus.Desc) {}

func (c *slowCollector) Collect(chan<- prometheus.Metric) {
	c.all.Add(1)
	c.most.Store(max(c.most.Load(), c.now.Add(1)))
	time.Sleep(c.delay)
	c.now.Add(-1)
}
