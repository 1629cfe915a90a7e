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
	"time"
)

// httpClient returns the configuration of a project with the way to its services.
func (c *signedCloud) httpClient(settings string) string {
	return c.project("{access_key: "+accessKey+", secret_key: "+secretKey+"}") + "    http_client: " + settings + "\n"
}

// newTLSCloud is newSignedCloud behind HTTPS, and the file with its certificate.
func newTLSCloud(t *testing.T) (cloud *signedCloud, caFile string) {
	t.Helper()
	cloud = newSignedCloud(t, permanentKey())
	server := httptest.NewUnstartedServer(cloud)
	server.Config.ErrorLog = stdlog.New(io.Discard, "", 0) // clients that do not trust it are expected
	server.StartTLS()
	t.Cleanup(server.Close)
	cloud.endpoint = server.URL
	caFile = filepath.Join(t.TempDir(), "ca.pem")
	content := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	if err := os.WriteFile(caFile, content, 0o600); err != nil {
		t.Fatal(err)
	}
	return cloud, caFile
}

// The certificate is one that no system trusts, for 127.0.0.1 and example.com.
func TestTLS(t *testing.T) {
	for name, test := range map[string]struct {
		settings string // with the file at the place of CA
		trusted  bool
	}{
		"the system's certificates":       {"{}", false},
		"its own":                         {"{tls_config: {ca_file: CA}}", true},
		"another name in it":              {"{tls_config: {ca_file: CA, server_name: example.com}}", true},
		"a name that is not in it":        {"{tls_config: {ca_file: CA, server_name: example.org}}", false},
		"a name that is, but not trusted": {"{tls_config: {server_name: example.com}}", false},
		"any certificate":                 {"{tls_config: {insecure_skip_verify: true}}", true},
		"the newest version alone":        {"{tls_config: {ca_file: CA, min_version: TLS13}}", true},
	} {
		t.Run(name, func(t *testing.T) {
			cloud, caFile := newTLSCloud(t)
			e := startAt(t, cloud.now, cloud.httpClient(strings.ReplaceAll(test.settings, "CA", caFile)))
			if test.trusted {
				cloud.expect(t, "scrape", e, len(cloud.watched()), 0, accepted()...)
				return
			}
			cloud.expect(t, "scrape", e, 0, 0, `cbr_up{project="test"} 0`, `cbr_scrape_error{project="test",reason="network"} 1`)
			if want := "tls: failed to verify certificate"; !strings.Contains(e.log.String(), want) {
				t.Errorf("the log lacks %q:\n%s", want, e.log)
			}
		})
	}
}

// proxy is an HTTP proxy that forwards to the cloud whatever the host is.
type proxy struct {
	url      *url.URL
	requests atomic.Int64
	refused  atomic.Bool // its answer is 407
	hosts    atomic.Value
	user     atomic.Value
}

func newProxy(t *testing.T, cloud *signedCloud) *proxy {
	t.Helper()
	p := &proxy{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p.requests.Add(1)
		p.hosts.Store(r.URL.Host)
		p.user.Store(r.Header.Get("Proxy-Authorization"))
		if p.refused.Load() {
			w.WriteHeader(http.StatusProxyAuthRequired)
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

// A host that does not exist is reached only through a proxy.
func TestProxy(t *testing.T) {
	cloud := newSignedCloud(t, permanentKey())
	p := newProxy(t, cloud)
	cloud.endpoint = "http://cbr.cn-north-4.invalid"
	settings := fmt.Sprintf("{proxy_url: 'http://somebody:password-that-must-not-be-seen@%s'}", p.url.Host)
	e := startAt(t, cloud.now, cloud.httpClient(settings))
	cloud.expect(t, "scrape", e, len(cloud.watched()), 0, accepted()...)
	if got, want := p.requests.Load(), int64(len(cloud.watched())); got != want {
		t.Errorf("the proxy has seen %d requests, want %d", got, want)
	}
	if got, want := p.hosts.Load(), "cbr.cn-north-4.invalid"; got != want {
		t.Errorf("the proxy was asked for %v, want %s", got, want)
	}
	if got := fmt.Sprint(p.user.Load()); !strings.HasPrefix(got, "Basic ") {
		t.Errorf("the proxy got the credentials %q, want some", got)
	}
	_, shown := e.do(t, http.MethodGet, "/config", nil)
	if want := "proxy_url: http://somebody:xxxxx@" + p.url.Host + "\n"; !strings.Contains(shown, want) {
		t.Errorf("/config lacks %q:\n%s", want, shown)
	}

	p.refused.Store(true)
	cloud.pass(24 * time.Hour)
	cloud.expect(t, "refused by the proxy", e, 0, 0, `cbr_up{project="test"} 0`)
}

func TestProxyOutOfReach(t *testing.T) {
	cloud := newSignedCloud(t, permanentKey())
	e := startAt(t, cloud.now, cloud.httpClient("{proxy_url: 'http://somebody:password-that-must-not-be-seen@proxy.invalid'}"))
	cloud.expect(t, "scrape", e, 0, 0, `cbr_scrape_error{project="test",reason="network"} 1`)
	if want := "proxyconnect"; !strings.Contains(e.log.String(), want) {
		t.Errorf("the log lacks %q:\n%s", want, e.log)
	}
}

// The host does not exist, so that what goes past the proxy fails. Go never uses
// one for this machine's own addresses.
func TestWhichProxy(t *testing.T) {
	cloud := newSignedCloud(t, permanentKey())
	p := newProxy(t, cloud)
	cloud.endpoint = "http://cbr.invalid"
	for name, test := range map[string]struct {
		settings string
		proxied  bool
	}{
		"environment":                {"{}", true},
		"no environment":             {"{proxy_from_environment: false}", false},
		"environment, as with a CA":  {"{tls_config: {ca_file: ../config/testdata/tls/ca.pem}}", true},
		"excepted":                   {"{proxy_url: 'PROXY', no_proxy: 'example.com,.invalid'}", false},
		"another one is excepted":    {"{proxy_url: 'PROXY', no_proxy: example.com}", true},
		"instead of the environment": {"{proxy_url: 'http://proxy.invalid'}", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("HTTP_PROXY", p.url.String())
			e := startAt(t, cloud.now, cloud.httpClient(strings.ReplaceAll(test.settings, "PROXY", p.url.String())))
			if test.proxied {
				cloud.expect(t, "scrape", e, len(cloud.watched()), 0, accepted()...)
			} else {
				cloud.expect(t, "scrape", e, 0, 0, `cbr_scrape_error{project="test",reason="network"} 1`)
			}
		})
	}
}
