package exporter_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
)

// TestSecretsAreNotShown has everything go wrong at an API that repeats in its
// errors all that it was sent, and looks for credentials on every page and in
// the log.
func TestSecretsAreNotShown(t *testing.T) {
	const password = `pass"word-that-must-not-be-seen`
	api := newAPI(t, filepath.Join("testdata", "three_tasks.json"))
	api.everyFault = repeatRequest(http.StatusInternalServerError)
	iam := httptest.NewServer(repeatRequest(http.StatusUnauthorized))
	t.Cleanup(iam.Close)
	e := start(t, api.project(), fmt.Sprintf(`
  - name: login
    project_id: %s
    endpoint: %s
    iam_endpoint: %s
    credentials: {username: somebody, password: '%s', domain_name: account}
    task_ids: [%s]
`, projectID, api.server.URL, iam.URL, password, api.ids[0]))

	seen := e.scrape(t, "")
	for _, path := range []string{"/", "/config", "/-/healthy", "/-/ready"} {
		_, body := e.do(t, http.MethodGet, path, nil)
		seen += body
	}
	seen += e.log.String()
	if !strings.Contains(seen, "the request was") {
		t.Fatalf("the errors of the API are nowhere to be seen, so this test proves nothing:\n%s", seen)
	}
	for _, secret := range []string{token, password, strings.ReplaceAll(password, `"`, `\"`), "must-not-be-seen"} {
		if strings.Contains(seen, secret) {
			t.Errorf("%q is shown in\n%s", secret, seen)
		}
	}
}

func repeatRequest(status int) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		w.WriteHeader(status)
		_, _ = fmt.Fprintf(w, "the request was %s %s", r.Header.Get("X-Auth-Token"), body)
	}
}
