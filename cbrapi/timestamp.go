package cbrapi

import (
	"fmt"
	"time"
)

// timeLayouts returns the forms in which the API has been seen to write a time.
// A fraction of a second is accepted behind each.
func timeLayouts() [5]string {
	return [...]string{
		time.RFC3339,                // tasks and vaults: 2019-05-23T14:31:36.007+00:00, …Z
		"2006-01-02T15:04:05",       // tasks of older services, backups: 2020-02-05T10:38:34.209782
		"2006-01-02 15:04:05",       // policies: 2020-01-08 09:59:49
		"2006-01-02T15:04:05Z0700",  // not documented, but RFC 3339 with a usual slip
		"2006-01-02 15:04:05Z07:00", // likewise
	}
}

// maxYear is well before the times that a time.Duration from today cannot reach.
const maxYear = 2200

// ParseTime reads a time as the API writes it. One without a zone is in UTC.
// A time not after the start of 1970, or in a year with which nobody can count, is
// what a service sends that knows none, and is an error like any other text that
// is no time.
func ParseTime(s string) (time.Time, error) {
	for _, layout := range timeLayouts() {
		t, err := time.Parse(layout, s)
		if err != nil {
			continue
		}
		if t.Unix() <= 0 {
			return time.Time{}, fmt.Errorf("%q is before every task", s)
		}
		if t.Year() > maxYear {
			return time.Time{}, fmt.Errorf("%q is after every task", s)
		}
		return t.UTC(), nil
	}
	return time.Time{}, fmt.Errorf("%q is not a time", s)
}
