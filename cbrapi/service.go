package cbrapi

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
)

const (
	// maxErrorBytes bounds what is read of an answer that is an error.
	maxErrorBytes = 64 << 10
	// maxDrainBytes bounds what is read only to keep a connection in use.
	maxDrainBytes = 64 << 10
)

// service sends the calls of one endpoint and bounds their answers.
type service struct {
	endpoint *url.URL
	// transport is used without an http.Client around it, which would follow
	// redirects and carry the credentials to another host.
	transport http.RoundTripper
	userAgent string
	pace      func(context.Context, func(context.Context) error) error // nil: send at once
}

func newService(o Options) (*service, error) {
	u, err := url.Parse(o.Endpoint)
	if err != nil {
		// The error of url.Parse repeats the URL, in which there may be a password.
		return nil, errors.New("is not a URL")
	}
	if (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" || u.User != nil {
		return nil, errors.New("is not an http or https URL without user name")
	}
	if o.Transport == nil {
		o.Transport = http.DefaultTransport
	}
	return &service{endpoint: u, transport: o.Transport, userAgent: o.UserAgent, pace: o.Pace}, nil
}

// call is one request to an API.
type call struct {
	operation string   // the API's name of it, for errors and metrics
	method    string   // an HTTP method
	path      []string // segments below the endpoint, not escaped
	query     url.Values
	body      []byte   // JSON; nil for none
	maxBytes  int64    // an answer larger than this is an error
	secrets   []string // parts of the body that must not come back in an error
}

// secretsIn returns what must not be repeated from resp, the answer to c.
func (c call) secretsIn(resp *http.Response) []string {
	return append(credentialsOf(resp.Request), c.secrets...)
}

// answer is a complete answer with a status of 2xx.
type answer struct {
	operation  string
	statusCode int
	header     http.Header
	body       []byte
	secrets    []string // that must not come back in an error
}

// tooLargeError is the error for an answer that is larger than its call allows: a
// part of it may be small enough.
type tooLargeError struct {
	err error
}

func (e *tooLargeError) Error() string { return e.err.Error() }

func (e *tooLargeError) Unwrap() error { return e.err }

// do sends c when it is time for it, and returns what send does.
func (s *service) do(ctx context.Context, c call) (a *answer, err error) {
	if s.pace == nil {
		return s.send(ctx, c)
	}
	err = s.pace(ctx, func(ctx context.Context) (err error) {
		a, err = s.send(ctx, c)
		return err
	})
	if err != nil {
		return nil, err
	}
	return a, nil
}

// send sends c and reads the whole answer. Its error is an *Error where the API
// answered, and wraps the transport's error where it did not.
func (s *service) send(ctx context.Context, c call) (*answer, error) {
	u := s.endpoint.JoinPath(pathSegments(c.path)...)
	u.RawQuery = c.query.Encode()
	req, err := http.NewRequestWithContext(withOperation(ctx, c.operation), c.method, u.String(), bytes.NewReader(c.body))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", c.operation, err)
	}
	req.Header.Set("Accept", "application/json")
	req.Header.Set("User-Agent", s.userAgent)
	if c.body != nil {
		req.Header.Set("Content-Type", "application/json")
	}

	resp, err := s.transport.RoundTrip(req)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", c.operation, RedactError(err, c.secrets...))
	}
	defer func() {
		_, _ = io.CopyN(io.Discard, resp.Body, maxDrainBytes)
		_ = resp.Body.Close()
	}()
	if resp.StatusCode < 200 || resp.StatusCode > 299 {
		return nil, newError(c.operation, resp, c.secretsIn(resp))
	}

	a := &answer{operation: c.operation, statusCode: resp.StatusCode, header: resp.Header, secrets: c.secretsIn(resp)}
	if resp.ContentLength <= c.maxBytes { // a larger one is not read in vain
		// One byte more than allowed tells a large answer from one that just fits.
		a.body, err = io.ReadAll(io.LimitReader(resp.Body, c.maxBytes+1))
		if err != nil {
			return nil, fmt.Errorf("%s: reading the answer: %w", c.operation, err)
		}
	}
	if max(int64(len(a.body)), resp.ContentLength) > c.maxBytes {
		return nil, &tooLargeError{a.malformed(fmt.Sprintf("the answer is larger than %d KiB", c.maxBytes>>10))}
	}
	// Whoever repeats our credentials, in whatever field: they become neither a
	// label nor a line in a log. Something short may well stand there by itself.
	for _, secret := range credentialsOf(resp.Request) {
		if len(secret) >= minPart && bytes.Contains(a.body, []byte(secret)) {
			a.body = []byte(redact(string(a.body), []string{secret}))
		}
	}
	return a, nil
}

// object returns the body, which must be one JSON object and nothing else.
func (a *answer) object() (object, error) {
	values, rest, err := decodeObject(a.body)
	if err != nil || values == nil {
		return object{}, a.malformed(notJSON(a.header, a.body))
	}
	if len(rest) > 0 {
		return object{}, a.malformed("the answer goes on after its JSON object")
	}
	return newObject(values), nil
}

// malformed is the error for an answer of 2xx that is not what the API documents.
func (a *answer) malformed(message string) error {
	e := &Error{
		Operation:  a.operation,
		StatusCode: a.statusCode,
		Message:    message,
		RequestID:  headerRequestID(a.header),
	}
	e.clean(a.secrets)
	return e
}

// notJSON says what an answer is that should have been a JSON object. A page of
// HTML is not worth quoting: a proxy or a load balancer wrote it.
func notJSON(h http.Header, body []byte) string {
	body = bytes.TrimSpace(body)
	mediaType, _, _ := mime.ParseMediaType(h.Get("Content-Type"))
	switch {
	case len(body) == 0:
		return "the answer is empty"
	case body[0] == '<':
		return "the answer is a page of HTML or XML; a proxy or load balancer may have sent it"
	case body[0] == '{', body[0] == '[', mediaType == "application/json":
		return "the answer is broken JSON, or JSON of another shape"
	default:
		return "the answer is not JSON but " + firstText(mediaType, "of no known type")
	}
}

func pathSegments(segments []string) []string {
	out := make([]string, len(segments))
	for i, s := range segments {
		out[i] = url.PathEscape(s)
	}
	return out
}
