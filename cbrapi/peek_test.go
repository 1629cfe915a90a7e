package cbrapi_test

import (
	"cmp"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
)

// closing is a body that counts how often it is closed.
type closing struct {
	io.Reader
	closed int
}

func (c *closing) Close() error {
	c.closed++
	return nil
}

// TestPeekError peeks at an answer before the client reads it: both make the same
// of it, and no byte of the body is lost.
func TestPeekError(t *testing.T) {
	const status = "ShowOpLog: HTTP status 401"
	large := strings.Repeat("0123456789abcdef", 16<<10) // four times what is read of an error
	cases := map[string]struct {
		body string
		end  error // nil: the body is complete
		want string
	}{
		"JSON":           {`{"error_code":"APIGW.0301","error_msg":"decrypt token fail","request_id":"r-1"}`, nil, status + ": APIGW.0301: decrypt token fail (request id r-1)"},
		"the token":      {`{"error_code":"APIGW.0301","error_msg":"refused: ` + token + `"}`, nil, status + ": APIGW.0301: refused: <secret>"},
		"text":           {"no", nil, status + ": no"},
		"HTML":           {"<html>", nil, status + ": the answer is a page of HTML or XML; a proxy or load balancer may have sent it"},
		"nothing":        {"", nil, status + ": the answer is empty"},
		"large":          {large, nil, status + ": " + large[:300] + "…"},
		"broken off":     {"half an ", io.ErrUnexpectedEOF, status + ": half an"},
		"large, and off": {large, io.ErrUnexpectedEOF, status + ": " + large[:300] + "…"},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			var body *closing
			answerTo := func(req *http.Request) *http.Response {
				end := iotest.ErrReader(cmp.Or(test.end, io.EOF))
				body = &closing{Reader: io.MultiReader(strings.NewReader(test.body), end)}
				return &http.Response{StatusCode: http.StatusUnauthorized, Body: body, Request: req}
			}

			var peeked *cbrapi.Error
			client := newClient(t, cbrapi.Options{
				Endpoint: "https://cbr.example.com",
				Transport: withToken(roundTripper(func(req *http.Request) (*http.Response, error) {
					resp := answerTo(req)
					peeked = cbrapi.PeekError("ShowOpLog", resp)
					return resp, nil
				})),
			})
			_, err := client.OperationLog(t.Context(), taskID)
			if err == nil || peeked.Error() != test.want || err.Error() != test.want {
				t.Errorf("got %.400q and then %.400q, want %.400q", peeked, err, test.want)
			}

			resp := answerTo(nil)
			_ = cbrapi.PeekError("ShowOpLog", resp)
			if body.closed != 0 {
				t.Error("the body is closed before anybody has read it")
			}
			got, err := io.ReadAll(resp.Body)
			if string(got) != test.body || !errors.Is(err, test.end) {
				t.Errorf("then there are %d bytes and the error %v, want all %d and %v", len(got), err, len(test.body), test.end)
			}
			if err := resp.Body.Close(); err != nil || body.closed != 1 {
				t.Errorf("the body was closed %d times, with the error %v; want once", body.closed, err)
			}
		})
	}
}
