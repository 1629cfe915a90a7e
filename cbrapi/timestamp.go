package cbrapi

import (
	"fmt"
	"time"
)

// timeLayouts returns the forms in which the API sends times. A fraction of a second may
// follow the seconds.
func timeLayouts() [3]string {
	return [...]string{
		time.RFC3339,          // tasks and vaults: 2019-05-23T14:31:36.007+00:00, …Z
		"2006-01-02T15:04:05", // tasks of older services, backups: 2020-02-05T10:38:34.209782
		"2006-01-02 15:04:05", // policies: 2020-01-08 09:59:49
	}
}

// maxYear is the last year that ParseTime accepts. A time.Duration from now can reach it.
const maxYear = 2200

// ParseTime reads a time of the API. One without a zone is in UTC. A time before 1970 or
// after the year 2200 is an error: services send one for a time that they do not know.
func ParseTime(s string) (time.Time, error) {
	for _, layout := range timeLayouts() {
		t, err := time.Parse(layout, s)
		if err != nil {
			continue
		}
		if t.Unix() <= 0 {
			return time.Time{}, fmt.Errorf("%q is before 1970", s)
		}
		if t.Year() > maxYear {
			return time.Time{}, fmt.Errorf("%q is after the year %d", s, maxYear)
		}
		return t.UTC(), nil
	}
	return time.Time{}, fmt.Errorf("%q is not a time", s)
}
