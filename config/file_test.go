//go:build unix

package config_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cbr-exporter/cbr_exporter/config"
)

func TestLoadErrors(t *testing.T) {
	large := endless(t, 4<<20+1)["large"]
	for name, test := range map[string]struct{ file, want string }{
		"missing":     {"testdata/none.yml", "testdata/none.yml: cannot be read: no such file or directory; name another file with --config.file, or in a container mount yours there"},
		"directory":   {"testdata", "testdata: cannot be read: a directory, not a file (Docker makes one if the file to mount is missing on the host); name another file with --config.file"},
		"empty":       {"testdata/empty.yml", "testdata/empty.yml:1: the file has no content; start from the commented example"},
		"large":       {large.file, large.file + ": cannot be read: " + large.problem + "; name another file with --config.file"},
		"device":      {"/dev/zero", "/dev/zero: cannot be read: larger than 4096 KiB"},
		"stdin empty": {"-", "standard input: cannot be read: nothing was written to it"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := config.Open(test.file, strings.NewReader("")).Load(none)
			if err == nil {
				t.Fatal("no error")
			}
			if d := cmp.Diff(test.want, err.Error()); d != "" {
				t.Errorf("(-want +got)\n%s", d)
			}
		})
	}
}

// TestLoadOnce reads standard input, a named pipe and a regular file in whose place a
// pipe comes.
func TestLoadOnce(t *testing.T) {
	const again = ": cannot be read: a pipe or device that was read at the start; restart the exporter to read it again"
	content := with("token: T", "token_file: config/testdata/secrets/token")
	pipe := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	t.Chdir("..") // relative paths do not start at the directory of the pipe
	go func() { _ = os.WriteFile(pipe, []byte(content), 0o600) }()
	for name, want := range map[string]string{"-": "standard input" + again, pipe: pipe + again} {
		file := config.Open(name, strings.NewReader(content))
		c, err := file.Load(none)
		if err != nil {
			t.Fatal(err)
		}
		if got := c.Projects[0].Credentials.TokenFile; got != "config/testdata/secrets/token" {
			t.Errorf("%s: the file of the token is %q", name, got)
		}
		if _, err := file.Load(none); err == nil || err.Error() != want {
			t.Errorf("%s: the second error is %v, want %s", name, err, want)
		}
	}

	regular := filepath.Join(t.TempDir(), "config.yml")
	if err := os.WriteFile(regular, []byte(oneProject), 0o600); err != nil {
		t.Fatal(err)
	}
	file := config.Open(regular, nil)
	for range 2 {
		if _, err := file.Load(none); err != nil {
			t.Error(err)
		}
	}
	if err := os.Remove(regular); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mkfifo(regular, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := file.Load(none); err == nil || !strings.Contains(err.Error(), "not a regular file") {
		t.Errorf("in place of the file: the error is %v", err)
	}
}

// TestEndlessSecret names pipes, devices and large files in place of a secret or a
// certificate.
func TestEndlessSecret(t *testing.T) {
	for _, key := range []struct {
		name, old, new string
		size           int64
	}{
		{"credentials.token_file", "{token: T}", "{token_file: FILE}", 1<<20 + 1},
		{"http_client.tls_config.ca_file", "{token: T}", "{token: T}\n    http_client: {tls_config: {ca_file: FILE}}", 4<<20 + 1},
	} {
		for name, test := range endless(t, key.size) {
			t.Run(key.name+"/"+name, func(t *testing.T) {
				_, err := config.Parse("config.yml", ".", []byte(with(key.old, strings.Replace(key.new, "FILE", test.file, 1))), none)
				if err == nil {
					t.Fatal("no error")
				}
				if want := "projects[0]." + key.name + ": cannot read the file: " + test.problem; !strings.Contains(err.Error(), want) {
					t.Errorf("got %q, want %q in it", err, want)
				}
				if strings.Contains(err.Error(), test.file) {
					t.Errorf("the path is shown: %q", err)
				}
			})
		}
	}
}

// endless returns files that are not read to their end, and the problem of each.
func endless(t *testing.T, size int64) map[string]struct{ file, problem string } {
	t.Helper()
	folder := t.TempDir()
	pipe, large := filepath.Join(folder, "pipe"), filepath.Join(folder, "large")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(large, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(large, size); err != nil {
		t.Fatal(err)
	}
	return map[string]struct{ file, problem string }{
		"pipe":   {pipe, "not a regular file"},
		"device": {"/dev/zero", "not a regular file"},
		"large":  {large, fmt.Sprintf("larger than %d KiB", size>>10)},
	}
}
