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
	"os"
	"path/filepath"
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
	if code := p.stop(t, syscall.SIGINT); code != 0 {
		t.Errorf("after SIGINT: got exit code %d, want 0; log:\n%s", code, p.log)
	}
	contains(t, "the log", p.log.String(), "msg=\"starting cbr_exporter\"", "simulated cloud", "msg=\"shutting down\"", "msg=exiting")
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

// TestSIGTERMDuringScrape stops the program before the API responds. The scrape
// still returns its page.
func TestSIGTERMDuringScrape(t *testing.T) {
	t.Parallel()
	asked, release := make(chan struct{}, 1), make(chan struct{})
	api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		asked <- struct{}{}
		<-release
		_, _ = io.WriteString(w, `{"operation_log":{"id":"4827f2da-b008-4507-ab7d-42d0df5ed912","status":"success"}}`)
	}))
	defer api.Close()
	p := startProgram(t, "--config.file="+write(t, "config.yml", oneTask(api.URL)))

	type answer struct {
		status int
		page   string
	}
	scraped := make(chan answer)
	go func() {
		status, page := get(t, http.DefaultClient, "http://"+p.address+"/metrics")
		scraped <- answer{status, page}
	}()
	<-asked
	stopped := make(chan int)
	go func() { stopped <- p.stop(t, syscall.SIGTERM) }()
	p.waitFor(t, func() bool { // it no longer listens
		c, err := net.Dial("tcp", p.address)
		if err == nil {
			_ = c.Close()
		}
		return err != nil
	})
	close(release)
	got := <-scraped
	if got.status != http.StatusOK {
		t.Errorf("the running scrape got status %d, want 200", got.status)
	}
	contains(t, "the page", got.page, `cbr_task_found{project="cn-north-4",task_id="4827f2da-b008-4507-ab7d-42d0df5ed912"} 1`)
	if code := <-stopped; code != 0 {
		t.Errorf("got exit code %d, want 0; log:\n%s", code, p.log)
	}
}

// TestSIGTERMWhileTheAPIHangs stops the program during a scrape of an API that does
// not respond. The scrape returns a page before its connection is closed.
func TestSIGTERMWhileTheAPIHangs(t *testing.T) {
	if testing.Short() {
		t.Skip("waits for the shutdown timeout")
	}
	t.Parallel()
	for _, path := range []string{"/metrics", "/probe?project=cn-north-4"} {
		t.Run(path, func(t *testing.T) {
			t.Parallel()
			asked := make(chan struct{}, 1)
			api := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				asked <- struct{}{}
				<-r.Context().Done()
			}))
			defer api.Close()
			p := startProgram(t, "--config.file="+write(t, "config.yml", oneTask(api.URL)))
			scraped := make(chan string)
			go func() {
				status, page := get(t, http.DefaultClient, "http://"+p.address+path)
				scraped <- fmt.Sprintf("# status %d\n%s", status, page)
			}()
			<-asked
			began := time.Now()
			stopped := make(chan int)
			go func() { stopped <- p.stop(t, syscall.SIGTERM) }()
			contains(t, "the page", <-scraped, "# status 200\n",
				`cbr_up{project="cn-north-4"} 0`, `cbr_scrape_error{project="cn-north-4",reason="deadline"} 1`)
			if code := <-stopped; code != 0 {
				t.Errorf("got exit code %d, want 0; log:\n%s", code, p.log)
			}
			if took := time.Since(began); took < drainTimeout {
				t.Errorf("stopping took %s, want some more than %s", took, drainTimeout)
			}
		})
	}
}

// TestSIGTERMDoesNotWaitForever stops the program after a client has sent half of a
// request.
func TestSIGTERMDoesNotWaitForever(t *testing.T) {
	if testing.Short() {
		t.Skip("waits for the shutdown timeout")
	}
	t.Parallel()
	p := startProgram(t, "--config.file="+write(t, "config.yml", oneTask("http://127.0.0.1:9")))
	client, err := net.Dial("tcp", p.address)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = client.Close() }()
	if _, err := io.WriteString(client, "GET /metrics HTTP/1.1\r\nHost:"); err != nil {
		t.Fatal(err)
	}
	// A response to another client shows that the half has likely arrived.
	get(t, http.DefaultClient, "http://"+p.address+"/-/healthy")
	began := time.Now()
	if code := p.stop(t, syscall.SIGTERM); code != 0 {
		t.Errorf("got exit code %d, want 0; log:\n%s", code, p.log)
	}
	if took := time.Since(began); took < shutdownTimeout-time.Second/2 || took > 3*shutdownTimeout {
		t.Errorf("stopping took %s, want about %s", took, shutdownTimeout)
	}
}

// TestSecondSignalKills stops the program twice while a client keeps it waiting.
func TestSecondSignalKills(t *testing.T) {
	t.Parallel()
	asked := make(chan struct{}, 1)
	api := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		asked <- struct{}{}
		<-r.Context().Done()
	}))
	defer api.Close()
	p := startProgram(t, "--config.file="+write(t, "config.yml", oneTask(api.URL)))
	client, err := net.Dial("tcp", p.address)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = client.Close() }()
	if _, err := io.WriteString(client, "GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	<-asked
	began := time.Now()
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	p.waitFor(t, func() bool { return strings.Contains(p.log.String(), `msg="shutting down"`) })
	for ended := false; !ended; {
		_ = p.cmd.Process.Signal(syscall.SIGTERM) // fails once it has ended
		select {
		case <-p.ended:
			ended = true
		case <-time.After(10 * time.Millisecond): // the handler may be there still
		}
	}
	if took := time.Since(began); took > drainTimeout/2 {
		t.Errorf("stopping took %s, want it at once", took)
	}
	if status, ok := p.cmd.ProcessState.Sys().(syscall.WaitStatus); !ok || status.Signal() != syscall.SIGTERM {
		t.Errorf("got %s, want the death by the signal; log:\n%s", p.cmd.ProcessState, p.log)
	}
}

// TestSIGHUP reloads a changed configuration, a pipe, and an invalid configuration.
func TestSIGHUP(t *testing.T) {
	t.Parallel()
	file := write(t, "config.yml", oneTask("http://127.0.0.1:9"))
	p := startProgram(t, "--config.file="+file)
	replace := func(content string) {
		if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := p.cmd.Process.Signal(syscall.SIGHUP); err != nil {
			t.Fatal(err)
		}
	}
	replace(strings.Replace(oneTask("http://127.0.0.1:9"), "region: cn-north-4", "name: renamed", 1))
	p.waitFor(t, func() bool { return strings.Contains(p.log.String(), `msg="configuration reloaded"`) })
	contains(t, "the log", p.log.String(), `msg="following a project" project=renamed reads="1 task by id"`)
	_, page := get(t, http.DefaultClient, "http://"+p.address+"/metrics")
	contains(t, "the page", page, `cbr_up{project="renamed"} 0`, "cbr_exporter_config_last_reload_successful 1")

	// A pipe would block the reload.
	valid, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mkfifo(file, 0o600); err != nil {
		t.Fatal(err)
	}
	resp, err := http.Post("http://"+p.address+"/-/reload", "", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if body, _ := io.ReadAll(resp.Body); !strings.Contains(string(body), file+": cannot be read: not a regular file") {
		t.Errorf("reload of a pipe: got %q", body)
	}
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	replace(string(valid))
	p.waitFor(t, func() bool { return strings.Count(p.log.String(), `msg="configuration reloaded"`) == 2 })

	replace("projects: []\n")
	p.waitFor(t, func() bool { return strings.Contains(p.log.String(), "no project; list at least one") })
	_, page = get(t, http.DefaultClient, "http://"+p.address+"/metrics")
	contains(t, "the page", page, `cbr_up{project="renamed"} 0`, "cbr_exporter_config_last_reload_successful 0")
}

// TestReloadOfPipe starts with the configuration in a pipe, which cannot be read again.
func TestReloadOfPipe(t *testing.T) {
	t.Parallel()
	pipe := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	go func() { _ = os.WriteFile(pipe, []byte(oneTask("http://127.0.0.1:9")), 0o600) }()
	p := startProgram(t, "--config.file="+pipe)
	contains(t, "the log", p.log.String(),
		`msg="following a project" project=cn-north-4 reads="1 task by id" credentials="token from credentials.token" endpoint=http://127.0.0.1:9`)
	resp, err := http.Post("http://"+p.address+"/-/reload", "", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, _ := io.ReadAll(resp.Body)
	contains(t, "the response", string(body), pipe+": cannot be read: a pipe or device that was read at the start; restart the exporter to read it again")
	_, page := get(t, http.DefaultClient, "http://"+p.address+"/metrics")
	contains(t, "the page", page, `cbr_up{project="cn-north-4"} 0`, "cbr_exporter_config_last_reload_successful 0")
}

// TestSignalWhileWaiting stops a program that waits for the configuration in a pipe.
func TestSignalWhileWaiting(t *testing.T) {
	t.Parallel()
	cmd := command("--config.file=-", "--web.listen-address=127.0.0.1:0")
	started, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if _, err := started.Read(make([]byte, 1)); err != nil { // its first message
		t.Fatal(err)
	}
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err == nil {
		t.Error("the program ended well")
	}
}

// TestMetricsInPlaceOfTheOverview exposes the metrics at /.
func TestMetricsInPlaceOfTheOverview(t *testing.T) {
	t.Parallel()
	p := startProgram(t, "--web.telemetry-path=/", "--config.file="+write(t, "config.yml", oneTask("http://127.0.0.1:9")))
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
	log := p.log.String()
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
