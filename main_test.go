package main

import (
	"bytes"
	"encoding/json"
	"maps"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/go-kit/log/level"

	"github.com/cbr-exporter/cbr_exporter/test/process"
)

// runMain is an environment variable with which the test binary is the program.
const runMain = "CBR_EXPORTER_TEST_RUN_MAIN"

func TestMain(m *testing.M) {
	if os.Getenv(runMain) != "" {
		main()
	}
	os.Exit(m.Run())
}

// command returns the program as a process of its own, which tests of signals need.
func command(args ...string) *exec.Cmd {
	cmd := exec.Command(os.Args[0], args...)
	cmd.Env = append(os.Environ(), runMain+"=1")
	return cmd
}

// runProgram runs the program in this process until it returns its exit code.
func runProgram(args ...string) (code int, stdout, stderr string) {
	var out, errs bytes.Buffer
	code = execute(args, &out, &errs)
	return code, out.String(), errs.String()
}

// running is a running program.
type running struct {
	*process.Process
	address string // on which it listens
}

// startProgram starts the program on a free port and waits until it listens.
func startProgram(t testing.TB, args ...string) running {
	t.Helper()
	p := process.Start(t, command(append(args, "--web.listen-address=127.0.0.1:0")...))
	t.Cleanup(http.DefaultClient.CloseIdleConnections)
	return running{p, p.Address(t)}
}

// write writes a file of the test and returns its name.
func write(t testing.TB, name, content string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// contains fails the test if the text lacks one of the parts.
func contains(t *testing.T, what, text string, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if !strings.Contains(text, part) {
			t.Errorf("%s lacks %q:\n%s", what, part, text)
		}
	}
}

// TestLogKeys checks that our messages and those of the exporter-toolkit have the
// same keys.
func TestLogKeys(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		level string
		keys  []string
	}{
		{"info", []string{"level", "msg", "ts"}},
		{"debug", []string{"caller", "level", "msg", "ts"}},
	} {
		t.Run(test.level, func(t *testing.T) {
			t.Parallel()
			var out bytes.Buffer
			logger, toolkitLogger := newLogger(&out, test.level, "json")
			_ = level.Info(logger).Log("msg", "ours")
			toolkitLogger.Info("theirs")
			for line := range strings.Lines(out.String()) {
				var message map[string]any
				if err := json.Unmarshal([]byte(line), &message); err != nil {
					t.Fatal(err)
				}
				if got := slices.Sorted(maps.Keys(message)); !slices.Equal(got, test.keys) {
					t.Errorf("got the keys %q, want %q: %s", got, test.keys, line)
				}
				if !strings.HasPrefix(line, `{"caller":"main_test.go:`) && test.level == "debug" {
					t.Errorf("the caller is not this file: %s", line)
				}
			}
			var logfmt bytes.Buffer
			_, toolkitLogger = newLogger(&logfmt, test.level, "logfmt")
			toolkitLogger.Info("theirs")
			if n := strings.Count(logfmt.String(), "caller="); n > 1 {
				t.Errorf("got %d callers: %s", n, logfmt.String())
			}
			if n := strings.Count(out.String(), "\n"); n != 2 {
				t.Errorf("got %d messages, want 2:\n%s", n, out.String())
			}
		})
	}
}
