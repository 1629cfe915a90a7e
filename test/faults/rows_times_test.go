//go:build linux

package faults

import (
	"net/http"
	"time"
)

// timeFaults are clocks and dates that are wrong.
func timeFaults() group {
	dated := func(date func() string) middleware {
		return alter(func(_ *http.Request, a *answer) { a.header.Set("Date", date()) })
	}
	off := func(by time.Duration) func() string {
		return func() string { return time.Now().UTC().Add(by).Format(http.TimeFormat) }
	}
	stamped := func(next func() any) middleware {
		return rows(func(_ string, row map[string]any) {
			for _, name := range timeFields() {
				if row[name] != nil {
					row[name] = next()
				}
			}
		})
	}
	return group{"Times", []fault{
		{name: "the Date header is 14 minutes behind", http: dated(off(-14 * time.Minute)), up: true},
		{name: "the Date header is 14 minutes ahead", http: dated(off(14 * time.Minute)), up: true},
		{
			quick: true,
			name:  "the Date header is 25 hours behind",
			http:  dated(off(-25 * time.Hour)),
			up:    true, fails: "discovery", reasons: "clock",
		},
		{name: "the Date header is 25 hours ahead", http: dated(off(25 * time.Hour)), up: true, fails: "discovery", reasons: "clock"},
		each(fault{name: "the Date header is from 1970, from 9999", up: true, fails: "discovery", reasons: "clock"},
			dated, "Thu, 01 Jan 1970 00:00:00 GMT", "Fri, 31 Dec 9999 23:59:59 GMT"),
		each(fault{name: "the Date header is junk, empty, missing", up: true}, func(next func() []string) middleware {
			return alter(func(_ *http.Request, a *answer) { a.header["Date"] = next() })
		}, []string{"yesterday"}, []string{""}, nil),
		{
			name: "401, and the Date header is 25 hours behind",
			http: alter(func(_ *http.Request, a *answer) {
				a.status = http.StatusUnauthorized
				a.header.Set("Date", off(-25*time.Hour)())
				a.body = []byte(`{"error_code":"APIGW.0301","error_msg":"Incorrect IAM authentication information: x-sdk-date expired"}`)
			}),
			reasons:  "clock",
			requests: 10, recovery: 6 * time.Minute,
		},
		{name: "times are 14 minutes behind", http: shifted(-14 * time.Minute), up: true},
		{name: "times are 14 minutes ahead", http: shifted(14 * time.Minute), up: true},
		{name: "times are 25 hours behind", http: shifted(-25 * time.Hour), up: true},
		{name: "times are 25 hours ahead", http: shifted(25 * time.Hour), up: true},
		each[any](fault{name: "times are from 1970, from 9999, from year 0, junk", up: true, fails: "backups", reasons: "upstream"}, stamped,
			"1970-01-01T00:00:00Z", "9999-12-31T23:59:59.999999", "0000-00-00T00:00:00", "0001-01-01T00:00:00Z", "soon", 1700000000, "2026-02-30T00:00:00Z"),
		each[any](fault{name: "times are null", up: true}, stamped, nil),
		{
			name: "times of tasks end before they begin",
			http: rows(func(_ string, row map[string]any) {
				if row["ended_at"] != nil {
					row["ended_at"], row["started_at"] = row["created_at"], row["ended_at"]
				}
			}),
			up: true,
		},
	}}
}

func timeFields() []string {
	return []string{"created_at", "started_at", "ended_at", "updated_at", "protected_at", "expired_at"}
}

// shifted makes all times of rows later.
func shifted(by time.Duration) middleware {
	return rows(func(_ string, row map[string]any) {
		for _, name := range timeFields() {
			text, _ := row[name].(string)
			for _, layout := range []string{time.RFC3339, "2006-01-02T15:04:05"} {
				if t, err := time.Parse(layout, text); err == nil {
					row[name] = t.Add(by).Format("2006-01-02T15:04:05.000000")
				}
			}
		}
	})
}
