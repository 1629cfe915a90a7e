package exporter_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
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
