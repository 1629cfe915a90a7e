//go:build e2e

package systemd

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cbr-exporter/cbr_exporter/test/process"
)

// configure makes the files of a machine whose exporter has the configuration and these
// flags, with secrets that only root can read.
func configure(t *testing.T, content, flags string) {
	t.Helper()
	remove(t, "/etc/cbr_exporter")
	write(t, config, 0o644, content)
	write(t, accessKey, 0o600, "AKFIRST\n")
	write(t, secretKey, 0o600, "secret\n")
	write(t, defaults, 0o600, "ARGS="+flags+"\n")
}

// start starts the service until the test ends.
func start(t *testing.T) {
	t.Helper()
	mark(t)
	t.Cleanup(func() { stop(t) })
	run(t, "systemctl", "start", service)
}

func stop(t *testing.T) {
	t.Helper()
	run(t, "systemctl", "stop", service)
}

// show returns a property of the service.
func show(t *testing.T, property string) string {
	t.Helper()
	return strings.TrimSpace(run(t, "systemctl", "show", "--value", "--property="+property, service))
}

// dropIn adds lines to the section Service until the test ends.
func dropIn(t *testing.T, lines string) {
	t.Helper()
	const file = "/run/systemd/system/" + service + ".d/test.conf"
	write(t, file, 0o644, "[Service]\n"+lines+"\n")
	run(t, "systemctl", "daemon-reload")
	t.Cleanup(func() {
		remove(t, filepath.Dir(file))
		run(t, "systemctl", "daemon-reload")
	})
}

const cursor = "/tmp/cursor"

// mark makes journal begin here.
func mark(t *testing.T) {
	t.Helper()
	remove(t, cursor)
	run(t, "journalctl", "--sync")
	run(t, "journalctl", "--cursor-file="+cursor, "--lines=0", "--quiet")
}

// journal returns what the service has logged since mark.
func journal(t *testing.T) string {
	t.Helper()
	at, err := os.ReadFile(cursor)
	if err != nil {
		t.Fatal(err)
	}
	run(t, "journalctl", "--sync")
	return run(t, "journalctl", "--after-cursor="+strings.TrimSpace(string(at)), "--unit="+service, "--output=cat", "--no-pager", "--quiet")
}

// logged returns an error if the journal does not have the text.
func logged(t *testing.T, want string) error {
	t.Helper()
	if log := journal(t); !strings.Contains(log, want) {
		return fmt.Errorf("the journal has no %q:\n%s", want, log)
	}
	return nil
}

func waitForLog(t *testing.T, want string) {
	t.Helper()
	process.Eventually(t, func() error { return logged(t, want) })
}

func contains(t *testing.T, text string, wants ...string) {
	t.Helper()
	for _, want := range wants {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in:\n%s", want, text)
		}
	}
}

// write writes a file, whose folders only root can open if it is a secret.
func write(t *testing.T, file string, mode os.FileMode, content string) {
	t.Helper()
	dir := filepath.Dir(file)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if filepath.Base(dir) == "secrets" {
		if err := os.Chmod(dir, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	remove(t, file)
	if err := os.WriteFile(file, []byte(content), mode); err != nil {
		t.Fatal(err)
	}
}

func remove(t *testing.T, path string) {
	t.Helper()
	if err := os.RemoveAll(path); err != nil {
		t.Fatal(err)
	}
}
