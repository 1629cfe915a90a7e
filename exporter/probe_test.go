package exporter_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// named returns the configuration of a project with another name.
func named(project, name string) string {
	quoted, err := json.Marshal(name)
	if err != nil {
		panic(err)
	}
	return strings.Replace(project, "name: test", "name: "+string(quoted), 1)
}

// TestProbePage compares a whole page: of two projects it has one, and nothing
// about the process.
func TestProbePage(t *testing.T) {
	one := newAPI(t, filepath.Join("testdata", "odd_field_types.json"))
	other := newAPI(t, filepath.Join("testdata", "three_tasks.json"))
	e := start(t, one.project(), named(other.project(), "other"))
	withProcess(e)
	status, page := e.do(t, http.MethodGet, "/probe?project=test", nil)
	if status != http.StatusOK {
		t.Fatalf("got status %d, want 200; body:\n%s", status, page)
	}
	lint(t, page)
	compare(t, filepath.Join("testdata", "probe.prom"), page)
	if got := other.requests.Load(); got != 0 {
		t.Errorf("the other project was sent %d requests", got)
	}

	status, page = e.do(t, http.MethodGet, "/probe?project=other", http.Header{
		"Accept": {"application/openmetrics-text; version=1.0.0"},
	})
	if status != http.StatusOK || !strings.HasSuffix(page, "# EOF\n") || !strings.Contains(page, `cbr_up{project="other"} 1.0`) {
		t.Errorf("got status %d, want 200 and OpenMetrics of the other project:\n%s", status, page)
	}
}

// TestProbeRefusals has requests that name no project.
func TestProbeRefusals(t *testing.T) {
	api := newAPI(t, filepath.Join("testdata", "vendor_sample.json"))
	e := start(t, api.project(), named(api.project(), "a/b c"))
	const missing = "The parameter project is missing; say which project, as in /probe?project=NAME."
	cases := []struct {
		name, query string
		status      int
		problem     string
	}{
		{"no parameter", "", 400, missing},
		{"empty parameter", "?project=", 400, missing},
		{"an address", "?target=http://127.0.0.1:9/", 400, missing},
		{"twice", "?project=test&project=test", 400, "The parameter project is given more than once; give one project."},
		{"bad escape", "?project=test%zz", 400, `The query cannot be read: invalid URL escape "%zz".`},
		{"semicolon", "?project=a;b", 400, "The query cannot be read: invalid semicolon separator in query."},
		{"unknown", "?project=tset", 404, `There is no project "tset".`},
		{"an address as the name", "?project=http://127.0.0.1:9/", 404, `There is no project "http://127.0.0.1:9/".`},
		{"other case", "?project=Test", 404, `There is no project "Test".`},
		{"not UTF-8", "?project=%ff%0a", 404, `There is no project "\xff\n".`},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			status, body := e.do(t, http.MethodGet, "/probe"+c.query, nil)
			want := c.problem + " The projects are:\ntest\na/b c\n"
			if status != c.status || body != want {
				t.Errorf("got status %d and\n%s\nwant %d and\n%s", status, body, c.status, want)
			}
		})
	}
	if got := api.requests.Load(); got != 0 {
		t.Errorf("refused requests sent %d to the API", got)
	}
}

// oddNames are names of projects that are something else in a URL, in HTML, in a
// label or in a path.
var oddNames = []string{
	"prod/eu west", "../-/reload", "a&b=c;d", "100%25+1", "?#", `"\`, "<b>", "Zürich €", "東京",
}

func TestProbeOddNames(t *testing.T) {
	api := newAPI(t, filepath.Join("testdata", "vendor_sample.json"))
	var projects []string
	for _, name := range oddNames {
		projects = append(projects, named(api.project(), name))
	}
	e := start(t, projects...)
	for _, name := range oddNames {
		t.Run(name, func(t *testing.T) {
			status, page := e.do(t, http.MethodGet, "/probe?project="+url.QueryEscape(name), nil)
			label := strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(name)
			for _, want := range []string{
				`cbr_up{project="` + label + `"} 1`,
				`cbr_exporter_api_requests_total{code="200",operation="ShowOpLog",project="` + label + `"} 1`,
			} {
				if status != http.StatusOK || !strings.Contains(page, want+"\n") {
					t.Errorf("got status %d, want 200 and %s in\n%s", status, want, page)
				}
			}
		})
	}
}

// TestProbeJoinsAndLeavesInTime has the API hang: probes leave when Prometheus asks
// them to, and all of them wait for the pass that a scrape of everything began.
func TestProbeJoinsAndLeavesInTime(t *testing.T) {
	api := newAPI(t, filepath.Join("testdata", "vendor_sample.json"))
	asked := make(chan struct{}, 1)
	api.everyFault = func(w http.ResponseWriter, r *http.Request) {
		asked <- struct{}{}
		hang(w, r)
	}
	e := start(t, api.project())
	everything := make(chan string)
	go func() { everything <- e.scrape(t, "2") }()
	<-asked
	for range 2 {
		began := time.Now()
		status, page := e.do(t, http.MethodGet, "/probe?project=test", http.Header{"X-Prometheus-Scrape-Timeout-Seconds": {"0.6"}})
		if took := time.Since(began); took < 300*time.Millisecond || took >= 2*time.Second {
			t.Errorf("a probe that may take 0.6 s took %s", took)
		}
		if want := `cbr_scrape_collector_success{collector="tasks",project="test"} 0`; status != http.StatusOK || !strings.Contains(page, want+"\n") {
			t.Errorf("got status %d, want 200 and %s in\n%s", status, want, page)
		}
	}
	<-everything
	if got := api.requests.Load(); got != 1 {
		t.Errorf("got %d requests, want the one of the pass that all share", got)
	}
}

// TestReloadDuringProbe replaces the configuration while a probe waits: by one in
// which the project answers, and by one that does not have it.
func TestReloadDuringProbe(t *testing.T) {
	well := newAPI(t, filepath.Join("testdata", "three_tasks.json"))
	cases := []struct {
		name, projects string
		status         int
		want           string
	}{
		{"still there", well.project(), 200, `cbr_scrape_collector_success{collector="tasks",project="test"} 1`},
		{"gone", named(well.project(), "other"), 404, "There is no project \"test\" any more. The projects are:\nother"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			ill := newAPI(t, filepath.Join("testdata", "three_tasks.json"))
			hanging := make(chan struct{}, 3)
			ill.everyFault = func(w http.ResponseWriter, r *http.Request) {
				hanging <- struct{}{}
				hang(w, r)
			}
			e := start(t, ill.project())
			type answer struct {
				status int
				page   string
			}
			probed := make(chan answer)
			go func() {
				status, page := e.do(t, http.MethodGet, "/probe?project=test", nil)
				probed <- answer{status, page}
			}()
			<-hanging
			e.projects = c.projects
			if err := e.Reload(); err != nil {
				t.Fatal(err)
			}
			got := <-probed
			if got.status != c.status || !strings.Contains(got.page, c.want+"\n") {
				t.Errorf("got status %d, want %d and %s in\n%s", got.status, c.status, c.want, got.page)
			}
		})
	}
}
