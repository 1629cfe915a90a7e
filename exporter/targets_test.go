package exporter_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/cbr-exporter/cbr_exporter/exporter"
)

// targets returns the response to service discovery at a URL.
func (r *running) targets(url string, change func(*http.Request)) *httptest.ResponseRecorder {
	req := httptest.NewRequest(http.MethodGet, url, nil)
	if change != nil {
		change(req)
	}
	resp := httptest.NewRecorder()
	r.handler.ServeHTTP(resp, req)
	return resp
}

func TestTargets(t *testing.T) {
	api := loadAPI(t, "vendor_sample")
	e := startAPI(t, configuration(named(api.project(), "prod"), named(api.project(), "a/b &<ü>")), api)
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
			resp := e.targets(c.url, c.change)
			if got := resp.Header().Get("Content-Type"); resp.Code != http.StatusOK || got != "application/json" {
				t.Errorf("got status %d and type %q, want 200 and application/json", resp.Code, got)
			}
			compare(t, filepath.Join("testdata", c.golden), resp.Body.String())
		})
	}
	t.Run("no host", func(t *testing.T) {
		resp := e.targets("/sd", func(r *http.Request) { r.Host = "" })
		if resp.Code != http.StatusBadRequest || !strings.Contains(resp.Body.String(), "no Host header") {
			t.Errorf("got status %d and %s, want 400", resp.Code, resp.Body)
		}
	})
	if got := api.requests.Load(); got != 0 {
		t.Errorf("service discovery sent %d requests to the API", got)
	}
}

// TestTargetsOfExternalURL requests the targets at another address than the external one.
func TestTargetsOfExternalURL(t *testing.T) {
	api := loadAPI(t, "vendor_sample")
	cases := []struct {
		name, external, prefix, host string
		want                         string // scheme, address, path and instance
	}{
		{"none", "", "", "cbr:10065", "|cbr:10065|/probe|cbr:10065/test"},
		{"none, but a prefix", "", "/cbr", "cbr:10065", "|cbr:10065|/cbr/probe|cbr:10065/test"},
		{"without a path", "http://example.com:80", "", "cbr:10065", "http|example.com:80|/probe|example.com:80/test"},
		{"with a path", "https://example.com/cbr", "/cbr", "cbr:10065", "https|example.com|/cbr/probe|example.com/test"},
		{"with a path that is removed", "https://example.com/cbr", "", "cbr:10065", "https|example.com|/cbr/probe|example.com/test"},
		{"without a Host header", "https://[2001:db8::1]:8443", "", "", "https|[2001:db8::1]:8443|/probe|[2001:db8::1]:8443/test"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			e := start(t, hosts{}, configuration(api.project()), func(o *exporter.Options) {
				o.RoutePrefix = c.prefix
				if c.external != "" {
					o.ExternalURL = parseURL(t, c.external)
				}
			})
			resp := e.targets(c.prefix+"/sd", func(r *http.Request) { r.Host = c.host })
			var groups []struct {
				Targets []string
				Labels  map[string]string
			}
			if err := json.Unmarshal(resp.Body.Bytes(), &groups); err != nil || len(groups) != 1 {
				t.Fatalf("got status %d and %s, want one target", resp.Code, resp.Body)
			}
			l := groups[0].Labels
			if got := strings.Join([]string{l["__scheme__"], groups[0].Targets[0], l["__metrics_path__"], l["instance"]}, "|"); got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}

// TestTargetsOfOddNames scrapes the targets of projects whose names have a meaning in
// URLs, HTML, labels or paths.
func TestTargetsOfOddNames(t *testing.T) {
	atNoon(t, func(t *testing.T) {
		api := loadAPI(t, "vendor_sample")
		names := []string{"prod/eu west", "../-/reload", "a&b=c;d", "100%25+1", "?#", `"\`, "<b>", "Zürich €", "東京"}
		var projects []string
		for _, name := range names {
			projects = append(projects, named(api.project(), name))
		}
		e := startAPI(t, configuration(projects...), api)
		var groups []struct{ Labels map[string]string }
		if err := json.Unmarshal(e.targets("http://cbr/sd", nil).Body.Bytes(), &groups); err != nil {
			t.Fatal(err)
		}
		var found []string
		for _, g := range groups {
			name := g.Labels["__param_project"]
			found = append(found, name)
			if got, want := g.Labels["instance"], "cbr/"+name; got != want {
				t.Errorf("got the instance %q, want %q", got, want)
			}
			page := e.get(t, g.Labels["__metrics_path__"]+"?project="+url.QueryEscape(name), "")
			label := strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(name)
			expectLines(t, name, page,
				`cbr_up{project="`+label+`"} 1`,
				`cbr_exporter_api_requests_total{code="200",operation="ShowOpLog",project="`+label+`"} 1`)
		}
		if !slices.Equal(found, names) {
			t.Errorf("got the projects %q, want %q", found, names)
		}
	})
}
