package cbrapi_test

import (
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
)

func TestClockSkew(t *testing.T) {
	const (
		at      = "Thu, 12 Mar 2026 01:02:03 GMT"
		ahead   = "Thu, 12 Mar 2026 01:17:03 GMT"
		behind  = "Thu, 12 Mar 2026 00:47:03 GMT"
		within  = "Thu, 12 Mar 2026 01:17:02 GMT"
		signed  = "20260312T010203Z"
		quarter = 15 * time.Minute
	)
	for name, test := range map[string]struct {
		signed, date string
		status       int
		skew         time.Duration
		reason       cbrapi.Reason
	}{
		"equal":                    {signed, at, 401, 0, cbrapi.ReasonCredentials},
		"API ahead":                {signed, ahead, 401, quarter, cbrapi.ReasonClock},
		"API behind":               {signed, behind, 401, -quarter, cbrapi.ReasonClock},
		"API ahead, as allowed":    {signed, within, 401, 0, cbrapi.ReasonCredentials},
		"not signed":               {"", ahead, 401, 0, cbrapi.ReasonCredentials},
		"no date":                  {signed, "", 401, 0, cbrapi.ReasonCredentials},
		"no date that can be read": {signed, "now", 401, 0, cbrapi.ReasonCredentials},
		"another refusal":          {signed, ahead, 403, 0, cbrapi.ReasonPermission},
		"an ill API":               {signed, ahead, 503, 0, cbrapi.ReasonUpstream},
	} {
		t.Run(name, func(t *testing.T) {
			o := serve(t, func(w http.ResponseWriter, _ *http.Request) {
				w.Header()["Date"] = []string{test.date}
				w.WriteHeader(test.status)
			})
			next := o.Transport
			o.Transport = roundTripper(func(req *http.Request) (*http.Response, error) {
				req = req.Clone(req.Context())
				req.Header.Set("X-Sdk-Date", test.signed)
				return next.RoundTrip(req)
			})
			_, err := newClient(t, o).OperationLog(t.Context(), taskID)
			var e *cbrapi.Error
			if !errors.As(err, &e) || e.ClockSkew != test.skew || cbrapi.ReasonOf(err) != test.reason {
				t.Errorf("the error is %v, want a skew of %v and the reason %q", err, test.skew, test.reason)
			}
		})
	}
}
