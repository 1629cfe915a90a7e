// Package process runs programs for tests.
package process

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// timeout is how long things may take that take a moment on a machine that has nothing else to do.
const timeout = time.Minute

// A Process is a running program.
type Process struct {
	cmd    *exec.Cmd
	output output
	exited chan struct{} // closed when it has ended
}

type output struct {
	mu   sync.Mutex
	text bytes.Buffer
}

// Write implements io.Writer.
func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.Write(p)
}

// Start starts a program. It is killed at the end of the test, and its output is logged if
// the test fails.
func Start(t testing.TB, cmd *exec.Cmd) *Process {
	t.Helper()
	p := &Process{cmd: cmd, exited: make(chan struct{})}
	cmd.Stdout, cmd.Stderr = &p.output, &p.output
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		_ = cmd.Wait() // see ProcessState
		close(p.exited)
	}()
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		<-p.exited
		if t.Failed() {
			log := p.Output()
			t.Logf("%s: %s; the end of its output:\n%s", filepath.Base(cmd.Path), cmd.ProcessState, log[max(0, len(log)-10_000):])
		}
	})
	return p
}

// Output returns what the program has written so far.
func (p *Process) Output() string {
	p.output.mu.Lock()
	defer p.output.mu.Unlock()
	return p.output.text.String()
}

// Running reports whether the program has not ended.
func (p *Process) Running() bool {
	select {
	case <-p.exited:
		return false
	default:
		return true
	}
}

// Signal sends a signal, unless the program has ended.
func (p *Process) Signal(t testing.TB, signal os.Signal) {
	t.Helper()
	if err := p.cmd.Process.Signal(signal); err != nil && !errors.Is(err, os.ErrProcessDone) {
		t.Fatal(err)
	}
}

// Wait waits until the program has ended, and returns how it did.
func (p *Process) Wait(t testing.TB) *os.ProcessState {
	t.Helper()
	select {
	case <-p.exited:
	case <-time.After(timeout):
		t.Fatalf("still running after %s", timeout)
	}
	return p.cmd.ProcessState
}

// Stop sends SIGTERM, and returns the exit code.
func (p *Process) Stop(t testing.TB) int {
	t.Helper()
	p.Signal(t, syscall.SIGTERM)
	return p.Wait(t).ExitCode()
}

// Eventually repeats check until it returns nil. The test ends with its last error if it does
// not, or if the program ends.
func (p *Process) Eventually(t testing.TB, check func() error) {
	t.Helper()
	Eventually(t, func() error {
		t.Helper()
		err := check()
		if err != nil && !p.Running() {
			t.Fatalf("the program has ended: %v", err)
		}
		return err
	})
}

// WaitForOutput waits until the program has written a text some times.
func (p *Process) WaitForOutput(t testing.TB, text string, times int) {
	t.Helper()
	p.Eventually(t, func() error {
		if got := strings.Count(p.Output(), text); got < times {
			return fmt.Errorf("it has written %q %d times, want %d", text, got, times)
		}
		return nil
	})
}

var listening = regexp.MustCompile(`msg="Listening on" address=(\S+)`)

// Address waits until the exporter listens, and returns where.
func (p *Process) Address(t testing.TB) (address string) {
	t.Helper()
	p.Eventually(t, func() error {
		match := listening.FindStringSubmatch(p.Output())
		if match == nil {
			return errors.New("it does not say on which address it listens")
		}
		address = match[1]
		return nil
	})
	return address
}

// PID returns the id of the process.
func (p *Process) PID() int { return p.cmd.Process.Pid }

// Memory returns a field of /proc/PID/status in bytes: VmRSS is the resident memory, and VmHWM
// the most that it has been.
func (p *Process) Memory(t testing.TB, field string) int {
	t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.PID()))
	if err != nil {
		t.Fatal(err)
	}
	match := regexp.MustCompile(field + `:\s+(\d+) kB`).FindSubmatch(status)
	if match == nil {
		t.Fatalf("no %s in %s", field, status)
	}
	kib, err := strconv.Atoi(string(match[1]))
	if err != nil {
		t.Fatal(err)
	}
	return kib << 10
}

// Eventually repeats check until it returns nil. The test ends with its last error if it does
// not.
func Eventually(t testing.TB, check func() error) {
	t.Helper()
	for deadline := time.Now().Add(timeout); ; time.Sleep(20 * time.Millisecond) {
		err := check()
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("after %s: %v", timeout, err)
		}
	}
}

// FreeAddress returns a loopback address on which nothing listens.
func FreeAddress(t testing.TB) string {
	t.Helper()
	server := httptest.NewServer(nil)
	server.Close()
	return server.Listener.Addr().String()
}

// Get returns the body of a response. Any status but 200 is an error.
func Get(url string) (string, error) { return request(http.MethodGet, url) }

// Post likewise sends a request without a body.
func Post(url string) (string, error) { return request(http.MethodPost, url) }

func request(method, url string) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, url, http.NoBody)
	if err != nil {
		return "", err
	}
	req.Close = true // the next program may get the same port
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s %s: %s: %s", method, url, resp.Status, body)
	}
	return string(body), err
}

// BuildExporter builds the exporter for a test two folders below the root, in a folder of its
// own that remove removes.
func BuildExporter() (file string, remove func(), err error) {
	dir, err := os.MkdirTemp("", "cbr_exporter-test-")
	if err != nil {
		return "", nil, err
	}
	remove = func() { _ = os.RemoveAll(dir) }
	build := exec.Command("go", "install", "-buildvcs=false", ".")
	build.Dir = "../.." // its module, which is not that of all tests
	build.Env = append(os.Environ(), "CGO_ENABLED=0", "GOBIN="+dir)
	if out, err := build.CombinedOutput(); err != nil {
		remove()
		return "", nil, fmt.Errorf("building the exporter: %w\n%s", err, out)
	}
	return filepath.Join(dir, "cbr_exporter"), remove, nil
}
