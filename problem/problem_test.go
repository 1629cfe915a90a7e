package problem_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/go-kit/log"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
	"github.com/cbr-exporter/cbr_exporter/problem"
)

// TestFailed has a list of attempts: the reason of a failure, or "" for a success.
func TestFailed(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		attempts []cbrapi.Reason
		want     string // level of each failure; recovered or ok for a success
	}{
		"success":                 {[]cbrapi.Reason{""}, "ok"},
		"failures in a row":       {[]cbrapi.Reason{"network", "network", "network"}, "warn debug debug"},
		"another reason":          {[]cbrapi.Reason{"network", "deadline", "network"}, "warn warn warn"},
		"recovered":               {[]cbrapi.Reason{"network", "", ""}, "warn recovered ok"},
		"failure after a success": {[]cbrapi.Reason{"network", "", "network"}, "warn recovered warn"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var buffer bytes.Buffer
			l := problem.NewLog(log.NewLogfmtLogger(&buffer))
			var got []string
			for _, reason := range test.attempts {
				_ = l.Failed("another subject", "other").Log()
				buffer.Reset()
				switch {
				case reason != "":
					_ = l.Failed("subject", reason).Log()
					got = append(got, strings.TrimPrefix(strings.TrimSpace(buffer.String()), "level="))
				case l.Recovered("subject"):
					got = append(got, "recovered")
				default:
					got = append(got, "ok")
				}
			}
			if got := strings.Join(got, " "); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

func TestOnce(t *testing.T) {
	t.Parallel()
	var buffer bytes.Buffer
	l := problem.NewLog(log.NewLogfmtLogger(&buffer))
	for range 2 {
		for n := range 1500 {
			_ = l.Once(fmt.Sprint("key ", n)).Log()
		}
	}
	if got := strings.Count(buffer.String(), "level=warn"); got != 1000 {
		t.Errorf("%d warnings for 1500 keys, want 1000", got)
	}
	if got := strings.Count(buffer.String(), "level=debug"); got != 2000 {
		t.Errorf("%d debug messages, want 2000", got)
	}
}
