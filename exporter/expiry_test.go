package exporter_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// TestExpiryPage compares a whole page of a project whose token says when it
// expires: an hour after noon, though IAM's clock is a day ahead.
func TestExpiryPage(t *testing.T) {
	api := newAPI(t, filepath.Join("testdata", "vendor_sample.json"))
	iam := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Subject-Token", token)
		answer(http.StatusCreated, `{"token":{"issued_at":"2026-11-21T12:00:00.000000Z","expires_at":"2026-11-21T13:00:00.000000Z"}}`)(w, r)
	}))
	t.Cleanup(iam.Close)
	e := start(t, strings.Replace(api.project(), "credentials: {token: "+token+"}",
		"iam_endpoint: "+iam.URL+"\n    credentials: {username: u, password: p, domain_name: d}", 1))
	page := e.scrape(t, "")
	lint(t, page)
	compare(t, filepath.Join("testdata", "password_login.prom"), page)
	if want := fmt.Sprintf("%s %g\n", `cbr_exporter_credentials_expiry_timestamp_seconds{project="test"}`, float64(noon().Add(time.Hour).Unix())); !strings.Contains(page, want) {
		t.Errorf("the page lacks %s", want)
	}
}

// TestTokenExpiresUnderManyScrapes has 50 servers scrape while a token expires, or
// is due for renewal, with requests under way: there is one login for it, and no
// page lacks a task.
func TestTokenExpiresUnderManyScrapes(t *testing.T) {
	for name, passes := range map[string]time.Duration{"due": 55 * time.Minute, "expired": 61 * time.Minute} {
		t.Run(name, func(t *testing.T) {
			x := newTrial(t, passwordKind(), inline, 1)
			x.start()
			x.well("at first", exactly(0))
			before := x.cloud.count(t)
			x.cloud.shut(8, func() { x.cloud.pass(passes) })
			var wait sync.WaitGroup
			for range 50 {
				wait.Go(func() {
					for range 3 {
						if page := x.e.scrape(t, ""); !strings.Contains(page, `cbr_scrape_collector_success{collector="tasks",project="test"} 1`+"\n") {
							t.Errorf("a scrape failed:\n%s", page)
						}
					}
				})
			}
			wait.Wait()
			x.well("afterwards", exactly(0))
			if got := x.cloud.count(t).minus(before); got.logins != 1 {
				t.Errorf("%+v were counted, want one login", got)
			}
			x.finish()
		})
	}
}
