package cbrapi_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httputil"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
)

func TestErrors(t *testing.T) {
	t.Parallel()
	const (
		asJSON = "application/json;charset=utf8"
		asHTML = "text/html; charset=utf-8"
		page   = "\r\n<!DOCTYPE html>\n<html><head><title>502 Bad Gateway</title></head><body>cloudELB</body></html>"
	)
	const (
		noObject = "the response is not one JSON object"
		isPage   = "the response is a page of HTML or XML; a proxy or load balancer may have sent it"
		isEmpty  = "the response is empty"
		noLog    = "the response has no operation_log"
	)
	const (
		credentials = cbrapi.ReasonCredentials
		permission  = cbrapi.ReasonPermission
		throttled   = cbrapi.ReasonThrottled
		upstream    = cbrapi.ReasonUpstream
		other       = cbrapi.ReasonOther
	)
	notFound, _ := testdata(t, "sample_not_found.json")
	sample, _ := testdata(t, "sample.json")

	for name, test := range map[string]struct {
		status      int
		contentType string
		body        string
		want        cbrapi.Error
		reason      cbrapi.Reason
		text        string // behind the operation and the status
	}{
		"no such task": {
			404, asJSON, notFound,
			cbrapi.Error{Code: "BackupService.6500", Message: "Operation log does not exist."},
			"",
			"404: BackupService.6500: Operation log does not exist.",
		},
		"no such API": {
			404, asJSON, `{"error_msg":"The API does not exist or has not been published in the environment","error_code":"APIGW.0101","request_id":"0a1b2c"}`,
			cbrapi.Error{Code: "APIGW.0101", Message: "The API does not exist or has not been published in the environment", RequestID: "0a1b2c"},
			other,
			"404: APIGW.0101: The API does not exist or has not been published in the environment (request id 0a1b2c)",
		},
		"refused token": {
			401, asJSON, `{"error_msg":"Incorrect IAM authentication information: decrypt token fail","error_code":"APIGW.0301","request_id":"0a1b2c"}`,
			cbrapi.Error{Code: "APIGW.0301", Message: "Incorrect IAM authentication information: decrypt token fail", RequestID: "0a1b2c"},
			credentials,
			"401: APIGW.0301: Incorrect IAM authentication information: decrypt token fail (request id 0a1b2c)",
		},
		"refused token on OTC": {
			401, asJSON, `{"error_msg":"Incorrect IAM authentication information","error_code":"APIG.0301"}`,
			cbrapi.Error{Code: "APIG.0301", Message: "Incorrect IAM authentication information"},
			credentials,
			"401: APIG.0301: Incorrect IAM authentication information",
		},
		"refused token, says CBR": {
			500, asJSON, `{"error_code":"BackupService.9998","error_msg":"Authentication failed."}`,
			cbrapi.Error{Code: "BackupService.9998", Message: "Authentication failed."},
			credentials,
			"500: BackupService.9998: Authentication failed.",
		},
		"outdated token": {
			401, asJSON, `{"error_msg":"The token must be updated","error_code":"APIGW.0307","request_id":"r"}`,
			cbrapi.Error{Code: "APIGW.0307", Message: "The token must be updated", RequestID: "r"},
			credentials,
			"401: APIGW.0307: The token must be updated (request id r)",
		},
		"refused token, says Keystone": {
			403, asJSON, `{"error":{"code":403,"message":"X-Auth-Token is invalid in the request","title":"Forbidden"}}`,
			cbrapi.Error{Code: "403", Message: "X-Auth-Token is invalid in the request"},
			credentials,
			"403: 403: X-Auth-Token is invalid in the request",
		},
		"forbidden, says Keystone": {
			403, asJSON, `{"error":{"code":403,"message":"You are not authorized to perform the requested action: identity:list_projects","title":"Forbidden"}}`,
			cbrapi.Error{Code: "403", Message: "You are not authorized to perform the requested action: identity:list_projects"},
			permission,
			"403: 403: You are not authorized to perform the requested action: identity:list_projects",
		},
		"denied by a policy": {
			403, asJSON, `{"error_code":"PAP5.0001","error_msg":"Policy doesn't allow cbr:vaults:list to be performed.","encoded_authorization_message":"…"}`,
			cbrapi.Error{Code: "PAP5.0001", Message: "Policy doesn't allow cbr:vaults:list to be performed."},
			permission,
			"403: PAP5.0001: Policy doesn't allow cbr:vaults:list to be performed.",
		},
		"denied by a policy for a header": {
			403, asJSON, `{"error_code":"PAP5.0001","error_msg":"X-Auth-Token is invalid in the request"}`,
			cbrapi.Error{Code: "PAP5.0001", Message: "X-Auth-Token is invalid in the request"},
			permission,
			"403: PAP5.0001: X-Auth-Token is invalid in the request",
		},
		"user not authorised": {
			403, asJSON, `{"error_code":"APIGW.0302","error_msg":"The IAM user is not authorized to access the API"}`,
			cbrapi.Error{Code: "APIGW.0302", Message: "The IAM user is not authorized to access the API"},
			permission,
			"403: APIGW.0302: The IAM user is not authorized to access the API",
		},
		"user not authorised, other status": {
			401, asJSON, `{"error_code":"APIG.0302","error_msg":"m"}`,
			cbrapi.Error{Code: "APIG.0302", Message: "m"},
			permission, "401: APIG.0302: m",
		},
		"denied by a policy, no code": {
			403, asJSON, `{"error_msg":"Policy doesn't allow cbr:backups:get","encoded_authorization_message":"abc"}`,
			cbrapi.Error{Message: "Policy doesn't allow cbr:backups:get"},
			permission,
			"403: Policy doesn't allow cbr:backups:get",
		},
		"throttled": {
			429, asJSON, `{"error_code":"APIGW.0308","error_msg":"The throttling threshold has been reached: policy ip over ratelimit,limit:5,time:5 second"}`,
			cbrapi.Error{Code: "APIGW.0308", Message: "The throttling threshold has been reached: policy ip over ratelimit,limit:5,time:5 second"},
			throttled,
			"429: APIGW.0308: The throttling threshold has been reached: policy ip over ratelimit,limit:5,time:5 second",
		},
		"throttled by minute": {
			429, asJSON, `{"error_msg":"The throttling threshold has been reached: policy user over ratelimit,limit:60,time:1 minute","error_code":"APIGW.0308","request_id":"r"}`,
			cbrapi.Error{Code: "APIGW.0308", Message: "The throttling threshold has been reached: policy user over ratelimit,limit:60,time:1 minute", RequestID: "r"},
			throttled,
			"429: APIGW.0308: The throttling threshold has been reached: policy user over ratelimit,limit:60,time:1 minute (request id r)",
		},
		"throttled, other status":      {403, asJSON, `{"error_code":"APIG.0308","error_msg":"m"}`, cbrapi.Error{Code: "APIG.0308", Message: "m"}, throttled, "403: APIG.0308: m"},
		"a code of another service":    {400, asJSON, `{"error_code":"Other.0308","error_msg":"m"}`, cbrapi.Error{Code: "Other.0308", Message: "m"}, other, "400: Other.0308: m"},
		"bad request":                  {400, asJSON, `{"error_code":"BackupService.9900","error_msg":"m"}`, cbrapi.Error{Code: "BackupService.9900", Message: "m"}, other, "400: BackupService.9900: m"},
		"backend timeout":              {504, asJSON, `{"error_code":"APIGW.0201","error_msg":"Backend timeout"}`, cbrapi.Error{Code: "APIGW.0201", Message: "Backend timeout"}, upstream, "504: APIGW.0201: Backend timeout"},
		"Keystone, number":             {401, asJSON, `{"error":{"code":401,"message":"The request you have made requires authentication.","title":"Unauthorized"}}`, cbrapi.Error{Code: "401", Message: "The request you have made requires authentication."}, credentials, "401: 401: The request you have made requires authentication."},
		"code and message":             {400, asJSON, `{"code":"X.1","message":"m","details":[{"a":1}]}`, cbrapi.Error{Code: "X.1", Message: "m"}, other, "400: X.1: m"},
		"code as a number":             {400, asJSON, `{"error_code":10000000000000000001,"error_msg":7}`, cbrapi.Error{Code: "10000000000000000001", Message: "7"}, other, "400: 10000000000000000001: 7"},
		"JSON of no known shape":       {503, asJSON, `{"error":"Service Unavailable","status":503}`, cbrapi.Error{Message: `{"error":"Service Unavailable","status":503}`}, upstream, `503: {"error":"Service Unavailable","status":503}`},
		"codes that are no text":       {500, asJSON, `{"error_code":{},"error_msg":[]}`, cbrapi.Error{Message: `{"error_code":{},"error_msg":[]}`}, upstream, `500: {"error_code":{},"error_msg":[]}`},
		"errorCode and errorMessage":   {500, asJSON, `{"errorCode":"X.2","errorMessage":"m"}`, cbrapi.Error{Code: "X.2", Message: "m"}, upstream, "500: X.2: m"},
		"a text of many lines":         {500, "text/plain", " one\r\ntwo\x00\tthree \xff\n", cbrapi.Error{Message: "one two three \uFFFD"}, upstream, "500: one two three \uFFFD"},
		"a long text":                  {500, "text/plain", strings.Repeat("满", 20000), cbrapi.Error{Message: strings.Repeat("满", 300) + "…"}, upstream, "500: " + strings.Repeat("满", 300) + "…"},
		"a long code":                  {500, asJSON, `{"error_code":"` + strings.Repeat("9", 2000) + `"}`, cbrapi.Error{Code: strings.Repeat("9", 64) + "…"}, upstream, "500: " + strings.Repeat("9", 64) + "…"},
		"a long request id":            {500, asJSON, `{"request_id":"` + strings.Repeat("9", 65) + `","error_msg":"m"}`, cbrapi.Error{Message: "m", RequestID: strings.Repeat("9", 64) + "…"}, upstream, "500: m (request id " + strings.Repeat("9", 64) + "…)"},
		"page, 404":                    {404, asHTML, page, cbrapi.Error{Message: isPage}, other, "404: " + isPage},
		"page, 502":                    {502, asHTML, page, cbrapi.Error{Message: isPage}, upstream, "502: " + isPage},
		"page, 200":                    {200, asHTML, page, cbrapi.Error{Message: isPage}, upstream, "200: " + isPage},
		"empty, 404":                   {404, "", "", cbrapi.Error{Message: isEmpty}, other, "404: " + isEmpty},
		"empty, 200":                   {200, asJSON, "", cbrapi.Error{Message: isEmpty}, upstream, "200: " + isEmpty},
		"null for a task, 200":         {200, asJSON, `{"operation_log":null}`, cbrapi.Error{Message: noLog}, upstream, "200: " + noLog},
		"list, 200":                    {200, asJSON, `[` + sample + `]`, cbrapi.Error{Message: noObject}, upstream, "200: " + noObject},
		"half a task, 200":             {200, asJSON, sample[:200], cbrapi.Error{Message: noObject}, upstream, "200: " + noObject},
		"garbage behind the task, 200": {200, asJSON, sample + "<!-- x -->", cbrapi.Error{Message: noObject}, upstream, "200: " + noObject},
		"another task, 200":            {200, asJSON, sample, cbrapi.Error{Message: `the response is about another task, "4827f2da-b008-4507-ab7d-42d0df5ed912"`}, upstream, `200: the response is about another task, "4827f2da-b008-4507-ab7d-42d0df5ed912"`},
		"a task with a long id, 200":   {200, asJSON, `{"operation_log":{"id":"` + strings.Repeat("x", 1000) + `"}}`, cbrapi.Error{Message: `the response is about another task, "` + strings.Repeat("x", 263) + "…"}, upstream, `200: the response is about another task, "` + strings.Repeat("x", 263) + "…"},
	} {
		t.Run(name, func(t *testing.T) {
			client := newClient(t, serve(t, reply(test.status, test.contentType, test.body)))
			log, err := client.OperationLog(t.Context(), taskID)
			if log != nil {
				t.Errorf("got a task with the error: %+v", log)
			}
			var got *cbrapi.Error
			if !errors.As(err, &got) {
				t.Fatalf("got the error %v, want a *cbrapi.Error", err)
			}
			want := test.want
			want.Operation, want.StatusCode = "ShowOpLog", test.status
			if diff := cmp.Diff(&want, got); diff != "" {
				t.Errorf("got another error (-want +got):\n%s", diff)
			}
			if want := "ShowOpLog: HTTP status " + test.text; err.Error() != want {
				t.Errorf("the error reads\n%s\nwant\n%s", err, want)
			}
			wantNotFound := test.reason == ""
			if got := cbrapi.IsNotFound(fmt.Errorf("wrapped: %w", err)); got != wantNotFound {
				t.Errorf("IsNotFound(%v) = %v, want %v", err, got, wantNotFound)
			}
			if got := cbrapi.ReasonOf(fmt.Errorf("wrapped: %w", err)); !wantNotFound && got != test.reason {
				t.Errorf("ReasonOf(%v) = %q, want %q", err, got, test.reason)
			}
		})
	}
}

func TestRequestID(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		header http.Header
		status int
		body   string
		want   string
	}{
		"CBR":              {http.Header{"X-Request-Id": {"of-the-header"}}, 500, "broken", "of-the-header"},
		"IAM":              {http.Header{"X-Iam-Trace-Id": {"of-iam"}}, 500, "broken", "of-iam"},
		"body before":      {http.Header{"X-Request-Id": {"of-the-header"}}, 500, `{"request_id":"of-the-body"}`, "of-the-body"},
		"of a broken 200":  {http.Header{"X-Request-Id": {"of-the-header"}}, 200, "broken", "of-the-header"},
		"of several lines": {nil, 500, `{"request_id":"a\nb"}`, "a b"},
		"none":             {nil, 500, "broken", ""},
	} {
		t.Run(name, func(t *testing.T) {
			client := newClient(t, serve(t, func(w http.ResponseWriter, r *http.Request) {
				for name, values := range test.header {
					w.Header()[name] = values
				}
				reply(test.status, "text/plain", test.body)(w, r)
			}))
			_, err := client.OperationLog(t.Context(), taskID)
			var got *cbrapi.Error
			if !errors.As(err, &got) {
				t.Fatalf("got the error %v, want a *cbrapi.Error", err)
			}
			if got.RequestID != test.want {
				t.Errorf("got the request id %q, want %q", got.RequestID, test.want)
			}
		})
	}
}

func TestPeekErrorLeavesTheBody(t *testing.T) {
	t.Parallel()
	const broken = "ShowOpLog: HTTP status 401: the response is broken off or too long"
	large := strings.Repeat("0123456789abcdef", 16<<10) // four times what is read of an error
	for name, test := range map[string]struct {
		body string
		end  error // nil: the body is complete
		want string
	}{
		"complete":   {`{"error_code":"APIGW.0301","error_msg":"m"}`, nil, "ShowOpLog: HTTP status 401: APIGW.0301: m"},
		"large":      {large, nil, broken},
		"broken off": {"refused: " + token[:30], io.ErrUnexpectedEOF, broken},
	} {
		t.Run(name, func(t *testing.T) {
			body := io.Reader(strings.NewReader(test.body))
			if test.end != nil {
				body = io.MultiReader(body, iotest.ErrReader(test.end))
			}
			resp := &http.Response{StatusCode: http.StatusUnauthorized, Body: io.NopCloser(body)}
			if got := cbrapi.PeekError("ShowOpLog", resp).Error(); got != test.want {
				t.Errorf("the error is %.400q, want %q", got, test.want)
			}
			got, err := io.ReadAll(resp.Body)
			if string(got) != test.body || !errors.Is(err, test.end) {
				t.Errorf("then read %d bytes and the error %v, want %d and %v", len(got), err, len(test.body), test.end)
			}
		})
	}
}

// TestErrors tests the reasons of responses, and TestBrokenResponses those of broken ones.
func TestReasonOf(t *testing.T) {
	t.Parallel()
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
	t.Parallel()
	for _, err := range []error{nil, io.EOF, &cbrapi.Error{StatusCode: 404}, &cbrapi.Error{StatusCode: 404, Code: "BackupService.6501"}} {
		if cbrapi.IsNotFound(err) {
			t.Errorf("IsNotFound(%v) = true", err)
		}
	}
}

func TestClockSkew(t *testing.T) {
	t.Parallel()
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
		"a failing API":            {signed, ahead, 503, 0, cbrapi.ReasonUpstream},
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
				t.Errorf("got the error %v, want a skew of %v and the reason %q", err, test.skew, test.reason)
			}
		})
	}
}

func TestRetryAfter(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		status     int
		retryAfter string
		want       time.Duration
	}{
		"seconds":               {429, "30", 30 * time.Second},
		"seconds, out of order": {503, "30", 30 * time.Second},
		"a minute":              {429, "60", time.Minute},
		"more than that":        {429, "61", time.Minute},
		"absurd":                {429, "1000000000", time.Minute},
		"no number":             {429, "1e9", 0},
		"a time in 2099":        {429, "Thu, 12 Mar 2099 01:03:03 GMT", 0},
		"at once":               {429, "0", 0},
		"a time":                {429, "Thu, 12 Mar 2026 01:03:03 GMT", 0},
		"nothing":               {429, "", 0},
		"negative":              {429, "-30", 0},
		"a unit":                {429, "30s", 0},
		"of another refusal":    {403, "30", 0},
		"of another failure":    {500, "30", 0},
		"of a success":          {200, "30", 0},
	} {
		t.Run(name, func(t *testing.T) {
			client := newClient(t, serve(t, func(w http.ResponseWriter, r *http.Request) {
				w.Header()["Retry-After"] = []string{test.retryAfter}
				reply(test.status, "text/plain", "slow down")(w, r)
			}))
			_, err := client.OperationLog(t.Context(), taskID)
			var e *cbrapi.Error
			if !errors.As(err, &e) || e.RetryAfter != test.want {
				t.Errorf("got the error %#v, want RetryAfter %v", err, test.want)
			}
		})
	}
}

// echoes returns ways to repeat a request in an error.
func echoes() map[string]func(header http.Header, request string) (contentType, body string) {
	inJSON := func(v any) string {
		text, err := json.Marshal(v)
		if err != nil {
			panic(err)
		}
		return string(text)
	}
	// The rest of a request, from its first secret, is short enough for a message.
	tail := func(request string) string {
		for _, first := range []string{"Authorization:", `"password":{`} {
			if _, after, found := strings.Cut(request, first); found {
				return after
			}
		}
		return request
	}
	values := func(h http.Header) string {
		return strings.Join([]string{h.Get("X-Auth-Token"), h.Get("X-Security-Token"), h.Get("Authorization")}, " ")
	}
	return map[string]func(http.Header, string) (string, string){
		"plain text": func(_ http.Header, request string) (string, string) { return "text/plain", request },
		"plain values": func(h http.Header, request string) (string, string) {
			return "text/plain", "refused: " + values(h) + tail(request)
		},
		"message in JSON": func(_ http.Header, request string) (string, string) {
			return "application/json", inJSON(map[string]string{"error_code": "APIGW.0301", "error_msg": "refused: " + request})
		},
		"values in JSON": func(h http.Header, request string) (string, string) {
			return "application/json", inJSON(map[string]any{"error": map[string]any{"code": 401, "message": values(h) + tail(request)}})
		},
		"other JSON": func(h http.Header, _ string) (string, string) { return "application/json", inJSON(h) },
		"broken JSON": func(h http.Header, _ string) (string, string) {
			return "application/json", inJSON(h)[:len(inJSON(h))-1]
		},
		"parts of a signature": func(h http.Header, _ string) (string, string) {
			_, parts, _ := strings.Cut(h.Get("Authorization"), "Access=")
			return "text/plain", "no such key: " + strings.Replace(parts, ", SignedHeaders=host, Signature=", " and ", 1)
		},
		"codes": func(h http.Header, _ string) (string, string) {
			return "application/json", inJSON(map[string]string{"error_code": h.Get("X-Auth-Token"), "request_id": h.Get("X-Security-Token")})
		},
	}
}

// leaks returns the parts of secrets in the text, from a length of eight bytes.
func leaks(text string, secrets ...string) []string {
	var found []string
	for _, s := range secrets {
		for i := 0; i+8 <= len(s); i++ {
			if strings.Contains(text, s[i:i+8]) {
				found = append(found, s[i:i+8])
			}
		}
	}
	return found
}

// everyText returns all ways to print an error.
func everyText(err error) string {
	text := fmt.Sprintf("%v %+v %s %q", err, err, err, err)
	var e *cbrapi.Error
	if errors.As(err, &e) {
		text += fmt.Sprintf("%+v %#v", *e, *e)
	}
	return text
}

func TestNoCredentialsInErrors(t *testing.T) {
	t.Parallel()
	const (
		securityToken = "gQpjbi1ub3J0aC00+security/token"
		authorization = "SDK-HMAC-SHA256 Access=AKAKAKAK, SignedHeaders=host, Signature=0123456789abcdef"
	)
	for name, echo := range echoes() {
		t.Run(name, func(t *testing.T) {
			o := serve(t, func(w http.ResponseWriter, r *http.Request) {
				request, err := httputil.DumpRequest(r, true)
				if err != nil {
					t.Error(err)
				}
				contentType, body := echo(r.Header, string(request))
				w.Header().Set("X-Request-Id", r.Header.Get("X-Auth-Token"))
				reply(http.StatusUnauthorized, contentType, body)(w, r)
			})
			next := o.Transport
			o.Transport = withToken(roundTripper(func(req *http.Request) (*http.Response, error) {
				req.Header.Set("X-Security-Token", securityToken)
				req.Header.Set("Authorization", authorization)
				return next.RoundTrip(req)
			}))
			err := get(t.Context(), newClient(t, o))
			if err == nil {
				t.Fatal("no error")
			}
			if found := leaks(everyText(err), token, securityToken, authorization); found != nil {
				t.Errorf("the error has parts of secrets:\n%v\n%q", err, found)
			}
			if !strings.Contains(err.Error(), "<secret>") {
				t.Errorf("nothing is redacted in the error: %v", err)
			}
		})
	}
}

func TestNoPasswordInErrors(t *testing.T) {
	t.Parallel()
	for kind, password := range map[string]string{
		"plain":       "correct-horse-battery",
		"JSON":        `quote"back\slash"quote`,
		"HTML":        "<angle>&<brackets>",
		"slashes":     "one/two/three/four/",
		"unicode":     "пароль-密码-пароль",
		"white space": "tab\tand  two  spaces",
		"short":       "p4$$w0rd",
	} {
		for name, echo := range echoes() {
			t.Run(kind+"/"+name, func(t *testing.T) {
				o := serve(t, func(w http.ResponseWriter, r *http.Request) {
					request, err := io.ReadAll(r.Body)
					if err != nil {
						t.Error(err)
					}
					var sent struct {
						Auth struct {
							Identity struct {
								Password struct{ User struct{ Password string } }
							}
						}
					}
					if err := json.Unmarshal(request, &sent); err != nil {
						t.Error(err)
					}
					// As it was sent, and as the server decodes it.
					understood := sent.Auth.Identity.Password.User.Password
					contentType, body := echo(http.Header{"X-Auth-Token": {understood}, "X-Security-Token": {understood}}, string(request))
					reply(401, contentType, body)(w, r)
				})
				user := someUser()
				user.Password = password
				_, err := newIAM(t, o).Login(t.Context(), user)
				if err == nil {
					t.Fatal("no error")
				}
				if name == "plain values" && !strings.Contains(err.Error(), "<secret>") {
					t.Errorf("nothing is redacted in the error: %v", err)
				}
				quoted := fmt.Sprintf("%q", password)
				if found := leaks(everyText(err), password, quoted[1:len(quoted)-1]); found != nil {
					t.Errorf("the error has parts of the password:\n%v\n%q", err, found)
				}
			})
		}
	}
}
