package cbrapi

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

const (
	maxMessage = 300 // characters of an error's message
	// maxClockSkew is how far the time of a signature may be off the API's clock. See
	// https://support.huaweicloud.com/intl/en-us/devg-apisign/api-sign-algorithm-002.html.
	maxClockSkew   = 15 * time.Minute
	maxRetryAfter  = time.Minute // the header may be wrong
	codeNoSuchTask = "BackupService.6500"
)

// Error is a response with a status outside 2xx, or with a body that is not what the
// API documents.
type Error struct {
	Operation  string // the API's name of it, such as ShowOpLog
	StatusCode int    // of HTTP
	Code       string // of the service or the gateway, such as APIGW.0301; "" if there is none
	Message    string // one line of bounded length, without credentials
	RequestID  string // for the cloud's support; "" if there is none
	// ClockSkew is how far the API's clock is ahead of ours, if the API refused the
	// request for that, else 0.
	ClockSkew time.Duration
	// RetryAfter is how long to wait before the next request, by the Retry-After header
	// of a 429 or 503: at most a minute, and 0 if there is none or it is a date.
	RetryAfter time.Duration
}

func (e *Error) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: HTTP status %d", e.Operation, e.StatusCode)
	for _, part := range []string{e.Code, e.Message} {
		if part != "" {
			b.WriteString(": " + part)
		}
	}
	if e.RequestID != "" {
		fmt.Fprintf(&b, " (request id %s)", e.RequestID)
	}
	if e.ClockSkew != 0 {
		fmt.Fprintf(&b, " (by the API's clock ours is %s off)", e.ClockSkew.Abs())
	}
	if e.RetryAfter != 0 {
		fmt.Fprintf(&b, " (retry after %s)", e.RetryAfter)
	}
	return b.String()
}

// ListError returns the error of a list that came with status 200 and cannot be used, or not
// all of it.
func ListError(operation, format string, args ...any) *Error {
	return &Error{Operation: operation, StatusCode: http.StatusOK, Message: fmt.Sprintf(format, args...)}
}

// IsNotFound reports whether err says that there is no such task. The 404 of a wrong
// host or path does not.
func IsNotFound(err error) bool {
	var e *Error
	return errors.As(err, &e) && e.Code == codeNoSuchTask
}

// RefusesCredentials reports whether the API did not accept the credentials of the
// request, as opposed to what they may do. Some services of the cloud say so of a token
// with the 403 of OpenStack's Keystone.
func (e *Error) RefusesCredentials() bool {
	return e.StatusCode == http.StatusUnauthorized ||
		e.StatusCode == http.StatusForbidden && e.Code == "403" && strings.Contains(e.Message, "X-Auth-Token is invalid")
}

// PeekError returns the error for a response whose status is not 2xx, and leaves the
// body of the response to be read. The texts of the error contain neither the
// credentials of the request nor the given secrets.
func PeekError(operation string, resp *http.Response, secrets ...string) *Error {
	rest := resp.Body
	body, err := io.ReadAll(io.LimitReader(rest, maxErrorBytes))
	resp.Body = struct {
		io.Reader
		io.Closer
	}{io.MultiReader(bytes.NewReader(body), rest), rest}

	e := &Error{Operation: operation, StatusCode: resp.StatusCode, RequestID: headerRequestID(resp.Header)}
	value, _ := parse(body)
	e.decode(newObject(value))
	text := bytes.TrimSpace(body)
	switch {
	case resp.StatusCode/100 == 3 && resp.Header.Get("Location") != "":
		e.Message = "redirects are not followed; check the endpoint"
	case e.Code != "" || e.Message != "":
	case err != nil || len(body) == maxErrorBytes:
		// The text may end in a part of a secret, which redact does not recognise.
		e.Message = "the response is broken off or too long"
	case len(text) > 0 && text[0] != '<':
		e.Message = string(text)
	default:
		e.Message = notJSON(body)
	}
	switch e.StatusCode {
	case http.StatusUnauthorized:
		e.ClockSkew = clockSkew(resp)
	case http.StatusTooManyRequests, http.StatusServiceUnavailable:
		e.RetryAfter = retryAfter(resp.Header)
	}
	secrets = append(secrets, credentialsOf(resp.Request)...)
	e.Code = oneLine(redact(e.Code, secrets), maxToken)
	e.Message = oneLine(redact(e.Message, secrets), maxMessage)
	e.RequestID = oneLine(redact(e.RequestID, secrets), maxToken)
	return e
}

// decode reads the forms in which the services, the gateway and IAM send an error:
//
//	{"error_code": …, "error_msg": …, "request_id": …}   CBR, gateway, IAM v3.0
//	{"error": {"code": …, "message": …, "title": …}}     IAM v3; the code may be a number
//	{"code": …, "message": …}, {"errorCode": …, "errorMessage": …}
func (e *Error) decode(o object) {
	inner := newObject(o.value("error"))
	text := func(o object, name string) string {
		s, _ := scalar(o.value(name))
		return s
	}
	e.Code = cmp.Or(text(o, "error_code"), text(o, "errorCode"), text(inner, "code"), text(o, "code"))
	e.Message = cmp.Or(text(o, "error_msg"), text(o, "errorMessage"), text(inner, "message"), text(o, "message"))
	e.RequestID = cmp.Or(text(o, "request_id"), e.RequestID)
}

func credentialsOf(req *http.Request) []string {
	if req == nil {
		return nil
	}
	var secrets []string
	for _, name := range []string{"X-Auth-Token", "X-Security-Token", "Authorization"} {
		secrets = append(secrets, req.Header.Values(name)...)
	}
	// A response may repeat parts of the header of a signed request:
	// SDK-HMAC-SHA256 Access=…, SignedHeaders=…, Signature=….
	for part := range strings.FieldsFuncSeq(req.Header.Get("Authorization"), func(r rune) bool { return r == ' ' || r == ',' }) {
		if name, value, _ := strings.Cut(part, "="); name == "Access" || name == "Signature" {
			secrets = append(secrets, value)
		}
	}
	return secrets
}

// redact removes secrets from a text, as they are, in JSON and in URLs: a gateway may
// repeat the request that it refuses. It comes before the text is cut or put on one line.
func redact(text string, secrets []string) string {
	var pairs []string
	for _, secret := range secrets {
		if secret == "" {
			continue
		}
		pairs = append(pairs, secret, "<secret>", inJSON(secret), "<secret>", url.QueryEscape(secret), "<secret>")
	}
	return strings.NewReplacer(pairs...).Replace(text)
}

func inJSON(text string) string {
	quoted, _ := json.Marshal(text) // a text does not fail
	return string(quoted[1 : len(quoted)-1])
}

// headerRequestID returns the request id of a response. IAM has a header of its own.
func headerRequestID(h http.Header) string {
	return cmp.Or(h.Get("X-Request-Id"), h.Get("X-IAM-Trace-Id"))
}

// clockSkew returns how far the API's clock is ahead of ours if that is more than a
// signed request may have, else 0.
func clockSkew(resp *http.Response) time.Duration {
	if resp.Request == nil {
		return 0
	}
	signedAt, err := time.Parse("20060102T150405Z", resp.Request.Header.Get("X-Sdk-Date"))
	if err != nil {
		return 0 // not a signed request
	}
	sentAt, err := http.ParseTime(resp.Header.Get("Date"))
	if err != nil {
		return 0
	}
	if skew := sentAt.Sub(signedAt); skew.Abs() >= maxClockSkew {
		return skew
	}
	return 0
}

func retryAfter(h http.Header) time.Duration {
	seconds, err := strconv.ParseUint(h.Get("Retry-After"), 10, 64)
	if err != nil {
		return 0
	}
	return time.Duration(min(seconds, uint64(maxRetryAfter/time.Second))) * time.Second
}

// Reason is why an API could not be read.
type Reason string

// The reasons.
const (
	ReasonCredentials Reason = "credentials" // refused or not available
	ReasonPermission  Reason = "permission"  // the credentials do not allow the request
	ReasonThrottled   Reason = "throttled"   // too many requests
	ReasonClock       Reason = "clock"       // our clock and the API's differ too much
	ReasonNetwork     Reason = "network"     // no response, or a broken one
	ReasonDeadline    Reason = "deadline"    // no response in time
	ReasonUpstream    Reason = "upstream"    // the API fails, or another service responds
	ReasonOther       Reason = "other"
)

// Reasons returns all reasons.
func Reasons() []Reason {
	return []Reason{
		ReasonCredentials, ReasonPermission, ReasonThrottled, ReasonClock,
		ReasonNetwork, ReasonDeadline, ReasonUpstream, ReasonOther,
	}
}

// Errors of requests that were not sent.
var (
	ErrCredentials = errors.New("credentials cannot be used")
	ErrLogin       = errors.New("login failed")
	// ErrClock: the API refused earlier requests for the time that they carried.
	ErrClock = errors.New("the clock is wrong")
	// ErrNotSent: the turn of the request would come after its deadline.
	ErrNotSent = errors.New("not sent")
	// ErrThrottled: the API throttles, and there is no time to wait.
	ErrThrottled = errors.New("too many requests")
	ErrProjectID = errors.New("resolving the project id")
	ErrMetadata  = errors.New("no response from the ECS metadata service")
)

// ReasonOf classifies an error of this package or of a transport below it, other than
// nil and those that IsNotFound reports.
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
			return ReasonCredentials
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

// StopsAll reports whether every further request of the project would fail for the same
// reason. Sending them may lock an access key or a user.
func StopsAll(err error) bool {
	switch ReasonOf(err) {
	case ReasonCredentials, ReasonClock:
		return true
	case ReasonDeadline: // a later request may have more time
		return false
	default:
		return errors.Is(err, ErrLogin) || errors.Is(err, ErrProjectID)
	}
}

// reason goes by the code first: the same code comes with several statuses.
// See https://support.huaweicloud.com/intl/en-us/devg-apisign/api-sign-errorcode.html
// and https://support.huaweicloud.com/intl/en-us/api-cbr/ErrorCode.html.
func (e *Error) reason() Reason {
	switch {
	case isGatewayCode(e.Code, "0308"):
		return ReasonThrottled
	case isGatewayCode(e.Code, "0302"):
		return ReasonPermission
	case e.ClockSkew != 0:
		return ReasonClock
	case e.Code == "BackupService.9998", e.RefusesCredentials():
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

// isGatewayCode reports whether a code is the API gateway's with that number. It is
// called APIGW on Huawei Cloud and APIG on Open Telekom Cloud.
func isGatewayCode(code, number string) bool {
	return code == "APIGW."+number || code == "APIG."+number
}
