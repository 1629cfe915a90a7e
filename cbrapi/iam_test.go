package cbrapi_test

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
)

func newIAM(t testing.TB, o cbrapi.Options) *cbrapi.IAM {
	t.Helper()
	iam, err := cbrapi.NewIAM(o)
	if err != nil {
		t.Fatal(err)
	}
	return iam
}

func someUser() cbrapi.PasswordLogin {
	return cbrapi.PasswordLogin{Username: "exporter", Password: "hunter2-hunter2", DomainName: "account", ProjectID: projectID}
}

// issue returns a handler that answers a login with a token.
func issue(header, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Subject-Token", header)
		reply(http.StatusCreated, "application/json", body)(w, r)
	}
}

func TestLoginRequest(t *testing.T) {
	for name, test := range map[string]struct {
		login cbrapi.PasswordLogin
		want  string
	}{
		"plain": {someUser(), `{"auth":{"identity":{"methods":["password"],"password":{"user":{"name":"exporter","password":"hunter2-hunter2","domain":{"name":"account"}}}},` +
			`"scope":{"project":{"id":"` + projectID + `"}}}}`},
		"a project by its name": {
			cbrapi.PasswordLogin{Username: "u", Password: "p", DomainName: "d", ProjectName: "cn-north-4_team"},
			`{"auth":{"identity":{"methods":["password"],"password":{"user":{"name":"u","password":"p","domain":{"name":"d"}}}},` +
				`"scope":{"project":{"name":"cn-north-4_team"}}}}`,
		},
		"the id of a project counts": {
			cbrapi.PasswordLogin{Username: "u", Password: "p", DomainName: "d", ProjectID: "i", ProjectName: "n"},
			`{"auth":{"identity":{"methods":["password"],"password":{"user":{"name":"u","password":"p","domain":{"name":"d"}}}},` +
				`"scope":{"project":{"id":"i"}}}}`,
		},
		"quotes and unicode": {
			cbrapi.PasswordLogin{Username: "备份", Password: `a"b\c€`, DomainName: "Straße", ProjectID: "p"},
			`{"auth":{"identity":{"methods":["password"],"password":{"user":{"name":"备份","password":"a\"b\\c€","domain":{"name":"Straße"}}}},` +
				`"scope":{"project":{"id":"p"}}}}`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			type sent struct {
				Method, URI, Body string
				Header            http.Header
			}
			var got []sent
			o := serve(t, func(w http.ResponseWriter, r *http.Request) {
				body, err := io.ReadAll(r.Body)
				if err != nil {
					t.Error(err)
				}
				r.Header.Del("Content-Length")
				got = append(got, sent{r.Method, r.URL.RequestURI(), string(body), r.Header})
				issue("MIIT", `{"token":{}}`)(w, r)
			})
			if _, err := newIAM(t, o).Login(t.Context(), test.login); err != nil {
				t.Fatal(err)
			}
			want := []sent{{http.MethodPost, "/v3/auth/tokens?nocatalog=true", test.want, http.Header{
				"Accept":          {"application/json"},
				"Accept-Encoding": {"gzip"},
				"Content-Type":    {"application/json"},
				"User-Agent":      {userAgent},
			}}}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("the requests differ (-want +got):\n%s", diff)
			}
		})
	}
}

func TestLogin(t *testing.T) {
	long := "MII" + strings.Repeat("t", 100_000)
	for name, test := range map[string]struct {
		header, body string
		want         cbrapi.Token
	}{
		"as documented": {
			"MIIT", `{"token":{"expires_at":"2015-11-09T01:42:57.527363Z","issued_at":"2015-11-08T01:42:57.527363Z","methods":["password"],"user":{"id":"u"}}}`,
			cbrapi.Token{Value: "MIIT", IssuedAt: time.Date(2015, 11, 8, 1, 42, 57, 527363e3, time.UTC), ExpiresAt: time.Date(2015, 11, 9, 1, 42, 57, 527363e3, time.UTC)},
		},
		"a catalogue of 700 KiB": {"MIIT", `{"token":{"catalog":["` + strings.Repeat("c", 700<<10) + `"]}}`, cbrapi.Token{Value: "MIIT"}},
		"a token of 100 KB":      {long, `{"token":{}}`, cbrapi.Token{Value: long}},
		"unreadable times":       {"MIIT", `{"token":{"expires_at":"tomorrow","issued_at":1446946977}}`, cbrapi.Token{Value: "MIIT"}},
		"no times":               {"MIIT", `{"token":{"expires_at":null}}`, cbrapi.Token{Value: "MIIT"}},
		"no token in the body":   {"MIIT", `{}`, cbrapi.Token{Value: "MIIT"}},
		"a text for a token":     {"MIIT", `{"token":"x"}`, cbrapi.Token{Value: "MIIT"}},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := newIAM(t, serve(t, issue(test.header, test.body))).Login(t.Context(), someUser())
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("the token differs (-want +got):\n%s", diff)
			}
		})
	}
}

func TestLoginErrors(t *testing.T) {
	for name, test := range map[string]struct {
		handle http.HandlerFunc
		want   string
		reason cbrapi.Reason
	}{
		"wrong password": {
			reply(401, "application/json", `{"error":{"code":401,"message":"The username or password is wrong.","title":"Unauthorized"}}`),
			"HTTP status 401: 401: The username or password is wrong.", cbrapi.ReasonCredentials,
		},
		"a code of IAM": {
			reply(403, "application/json", `{"error":{"code":"IAM.0002","message":"You are not authorized.","title":"Forbidden"}}`),
			"HTTP status 403: IAM.0002: You are not authorized.", cbrapi.ReasonPermission,
		},
		"the shape of v3.0":   {reply(400, "application/json", `{"error_code":"IAM.0011","error_msg":"Bad request."}`), "HTTP status 400: IAM.0011: Bad request.", cbrapi.ReasonOther},
		"no such user":        {reply(404, "application/json", `{"error":{"code":404,"message":"Not found.","title":"Not Found"}}`), "HTTP status 404: 404: Not found.", cbrapi.ReasonOther},
		"out of order":        {reply(503, "text/html", "<html>"), "HTTP status 503: the answer is a page of HTML or XML; a proxy or load balancer may have sent it", cbrapi.ReasonUpstream},
		"no token":            {reply(201, "application/json", `{"token":{}}`), "HTTP status 201: the answer has no X-Subject-Token", cbrapi.ReasonUpstream},
		"a page with a token": {issue("MIIT", "<html>"), "HTTP status 201: the answer is a page of HTML or XML; a proxy or load balancer may have sent it", cbrapi.ReasonUpstream},
		"too large":           {issue("MIIT", `{"token":"`+strings.Repeat("x", 1<<20)+`"}`), "HTTP status 201: the answer is larger than 1024 KiB", cbrapi.ReasonUpstream},
		"breaks off": {func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Length", "2000")
			issue("MIIT", `{"token":`)(w, r)
		}, "reading the answer: unexpected EOF", cbrapi.ReasonNetwork},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := newIAM(t, serve(t, test.handle)).Login(t.Context(), someUser())
			if want := "KeystoneCreateUserTokenByPassword: " + test.want; err == nil || err.Error() != want {
				t.Fatalf("the error is %v, want %s", err, want)
			}
			if got != (cbrapi.Token{}) {
				t.Errorf("a token came with the error: %v", got)
			}
			if got := cbrapi.ReasonOf(err); got != test.reason {
				t.Errorf("ReasonOf(%v) = %q, want %q", err, got, test.reason)
			}
			if cbrapi.IsNotFound(err) {
				t.Errorf("IsNotFound(%v) = true", err)
			}
		})
	}
}

func TestLoginRequestIDOfIAM(t *testing.T) {
	_, err := newIAM(t, serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-IAM-Trace-Id", "token_cn-north-4_null_0a1b2c")
		reply(401, "application/json", `{"error":{"code":401,"message":"m"}}`)(w, r)
	})).Login(t.Context(), someUser())
	var got *cbrapi.Error
	if !errors.As(err, &got) || got.RequestID != "token_cn-north-4_null_0a1b2c" {
		t.Errorf("the error is %v, want one with the trace id", err)
	}
}
