package cbrapi_test

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
)

// What an operator reads of an answer that is not the one that was asked for.
func TestErrors(t *testing.T) {
	const (
		asJSON = "application/json;charset=utf8"
		asHTML = "text/html; charset=utf-8"
		page   = "\r\n<!DOCTYPE html>\n<html><head><title>502 Bad Gateway</title></head><body>cloudELB</body></html>"
	)
	const (
		noObject = "the answer is broken JSON, or JSON of another shape"
		isPage   = "the answer is a page of HTML or XML; a proxy or load balancer may have sent it"
		isEmpty  = "the answer is empty"
		noLog    = "the answer has no operation_log"
		goesOn   = "the answer goes on after its JSON object"
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
		"throttled, other status":      {403, asJSON, `{"error_code":"APIG.0308","error_msg":"m"}`, cbrapi.Error{Code: "APIG.0308", Message: "m"}, throttled, "403: APIG.0308: m"},
		"throttled, no code":           {429, "text/plain", "slow down", cbrapi.Error{Message: "slow down"}, throttled, "429: slow down"},
		"a code of another service":    {400, asJSON, `{"error_code":"Other.0308","error_msg":"m"}`, cbrapi.Error{Code: "Other.0308", Message: "m"}, other, "400: Other.0308: m"},
		"bad request":                  {400, asJSON, `{"error_code":"BackupService.9900","error_msg":"m"}`, cbrapi.Error{Code: "BackupService.9900", Message: "m"}, other, "400: BackupService.9900: m"},
		"backend timeout":              {504, asJSON, `{"error_code":"APIGW.0201","error_msg":"Backend timeout"}`, cbrapi.Error{Code: "APIGW.0201", Message: "Backend timeout"}, upstream, "504: APIGW.0201: Backend timeout"},
		"Keystone, number":             {401, asJSON, `{"error":{"code":401,"message":"The request you have made requires authentication.","title":"Unauthorized"}}`, cbrapi.Error{Code: "401", Message: "The request you have made requires authentication."}, credentials, "401: 401: The request you have made requires authentication."},
		"Keystone, text":               {403, asJSON, `{"error":{"code":"IAM.0002","message":"m"}}`, cbrapi.Error{Code: "IAM.0002", Message: "m"}, permission, "403: IAM.0002: m"},
		"code and message":             {400, asJSON, `{"code":"X.1","message":"m","details":[{"a":1}]}`, cbrapi.Error{Code: "X.1", Message: "m"}, other, "400: X.1: m"},
		"code as a number":             {400, asJSON, `{"error_code":10000000000000000001,"error_msg":7}`, cbrapi.Error{Code: "10000000000000000001", Message: "7"}, other, "400: 10000000000000000001: 7"},
		"errorCode and errorMessage":   {500, asJSON, `{"errorCode":"X.2","errorMessage":"m"}`, cbrapi.Error{Code: "X.2", Message: "m"}, upstream, "500: X.2: m"},
		"JSON of no known shape":       {503, asJSON, `{"error":"Service Unavailable","status":503}`, cbrapi.Error{Message: `{"error":"Service Unavailable","status":503}`}, upstream, `503: {"error":"Service Unavailable","status":503}`},
		"codes that are no text":       {500, asJSON, `{"error_code":{},"error_msg":[]}`, cbrapi.Error{Message: `{"error_code":{},"error_msg":[]}`}, upstream, `500: {"error_code":{},"error_msg":[]}`},
		"an error in a list":           {500, asJSON, `[{"error_code":"X"}]`, cbrapi.Error{Message: `[{"error_code":"X"}]`}, upstream, `500: [{"error_code":"X"}]`},
		"an error and garbage":         {500, asJSON, `{"error_code":"X.3","error_msg":"m"}}`, cbrapi.Error{Code: "X.3", Message: "m"}, upstream, "500: X.3: m"},
		"an error of null":             {500, asJSON, `null`, cbrapi.Error{Message: "null"}, upstream, "500: null"},
		"a text of many lines":         {500, "text/plain", " one\r\ntwo\x00\tthree \xff\n", cbrapi.Error{Message: "one two three \uFFFD"}, upstream, "500: one two three \uFFFD"},
		"a long text":                  {500, "text/plain", strings.Repeat("满", 30000), cbrapi.Error{Message: strings.Repeat("满", 300) + "…"}, upstream, "500: " + strings.Repeat("满", 300) + "…"},
		"a long code":                  {500, asJSON, `{"error_code":"` + strings.Repeat("9", 2000) + `"}`, cbrapi.Error{Code: strings.Repeat("9", 64) + "…"}, upstream, "500: " + strings.Repeat("9", 64) + "…"},
		"a long request id":            {500, asJSON, `{"request_id":"` + strings.Repeat("9", 65) + `","error_msg":"m"}`, cbrapi.Error{Message: "m", RequestID: strings.Repeat("9", 64) + "…"}, upstream, "500: m (request id " + strings.Repeat("9", 64) + "…)"},
		"page, 404":                    {404, asHTML, page, cbrapi.Error{Message: isPage}, other, "404: " + isPage},
		"page, 502":                    {502, asHTML, page, cbrapi.Error{Message: isPage}, upstream, "502: " + isPage},
		"page, 302":                    {302, asHTML, page, cbrapi.Error{Message: isPage}, upstream, "302: " + isPage},
		"page, 200":                    {200, asHTML, page, cbrapi.Error{Message: isPage}, upstream, "200: " + isPage},
		"page said to be JSON, 200":    {200, asJSON, page, cbrapi.Error{Message: isPage}, upstream, "200: " + isPage},
		"text, 200":                    {200, "text/plain; charset=utf-8", "ok", cbrapi.Error{Message: "the answer is not JSON but text/plain"}, upstream, "200: the answer is not JSON but text/plain"},
		"text of no type, 200":         {200, "", "ok", cbrapi.Error{Message: "the answer is not JSON but of no known type"}, upstream, "200: the answer is not JSON but of no known type"},
		"a long type, 200":             {200, strings.Repeat("x", 1000), "ok", cbrapi.Error{Message: "the answer is not JSON but " + strings.Repeat("x", 273) + "…"}, upstream, "200: the answer is not JSON but " + strings.Repeat("x", 273) + "…"},
		"empty, 404":                   {404, "", "", cbrapi.Error{Message: isEmpty}, other, "404: " + isEmpty},
		"empty, 502":                   {502, "", "", cbrapi.Error{Message: isEmpty}, upstream, "502: " + isEmpty},
		"empty, 302":                   {302, "", "", cbrapi.Error{Message: isEmpty}, upstream, "302: " + isEmpty},
		"empty, 304":                   {304, "", "", cbrapi.Error{Message: isEmpty}, upstream, "304: " + isEmpty},
		"empty, 204":                   {204, "", "", cbrapi.Error{Message: isEmpty}, upstream, "204: " + isEmpty},
		"empty, 200":                   {200, asJSON, "", cbrapi.Error{Message: isEmpty}, upstream, "200: " + isEmpty},
		"white space, 200":             {200, asJSON, " \r\n", cbrapi.Error{Message: isEmpty}, upstream, "200: " + isEmpty},
		"other JSON, 200":              {200, asJSON, `{"vaults":[]}`, cbrapi.Error{Message: noLog}, upstream, "200: " + noLog},
		"an error, 200":                {200, asJSON, notFound, cbrapi.Error{Message: noLog}, upstream, "200: " + noLog},
		"null for a task, 200":         {200, asJSON, `{"operation_log":null}`, cbrapi.Error{Message: noLog}, upstream, "200: " + noLog},
		"a list for a task, 200":       {200, asJSON, `{"operation_log":[]}`, cbrapi.Error{Message: noLog}, upstream, "200: " + noLog},
		"list, 200":                    {200, asJSON, `[` + sample + `]`, cbrapi.Error{Message: noObject}, upstream, "200: " + noObject},
		"null, 200":                    {200, asJSON, `null`, cbrapi.Error{Message: noObject}, upstream, "200: " + noObject},
		"a text in quotes, 200":        {200, asJSON, `"ok"`, cbrapi.Error{Message: noObject}, upstream, "200: " + noObject},
		"half a task, 200":             {200, asJSON, sample[:200], cbrapi.Error{Message: noObject}, upstream, "200: " + noObject},
		"not a number, 200":            {200, asJSON, `{"operation_log":{"x":NaN}}`, cbrapi.Error{Message: noObject}, upstream, "200: " + noObject},
		"two tasks, 200":               {200, asJSON, sample + sample, cbrapi.Error{Message: goesOn}, upstream, "200: " + goesOn},
		"garbage behind the task, 200": {200, asJSON, sample + "<!-- x -->", cbrapi.Error{Message: goesOn}, upstream, "200: " + goesOn},
		"another task, 200":            {200, asJSON, sample, cbrapi.Error{Message: `the answer is about another task, "4827f2da-b008-4507-ab7d-42d0df5ed912"`}, upstream, `200: the answer is about another task, "4827f2da-b008-4507-ab7d-42d0df5ed912"`},
		"a task without id, 200":       {200, asJSON, `{"operation_log":{"status":"success"}}`, cbrapi.Error{Message: `the answer is about another task, ""`}, upstream, `200: the answer is about another task, ""`},
		"a task with a long id, 200":   {200, asJSON, `{"operation_log":{"id":"` + strings.Repeat("x", 1000) + `"}}`, cbrapi.Error{Message: `the answer is about another task, "` + strings.Repeat("x", 265) + "…"}, upstream, `200: the answer is about another task, "` + strings.Repeat("x", 265) + "…"},
		"a task, 404":                  {404, asJSON, sample, cbrapi.Error{Message: strings.Join(strings.Fields(sample), " ")[:300] + "…"}, other, "404: " + strings.Join(strings.Fields(sample), " ")[:300] + "…"},
	} {
		t.Run(name, func(t *testing.T) {
			client := newClient(t, serve(t, reply(test.status, test.contentType, test.body)))
			log, err := client.OperationLog(t.Context(), taskID)
			if log != nil {
				t.Errorf("a task came with the error: %+v", log)
			}
			var got *cbrapi.Error
			if !errors.As(err, &got) {
				t.Fatalf("the error is %v, want a *cbrapi.Error", err)
			}
			want := test.want
			want.Operation, want.StatusCode = "ShowOpLog", test.status
			if diff := cmp.Diff(&want, got); diff != "" {
				t.Errorf("the error differs (-want +got):\n%s", diff)
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

func TestRequestIDOfHeader(t *testing.T) {
	for name, test := range map[string]struct {
		header http.Header
		status int
		body   string
		want   string
	}{
		"CBR":               {http.Header{"X-Request-Id": {"of-the-header"}}, 500, "broken", "of-the-header"},
		"IAM":               {http.Header{"X-Iam-Trace-Id": {"of-iam"}}, 500, "broken", "of-iam"},
		"both":              {http.Header{"X-Iam-Trace-Id": {"of-iam"}, "X-Request-Id": {"of-the-header"}}, 500, "broken", "of-the-header"},
		"body before":       {http.Header{"X-Request-Id": {"of-the-header"}}, 500, `{"request_id":"of-the-body"}`, "of-the-body"},
		"of a broken 200":   {http.Header{"X-Request-Id": {"of-the-header"}}, 200, "broken", "of-the-header"},
		"a long one, 200":   {http.Header{"X-Request-Id": {strings.Repeat("x", 100)}}, 200, "broken", strings.Repeat("x", 64) + "…"},
		"of several lines":  {nil, 500, `{"request_id":"a\nb"}`, "a b"},
		"none":              {nil, 500, "broken", ""},
		"empty in the body": {http.Header{"X-Request-Id": {"of-the-header"}}, 500, `{"request_id":""}`, "of-the-header"},
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
				t.Fatalf("the error is %v, want a *cbrapi.Error", err)
			}
			if got.RequestID != test.want {
				t.Errorf("the request id is %q, want %q", got.RequestID, test.want)
			}
		})
	}
}
