package cbrapi_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"testing"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
)

// The reasons of answers are in TestErrors, those of broken ones in
// TestBrokenAnswers.
func TestReasonOf(t *testing.T) {
	refused := &cbrapi.Error{StatusCode: 401}
	for name, test := range map[string]struct {
		err  error
		want cbrapi.Reason
	}{
		"deadline":               {fmt.Errorf("x: %w", context.DeadlineExceeded), cbrapi.ReasonDeadline},
		"deadline of a login":    {fmt.Errorf("%w: %w", cbrapi.ErrCredentials, context.DeadlineExceeded), cbrapi.ReasonDeadline},
		"stopped by a refusal":   {fmt.Errorf("stopped: %w", refused), cbrapi.ReasonCredentials},
		"no credentials":         {fmt.Errorf("x: %w", cbrapi.ErrCredentials), cbrapi.ReasonCredentials},
		"not sent":               {fmt.Errorf("x: %w", cbrapi.ErrThrottled), cbrapi.ReasonThrottled},
		"cancelled":              {fmt.Errorf("x: %w", context.Canceled), cbrapi.ReasonOther},
		"a connection that ends": {fmt.Errorf("x: %w", io.ErrUnexpectedEOF), cbrapi.ReasonNetwork},
		"anything else":          {errors.New("x"), cbrapi.ReasonNetwork},
	} {
		t.Run(name, func(t *testing.T) {
			if got := cbrapi.ReasonOf(test.err); got != test.want {
				t.Errorf("ReasonOf(%v) = %q, want %q", test.err, got, test.want)
			}
		})
	}
}

func TestIsNotFoundOfOthers(t *testing.T) {
	for _, err := range []error{nil, io.EOF, &cbrapi.Error{StatusCode: 404}, &cbrapi.Error{StatusCode: 404, Code: "BackupService.6501"}} {
		if cbrapi.IsNotFound(err) {
			t.Errorf("IsNotFound(%v) = true", err)
		}
	}
}

func TestReasons(t *testing.T) {
	seen := map[cbrapi.Reason]bool{}
	for _, r := range cbrapi.Reasons() {
		if r == "" || seen[r] {
			t.Errorf("the reason %q is empty or listed twice", r)
		}
		seen[r] = true
	}
	for _, r := range []cbrapi.Reason{
		cbrapi.ReasonCredentials, cbrapi.ReasonPermission, cbrapi.ReasonThrottled, cbrapi.ReasonClock,
		cbrapi.ReasonNetwork, cbrapi.ReasonDeadline, cbrapi.ReasonUpstream, cbrapi.ReasonOther,
	} {
		if !seen[r] {
			t.Errorf("Reasons() lacks %q", r)
		}
	}
}
