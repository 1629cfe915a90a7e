package exporter_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
)

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
