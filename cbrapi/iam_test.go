package cbrapi_test

import (
	"fmt"
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

// issue returns a handler that issues a token.
func issue(header, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Subject-Token", header)
		reply(http.StatusCreated, "application/json", body)(w, r)
	}
}

func TestLoginRequest(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		login cbrapi.PasswordLogin
		want  string
	}{
		"plain": {someUser(), `{"auth":{"identity":{"methods":["password"],"password":{"user":{"domain":{"name":"account"},"name":"exporter","password":"hunter2-hunter2"}}},` +
			`"scope":{"project":{"id":"` + projectID + `"}}}}`},
		"a project by its name": {
			cbrapi.PasswordLogin{Username: "u", Password: "p", DomainName: "d", ProjectName: "cn-north-4_team"},
			`{"auth":{"identity":{"methods":["password"],"password":{"user":{"domain":{"name":"d"},"name":"u","password":"p"}}},` +
				`"scope":{"project":{"name":"cn-north-4_team"}}}}`,
		},
		"the id of a project counts": {
			cbrapi.PasswordLogin{Username: "u", Password: "p", DomainName: "d", ProjectID: "i", ProjectName: "n"},
			`{"auth":{"identity":{"methods":["password"],"password":{"user":{"domain":{"name":"d"},"name":"u","password":"p"}}},` +
				`"scope":{"project":{"id":"i"}}}}`,
		},
		"quotes and unicode": {
			cbrapi.PasswordLogin{Username: "备份", Password: `a"b\c€`, DomainName: "Straße", ProjectID: "p"},
			`{"auth":{"identity":{"methods":["password"],"password":{"user":{"domain":{"name":"Straße"},"name":"备份","password":"a\"b\\c€"}}},` +
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
				t.Errorf("requests differ (-want +got):\n%s", diff)
			}
		})
	}
}

func TestLogin(t *testing.T) {
	t.Parallel()
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
				t.Errorf("got another token (-want +got):\n%s", diff)
			}
		})
	}
}

func TestLoginErrors(t *testing.T) {
	t.Parallel()
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
		"no token":            {reply(201, "application/json", `{"token":{}}`), "HTTP status 201: the response has no X-Subject-Token", cbrapi.ReasonUpstream},
		"a page with a token": {issue("MIIT", "<html>"), "HTTP status 201: the response is a page of HTML or XML; a proxy or load balancer may have sent it", cbrapi.ReasonUpstream},
		"too large":           {issue("MIIT", `{"token":"`+strings.Repeat("x", 1<<20)+`"}`), "HTTP status 201: the response is larger than 1024 KiB", cbrapi.ReasonUpstream},
		"breaks off": {func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Length", "2000")
			issue("MIIT", `{"token":`)(w, r)
		}, "reading the response: unexpected EOF", cbrapi.ReasonNetwork},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := newIAM(t, serve(t, test.handle)).Login(t.Context(), someUser())
			if want := "KeystoneCreateUserTokenByPassword: " + test.want; err == nil || err.Error() != want {
				t.Fatalf("got the error %v, want %s", err, want)
			}
			if got != (cbrapi.Token{}) {
				t.Errorf("got a token with the error: %v", got)
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

const otherID = "20000000000040008000000000000002"

// projectList returns a response with projects: name, id, name, id and so on.
func projectList(nameID ...string) http.HandlerFunc {
	var entries []string
	for i := 0; i < len(nameID); i += 2 {
		entries = append(entries, fmt.Sprintf(`{"name":%q,"id":%q,"enabled":true}`, nameID[i], nameID[i+1]))
	}
	return reply(200, "application/json", `{"projects":[`+strings.Join(entries, ",")+`],"links":{}}`)
}

func TestProjectID(t *testing.T) {
	t.Parallel()
	forbidden := reply(403, "application/json", `{"error":{"code":403,"message":"You are not authorized.","title":"Forbidden"}}`)
	var many []string
	for i := range 12 {
		many = append(many, fmt.Sprintf("region-%02d", i), fmt.Sprintf("%032d", i))
	}
	for name, test := range map[string]struct {
		all, visible http.HandlerFunc // nil: no request is expected
		onlyVisible  bool
		want         string // the id, or the error
		reason       cbrapi.Reason
	}{
		"one":                      {all: projectList("cn-north-4", projectID), want: projectID},
		"a filter that is ignored": {all: projectList("cn-north-1", otherID, "cn-north-4", projectID), want: projectID},
		"no permission":            {all: forbidden, visible: projectList("cn-north-1", otherID, "cn-north-4", projectID), want: projectID},
		"empty":                    {all: projectList(), visible: projectList("cn-north-4", projectID), want: projectID},
		"another name":             {all: projectList("cn-north-4_team", otherID), visible: projectList("cn-north-4", projectID), want: projectID},
		"visible":                  {visible: projectList("cn-north-4_team", otherID, "cn-north-4", projectID), onlyVisible: true, want: projectID},
		"an id of a private cloud": {all: projectList("cn-north-4", "Private_cloud-1"), want: "Private_cloud-1"},
		"two":                      {all: projectList("cn-north-4", projectID, "cn-north-1", "x", "cn-north-4", otherID), want: `more than one project has the name "cn-north-4"; found: "cn-north-4" with the id ` + projectID + `, "cn-north-4" with the id ` + otherID, reason: cbrapi.ReasonOther},
		"two visible":              {all: forbidden, visible: projectList("cn-north-4", projectID, "cn-north-4", otherID), want: `more than one project has the name "cn-north-4"; found: "cn-north-4" with the id ` + projectID + `, "cn-north-4" with the id ` + otherID, reason: cbrapi.ReasonOther},
		"sub-projects alone":       {all: projectList(), visible: projectList("cn-north-4_team", otherID), want: `no project has the name "cn-north-4"; found: "cn-north-4_team" with the id ` + otherID, reason: cbrapi.ReasonOther},
		"none":                     {all: projectList(), visible: projectList(), want: `no project has the name "cn-north-4"; found: none`, reason: cbrapi.ReasonOther},
		"many":                     {all: projectList(), visible: projectList(many...), want: `no project has the name "cn-north-4"; found: ` + quoted(many[:20]) + `, 2 more`, reason: cbrapi.ReasonOther},
		"refused":                  {all: reply(401, "application/json", `{"error":{"code":401,"message":"m"}}`), want: "KeystoneListProjects: HTTP status 401: 401: m", reason: cbrapi.ReasonCredentials},
		"neither":                  {all: forbidden, visible: reply(401, "application/json", `{"error":{"code":401,"message":"m"}}`), want: "KeystoneListProjects: HTTP status 403: 403: You are not authorized.; KeystoneListAuthProjects: HTTP status 401: 401: m", reason: cbrapi.ReasonPermission},
		"out of order":             {all: reply(503, "text/html", "<html>"), want: "KeystoneListProjects: HTTP status 503: the response is a page of HTML or XML; a proxy or load balancer may have sent it", reason: cbrapi.ReasonUpstream},
		"no list":                  {all: reply(200, "application/json", `{"projects":{}}`), want: "KeystoneListProjects: HTTP status 200: the response has no list called projects", reason: cbrapi.ReasonUpstream},
		"no id":                    {all: reply(200, "application/json", `{"projects":[{"name":"cn-north-4"}]}`), want: "KeystoneListProjects: HTTP status 200: the response has a project without a valid id", reason: cbrapi.ReasonUpstream},
		"an id that is a path":     {all: projectList("cn-north-4", ".."), want: "KeystoneListProjects: HTTP status 200: the response has a project without a valid id", reason: cbrapi.ReasonUpstream},
		"too large":                {all: reply(200, "application/json", `{"projects":"`+strings.Repeat("x", 1<<20)+`"}`), want: "KeystoneListProjects: HTTP status 200: the response is larger than 1024 KiB", reason: cbrapi.ReasonUpstream},
	} {
		t.Run(name, func(t *testing.T) {
			o := serve(t, func(w http.ResponseWriter, r *http.Request) {
				switch {
				case r.Method == http.MethodGet && r.URL.String() == "/v3/projects?name=cn-north-4" && test.all != nil:
					test.all(w, r)
				case r.Method == http.MethodGet && r.URL.String() == "/v3/auth/projects" && test.visible != nil:
					test.visible(w, r)
				default:
					t.Errorf("unexpected request: %s %s", r.Method, r.URL)
				}
			})
			o.Transport = withToken(o.Transport)
			iam := newIAM(t, o)
			find := iam.ProjectID
			if test.onlyVisible {
				find = iam.VisibleProjectID
			}
			id, err := find(t.Context(), "cn-north-4")
			if err == nil {
				if id != test.want || test.reason != "" {
					t.Fatalf("got %q, want %s", id, test.want)
				}
				return
			}
			if diff := cmp.Diff(test.want, err.Error()); diff != "" || id != "" {
				t.Fatalf("got %q and the error (-want +got):\n%s", id, diff)
			}
			if got := cbrapi.ReasonOf(err); got != test.reason {
				t.Errorf("ReasonOf(%v) = %q, want %q", err, got, test.reason)
			}
		})
	}
}

func quoted(nameID []string) string {
	var parts []string
	for i := 0; i < len(nameID); i += 2 {
		parts = append(parts, fmt.Sprintf("%q with the id %s", nameID[i], nameID[i+1]))
	}
	return strings.Join(parts, ", ")
}
