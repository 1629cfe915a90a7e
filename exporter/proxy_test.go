package exporter_test

import (
	"encoding/json"
	"html"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/cbr-exporter/cbr_exporter/exporter"
)

// TestReverseProxies opens all pages through proxies that pass the path on, or remove it
// or a part of it. Links, redirects and targets lead to pages again, all through the proxy.
func TestReverseProxies(t *testing.T) {
	cases := []struct {
		name        string
		path        string // of the external URL
		removed     string // by the proxy
		routePrefix string
	}{
		{name: "passes the path on", path: "/cbr", routePrefix: "/cbr"},
		{name: "passes a long path on", path: "/tools/cbr", routePrefix: "/tools/cbr"},
		{name: "removes the path", path: "/cbr", removed: "/cbr"},
		{name: "removes a long path", path: "/tools/cbr", removed: "/tools/cbr"},
		{name: "removes a part of the path", path: "/tools/cbr", removed: "/tools", routePrefix: "/cbr"},
		{name: "has no path"},
	}
	for _, c := range cases {
		for _, telemetryPath := range []string{"/metrics", "/all/metrics/", "/"} {
			t.Run(c.name+" "+telemetryPath, func(t *testing.T) {
				t.Parallel()
				mux := http.NewServeMux()
				proxy := httptest.NewServer(mux)
				defer proxy.Close()
				external := parseURL(t, proxy.URL+c.path)
				e := startPages(t, func(o *exporter.Options) {
					o.TelemetryPath, o.ExternalURL, o.RoutePrefix = telemetryPath, external, c.routePrefix
				})
				backend := httptest.NewServer(e.handler)
				defer backend.Close()
				// Everything else is a page of another program.
				pass := http.StripPrefix(c.removed, httputil.NewSingleHostReverseProxy(parseURL(t, backend.URL)))
				mux.Handle(c.path+"/", pass)
				if c.routePrefix != "" {
					mux.Handle(c.path, pass)
				}

				root := external.String() + "/"
				open := func(url, want string) string {
					t.Helper()
					status, opened, body := follow(t, http.MethodGet, url, nil)
					if status != http.StatusOK || !strings.Contains(body, want) {
						t.Errorf("%s: got status %d of %s, want 200 and %q in\n%s", url, status, opened, want, body)
					}
					if !strings.HasPrefix(opened+"/", root) {
						t.Errorf("%s: was redirected to %s, which is another program's", url, opened)
					}
					return body
				}
				up := `cbr_up{project="test"} 1`
				for path, want := range map[string]string{
					strings.TrimPrefix(telemetryPath, "/"): up,
					"probe?project=test":                   up,
					"config":                               "projects:",
					"-/metrics":                            "cbr_exporter_config_last_reload_successful 1",
					"-/healthy":                            "healthy",
					"-/ready":                              "ready",
				} {
					open(root+path, want)
				}
				open(strings.TrimSuffix(root+strings.TrimPrefix(telemetryPath, "/"), "/"), up)
				if status, _, body := follow(t, http.MethodPost, root+"-/reload", nil); status != http.StatusOK {
					t.Errorf("reload: got status %d: %s", status, body)
				}

				open(external.String(), "") // by a redirect
				if telemetryPath != "/" {
					e.Refresh(t.Context()) // after the reload
					for _, path := range []string{"", strings.TrimPrefix(resourcePage(), "/")} {
						openLinks(t, root+path, open)
					}
				}

				var groups []struct {
					Targets []string
					Labels  map[string]string
				}
				if err := json.Unmarshal([]byte(open(root+"sd", "")), &groups); err != nil || len(groups) != 1 {
					t.Fatalf("got %+v and %v, want one target", groups, err)
				}
				target := url.URL{Scheme: groups[0].Labels["__scheme__"], Host: groups[0].Targets[0], Path: groups[0].Labels["__metrics_path__"]}
				open(target.String()+"?project=test", up)
			})
		}
	}
}

// openLinks opens a page as a browser does, and what it links to but other sites.
func openLinks(t *testing.T, page string, open func(url, want string) string) {
	t.Helper()
	_, _, body := follow(t, http.MethodGet, page, browser)
	links := map[string]bool{}
	for _, found := range regexp.MustCompile(`(?:href|src|action)="([^"]*)"`).FindAllStringSubmatch(body, -1) {
		if link := html.UnescapeString(found[1]); !regexp.MustCompile(`^(https|data):`).MatchString(link) {
			links[parseURL(t, page).ResolveReference(parseURL(t, link)).String()] = true
		}
	}
	if len(links) < 4 { // the stylesheet and three pages
		t.Errorf("%s has the links %v, want more", page, links)
	}
	for link := range links {
		open(link, "")
	}
}

// TestRoutePrefixWithoutProxy opens pages at the address of the exporter itself.
func TestRoutePrefixWithoutProxy(t *testing.T) {
	api := loadAPI(t, "vendor_sample")
	e := start(t, hosts{api.host: api}, configuration(api.project()), func(o *exporter.Options) { o.RoutePrefix = "/tools/cbr" })
	server := httptest.NewServer(e.handler)
	defer server.Close()
	for _, c := range []struct {
		method, path string
		status       int
		opened       string
	}{
		{http.MethodGet, "/", 200, "/tools/cbr/"},
		{http.MethodHead, "/", 200, "/tools/cbr/"},
		{http.MethodGet, "/tools/cbr", 200, "/tools/cbr/"},
		{http.MethodGet, "/tools/cbr/metrics", 200, "/tools/cbr/metrics"},
		{http.MethodGet, "/tools/cbr/none", 404, "/tools/cbr/none"},
		{http.MethodGet, "/tools", 404, "/tools"},
		{http.MethodGet, "/metrics", 404, "/metrics"},
		{http.MethodGet, "/probe?project=test", 404, "/probe?project=test"},
		{http.MethodGet, "/config", 404, "/config"},
		{http.MethodGet, "/sd", 404, "/sd"},
		{http.MethodGet, "/-/healthy", 404, "/-/healthy"},
		{http.MethodPost, "/-/reload", 404, "/-/reload"},
		{http.MethodPost, "/tools/cbr/-/reload", 200, "/tools/cbr/-/reload"},
		{http.MethodPost, "/", 405, "/"},
	} {
		status, opened, _ := follow(t, c.method, server.URL+c.path, nil)
		if status != c.status || opened != server.URL+c.opened {
			t.Errorf("%s %s: got status %d of %s, want %d of %s", c.method, c.path, status, opened, c.status, c.opened)
		}
	}
}

// follow sends a request and follows redirects to the URL that it returns as opened.
func follow(t *testing.T, method, url string, header http.Header) (status int, opened, body string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	maps.Copy(req.Header, header)
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	content, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, resp.Request.URL.String(), string(content)
}

func parseURL(t *testing.T, text string) *url.URL {
	t.Helper()
	u, err := url.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return u
}
