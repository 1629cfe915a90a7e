package exporter_test

import (
	"testing"

	"github.com/cbr-exporter/cbr_exporter/exporter"
)

func TestTelemetryPath(t *testing.T) {
	cases := []struct {
		path  string
		valid bool
	}{
		{"/metrics", true},
		{"/", true},
		{"/cbr/metrics/", true},
		{"/configuration", true},
		{"", false},
		{"metrics", false},
		{"/a//b", false},
		{"/a/../b", false},
		{"/{id}", false},
		{"/a b", false},
		{"/config", false},
		{"/config/", false},
		{"/probe", false},
		{"/probe/", false},
		{"/probes", true},
		{"/sd", false},
		{"/resource", false},
		{"/resources", true},
		{"/api/v1", false},
		{"/api/v1/status", false},
		{"/api/metrics", true},
		{"/assets/", false},
		{"/assets/style.css", false},
		{"/-/", false},
		{"/-", false},
		{"/-/metrics", false},
		{"/-/healthy", false},
		{"/debug", true},
		{"/debug/pprof", false},
		{"/debug/pprof/heap", false},
	}
	for _, c := range cases {
		t.Run(c.path, func(t *testing.T) {
			if err := exporter.TelemetryPathError(c.path); (err == nil) != c.valid {
				t.Errorf("got %v, want an error: %t", err, !c.valid)
			}
		})
	}
}

func TestExternalURL(t *testing.T) {
	const example = "write an http or https URL such as https://example.com/cbr, without user, query and fragment"
	const slashes = " is not a valid path; start it with a slash, and use letters, digits, dots, dashes and single slashes"
	cases := []struct {
		text string
		want string // the URL, or the error
	}{
		{"http://cbr.example:10065", "http://cbr.example:10065"},
		{"http://cbr.example:10065/", "http://cbr.example:10065"},
		{"https://example.com/tools/cbr/", "https://example.com/tools/cbr"},
		{"HTTPS://[2001:db8::1]:8443/cbr", "https://[2001:db8::1]:8443/cbr"},
		{"cbr.example:10065", example},
		{"example.com/cbr", example},
		{"/cbr", example},
		{"ftp://example.com", example},
		{`"http://example.com"`, example},
		{"http://example.com:port", example},
		{"http://user:not-to-be-seen/@example.com", example},
		{"http:///cbr", example},
		{"http://:10065", example},
		{"http:example.com", example},
		{"https://user:not-to-be-seen@example.com", example},
		{"https://example.com/cbr?team=a", example},
		{"https://example.com/cbr?", example},
		{"https://example.com/#cbr", example},
		{"https://example.com/a/../b", `"/a/../b"` + slashes},
		{"https://example.com/a//b", `"/a//b"` + slashes},
		{"https://example.com/%7Bid%7D", `"/{id}"` + slashes},
	}
	for _, c := range cases {
		t.Run(c.text, func(t *testing.T) {
			u, err := exporter.ParseExternalURL(c.text)
			got := ""
			if err != nil {
				got = err.Error()
			} else {
				got = u.String()
			}
			if got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}

func TestRoutePrefix(t *testing.T) {
	for text, want := range map[string]string{"": "", "/": "", "cbr": "/cbr", "/cbr": "/cbr", "/cbr/": "/cbr", "/tools/cbr.1": "/tools/cbr.1"} {
		if got, err := exporter.ParseRoutePrefix(text); got != want || err != nil {
			t.Errorf("%q: got %q and %v, want %q", text, got, err, want)
		}
	}
	for _, text := range []string{"/a b", "/{id}", "/a/../b", "/a//b", "http://example.com/cbr", "/cbr?a"} {
		if got, err := exporter.ParseRoutePrefix(text); err == nil {
			t.Errorf("%q: got %q, want an error", text, got)
		}
	}
}
