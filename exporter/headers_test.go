package exporter_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/cbr-exporter/cbr_exporter/exporter"
)

// securityHeaders are those that each response has.
var securityHeaders = []string{"Content-Security-Policy", "Referrer-Policy", "X-Content-Type-Options"}

// TestHeaders requests all pages, and what is none, with and without a prefix.
func TestHeaders(t *testing.T) {
	want := http.Header{
		"Content-Security-Policy": {"default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"},
		"Referrer-Policy":         {"no-referrer"},
		"X-Content-Type-Options":  {"nosniff"},
	}
	cases := []struct {
		method, path string
		status       int
	}{
		{"GET", "/", 200},
		{"GET", "/?state=none", 400},
		{"GET", resourcePage(), 200},
		{"GET", "/resource", 400},
		{"GET", "/resource?project=test&id=x", 404},
		{"GET", "/assets/style.css", 200},
		{"GET", "/assets/page.js", 200},
		{"GET", "/assets/none.js", 404},
		{"GET", "/api/v1/status", 200},
		{"GET", "/api/v1/status?state=none", 400},
		{"GET", "/api/v1" + resourcePage(), 200},
		{"GET", "/api/v1/resource", 400},
		{"GET", "/api/v1/none", 404},
		{"GET", "/metrics", 200},
		{"HEAD", "/metrics", 200},
		{"POST", "/metrics", 405},
		{"GET", "/probe?project=test", 200},
		{"POST", "/probe?project=test", 405},
		{"GET", "/probe", 400},
		{"GET", "/probe/test", 404},
		{"GET", "/probe?project=none", 404},
		{"GET", "/sd", 200},
		{"GET", "/config", 200},
		{"GET", "/-/metrics", 200},
		{"POST", "/-/metrics", 405},
		{"GET", "/-/healthy", 200},
		{"GET", "/-/ready", 200},
		{"GET", "/-/reload", 405},
		{"POST", "/-/reload", 200},
		{"GET", "/debug/pprof/", 200},
		{"GET", "/debug/pprof/cmdline", 200},
		{"GET", "/debug/pprof/none", 404},
		{"GET", "/none", 404},
		{"GET", "//metrics", 307},
		{"OPTIONS", "/", 405},
	}
	for _, prefix := range []string{"", "/cbr"} {
		t.Run("prefix "+prefix, func(t *testing.T) {
			atNoon(t, func(t *testing.T) {
				e := settledPages(t, func(o *exporter.Options) { o.Profiles, o.RoutePrefix = true, prefix })
				check := func(method, path string, status int) {
					for name, accept := range map[string]http.Header{"curl": curl, "browser": browser} {
						got := e.fetch(t, method, path, accept)
						if got.status != status {
							t.Errorf("%s %s by %s: got status %d, want %d", method, path, name, got.status, status)
						}
						for _, h := range securityHeaders {
							if got := strings.Join(got.header.Values(h), "|"); got != want.Get(h) {
								t.Errorf("%s %s by %s: got the %s %q, want %q", method, path, name, h, got, want.Get(h))
							}
						}
					}
				}
				for _, c := range cases {
					check(c.method, prefix+c.path, c.status)
				}
				if prefix != "" {
					check("GET", "/", 302)
					check("GET", prefix, 302)
					check("GET", "/metrics", 404)
				}
			})
		})
	}
}

// TestHeadersOfWebConfig checks that a header that the user sets stays.
func TestHeadersOfWebConfig(t *testing.T) {
	atNoon(t, func(t *testing.T) {
		e := settledPages(t)
		recorder := httptest.NewRecorder()
		const mine = "frame-ancestors https://grafana.example.com"
		recorder.Header().Set("Content-Security-Policy", mine) // as --web.config.file does
		e.handler.ServeHTTP(recorder, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", http.NoBody))
		h := recorder.Header()
		if got := h.Values("Content-Security-Policy"); len(got) != 1 || got[0] != mine {
			t.Errorf("got the policy %q, want that of --web.config.file", got)
		}
		if got := h.Get("X-Content-Type-Options"); got != "nosniff" {
			t.Errorf("got the X-Content-Type-Options %q, want nosniff", got)
		}
	})
}
