//go:build unix

package main

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

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
	if took := time.Since(began); took < shutdownTimeout-time.Second/2 {
		t.Errorf("stopping took %s, want at least %s", took, shutdownTimeout)
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
	if page, _ := io.ReadAll(client); len(page) > 0 {
		t.Errorf("the running scrape still got\n%s", page)
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
	_, page := get(t, http.DefaultClient, "http://"+p.address+"/-/metrics")
	contains(t, "the page", page, `cbr_exporter_credentials_rejected{project="renamed"} 0`, "cbr_exporter_config_last_reload_successful 1")

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
	_, page = get(t, http.DefaultClient, "http://"+p.address+"/-/metrics")
	contains(t, "the page", page, `cbr_exporter_credentials_rejected{project="renamed"} 0`, "cbr_exporter_config_last_reload_successful 0")
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
	_, page := get(t, http.DefaultClient, "http://"+p.address+"/-/metrics")
	contains(t, "the page", page, `cbr_exporter_credentials_rejected{project="cn-north-4"} 0`, "cbr_exporter_config_last_reload_successful 0")
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
