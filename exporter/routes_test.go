package exporter_test

import (
	"testing"

	"github.com/cbr-exporter/cbr_exporter/exporter"
)

func TestTelemetryPath(t *testing.T) {
	cases := []struct {
		path string
		good bool
	}{
		{"/metrics", true},
		{"/", true},
		{"/cbr/metrics/", true},
		{"/configuration", true},
		{"", false},
		{"metrics", false},
		{"/a//b", false},
		{"/a/../b", false},
		{"/{id}", false},
		{"/a b", false},
		{"/config", false},
		{"/config/", false},
		{"/probe", false},
		{"/probe/", false},
		{"/probes", true},
		{"/sd", false},
		{"/-/", false},
		{"/-/metrics", false},
		{"/-/healthy", false},
	}
	for _, c := range cases {
		t.Run(c.path, func(t *testing.T) {
			if err := exporter.TelemetryPathError(c.path); (err == nil) != c.good {
				t.Errorf("got %v, want an error: %t", err, !c.good)
			}
		})
	}
}
