package exporter_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// targets returns the answer about targets that a client gets which reaches the
// exporter under url.
func (r *running) targets(url string, change func(*http.Request)) *httptest.ResponseRecorder {
	req := httptest.NewRequest(http.MethodGet, url, nil)
	if change != nil {
		change(req)
	}
	answer := httptest.NewRecorder()
	r.server.Config.Handler.ServeHTTP(answer, req)
	return answer
}

func TestTargets(t *testing.T) {
	api := newAPI(t, filepath.Join("testdata", "vendor_sample.json"))
	e := start(t, named(api.project(), "prod"), named(api.project(), "a/b &<ü>"))
	cases := []struct {
		name, url, golden string
		change            func(*http.Request)
	}{
		{name: "host and port", url: "http://cbr.example:10065/sd", golden: "targets.json"},
		{name: "TLS", url: "https://[2001:db8::1]/sd", golden: "targets_tls.json"},
		{name: "headers of a proxy", url: "http://cbr.example:10065/sd", golden: "targets.json", change: func(r *http.Request) {
			r.Header.Set("X-Forwarded-Host", "evil.example")
			r.Header.Set("X-Forwarded-Proto", "https")
			r.Header.Set("Forwarded", "host=evil.example;proto=https")
		}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			answer := e.targets(c.url, c.change)
			if got := answer.Header().Get("Content-Type"); answer.Code != http.StatusOK || got != "application/json" {
				t.Errorf("got status %d and type %q, want 200 and application/json", answer.Code, got)
			}
			compare(t, filepath.Join("testdata", c.golden), answer.Body.String())
		})
	}
	if got := api.requests.Load(); got != 0 {
		t.Errorf("asking for targets sent %d requests to the API", got)
	}
}

// TestTargetsOfOddNames reads names back that JSON has to escape.
func TestTargetsOfOddNames(t *testing.T) {
	api := newAPI(t, filepath.Join("testdata", "vendor_sample.json"))
	var projects []string
	for _, name := range oddNames {
		projects = append(projects, named(api.project(), name))
	}
	e := start(t, projects...)
	var groups []struct{ Labels map[string]string }
	if err := json.Unmarshal(e.targets("http://cbr/sd", nil).Body.Bytes(), &groups); err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, g := range groups {
		name := g.Labels["__param_project"]
		names = append(names, name)
		if got, want := g.Labels["instance"], "cbr/"+name; got != want {
			t.Errorf("got the instance %q, want %q", got, want)
		}
	}
	if !slices.Equal(names, oddNames) {
		t.Errorf("got the projects %q, want %q", names, oddNames)
	}
}

func TestTargetsOfOddHosts(t *testing.T) {
	api := newAPI(t, filepath.Join("testdata", "vendor_sample.json"))
	e := start(t, api.project())
	for _, host := range []string{"", "evil.example/x", "user@cbr", "cbr:0", "a\nb"} {
		t.Run(host, func(t *testing.T) {
			answer := e.targets("/sd", func(r *http.Request) { r.Host = host })
			if answer.Code != http.StatusBadRequest || !strings.Contains(answer.Body.String(), "is no host and no host:port") {
				t.Errorf("got status %d and %s, want 400", answer.Code, answer.Body)
			}
		})
	}
}
