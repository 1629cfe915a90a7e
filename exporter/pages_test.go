package exporter_test

import (
	"net/http"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

func TestPages(t *testing.T) {
	api := newAPI(t, filepath.Join("testdata", "statuses.json"))
	e := start(t, api.project())
	cases := []struct {
		name, method, path string
		status             int
		contains           string
	}{
		{"healthy", http.MethodGet, "/-/healthy", 200, "healthy"},
		{"ready before any scrape", http.MethodGet, "/-/ready", 200, "ready"},
		{"overview before any scrape", http.MethodGet, "/", 200, "reading begins with the first scrape"},
		{"configuration", http.MethodGet, "/config", 200, "token: <secret>"},
		{"reload by GET", http.MethodGet, "/-/reload", 405, ""},
		{"reload by POST", http.MethodPost, "/-/reload", 200, ""},
		{"reload by PUT", http.MethodPut, "/-/reload", 200, ""},
		{"own metrics before any scrape", http.MethodGet, "/-/metrics", 200, `cbr_exporter_credentials_rejected{project="test"} 0`},
		{"own metrics by POST", http.MethodPost, "/-/metrics", 405, ""},
		{"targets by HEAD", http.MethodHead, "/sd", 200, ""},
		{"targets by POST", http.MethodPost, "/sd", 405, ""},
		{"probe by POST", http.MethodPost, "/probe?project=test", 405, ""},
		{"probe of nothing", http.MethodGet, "/probe", 400, "test"},
		{"probe of something below", http.MethodGet, "/probe/test", 404, ""},
		{"unknown page", http.MethodGet, "/nothing", 404, ""},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			status, body := e.do(t, c.method, c.path, nil)
			if status != c.status || !strings.Contains(body, c.contains) {
				t.Errorf("%s %s: got status %d, want %d, with %q in\n%s", c.method, c.path, status, c.status, c.contains, body)
			}
		})
	}
	if got := api.requests.Load(); got != 0 {
		t.Errorf("pages other than the metrics sent %d requests to the API", got)
	}
}

// TestOverview reads the page for people after a scrape: the worst task is
// first, with its error, and markup in the API's texts is only text.
func TestOverview(t *testing.T) {
	api := newAPI(t, filepath.Join("testdata", "statuses.json"))
	for id, task := range api.tasks {
		api.tasks[id] = []byte(strings.ReplaceAll(string(task), "The vault is full.", "<script>alert(1)</script>"))
	}
	e := start(t, api.project())
	e.scrape(t, "")
	_, page := e.do(t, http.MethodGet, "/", nil)

	for _, want := range []string{
		"All 6 tasks are known, as of 0 s ago.",
		"BackupService.6114: &lt;script&gt;alert(1)&lt;/script&gt;",
		"42 %", "10 h ago", "10 min", "vault-db", "ecs-3",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %q:\n%s", want, page)
		}
	}
	_, tasks, _ := strings.Cut(page, "<h3>Configured tasks</h3>")
	order := -1
	for _, status := range []string{"failed", "timeout", "skipped", "running", "waiting", "success"} {
		at := strings.Index(tasks, `<td class="status `+status+`">`)
		if at <= order {
			t.Errorf("%s is not below what is worse", status)
		}
		order = at
	}
}

// TestOverviewOfFailure says why tasks are not known.
func TestOverviewOfFailure(t *testing.T) {
	api := newAPI(t, filepath.Join("testdata", "three_tasks.json"))
	api.faults = map[string]http.HandlerFunc{
		api.ids[0]: answer(http.StatusNotFound, `{"error_code":"BackupService.6500"}`),
		api.ids[1]: answer(http.StatusForbidden, `{"error_code":"APIGW.0302","error_msg":"not for you"}`),
	}
	e := start(t, api.project())
	e.scrape(t, "")
	_, page := e.do(t, http.MethodGet, "/", nil)
	for _, want := range []string{
		"2 of 3 tasks are known, as of 0 s ago. Reason: permission; allow the user cbr:tasks:list and cbr:tasks:get, for example by the system policy CBR ReadOnlyAccess; if that is granted in an enterprise project, set enterprise_project_id. Never yet have all tasks been known.",
		"not found", "the API knows no such task",
		"ShowOpLog: HTTP status 403: APIGW.0302: not for you",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %q:\n%s", want, page)
		}
	}
}

// TestOverviewIsNotTrustedForEver has nobody scrape for three days.
func TestOverviewIsNotTrustedForEver(t *testing.T) {
	api := newAPI(t, filepath.Join("testdata", "statuses.json"))
	var later atomic.Int64
	e := startAt(t, func() time.Time { return noon().Add(time.Duration(later.Load())) }, api.project())
	e.scrape(t, "")
	later.Store(int64(72 * time.Hour))
	_, page := e.do(t, http.MethodGet, "/", nil)
	want := `<p class="verdict failing">All 6 tasks are known, as of 3 days ago. Nothing has been read since: is Prometheus still scraping?</p>`
	if !strings.Contains(page, want) {
		t.Errorf("the page lacks %s:\n%s", want, page)
	}
}
