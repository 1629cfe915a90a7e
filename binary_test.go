package main

import (
	"bytes"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// binary is the built program, which these tests run as a user does.
var binary string

func TestMain(m *testing.M) { os.Exit(buildAndRun(m)) }

func buildAndRun(m *testing.M) int {
	dir, err := os.MkdirTemp("", "cbr_exporter-test")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer func() { _ = os.RemoveAll(dir) }()
	binary = filepath.Join(dir, program)
	build := exec.Command("go", "build", "-o", binary, ".")
	build.Stdout, build.Stderr = os.Stderr, os.Stderr
	if err := build.Run(); err != nil {
		fmt.Fprintln(os.Stderr, "building the program:", err)
		return 1
	}
	return m.Run()
}

// finish runs the program to its end.
func finish(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	cmd := exec.CommandContext(t.Context(), binary, args...)
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil && cmd.ProcessState == nil {
		t.Fatal(err)
	}
	return cmd.ProcessState.ExitCode(), out.String(), errs.String()
}

// process is the program while it serves.
type process struct {
	cmd     *exec.Cmd
	log     *syncBuffer
	address string // that it listens at
	ended   chan struct{}
}

// serveBinary starts the program on a free port and waits until it listens.
func serveBinary(t *testing.T, args ...string) *process {
	t.Helper()
	p := &process{log: &syncBuffer{}, ended: make(chan struct{})}
	p.cmd = exec.Command(binary, append(args, "--web.listen-address=127.0.0.1:0")...)
	p.cmd.Stderr = p.log
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		_ = p.cmd.Wait()
		close(p.ended)
	}()
	t.Cleanup(func() {
		_ = p.cmd.Process.Kill()
		<-p.ended
		http.DefaultClient.CloseIdleConnections()
	})
	listening := regexp.MustCompile(`msg="Listening on" address=(\S+)`)
	p.waitFor(t, func() bool {
		match := listening.FindStringSubmatch(p.log.String())
		if match != nil {
			p.address = match[1]
		}
		return match != nil
	})
	return p
}

// waitFor waits until the condition holds, and fails the test where it does not
// within some seconds or the program ends first.
func (p *process) waitFor(t *testing.T, condition func() bool) {
	t.Helper()
	deadline := time.After(20 * time.Second)
	for !condition() {
		select {
		case <-p.ended:
			t.Fatalf("the program ended:\n%s", p.log)
		case <-deadline:
			t.Fatalf("waited too long; the log so far:\n%s", p.log)
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// stop sends a signal to end and returns the exit code.
func (p *process) stop(t *testing.T, signal syscall.Signal) int {
	t.Helper()
	if err := p.cmd.Process.Signal(signal); err != nil {
		t.Fatal(err)
	}
	select {
	case <-p.ended:
	case <-time.After(20 * time.Second):
		t.Fatalf("the program goes on after %s; log:\n%s", signal, p.log)
	}
	return p.cmd.ProcessState.ExitCode()
}

// write writes a file of the test and returns its name.
func write(t *testing.T, name, content string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// syncBuffer is a bytes.Buffer that is safe for concurrent use.
type syncBuffer struct {
	mu  sync.Mutex
	all bytes.Buffer
}

func (b *syncBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.all.Write(p)
}

func (b *syncBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.all.String()
}

// contains fails the test where text lacks one of the parts.
func contains(t *testing.T, what, text string, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if !strings.Contains(text, part) {
			t.Errorf("%s lacks %q:\n%s", what, part, text)
		}
	}
}
