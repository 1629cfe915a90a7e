package config_test

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cbr-exporter/cbr_exporter/config"
)

func TestLoadErrors(t *testing.T) {
	tests := map[string]struct{ file, want string }{
		"missing":   {"testdata/none.yml", "testdata/none.yml: no such file; create it, or name another one with --config.file"},
		"directory": {"testdata", "testdata: cannot be read: is a directory; name a file in it"},
		"empty":     {"testdata/empty.yml", "testdata/empty.yml:1: the file has no content; start from the example config.yml"},
		"bad path":  {"testdata/secrets/token/x", "testdata/secrets/token/x: cannot be read: not a directory; correct the path"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := config.Load(test.file, none)
			if err == nil {
				t.Fatal("no error")
			}
			if diff := cmp.Diff(test.want, err.Error()); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

func TestLoadUnreadable(t *testing.T) {
	if os.Getuid() == 0 {
		t.Skip("root may read everything")
	}
	file := filepath.Join(t.TempDir(), "config.yml")
	if err := os.WriteFile(file, []byte(oneProject), 0); err != nil {
		t.Fatal(err)
	}
	_, err := config.Load(file, none)
	if err == nil {
		t.Fatal("no error")
	}
	want := file + ": cannot be read: permission denied; let the user that runs the exporter read it"
	if diff := cmp.Diff(want, err.Error()); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// endless are files that must not be read to their end, and what is wrong with each.
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
		"large":  {large, "too large, more than "},
	}
}

// TestLoadEndless would never end, or fill the memory.
func TestLoadEndless(t *testing.T) {
	for name, test := range endless(t, 4<<20+1) {
		t.Run(name, func(t *testing.T) {
			_, err := config.Load(test.file, none)
			if err == nil {
				t.Fatal("no error")
			}
			remedy := map[string]string{
				"large": "4096 KiB; name the right one with --config.file",
			}[name]
			if remedy == "" {
				remedy = "; name one with --config.file"
			}
			if diff := cmp.Diff(test.file+": "+test.problem+remedy, err.Error()); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

// TestEndlessSecret has the file of a secret, or of certificates, be one that must
// not be read.
func TestEndlessSecret(t *testing.T) {
	for _, key := range []struct {
		name, old, new, content string
		size                    int64
	}{
		{"credentials.token_file", "{token: T}", "{token_file: FILE}", "the secret", 1<<20 + 1},
		{"http_client.tls_config.ca_file", "{token: T}", "{token: T}\n    http_client: {tls_config: {ca_file: FILE}}", "the certificates", 4<<20 + 1},
	} {
		for name, test := range endless(t, key.size) {
			t.Run(key.name+"/"+name, func(t *testing.T) {
				_, err := config.Parse("config.yml", []byte(with(key.old, strings.Replace(key.new, "FILE", test.file, 1))), none)
				if err == nil {
					t.Fatal("no error")
				}
				for _, part := range []string{"projects[0]." + key.name + ": " + test.problem, "; write " + key.content + " into "} {
					if !strings.Contains(err.Error(), part) {
						t.Errorf("got %q, want %q in it", err, part)
					}
				}
				if strings.Contains(err.Error(), test.file) {
					t.Errorf("the path is shown: %q", err)
				}
			})
		}
	}
}
