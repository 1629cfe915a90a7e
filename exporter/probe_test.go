package exporter_test

import (
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// TestProbePage compares a page of one of two projects, without metrics of the process.
func TestProbePage(t *testing.T) {
	atNoon(t, func(t *testing.T) {
		one, other := loadAPI(t, "odd_field_types"), loadAPI(t, "three_tasks")
		e := start(t, hosts{one.host: one, other.host: other}, configuration(one.project(), named(other.project(), "other")), alwaysNoon, exposing(processRegistry()))
		page := e.get(t, "/probe?project=test", "")
		lint(t, page)
		compare(t, filepath.Join("testdata", "probe.prom"), page)
		if got := other.requests.Load(); got != 0 {
			t.Errorf("the other project was sent %d requests", got)
		}

		status, page := e.do(t, http.MethodGet, "/probe?project=other", openMetrics)
		if status != http.StatusOK || !strings.HasSuffix(page, "# EOF\n") || !strings.Contains(page, `cbr_up{project="other"} 1.0`) {
			t.Errorf("got status %d, want 200 and OpenMetrics of the other project:\n%s", status, page)
		}
	})
}

func TestProbeRefusals(t *testing.T) {
	atNoon(t, func(t *testing.T) {
		api := loadAPI(t, "vendor_sample")
		e := startAPI(t, configuration(api.project(), named(api.project(), "a/b c")), api)
		const one = "Name one project, as in ?project=NAME."
		cases := []struct {
			name, query string
			status      int
			problem     string
		}{
			{"no parameter", "", 400, one},
			{"an address", "?target=http://127.0.0.1:9/", 400, one},
			{"twice", "?project=test&project=test", 400, one},
			{"bad escape", "?project=test%zz", 400, one},
			{"empty parameter", "?project=", 404, `There is no project "".`},
			{"unknown", "?project=tset", 404, `There is no project "tset".`},
			{"an address as the name", "?project=http://127.0.0.1:9/", 404, `There is no project "http://127.0.0.1:9/".`},
			{"other case", "?project=Test", 404, `There is no project "Test".`},
			{"not UTF-8", "?project=%ff%0a", 404, `There is no project "\xff\n".`},
		}
		for _, c := range cases {
			status, body := e.do(t, http.MethodGet, "/probe"+c.query, nil)
			want := c.problem + " The projects are:\ntest\na/b c\n"
			if status != c.status || body != want {
				t.Errorf("%s: got status %d and\n%s\nwant %d and\n%s", c.name, status, body, c.status, want)
			}
		}
		if got := api.requests.Load(); got != 0 {
			t.Errorf("refused requests sent %d to the API", got)
		}
	})
}

// TestProbesOfHangingProject has the API hang: probes end in time, and they share the
// pass that a scrape of all projects began.
func TestProbesOfHangingProject(t *testing.T) {
	atNoon(t, func(t *testing.T) {
		api := loadAPI(t, "vendor_sample")
		api.everyFault = hang
		e := startAPI(t, configuration(api.project()), api)
		done := make(chan string)
		go func() { done <- e.get(t, "/metrics", "2") }()
		synctest.Wait()
		for range 2 {
			start := time.Now()
			page := e.get(t, "/probe?project=test", "0.6")
			if took := time.Since(start); took != 300*time.Millisecond {
				t.Errorf("a probe with a timeout of 0.6 s took %s, want half of it", took)
			}
			expectLines(t, "probe", page, `cbr_scrape_collector_success{collector="tasks",project="test"} 0`)
		}
		<-done
		if got := api.requests.Load(); got != 1 {
			t.Errorf("got %d requests, want the one of the pass that all share", got)
		}
	})
}
