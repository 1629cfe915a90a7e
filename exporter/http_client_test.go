package exporter_test

import (
	"encoding/pem"
	"fmt"
	"io"
	stdlog "log"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/cbr-exporter/cbr_exporter/simulator"
)

// reaching returns the configuration of a project with settings of http_client.
func reaching(endpoint string, ids []string, settings string) string {
	return configuration(fmt.Sprintf(`
  - name: test
    project_id: %s
    endpoint: %s
    credentials: %s
    http_client: %s
    task_ids: [%s]
`, simulator.DefaultProjectID, endpoint, someKey, settings, strings.Join(ids, ", ")))
}

// retrying runs a subtest whose requests fail: the pauses before they are repeated take no
// time. Servers are outside.
func retrying(t *testing.T, name string, test func(*testing.T)) {
	t.Helper()
	t.Run(name, func(t *testing.T) { synctest.Test(t, test) })
}

// TestTLS uses a self-signed certificate for 127.0.0.1 and example.com.
func TestTLS(t *testing.T) {
	t.Parallel()
	cloud, ids := newCloud(simulator.Options{Now: noon})
	server := httptest.NewUnstartedServer(cloud)
	server.Config.ErrorLog = stdlog.New(io.Discard, "", 0) // clients that do not trust the certificate
	server.StartTLS()
	t.Cleanup(server.Close)
	caFile := filepath.Join(t.TempDir(), "ca.pem")
	content := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	if err := os.WriteFile(caFile, content, 0o600); err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		settings string // CA stands for the file
		trusted  bool
	}{
		"system certificates":      {"{}", false},
		"ca_file":                  {"{tls_config: {ca_file: CA}}", true},
		"valid server_name":        {"{tls_config: {ca_file: CA, server_name: example.com}}", true},
		"invalid server_name":      {"{tls_config: {ca_file: CA, server_name: example.org}}", false},
		"server_name without a CA": {"{tls_config: {server_name: example.com}}", false},
		"insecure_skip_verify":     {"{tls_config: {insecure_skip_verify: true}}", true},
		"min_version":              {"{tls_config: {ca_file: CA, min_version: TLS13}}", true},
	} {
		retrying(t, name, func(t *testing.T) {
			e := start(t, nil, reaching(server.URL, ids, strings.ReplaceAll(test.settings, "CA", caFile)), alwaysNoon)
			if test.trusted {
				expectScrape(t, "scrape", e, cloud, len(ids), 0, accepted()...)
				return
			}
			expectScrape(t, "scrape", e, cloud, 0, 0, `cbr_up{project="test"} 0`, `cbr_scrape_error{project="test",reason="network"} 1`)
			if want := "tls: failed to verify certificate"; !strings.Contains(e.log.String(), want) {
				t.Errorf("the log lacks %q:\n%s", want, e.log)
			}
		})
	}
}

// proxy is an HTTP proxy that forwards requests for any host to the cloud.
type proxy struct {
	url      *url.URL
	requests atomic.Int64
	refusal  atomic.Int64 // status of all responses; 0: none is a refusal
	hosts    atomic.Value
	user     atomic.Value
}

func newProxy(t *testing.T, cloud http.Handler) *proxy {
	t.Helper()
	p := &proxy{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p.requests.Add(1)
		p.hosts.Store(r.URL.Host)
		p.user.Store(r.Header.Get("Proxy-Authorization"))
		if status := p.refusal.Load(); status != 0 {
			w.WriteHeader(int(status))
			_, _ = io.WriteString(w, "who are you?")
			return
		}
		cloud.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	u, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	p.url = u
	return p
}

// TestProxy requests a host that does not exist, so it works only through the proxy.
func TestProxy(t *testing.T) {
	t.Parallel()
	cloud, ids := newCloud(simulator.Options{Now: noon})
	p := newProxy(t, cloud)
	settings := fmt.Sprintf("{proxy_url: 'http://somebody:password-that-must-not-be-seen@%s'}", p.url.Host)
	e := start(t, nil, reaching("http://cbr.cn-north-4.invalid", ids, settings), alwaysNoon)
	expectScrape(t, "scrape", e, cloud, len(ids), 0, accepted()...)
	if got, want := p.requests.Load(), int64(len(ids)); got != want {
		t.Errorf("the proxy has seen %d requests, want %d", got, want)
	}
	if got, want := p.hosts.Load(), "cbr.cn-north-4.invalid"; got != want {
		t.Errorf("the proxy has seen a request for %v, want %s", got, want)
	}
	if got := fmt.Sprint(p.user.Load()); !strings.HasPrefix(got, "Basic ") {
		t.Errorf("the proxy got the credentials %q, want some", got)
	}
	shown := e.get(t, "/config", "")
	if want := "proxy_url: http://xxxxx@" + p.url.Host + "\n"; !strings.Contains(shown, want) {
		t.Errorf("/config lacks %q:\n%s", want, shown)
	}

	p.refusal.Store(http.StatusProxyAuthRequired)
	expectScrape(t, "refused by the proxy", e, cloud, 0, 0, `cbr_up{project="test"} 0`)
}

func TestProxyRefusesConnections(t *testing.T) {
	t.Parallel()
	cloud, ids := newCloud(simulator.Options{Now: noon})
	p := newProxy(t, cloud)
	const hint = `hint="check proxy_url of http_client, or HTTPS_PROXY in the environment"`
	for name, test := range map[string]struct {
		endpoint, proxy string
		refusal         int64
		want            string
	}{
		"closed port":         {"http://cbr.cn-north-4.invalid", "127.0.0.1:9", 0, "proxyconnect"},
		"no tunnel":           {"https://cbr.cn-north-4.invalid", p.url.Host, 407, "the proxy refuses the connection: HTTP status 407 Proxy Authentication Required"},
		"status of a service": {"https://cbr.cn-north-4.invalid", p.url.Host, 401, "the proxy refuses the connection: HTTP status 401 Unauthorized"},
	} {
		retrying(t, name, func(t *testing.T) {
			p.refusal.Store(test.refusal)
			e := start(t, nil, reaching(test.endpoint, ids, "{proxy_url: 'http://somebody:password-that-must-not-be-seen@"+test.proxy+"'}"), alwaysNoon)
			expectScrape(t, "scrape", e, cloud, 0, 0, `cbr_scrape_error{project="test",reason="network"} 1`)
			for _, want := range []string{test.want, hint} {
				if !strings.Contains(e.log.String(), want) {
					t.Errorf("the log lacks %q:\n%s", want, e.log)
				}
			}
		})
	}
}

// TestProxySettings requests an address where nothing listens, so it fails without the proxy.
// Go uses no proxy for 127.0.0.1, which this address stands for.
func TestProxySettings(t *testing.T) {
	cloud, ids := newCloud(simulator.Options{Now: noon})
	p := newProxy(t, cloud)
	t.Setenv("HTTP_PROXY", p.url.String())
	for name, test := range map[string]struct {
		settings string
		proxied  bool
	}{
		"environment":                    {"{}", true},
		"environment disabled":           {"{proxy_from_environment: false}", false},
		"environment with ca_file":       {"{tls_config: {ca_file: ../config/testdata/tls/ca.pem}}", true},
		"no_proxy has the host":          {"{proxy_url: 'PROXY', no_proxy: 'example.com,0.0.0.0'}", false},
		"no_proxy has another host":      {"{proxy_url: 'PROXY', no_proxy: example.com}", true},
		"proxy_url replaces environment": {"{proxy_url: 'http://127.0.0.1:9'}", false},
	} {
		retrying(t, name, func(t *testing.T) {
			e := start(t, nil, reaching("http://0.0.0.0:9", ids, strings.ReplaceAll(test.settings, "PROXY", p.url.String())), alwaysNoon)
			if test.proxied {
				expectScrape(t, "scrape", e, cloud, len(ids), 0, accepted()...)
			} else {
				expectScrape(t, "scrape", e, cloud, 0, 0, `cbr_scrape_error{project="test",reason="network"} 1`)
			}
		})
	}
}
