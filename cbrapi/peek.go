package cbrapi

import (
	"bytes"
	"io"
	"net/http"
)

// PeekError returns the error that resp is to the client that asks for the operation,
// for a RoundTripper that passes resp on: its body is still to be read. The status
// is not 2xx.
func PeekError(operation string, resp *http.Response) *Error {
	var seen bytes.Buffer
	body := resp.Body
	resp.Body = io.NopCloser(io.TeeReader(body, &seen))
	e := newError(operation, resp, credentialsOf(resp.Request))
	resp.Body = &peeked{Reader: io.MultiReader(&seen, body), Closer: body}
	return e
}

// peeked is a body of which the beginning was read before.
type peeked struct {
	io.Reader
	io.Closer
}
