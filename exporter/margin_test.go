package exporter

import (
	"context"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"
)

func TestDeadline(t *testing.T) {
	cases := []struct {
		name      string
		header    string
		rendering time.Duration // of the last page
		want      time.Duration // 0: none
	}{
		{"no header", "", 0, 0},
		{"not a number", "soon", 0, 0},
		{"NaN", "NaN", 0, 0},
		{"zero", "0", 0, 0},
		{"negative", "-5", 0, 0},
		{"absurd", "1e300", 0, 0},
		{"the default of Prometheus", "10", 0, 9500 * time.Millisecond},
		{"slow page", "10", 2 * time.Second, 6 * time.Second},
		{"very slow page", "10", time.Minute, 5 * time.Second},
		{"short", "0.2", 0, 100 * time.Millisecond},
		{"fraction", "2.5", 0, 2 * time.Second},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var m margin
				m.observe(c.rendering)
				r := httptest.NewRequestWithContext(context.Background(), "GET", "/metrics", nil)
				r.Header.Set("X-Prometheus-Scrape-Timeout-Seconds", c.header)
				ctx, cancel := m.deadline(r)
				defer cancel()
				var got time.Duration
				if deadline, ok := ctx.Deadline(); ok {
					got = time.Until(deadline)
				}
				if got != c.want {
					t.Errorf("got %s, want %s", got, c.want)
				}
			})
		})
	}
}

// TestMargins has each project have its own.
func TestMargins(t *testing.T) {
	var m margins
	m.project("slow").observe(2 * time.Second)
	m.project("fast").observe(time.Millisecond)
	for name, want := range map[string]time.Duration{"slow": 4 * time.Second, "fast": minMargin, "new": minMargin} {
		if got := m.project(name).of(10 * time.Second); got != want {
			t.Errorf("%s: got %s, want %s", name, got, want)
		}
	}
}
