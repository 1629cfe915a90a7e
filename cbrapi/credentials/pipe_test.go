//go:build unix

package credentials_test

import (
	"path/filepath"
	"syscall"
	"testing"

	"github.com/cbr-exporter/cbr_exporter/cbrapi/credentials"
)

// TestPipe reads a named pipe, which no one writes to, in place of a file.
func TestPipe(t *testing.T) {
	pipe := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	const begin = "credentials cannot be used: "
	want := "read " + pipe + ": not a regular file"
	expectKeyFileError(t, pipe, want)
	if _, err := credentials.FromFile(pipe)(); err == nil || err.Error() != begin+want {
		t.Errorf("the error of a secret is %v, want %q", err, begin+want)
	}
}
