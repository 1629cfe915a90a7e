package overview

import (
	"testing"
	"time"
)

func TestFormats(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ got, want string }{
		{age(-time.Second), "0 s"},
		{age(119 * time.Second), "119 s"},
		{age(2 * time.Minute), "2 min"},
		{age(47 * time.Hour), "47 h"},
		{age(72 * time.Hour), "3 days"},
		{clock(fixtureNow.Add(-12*time.Hour), fixtureNow), "00:00:00 UTC"},
		{clock(fixtureNow.Add(-12*time.Hour-time.Second), fixtureNow), "2026-11-19 23:59:59 UTC"},
		{clock(fixtureNow.In(time.FixedZone("", 3600)), fixtureNow), "12:00:00 UTC"},
		{formatBytes(0), "0 B"},
		{formatBytes(1536), "1.5 KiB"},
		{formatBytes(10 << 40), "10 TiB"},
		{formatBytes(1 << 62), "4096 PiB"},
		{formatCount(0), "0"},
		{formatCount(999), "999"},
		{formatCount(1000), "1,000"},
		{formatCount(1234567), "1,234,567"},
	} {
		if tt.got != tt.want {
			t.Errorf("got %q, want %q", tt.got, tt.want)
		}
	}
}
