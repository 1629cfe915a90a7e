package cbrapi_test

import (
	"strings"
	"testing"
	"time"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
)

func TestParseTime(t *testing.T) {
	t.Parallel()
	utc := func(hour, minute, second, nanosecond int) time.Time {
		return time.Date(2019, 5, 23, hour, minute, second, nanosecond, time.UTC)
	}
	for name, test := range map[string]struct {
		text string
		want time.Time
	}{
		"task":                    {"2019-05-23T14:31:36.007+00:00", utc(14, 31, 36, 7e6)},
		"task in its description": {"2019-05-23T14:31:36Z", utc(14, 31, 36, 0)},
		"older task, no zone":     {"2019-05-23T14:35:23.584418", utc(14, 35, 23, 584418e3)},
		"policy":                  {"2019-05-23 14:31:36", utc(14, 31, 36, 0)},
		"IAM":                     {"2019-05-23T14:31:36.527363Z", utc(14, 31, 36, 527363e3)},
		"Beijing":                 {"2019-05-23T22:31:36+08:00", utc(14, 31, 36, 0)},
		"Beijing, next day":       {"2019-05-24T00:31:36+08:00", utc(16, 31, 36, 0)},
		"west of UTC":             {"2019-05-23T10:31:36-04:00", utc(14, 31, 36, 0)},
		"no zone, no fraction":    {"2019-05-23T14:31:36", utc(14, 31, 36, 0)},
		"space, fraction":         {"2019-05-23 14:31:36.5", utc(14, 31, 36, 5e8)},
		"3 digits":                {"2019-05-23T14:31:36.123Z", utc(14, 31, 36, 123e6)},
		"6 digits":                {"2019-05-23T14:31:36.123456Z", utc(14, 31, 36, 123456e3)},
		"9 digits":                {"2019-05-23T14:31:36.123456789Z", utc(14, 31, 36, 123456789)},
		"first second of 1970":    {"1970-01-01T00:00:01Z", time.Unix(1, 0).UTC()},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := cbrapi.ParseTime(test.text)
			// Not Equal: the zone must be UTC as well.
			if err != nil || got != test.want {
				t.Errorf("ParseTime(%q) = %v, %v, want %v", test.text, got, err, test.want)
			}
		})
	}
}

func TestParseTimeRefuses(t *testing.T) {
	t.Parallel()
	const (
		noTime = " is not a time"
		early  = " is before 1970"
	)
	for name, test := range map[string]struct{ text, want string }{
		"nothing":              {"", noTime},
		"a date":               {"2019-05-23", noTime},
		"no seconds":           {"2019-05-23T14:31Z", noTime},
		"no colon in the zone": {"2019-05-23T22:31:36.007+0800", noTime},
		"a leap second":        {"2016-12-31T23:59:60Z", noTime},
		"space around it":      {" 2019-05-23T14:31:36Z", noTime},
		"Go's zero time":       {"0001-01-01T00:00:00Z", early},
		"the start of 1970":    {"1970-01-01T00:00:00Z", early},
		"before 1970":          {"1969-12-31T23:59:59Z", early},
		"the default of MySQL": {"0000-00-00 00:00:00", noTime},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := cbrapi.ParseTime(test.text)
			if err == nil {
				t.Fatalf("ParseTime(%q) = %v, want an error", test.text, got)
			}
			if !got.IsZero() || !strings.HasSuffix(err.Error(), test.want) {
				t.Errorf("ParseTime(%q) = %v, %q, want the zero time and an error that ends in %q", test.text, got, err, test.want)
			}
		})
	}
}
