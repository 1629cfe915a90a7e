package cbrapi_test

import (
	"strings"
	"testing"
	"time"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
)

func TestParseTime(t *testing.T) {
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
		"Beijing, fraction":       {"2019-05-23T22:31:36.007+08:00", utc(14, 31, 36, 7e6)},
		"Beijing, next day":       {"2019-05-24T00:31:36+08:00", utc(16, 31, 36, 0)},
		"Beijing, no colon":       {"2019-05-23T22:31:36.007+0800", utc(14, 31, 36, 7e6)},
		"Beijing, space":          {"2019-05-23 22:31:36+08:00", utc(14, 31, 36, 0)},
		"west of UTC":             {"2019-05-23T10:31:36-04:00", utc(14, 31, 36, 0)},
		"no colon in UTC":         {"2019-05-23T14:31:36+0000", utc(14, 31, 36, 0)},
		"space, Z":                {"2019-05-23 14:31:36Z", utc(14, 31, 36, 0)},
		"no zone, no fraction":    {"2019-05-23T14:31:36", utc(14, 31, 36, 0)},
		"space, fraction":         {"2019-05-23 14:31:36.5", utc(14, 31, 36, 5e8)},
		"1 digit":                 {"2019-05-23T14:31:36.1Z", utc(14, 31, 36, 1e8)},
		"2 digits":                {"2019-05-23T14:31:36.12Z", utc(14, 31, 36, 12e7)},
		"3 digits":                {"2019-05-23T14:31:36.123Z", utc(14, 31, 36, 123e6)},
		"4 digits":                {"2019-05-23T14:31:36.1234Z", utc(14, 31, 36, 1234e5)},
		"5 digits":                {"2019-05-23T14:31:36.12345Z", utc(14, 31, 36, 12345e4)},
		"6 digits":                {"2019-05-23T14:31:36.123456Z", utc(14, 31, 36, 123456e3)},
		"7 digits":                {"2019-05-23T14:31:36.1234567Z", utc(14, 31, 36, 1234567e2)},
		"8 digits":                {"2019-05-23T14:31:36.12345678Z", utc(14, 31, 36, 12345678e1)},
		"9 digits":                {"2019-05-23T14:31:36.123456789Z", utc(14, 31, 36, 123456789)},
		"leap day":                {"2020-02-29T00:00:00Z", time.Date(2020, 2, 29, 0, 0, 0, 0, time.UTC)},
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
	const (
		noTime = " is not a time"
		early  = " is before every task"
	)
	for name, test := range map[string]struct{ text, want string }{
		"nothing":              {"", noTime},
		"a word":               {"none", noTime},
		"digits":               {"1558622123000", noTime},
		"a date":               {"2019-05-23", noTime},
		"no seconds":           {"2019-05-23T14:31Z", noTime},
		"a leap second":        {"2016-12-31T23:59:60Z", noTime},
		"hour 24":              {"2019-05-23T24:00:00Z", noTime},
		"month 13":             {"2019-13-23T14:31:36Z", noTime},
		"no leap year":         {"2019-02-29T00:00:00Z", noTime},
		"lower-case letters":   {"2019-05-23t14:31:36z", noTime},
		"a zone by name":       {"2019-05-23T14:31:36 CST", noTime},
		"space around it":      {" 2019-05-23T14:31:36Z", noTime},
		"garbage behind it":    {"2019-05-23T14:31:36Z;", noTime},
		"an empty fraction":    {"2019-05-23T14:31:36.Z", noTime},
		"Go's zero time":       {"0001-01-01T00:00:00Z", early},
		"the start of 1970":    {"1970-01-01T00:00:00Z", early},
		"the same in Beijing":  {"1970-01-01T08:00:00+08:00", early},
		"without a zone":       {"1970-01-01T00:00:00.000000", early},
		"before 1970":          {"1969-12-31T23:59:59Z", early},
		"a line break in it":   {"2019-05-23\n14:31:36", noTime},
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
