package cbrapi

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

// maxMessage bounds the message of an error, in characters.
const maxMessage = 300

// Error is an answer that is not the one that was asked for: a status outside
// 2xx, or a 2xx whose body is not what the API documents.
type Error struct {
	Operation  string // the API's name of it, such as ShowOpLog
	StatusCode int    // of HTTP
	Code       string // the service's or the gateway's, such as APIGW.0301; "" where there was none
	Message    string // bounded, on one line, without credentials
	RequestID  string // what the cloud's support asks for; "" where there was none
	// ClockSkew is how far the API's clock is ahead of ours, where that is why it
	// refused the request.
	ClockSkew time.Duration
	// RetryAfter is how long to wait before the next request, where a 429 or 503
	// says so in its Retry-After header: at most an hour, and 0 where it does not.
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

// codeNoSuchTask is said of a task that does not exist, or no longer.
const codeNoSuchTask = "BackupService.6500"

// IsNotFound reports whether err says that there is no such task. A wrong host
// or path gives a 404 as well, but is not that.
func IsNotFound(err error) bool {
	var e *Error
	return errors.As(err, &e) && e.Code == codeNoSuchTask
}

// newError reads an answer whose status is not 2xx, and which may repeat secrets.
func newError(operation string, resp *http.Response, secrets []string) *Error {
	e := &Error{Operation: operation, StatusCode: resp.StatusCode, RequestID: headerRequestID(resp.Header)}
	// What cannot be read of the body is no loss: the status says enough.
	body, _ := io.ReadAll(io.LimitReader(resp.Body, maxErrorBytes))
	if values, _, err := decodeObject(body); err == nil {
		e.read(values)
	}
	text := bytes.TrimSpace(body)
	switch {
	case resp.StatusCode/100 == 3 && resp.Header.Get("Location") != "":
		e.Message = "redirects are not followed; check the endpoint"
	case e.Code != "" || e.Message != "":
	case len(text) > 0 && text[0] != '<':
		e.Message = string(text)
	default:
		e.Message = notJSON(resp.Header, body)
	}
	switch e.StatusCode {
	case http.StatusUnauthorized:
		e.ClockSkew = ClockSkew(resp)
	case http.StatusTooManyRequests, http.StatusServiceUnavailable:
		e.RetryAfter = retryAfter(resp.Header)
	}
	e.clean(secrets)
	return e
}

// read takes code and message out of the shapes in which the services, the
// gateway in front of them and IAM send an error:
//
//	{"error_code": …, "error_msg": …, "request_id": …}   CBR, gateway, IAM v3.0
//	{"error": {"code": …, "message": …, "title": …}}     IAM v3; the code may be a number
//	{"code": …, "message": …}, {"errorCode": …, "errorMessage": …}
func (e *Error) read(values map[string]any) {
	inner, _ := values["error"].(map[string]any)
	text := func(values map[string]any, name string) string {
		s, _ := scalar(values[name])
		return s
	}
	e.Code = firstText(text(values, "error_code"), text(values, "errorCode"), text(inner, "code"), text(values, "code"))
	e.Message = firstText(text(values, "error_msg"), text(values, "errorMessage"), text(inner, "message"), text(values, "message"))
	e.RequestID = firstText(text(values, "request_id"), e.RequestID)
}

// clean bounds the texts of e, all of which somebody else may have written, and
// removes secrets from them.
func (e *Error) clean(secrets []string) {
	e.Code = oneLine(redact(e.Code, secrets), maxWord)
	e.Message = oneLine(redact(e.Message, secrets), maxMessage)
	e.RequestID = oneLine(redact(e.RequestID, secrets), maxWord)
}

// headerRequestID returns the request id of an answer; IAM has a header of its own.
func headerRequestID(h http.Header) string {
	return firstText(h.Get("X-Request-Id"), h.Get("X-IAM-Trace-Id"))
}

func firstText(texts ...string) string {
	for _, s := range texts {
		if s != "" {
			return s
		}
	}
	return ""
}
