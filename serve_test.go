package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"
)

func TestDemo(t *testing.T) {
	t.Parallel()
	p := startProgram(t, "--demo")
	status, page := get(t, http.DefaultClient, "http://"+p.address+"/metrics")
	if status != http.StatusOK {
		t.Errorf("/metrics: got status %d", status)
	}
	contains(t, "the page", page,
		`cbr_up{project="demo"} 1`,
		`cbr_scrape_collector_success{collector="tasks",project="demo"} 1`,
		`status="success",task_id="4827f2da-b008-4507-ab7d-42d0df5ed912",vault=""} 1`,
		`cbr_exporter_api_requests_total{code="201",operation="KeystoneCreateUserTokenByPassword",project="demo"} 1`,
		"cbr_exporter_build_info{", "go_goroutines ", "process_start_time_seconds ",
	)
	if strings.Contains(page, "cbr_exporter_invalid_fields_total{") {
		t.Error("a field of the simulated cloud was unreadable")
	}
	p.Signal(t, syscall.SIGINT)
	if code := p.Wait(t).ExitCode(); code != 0 {
		t.Errorf("after SIGINT: got exit code %d, want 0", code)
	}
	contains(t, "the log", p.Output(), "msg=\"starting cbr_exporter\"", "simulated cloud", "msg=\"shutting down\"", "msg=exiting")
}

// TestDemoPortTaken checks that the log of the demo says what is wrong, and no more.
func TestDemoPortTaken(t *testing.T) {
	t.Parallel()
	other := httptest.NewServer(http.NotFoundHandler())
	defer other.Close()
	code, _, stderr := runProgram("--demo", "--web.listen-address="+other.Listener.Addr().String())
	contains(t, "the log", stderr, "address already in use")
	if code != 1 || strings.Contains(stderr, "level=warn") || strings.Contains(stderr, "watching") {
		t.Errorf("got exit code %d; log:\n%s", code, stderr)
	}
}

// TestDemoPage checks the URL of the page that the log of the demo has.
func TestDemoPage(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		flags []string
		want  string
	}{
		"by default":     {nil, "http://localhost:10065/"},
		"address":        {[]string{"--web.listen-address=[::1]:80"}, "http://[::1]:80/"},
		"prefix":         {[]string{"--web.listen-address=:80", "--web.route-prefix=cbr"}, "http://localhost:80/cbr/"},
		"perhaps by TLS": {[]string{"--web.config.file=web.yml"}, ""},
		"external URL":   {[]string{"--web.config.file=web.yml", "--web.external-url=https://example.com/cbr/"}, "https://example.com/cbr/"},
	} {
		f, err := parseFlags(append(c.flags, "--demo"), io.Discard)
		if err != nil {
			t.Fatal(err)
		}
		if got := demoPage(f); got != c.want {
			t.Errorf("%s: got %q, want %q", name, got, c.want)
		}
	}
}

// TestMetricsInPlaceOfTheOverview exposes the metrics at /.
func TestMetricsInPlaceOfTheOverview(t *testing.T) {
	t.Parallel()
	api := httptest.NewServer(http.NotFoundHandler())
	defer api.Close()
	p := startProgram(t, "--web.telemetry-path=/", "--config.file="+write(t, "config.yml", oneTask(api.URL)))
	for path, want := range map[string]struct {
		status int
		part   string
	}{
		"/":                         {200, `cbr_up{project="cn-north-4"} 0`},
		"/probe?project=cn-north-4": {200, `cbr_up{project="cn-north-4"} 0`},
		"/config":                   {200, "cn-north-4"},
		"/metrics":                  {404, ""},
	} {
		status, page := get(t, http.DefaultClient, "http://"+p.address+path)
		if status != want.status {
			t.Errorf("%s: got status %d, want %d", path, status, want.status)
		}
		contains(t, path, page, want.part)
	}
}

// TestRoutePrefix checks below which path the pages are by the two flags.
func TestRoutePrefix(t *testing.T) {
	t.Parallel()
	file := write(t, "config.yml", oneTask("http://127.0.0.1:9"))
	for name, c := range map[string]struct {
		flags []string
		path  string
	}{
		"external URL":             {[]string{"--web.external-url=https://example.com/cbr/"}, "/cbr"},
		"external URL and a slash": {[]string{"--web.external-url=https://example.com/cbr", "--web.route-prefix=/"}, ""},
		"external URL and another": {[]string{"--web.external-url=https://example.com/cbr", "--web.route-prefix=other"}, "/other"},
		"prefix alone":             {[]string{"--web.route-prefix=/tools/cbr/", "--web.telemetry-path=/all"}, "/tools/cbr"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := startProgram(t, append(c.flags, "--config.file="+file)...)
			for _, path := range []string{"/-/healthy", "/sd", "/config"} {
				if status, page := get(t, http.DefaultClient, "http://"+p.address+c.path+path); status != http.StatusOK {
					t.Errorf("%s: got status %d: %s", c.path+path, status, page)
				}
			}
			_, page := get(t, http.DefaultClient, "http://"+p.address+"/")
			contains(t, "the page", page, "cn-north-4", "</html>")
			_, targets := get(t, http.DefaultClient, "http://"+p.address+c.path+"/sd")
			if strings.HasPrefix(c.flags[0], "--web.external-url") {
				contains(t, "/sd", targets, `"example.com"`, `"__scheme__": "https"`, `"__metrics_path__": "/cbr/probe"`)
			} else {
				contains(t, "/sd", targets, `"`+p.address+`"`, `"__metrics_path__": "/tools/cbr/probe"`)
			}
		})
	}
}

// TestProfiles requests profiles of the process with and without the flag.
func TestProfiles(t *testing.T) {
	t.Parallel()
	file := write(t, "config.yml", oneTask("http://127.0.0.1:9"))
	for name, c := range map[string]struct {
		flags  []string
		prefix string
		status int
	}{
		"off":       {nil, "", http.StatusNotFound},
		"on":        {[]string{"--web.enable-pprof"}, "", http.StatusOK},
		"on, below": {[]string{"--web.enable-pprof", "--web.route-prefix=/cbr"}, "/cbr", http.StatusOK},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := startProgram(t, append(c.flags, "--config.file="+file)...)
			for path, part := range map[string]string{
				"":                   "goroutine",
				"goroutine?debug=1":  "goroutine profile: total ",
				"heap?debug=1":       "heap profile: ",
				"cmdline":            "--config.file=",
				"symbol":             "num_symbols: ",
				"trace?seconds=0.01": "go 1.",
				"profile?seconds=1":  "",
			} {
				status, page := get(t, http.DefaultClient, "http://"+p.address+c.prefix+"/debug/pprof/"+path)
				if status != c.status {
					t.Errorf("%s: got status %d, want %d", path, status, c.status)
				}
				if c.status == http.StatusOK {
					contains(t, path, page, part)
				}
			}
		})
	}
}

// TestTLSWithBasicAuth scrapes with the exporter-toolkit's web configuration, which
// protects all pages.
func TestTLSWithBasicAuth(t *testing.T) {
	t.Parallel()
	certificate, key, roots := newCertificate(t)
	web := write(t, "web.yml", fmt.Sprintf(`
tls_server_config: {cert_file: %s, key_file: %s}
basic_auth_users:
  prometheus: $2a$04$K0oravUSY1.Phfk7KccWUuEeqeq/AMKZb38KhFyjnwbKkES5UT0Dq  # "test"
`, write(t, "cert.pem", certificate), write(t, "key.pem", key)))
	p := startProgram(t, "--demo", "--web.config.file="+web)

	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}}}
	defer client.CloseIdleConnections()
	if _, page := get(t, client, "https://"+p.address+"/metrics"); strings.Contains(page, "cbr_") {
		t.Errorf("metrics without a password:\n%s", page)
	}
	for path, want := range map[string]string{
		"/metrics":   `cbr_up{project="demo"} 1`,
		"/-/healthy": "cbr_exporter is healthy.",
		"/-/ready":   "cbr_exporter is ready.",
	} {
		if status, _ := get(t, client, "https://"+p.address+path); status != http.StatusUnauthorized {
			t.Errorf("%s without a password: got status %d, want 401", path, status)
		}
		status, page := get(t, client, "https://prometheus:test@"+p.address+path)
		if status != http.StatusOK {
			t.Errorf("%s with the password: got status %d, want 200", path, status)
		}
		contains(t, path, page, want)
	}

	// All lines look alike, those of the exporter-toolkit too.
	log := p.Output()
	contains(t, "the log", log, `msg="TLS is enabled."`)
	for line := range strings.Lines(log) {
		if !regexp.MustCompile(`^ts=\S+ level=\w+ .*\bmsg=`).MatchString(line) || regexp.MustCompile(`\b(time|caller)=`).MatchString(line) {
			t.Errorf("the keys of the log differ: %s", line)
		}
	}
}

func oneTask(endpoint string) string {
	return fmt.Sprintf(`
projects:
  - region: cn-north-4
    project_id: 04f1829c788037ac2fb8c01eb2b04b95
    endpoint: %s
    credentials: {token: a-token}
    task_ids: [4827f2da-b008-4507-ab7d-42d0df5ed912]
`, endpoint)
}

func get(t *testing.T, client *http.Client, url string) (status int, body string) {
	t.Helper()
	resp, err := client.Get(url)
	if err != nil {
		t.Error(err)
		return 0, ""
	}
	defer resp.Body.Close()
	content, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Error(err)
	}
	return resp.StatusCode, string(content)
}

// newCertificate returns a self-signed certificate for the loopback address.
func newCertificate(t *testing.T) (certificate, key string, roots *x509.CertPool) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1),
		NotAfter:     time.Now().Add(time.Hour),
		IPAddresses:  []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	if err != nil {
		t.Fatal(err)
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	roots = x509.NewCertPool()
	roots.AddCert(parsed)
	certificate = string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
	key = string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: keyDER}))
	return certificate, key, roots
}
