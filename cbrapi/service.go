package cbrapi

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
)

const (
	// maxErrorBytes bounds what is read of a response that is an error.
	maxErrorBytes = 64 << 10
	// minRedacted is the length of the shortest secret that is looked for in data.
	minRedacted = 16
)

// service sends requests to one endpoint and reads the responses, within bounds.
type service struct {
	endpoint *url.URL
	// transport is used without an http.Client around it, which would follow redirects
	// and carry the credentials to another host.
	transport http.RoundTripper
	userAgent string
	limiter   *Limiter // nil: every request is sent once, without waiting
	project   *project // nil: the requests are not about a project
}

func newService(o Options) (*service, error) {
	u, err := url.Parse(o.Endpoint)
	if err != nil {
		// The error of url.Parse repeats the URL, which may contain a password.
		return nil, errors.New("is not a URL")
	}
	if (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" || u.User != nil {
		return nil, errors.New("is not an http or https URL without user name")
	}
	if o.Transport == nil {
		o.Transport = http.DefaultTransport
	}
	return &service{endpoint: u, transport: o.Transport, userAgent: o.UserAgent, limiter: o.Limiter}, nil
}

// request is a request to an API.
type request struct {
	operation string   // the API's name of it, for errors and metrics
	projectID string   // set by service.do
	method    string   // an HTTP method
	path      []string // segments below the endpoint, or below the project
	query     url.Values
	body      []byte   // JSON; nil for none
	maxBytes  int64    // a larger response is an error
	secrets   []string // parts of the body that must not appear in an error
}

// response is a complete response with a 2xx status.
type response struct {
	operation  string
	statusCode int
	header     http.Header
	body       []byte
}

// tooLargeError is the error for a response that is larger than its request allows. A
// part of it may be small enough.
type tooLargeError struct{ error }

func (e tooLargeError) Unwrap() error { return e.error }

// do resolves the project id, waits for the limiter, sends r, and repeats that where
// it may help. The error is that of the last attempt, or ErrProjectID or ErrNotSent if
// there was none.
func (s *service) do(ctx context.Context, r request) (*response, error) {
	if s.project != nil {
		id, err := s.project.resolve(ctx)
		if err != nil {
			return nil, err
		}
		r.projectID = id
		r.path = append([]string{"v3", id}, r.path...)
	}
	if s.limiter == nil {
		return s.send(ctx, r)
	}
	var last error
	for attempt := 0; ; attempt++ {
		throttled, err := s.limiter.wait(ctx)
		switch {
		case err != nil && last != nil:
			return nil, last // more useful than that there is no time for another attempt
		case err != nil:
			return nil, fmt.Errorf("%s: %w: %w", r.operation, ErrNotSent, err)
		}
		response, err := s.send(ctx, r)
		err = s.limiter.record(throttled, err)
		if !s.limiter.awaitRetry(ctx, attempt, err) {
			return response, err
		}
		last = err
	}
}

// send sends r once and reads the whole response. The error is an *Error if the API
// responded, and wraps the transport's error if not.
func (s *service) send(ctx context.Context, r request) (*response, error) {
	u := s.endpoint.JoinPath(r.path...)
	u.RawQuery = r.query.Encode()
	req, err := http.NewRequestWithContext(context.WithValue(ctx, requestKey{}, r), r.method, u.String(), bytes.NewReader(r.body))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", r.operation, err)
	}
	req.Header.Set("Accept", "application/json")
	req.Header.Set("User-Agent", s.userAgent)
	if r.body != nil {
		req.Header.Set("Content-Type", "application/json")
	}

	resp, err := s.transport.RoundTrip(req)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", r.operation, err)
	}
	defer resp.Body.Close()
	// No read of the body lasts longer than the context.
	body := resp.Body // PeekError replaces the field
	defer context.AfterFunc(ctx, func() { _ = body.Close() })()
	switch {
	case resp.StatusCode < 200:
		// The body of a 101 is the connection itself, which has no end.
		return nil, &Error{Operation: r.operation, StatusCode: resp.StatusCode, Message: "the response is not a final one; check the endpoint"}
	case resp.StatusCode > 299:
		return nil, PeekError(r.operation, resp, r.secrets...)
	}
	out := &response{operation: r.operation, statusCode: resp.StatusCode, header: resp.Header}
	if resp.ContentLength <= r.maxBytes { // a larger one is not read in vain
		// One byte more than allowed shows that the response is too large.
		out.body, err = io.ReadAll(io.LimitReader(resp.Body, r.maxBytes+1))
		if err != nil {
			return nil, fmt.Errorf("%s: reading the response: %w", r.operation, cmp.Or(ctx.Err(), err))
		}
	}
	if max(int64(len(out.body)), resp.ContentLength) > r.maxBytes {
		return nil, tooLargeError{out.malformed(fmt.Sprintf("the response is larger than %d KiB", r.maxBytes>>10))}
	}
	// A service that repeats the credentials must not get them into a label or the log.
	// Short ones may be a part of any text.
	for _, secret := range credentialsOf(resp.Request) {
		if len(secret) >= minRedacted && bytes.Contains(out.body, []byte(secret)) {
			out.body = []byte(redact(string(out.body), []string{secret}))
		}
	}
	return out, nil
}

// object returns the body, which must be one JSON object and nothing else.
func (r *response) object() (object, error) {
	value, _ := parse(r.body)
	if !value.isObject() {
		return object{}, r.malformed(notJSON(r.body))
	}
	return newObject(value), nil
}

// list returns the body, which must be one JSON object with a list called name, and the
// list. Null is an empty list.
func (r *response) list(name string) (root object, list raw, err error) {
	root, err = r.object()
	if err != nil {
		return object{}, nil, err
	}
	list, sent := root.lookup(name)
	if !sent || list != nil && !list.isList() {
		return object{}, nil, r.malformed("the response has no list called " + name)
	}
	return root, list, nil
}

// malformed returns the error for a 2xx response that is not what the API documents.
func (r *response) malformed(message string) error {
	return &Error{
		Operation:  r.operation,
		StatusCode: r.statusCode,
		Message:    oneLine(message, maxMessage),
		RequestID:  oneLine(headerRequestID(r.header), maxToken),
	}
}

// notJSON describes a body that should have been a JSON object. It does not quote a
// page of HTML.
func notJSON(body []byte) string {
	body = bytes.TrimSpace(body)
	switch {
	case len(body) == 0:
		return "the response is empty"
	case body[0] == '<':
		return "the response is a page of HTML or XML; a proxy or load balancer may have sent it"
	default:
		return "the response is not one JSON object"
	}
}

// requestKey is the key under which the context of a request has its request.
type requestKey struct{}

// Operation returns the API's name of the operation that a request with the context
// ctx is for, such as ShowOpLog, and "" for a request of another package. Transports
// label their measurements with it.
func Operation(ctx context.Context) string {
	r, _ := ctx.Value(requestKey{}).(request)
	return r.operation
}

// ProjectID returns the id of the project that a request with the context ctx is
// about, and "" if it is about none. A signature has to include it.
func ProjectID(ctx context.Context) string {
	r, _ := ctx.Value(requestKey{}).(request)
	return r.projectID
}
