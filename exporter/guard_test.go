package exporter_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
)

// TestRefusedCredentialsAreNotSentAgain scrapes again and again with a token that
// the API refuses. Neither a scrape nor a reload sends it again; another token is
// sent at once.
func TestRefusedCredentialsAreNotSentAgain(t *testing.T) {
	api := newAPI(t, filepath.Join("testdata", "three_tasks.json"))
	good := api.project()
	e := start(t, strings.Replace(good, token, "revoked", 1))
	for range 5 {
		page := e.scrape(t, "")
		for _, want := range []string{
			`cbr_exporter_credentials_rejected{project="test"} 1`,
			`cbr_scrape_error{project="test",reason="credentials"} 1`,
			`cbr_up{project="test"} 0`,
		} {
			if !strings.Contains(page, want+"\n") {
				t.Errorf("the page lacks %s:\n%s", want, page)
			}
		}
	}
	if err := e.Reload(); err != nil {
		t.Fatal(err)
	}
	e.scrape(t, "")
	if got := api.requests.Load(); got != 1 {
		t.Errorf("got %d requests with the refused token, want 1", got)
	}
	_, page := e.do(t, http.MethodGet, "/", nil)
	if want := "the credentials were refused at 2026-11-20T12:00:00Z; they are tried again at 2026-11-20T12:05:00Z"; !strings.Contains(page, want) {
		t.Errorf("the page for people lacks %q:\n%s", want, page)
	}

	e.projects = good
	if err := e.Reload(); err != nil {
		t.Fatal(err)
	}
	if page := e.scrape(t, ""); !strings.Contains(page, `cbr_exporter_credentials_rejected{project="test"} 0`) ||
		!strings.Contains(page, `cbr_scrape_collector_success{collector="tasks",project="test"} 1`) {
		t.Errorf("a good token is not sent at once:\n%s", page)
	}
}

// TestFailingLoginStopsThePass has IAM fail, in one way or another, for a project
// with many tasks: it is asked once or twice, not for each of them.
func TestFailingLoginStopsThePass(t *testing.T) {
	for status, reason := range map[int]string{400: "credentials", 403: "credentials", 404: "credentials", 429: "throttled", 503: "upstream"} {
		t.Run(fmt.Sprint(status), func(t *testing.T) {
			var logins atomic.Int64
			iam := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				logins.Add(1)
				w.WriteHeader(status)
			}))
			t.Cleanup(iam.Close)
			var ids []string
			for i := range 200 {
				ids = append(ids, fmt.Sprintf("11111111-1111-4111-8111-%012d", i))
			}
			e := start(t, fmt.Sprintf(`
  - name: test
    project_id: %s
    endpoint: http://127.0.0.1:9
    iam_endpoint: %s
    credentials: {username: u, password: p, domain_name: d}
    task_ids: [%s]
`, projectID, iam.URL, strings.Join(ids, ", ")))
			page := e.scrape(t, "")
			if want := fmt.Sprintf(`cbr_scrape_error{project="test",reason=%q} 1`, reason); !strings.Contains(page, want) {
				t.Errorf("the page lacks %s:\n%s", want, page)
			}
			if got := logins.Load(); got > 2 {
				t.Errorf("got %d logins in one scrape, want one", got)
			}
		})
	}
}
