//go:build unix

package main

import (
	"errors"
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

	"github.com/cbr-exporter/cbr_exporter/test/process"
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
	go func() { stopped <- p.Stop(t) }()
	process.Eventually(t, func() error {
		if c, err := net.Dial("tcp", p.address); err == nil {
			_ = c.Close()
			return errors.New("it still listens")
		}
		return nil
	})
	close(release)
	got := <-scraped
	if got.status != http.StatusOK {
		t.Errorf("the running scrape got status %d, want 200", got.status)
	}
	contains(t, "the page", got.page, `cbr_task_found{project="cn-north-4",task_id="4827f2da-b008-4507-ab7d-42d0df5ed912"} 1`)
	if code := <-stopped; code != 0 {
		t.Errorf("got exit code %d, want 0", code)
	}
}

// hangingAPI starts an API that does not respond, and says when it was asked.
func hangingAPI(t *testing.T) (url string, asked <-chan struct{}) {
	t.Helper()
	requests := make(chan struct{}, 1)
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		select {
		case requests <- struct{}{}:
		default: // a retry
		}
		<-r.Context().Done()
	}))
	t.Cleanup(server.Close)
	return server.URL, requests
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
			api, asked := hangingAPI(t)
			p := startProgram(t, "--config.file="+write(t, "config.yml", oneTask(api)))
			scraped := make(chan string)
			go func() {
				status, page := get(t, http.DefaultClient, "http://"+p.address+path)
				scraped <- fmt.Sprintf("# status %d\n%s", status, page)
			}()
			<-asked
			began := time.Now()
			stopped := make(chan int)
			go func() { stopped <- p.Stop(t) }()
			contains(t, "the page", <-scraped, "# status 200\n",
				`cbr_up{project="cn-north-4"} 0`, `cbr_scrape_error{project="cn-north-4",reason="deadline"} 1`)
			if code := <-stopped; code != 0 {
				t.Errorf("got exit code %d, want 0", code)
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
	if code := p.Stop(t); code != 0 {
		t.Errorf("got exit code %d, want 0", code)
	}
	if took := time.Since(began); took < shutdownTimeout-time.Second/2 {
		t.Errorf("stopping took %s, want at least %s", took, shutdownTimeout)
	}
}

// TestSecondSignalKills stops the program twice while a client keeps it waiting.
func TestSecondSignalKills(t *testing.T) {
	t.Parallel()
	api, asked := hangingAPI(t)
	p := startProgram(t, "--config.file="+write(t, "config.yml", oneTask(api)))
	client, err := net.Dial("tcp", p.address)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = client.Close() }()
	if _, err := io.WriteString(client, "GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	<-asked
	p.Signal(t, syscall.SIGTERM)
	p.WaitForOutput(t, `msg="shutting down"`, 1)
	for p.Running() {
		p.Signal(t, syscall.SIGTERM)
		time.Sleep(10 * time.Millisecond) // the handler may be there still
	}
	if page, _ := io.ReadAll(client); len(page) > 0 {
		t.Errorf("the running scrape still got\n%s", page)
	}
	state := p.Wait(t)
	if status, ok := state.Sys().(syscall.WaitStatus); !ok || status.Signal() != syscall.SIGTERM {
		t.Errorf("got %s, want the death by the signal", state)
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
		p.Signal(t, syscall.SIGHUP)
	}
	replace(strings.Replace(oneTask("http://127.0.0.1:9"), "region: cn-north-4", "name: renamed", 1))
	p.WaitForOutput(t, `msg="configuration reloaded"`, 1)
	contains(t, "the log", p.Output(), `msg="following a project" project=renamed reads="1 task by id"`)
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
	if _, err := process.Post("http://" + p.address + "/-/reload"); err == nil || !strings.Contains(err.Error(), file+": cannot be read: not a regular file") {
		t.Errorf("reload of a pipe: got %v", err)
	}
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	replace(string(valid))
	p.WaitForOutput(t, `msg="configuration reloaded"`, 2)

	replace("projects: []\n")
	p.WaitForOutput(t, "no project; list at least one", 1)
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
	contains(t, "the log", p.Output(),
		`msg="following a project" project=cn-north-4 reads="1 task by id" credentials="token from credentials.token" endpoint=http://127.0.0.1:9`)
	_, err := process.Post("http://" + p.address + "/-/reload")
	contains(t, "the response", fmt.Sprint(err), pipe+": cannot be read: a pipe or device that was read at the start; restart the exporter to read it again")
	_, page := get(t, http.DefaultClient, "http://"+p.address+"/-/metrics")
	contains(t, "the page", page, `cbr_exporter_credentials_rejected{project="cn-north-4"} 0`, "cbr_exporter_config_last_reload_successful 0")
}

// TestSignalWhileWaiting stops a program that waits for the configuration in a pipe.
func TestSignalWhileWaiting(t *testing.T) {
	t.Parallel()
	cmd := command("--config.file=-", "--web.listen-address=127.0.0.1:0")
	if _, err := cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	p := process.Start(t, cmd)
	p.WaitForOutput(t, "msg=", 1)
	if code := p.Stop(t); code == 0 {
		t.Error("the program ended well")
	}
}
