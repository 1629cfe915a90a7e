package cbrapi_test

import (
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
)

func TestRetryAfter(t *testing.T) {
	const date = "Thu, 12 Mar 2026 01:02:03 GMT"
	for name, test := range map[string]struct {
		status     int
		retryAfter string
		date       string
		want       time.Duration
	}{
		"seconds":                 {429, "30", date, 30 * time.Second},
		"seconds, out of order":   {503, "30", date, 30 * time.Second},
		"seconds, no date":        {429, "30", "", 30 * time.Second},
		"an hour":                 {429, "3600", date, time.Hour},
		"more than an hour":       {429, "3601", date, time.Hour},
		"more than a number":      {429, "99999999999999999999", date, time.Hour},
		"at once":                 {429, "0", date, 0},
		"a time":                  {429, "Thu, 12 Mar 2026 01:03:03 GMT", date, time.Minute},
		"a time, out of order":    {503, "Thu, 12 Mar 2026 01:03:03 GMT", date, time.Minute},
		"a time of an older form": {429, "Thursday, 12-Mar-26 01:03:03 GMT", date, time.Minute},
		"tomorrow":                {429, "Fri, 13 Mar 2026 01:02:03 GMT", date, time.Hour},
		"centuries ahead":         {429, "Fri, 31 Dec 9999 23:59:59 GMT", date, time.Hour},
		"a time that has passed":  {429, "Thu, 12 Mar 2026 01:02:02 GMT", date, 0},
		"centuries ago":           {429, "Mon, 01 Jan 0001 00:00:00 GMT", date, 0},
		"a time, no date":         {429, "Thu, 12 Mar 2026 01:03:03 GMT", "", 0},
		"a time, broken date":     {429, "Thu, 12 Mar 2026 01:03:03 GMT", "now", 0},
		"nothing":                 {429, "", date, 0},
		"a fraction":              {429, "1.5", date, 0},
		"negative":                {429, "-30", date, 0},
		"a unit":                  {429, "30s", date, 0},
		"words":                   {429, "a while", date, 0},
		"of another refusal":      {403, "30", date, 0},
		"of another failure":      {500, "30", date, 0},
		"of no answer at all":     {200, "30", date, 0},
	} {
		t.Run(name, func(t *testing.T) {
			client := newClient(t, serve(t, func(w http.ResponseWriter, r *http.Request) {
				w.Header()["Date"] = []string{test.date}
				w.Header()["Retry-After"] = []string{test.retryAfter}
				reply(test.status, "text/plain", "slow down")(w, r)
			}))
			_, err := client.OperationLog(t.Context(), taskID)
			var e *cbrapi.Error
			if !errors.As(err, &e) || e.RetryAfter != test.want {
				t.Errorf("the error is %#v, want one with %v to wait", err, test.want)
			}
		})
	}
}

func TestRetryAfterInText(t *testing.T) {
	e := cbrapi.Error{Operation: "ListOpLogs", StatusCode: 429, Code: "APIGW.0308", RequestID: "0a1b2c", RetryAfter: 90 * time.Second}
	if got, want := e.Error(), "ListOpLogs: HTTP status 429: APIGW.0308 (request id 0a1b2c) (retry after 1m30s)"; got != want {
		t.Errorf("the error reads %q, want %q", got, want)
	}
}
