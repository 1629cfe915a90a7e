package main

import (
	"bytes"
	"errors"
	"math"
	"net/http"
	"os"
	"runtime/debug"
	"testing"

	"github.com/KimMachineGun/automemlimit/memlimit"
	"github.com/go-kit/log"
)

// TestMemoryLimit has cgroups with and without a limit.
func TestMemoryLimit(t *testing.T) {
	t.Setenv("GOMEMLIMIT", "") // which restores it
	if err := os.Unsetenv("GOMEMLIMIT"); err != nil {
		t.Fatal(err)
	}
	before := debug.SetMemoryLimit(-1)
	defer debug.SetMemoryLimit(before)
	defer debug.SetGCPercent(debug.SetGCPercent(100))
	fail := func(err error) memlimit.Provider { return func() (uint64, error) { return 0, err } }
	for _, c := range []struct {
		name    string
		allowed memlimit.Provider
		want    int64
		log     string
	}{
		{"no limit", fail(memlimit.ErrNoLimit), math.MaxInt64, ""},
		{"1 GiB", memlimit.Limit(1 << 30), 966367641, `level=info msg="limiting the memory" bytes=966367641` + "\n"},
		{"no cgroup", fail(errors.New("not here")), 966367641, `level=debug msg="the memory limit of the cgroup is not known" err="failed to set GOMEMLIMIT: not here"` + "\n"},
	} {
		var out bytes.Buffer
		limitMemory(c.allowed, log.NewLogfmtLogger(&out))
		if got := debug.SetMemoryLimit(-1); got != c.want {
			t.Errorf("%s: got %d bytes, want %d", c.name, got, c.want)
		}
		if out.String() != c.log {
			t.Errorf("%s: got the log %q, want %q", c.name, out.String(), c.log)
		}
	}
}

// TestMemoryEnvironment checks that what the environment of the program says about its memory is
// in effect.
func TestMemoryEnvironment(t *testing.T) {
	for _, c := range []struct {
		name, variable, value string
		want                  string // on the page
	}{
		{"a memory limit", "GOMEMLIMIT", "256MiB", "go_gc_gomemlimit_bytes 2.68435456e+08\n"},
		{"frequent collections", "GOGC", "", "go_gc_gogc_percent 50\n"},
		{"rare collections", "GOGC", "200", "go_gc_gogc_percent 200\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Setenv(c.variable, c.value)
			p := startProgram(t, "--config.file="+write(t, "config.yml", oneTask("http://127.0.0.1:9")))
			_, page := get(t, http.DefaultClient, "http://"+p.address+"/-/metrics")
			contains(t, "the page", page, c.want)
		})
	}
}
