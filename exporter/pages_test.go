package exporter_test

import (
	"compress/gzip"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/cbr-exporter/cbr_exporter/exporter"
	"github.com/cbr-exporter/cbr_exporter/overview"
	"github.com/cbr-exporter/cbr_exporter/simulator"
)

// What clients accept, by header.
var (
	browser      = http.Header{"Accept": {"text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}}
	curl         = http.Header{"Accept": {"*/*"}}
	ofPrometheus = http.Header{"Accept": {"application/json"}}
)

// scriptName is the name of a resource in the cloud.
const scriptName = `<script>alert("東京 €")</script>`

// startPages runs an exporter that has read a failed backup of resource 1.
func startPages(t *testing.T, changes ...func(*exporter.Options)) *running {
	t.Helper()
	cloud := simulator.New(simulator.Options{Now: noon, Empty: true, Tokens: []string{token}})
	cloud.Add(with(backup("1", "failed", -60, -50), ofResource("1", scriptName, "OS::Nova::Server")))
	cloud.SetVaults(vault("1", "vault-db", bound("1", func(r *simulator.VaultResource) { r.Name = scriptName })))
	e := start(t, hosts{"cbr.test": cloud}, followed+"    discovery: {}\n    vaults: {}\n", append(changes, alwaysNoon)...)
	e.Refresh(t.Context())
	return e
}

// settledPages is startPages in a bubble: nothing is read in the background any more.
func settledPages(t *testing.T, changes ...func(*exporter.Options)) *running {
	t.Helper()
	e := startPages(t, changes...)
	synctest.Wait()
	e.Refresh(t.Context())
	synctest.Wait()
	return e
}

// fetched is the response to a request, with the body as it is sent.
type fetched struct {
	status int
	header http.Header
	body   string
}

func (r *running) fetch(t testing.TB, method, target string, headers ...http.Header) fetched {
	t.Helper()
	req := httptest.NewRequestWithContext(t.Context(), method, target, http.NoBody)
	for _, header := range headers {
		maps.Copy(req.Header, header)
	}
	recorder := httptest.NewRecorder()
	r.handler.ServeHTTP(recorder, req)
	return fetched{recorder.Code, recorder.Header(), recorder.Body.String()}
}

// status returns what the page for people shows.
func (r *running) status(t testing.TB) (s overview.Status) {
	t.Helper()
	if err := json.Unmarshal([]byte(r.get(t, "/api/v1/status", "")), &s); err != nil {
		t.Fatal(err)
	}
	return s
}

// resourcePage is the path of the page of resource 1.
func resourcePage() string { return "/resource?project=test&id=" + resourceID("1") }

// TestPagesBeforeAnyScrape requests pages that send no requests to the API.
func TestPagesBeforeAnyScrape(t *testing.T) {
	atNoon(t, func(t *testing.T) {
		api := loadAPI(t, "statuses")
		e := startAPI(t, configuration(api.project()), api)
		for path, want := range map[string]string{
			"/":          "</html>",
			"/-/healthy": "healthy",
			"/-/ready":   "ready",
			"/-/metrics": `cbr_exporter_credentials_rejected{project="test"} 0`,
			"/config":    "token: <secret>",
			"/sd":        "test",
		} {
			if page := e.get(t, path, ""); !strings.Contains(page, want) {
				t.Errorf("%s lacks %q:\n%s", path, want, page)
			}
		}
		if got := api.requests.Load(); got != 0 {
			t.Errorf("pages other than the metrics sent %d requests to the API", got)
		}
	})
}

// TestPagesByClient requests pages as browsers, Prometheus and probes do.
func TestPagesByClient(t *testing.T) {
	const html, plain, asJSON = "text/html; charset=utf-8", "text/plain; charset=utf-8", "application/json"
	name := `&lt;script&gt;alert(&#34;東京 €&#34;)&lt;/script&gt;`
	cases := []struct {
		name, path  string
		accept      http.Header
		status      int
		contentType string
		contains    string
	}{
		{"page", "/", browser, 200, html, name},
		{"page by curl", "/", curl, 200, html, name},
		{"page of one state", "/?state=failing", browser, 200, html, name},
		{"page of another state", "/?state=overdue&project=test&vault=" + vaultID("1"), browser, 200, html, "</html>"},
		{"page of no such state", "/?state=none", browser, 400, html, "There is no state"},
		{"resource", resourcePage(), browser, 200, html, name},
		{"unknown resource", "/resource?project=test&id=" + resourceID("9"), browser, 404, html, resourceID("9")},
		{"resource without a name", "/resource", browser, 400, html, "id"},
		{"status", "/api/v1/status", curl, 200, asJSON, `"resource_id":"` + resourceID("1") + `"`},
		{"status of no such state", "/api/v1/status?state=none", curl, 400, asJSON, `{"error":"there is no state`},
		{"status in a browser", "/api/v1/status", browser, 200, asJSON, `"resources":`},
		{"resource as JSON", "/api/v1" + resourcePage(), curl, 200, asJSON, `"resource_id":"` + resourceID("1") + `"`},
		{"unknown resource as JSON", "/api/v1/resource?project=test&id=x", curl, 404, asJSON, `"error":`},
		{"stylesheet", "/assets/style.css", browser, 200, "text/css; charset=utf-8", "{"},
		{"script", "/assets/page.js", browser, 200, "text/javascript; charset=utf-8", "fetch("},
		{"unknown asset", "/assets/page.go", browser, 404, plain, "not found"},
		{"configuration", "/config", browser, 200, plain, "\n      token: <secret>\n"},
		{"targets", "/sd", ofPrometheus, 200, asJSON, "[\n  {\n    \"targets\": ["},
		{"health", "/-/healthy", curl, 200, plain, "cbr_exporter is healthy.\n"},
		{"readiness", "/-/ready", nil, 200, plain, "cbr_exporter is ready.\n"},
	}
	atNoon(t, func(t *testing.T) {
		e := settledPages(t)
		for _, c := range cases {
			got := e.fetch(t, http.MethodGet, c.path, c.accept)
			kind := got.header.Get("Content-Type")
			if got.status != c.status || kind != c.contentType || !strings.Contains(got.body, c.contains) {
				t.Errorf("%s: got status %d and %s, want %d and %s, with %s in\n%s", c.name, got.status, kind, c.status, c.contentType, c.contains, got.body)
			}
			if strings.Contains(got.body, token) || kind == html && strings.Contains(got.body, "<script>alert") {
				t.Errorf("%s: has a secret, or the script that is the name of a resource:\n%s", c.name, got.body)
			}
			head := e.fetch(t, http.MethodHead, c.path, c.accept)
			if head.status != c.status || head.header.Get("Content-Type") != c.contentType || head.header.Get("ETag") != got.header.Get("ETag") {
				t.Errorf("%s by HEAD: got status %d and %v, want %d and %v", c.name, head.status, head.header, c.status, got.header)
			}
			if post := e.fetch(t, http.MethodPost, c.path, c.accept); post.status != http.StatusMethodNotAllowed {
				t.Errorf("%s by POST: got status %d, want 405", c.name, post.status)
			}
		}
	})
}

// TestCompression requests pages compressed, and again once they are known.
func TestCompression(t *testing.T) {
	atNoon(t, func(t *testing.T) {
		e := settledPages(t)
		compressed := http.Header{"Accept-Encoding": {"gzip"}}
		for _, path := range []string{"/", resourcePage(), "/api/v1/status", "/api/v1" + resourcePage(), "/assets/style.css", "/assets/page.js"} {
			plain := e.fetch(t, http.MethodGet, path, browser)
			if encoding := plain.header.Get("Content-Encoding"); encoding != "" {
				t.Errorf("%s: got the encoding %q without being asked for it", path, encoding)
			}
			small := e.fetch(t, http.MethodGet, path, browser, compressed)
			if got := decompressed(t, small); got != plain.body || len(got) > 2000 && len(small.body) > len(got)*2/3 {
				t.Errorf("%s: %d bytes were sent compressed of a page with %d", path, len(small.body), len(plain.body))
			}
			if vary := strings.Join(small.header.Values("Vary"), ", "); !strings.Contains(vary, "Accept-Encoding") {
				t.Errorf("%s: got Vary %q, want Accept-Encoding", path, vary)
			}
			tag := small.header.Get("ETag")
			for name, header := range map[string]http.Header{"compressed": compressed, "plain": nil} {
				known := e.fetch(t, http.MethodGet, path, browser, header, http.Header{"If-None-Match": {tag}})
				if known.status != http.StatusNotModified || known.body != "" || known.header.Get("Content-Encoding") != "" {
					t.Errorf("%s, which is known, %s: got status %d and %q, want 304 without a body", path, name, known.status, known.body)
				}
			}
			other := e.fetch(t, http.MethodGet, path, browser, http.Header{"If-None-Match": {`"other"`}})
			if tag == "" || other.status != http.StatusOK {
				t.Errorf("%s with the tag %q: got status %d for another tag, want 200", path, tag, other.status)
			}
		}
	})
}

func decompressed(t *testing.T, response fetched) string {
	t.Helper()
	if response.header.Get("Content-Encoding") != "gzip" {
		return response.body
	}
	reader, err := gzip.NewReader(strings.NewReader(response.body))
	if err != nil {
		t.Fatal(err)
	}
	content, err := io.ReadAll(reader)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

// TestLinkToThePage checks the label by which alerts link to the page.
func TestLinkToThePage(t *testing.T) {
	for _, c := range []struct{ name, external, telemetryPath, want string }{
		{"none", "", "/metrics", ""},
		{"address", "http://cbr.example:10065", "/metrics", "http://cbr.example:10065/"},
		{"path", "https://example.com/tools/cbr", "/metrics", "https://example.com/tools/cbr/"},
		{"no page", "https://example.com/cbr", "/", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			atNoon(t, func(t *testing.T) {
				e := settledPages(t, func(o *exporter.Options) {
					if o.TelemetryPath = c.telemetryPath; c.external != "" {
						var err error
						if o.ExternalURL, err = url.Parse(c.external); err != nil {
							t.Fatal(err)
						}
					}
				})
				expectLines(t, c.name, e.get(t, c.telemetryPath, ""),
					`cbr_project_info{enterprise_project_id="",page="`+c.want+`",project="test",project_id="`+simulator.DefaultProjectID+`",region=""} 1`)
			})
		})
	}
}

// TestVersionOnThePage checks that the footer names the version.
func TestVersionOnThePage(t *testing.T) {
	atNoon(t, func(t *testing.T) {
		e := settledPages(t, func(o *exporter.Options) { o.Version = "1.2.3-test" })
		for _, path := range []string{"/", resourcePage(), "/api/v1/status"} {
			if page := e.fetch(t, http.MethodGet, path, browser); !strings.Contains(page.body, "1.2.3-test") {
				t.Errorf("%s lacks the version:\n%s", path, page.body)
			}
		}
	})
}

// TestMetricsInPlaceOfThePage checks what is left of the pages if the metrics are at /.
func TestMetricsInPlaceOfThePage(t *testing.T) {
	atNoon(t, func(t *testing.T) {
		e := settledPages(t, func(o *exporter.Options) { o.TelemetryPath = "/" })
		for path, want := range map[string]string{
			"/":              `cbr_up{project="test"} 1`,
			resourcePage():   `<a href="./">Metrics</a>`,
			"/config":        "name: test",
			"/api/v1/status": `"resources":`,
		} {
			if page := e.fetch(t, http.MethodGet, path, browser); page.status != http.StatusOK || !strings.Contains(page.body, want) {
				t.Errorf("%s: got status %d, want 200 and %s in\n%s", path, page.status, want, page.body)
			}
		}
	})
}

// TestStuckBrowsers has browsers that do not read, as many as may at a time. No other page waits
// for them, but their pages must not take all memory.
func TestStuckBrowsers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		api := loadAPI(t, "vendor_sample")
		e := startAPI(t, configuration(api.project()), api)
		stuck := make(chan struct{})
		browse := func() {
			w := stuckWriter{httptest.NewRecorder(), stuck}
			e.handler.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", http.NoBody))
		}
		for range 99 {
			go browse()
		}
		synctest.Wait()
		for _, path := range []string{"/metrics", "/-/healthy", "/assets/style.css", "/", "/api/v1/status"} {
			e.get(t, path, "")
		}
		go browse()
		synctest.Wait()
		e.get(t, "/metrics", "")
		for _, path := range []string{"/", "/api/v1/status"} {
			if status, body := e.do(t, http.MethodGet, path, nil); status != http.StatusServiceUnavailable {
				t.Errorf("%s beside 100 browsers that do not read: got status %d, %q", path, status, body)
			}
		}
		close(stuck)
		synctest.Wait()
		e.get(t, "/", "")
	})
}

// stuckWriter writes nothing until stuck is closed.
type stuckWriter struct {
	http.ResponseWriter
	stuck chan struct{}
}

func (w stuckWriter) Write(p []byte) (int, error) {
	<-w.stuck
	return w.ResponseWriter.Write(p)
}
