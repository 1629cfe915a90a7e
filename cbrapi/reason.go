package cbrapi

import (
	"context"
	"errors"
	"net/http"
	"strings"
)

// Reason says in one word why an API could not be read.
type Reason string

// The reasons, from what an operator can mend to what only the cloud can.
const (
	ReasonCredentials Reason = "credentials" // refused, or not to be had
	ReasonPermission  Reason = "permission"  // accepted, but not for this
	ReasonThrottled   Reason = "throttled"   // too many requests
	ReasonClock       Reason = "clock"       // ours and the API's differ too much
	ReasonNetwork     Reason = "network"     // no answer, or a broken one
	ReasonDeadline    Reason = "deadline"    // no answer in time
	ReasonUpstream    Reason = "upstream"    // the API is ill, or something else answered
	ReasonOther       Reason = "other"
)

// Reasons returns all reasons.
func Reasons() []Reason {
	return []Reason{
		ReasonCredentials, ReasonPermission, ReasonThrottled, ReasonClock,
		ReasonNetwork, ReasonDeadline, ReasonUpstream, ReasonOther,
	}
}

// ErrCredentials is in the chain of an error that says that there are no
// credentials to send.
var ErrCredentials = errors.New("credentials cannot be used")

// ErrLogin is in the chain of an error that says that there is no token because
// the login failed.
var ErrLogin = errors.New("login failed")

// ErrThrottled is in the chain of an error that says that a request was not sent
// because the API wants fewer of them, and that there was no time to wait.
var ErrThrottled = errors.New("too many requests")

// ReasonOf classifies an error of this package or of a transport below it. It
// must not be asked about nil, nor about a task that IsNotFound.
func ReasonOf(err error) Reason {
	var (
		e       *Error
		project *ProjectError
	)
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return ReasonDeadline
	case errors.As(err, &e):
		reason := e.reason()
		if errors.Is(err, ErrLogin) && (reason == ReasonPermission || reason == ReasonOther) {
			return ReasonCredentials // whatever IAM has against them
		}
		return reason
	case errors.Is(err, ErrCredentials):
		return ReasonCredentials
	case errors.Is(err, ErrClock):
		return ReasonClock
	case errors.Is(err, ErrThrottled):
		return ReasonThrottled
	case errors.As(err, &project), errors.Is(err, context.Canceled):
		return ReasonOther
	default:
		return ReasonNetwork
	}
}

// reason goes by the code first: the same code comes with several statuses.
// See https://support.huaweicloud.com/intl/en-us/devg-apisign/api-sign-errorcode.html
// and https://support.huaweicloud.com/intl/en-us/api-cbr/ErrorCode.html.
func (e *Error) reason() Reason {
	switch gatewayCode(e.Code) {
	case "0308":
		return ReasonThrottled
	case "0302":
		return ReasonPermission
	}
	switch {
	case e.ClockSkew != 0:
		return ReasonClock
	case e.Code == "BackupService.9998", e.StatusCode == http.StatusUnauthorized:
		return ReasonCredentials
	case e.StatusCode == http.StatusForbidden:
		return ReasonPermission
	case e.StatusCode == http.StatusTooManyRequests:
		return ReasonThrottled
	case e.StatusCode < 400, e.StatusCode >= 500:
		return ReasonUpstream
	default:
		return ReasonOther
	}
}

// gatewayCode returns the number in a code of the API gateway, which is called
// APIGW on Huawei Cloud and APIG on Open Telekom Cloud, and "" for another code.
func gatewayCode(code string) string {
	if service, number, _ := strings.Cut(code, "."); service == "APIGW" || service == "APIG" {
		return number
	}
	return ""
}
