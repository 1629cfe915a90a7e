package cbrapi_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
)

const otherID = "20000000000040008000000000000002"

// projectList returns an answer with projects: name, id, name, id and so on.
func projectList(nameID ...string) http.HandlerFunc {
	var entries []string
	for i := 0; i < len(nameID); i += 2 {
		entries = append(entries, fmt.Sprintf(`{"name":%q,"id":%q,"enabled":true}`, nameID[i], nameID[i+1]))
	}
	return reply(200, "application/json", `{"projects":[`+strings.Join(entries, ",")+`],"links":{}}`)
}

func TestProjectID(t *testing.T) {
	forbidden := reply(403, "application/json", `{"error":{"code":403,"message":"You are not authorized.","title":"Forbidden"}}`)
	var many []string
	for i := range 12 {
		many = append(many, fmt.Sprintf("region-%02d", i), fmt.Sprintf("%032d", i))
	}
	for name, test := range map[string]struct {
		all, visible http.HandlerFunc // nil: must not be asked
		onlyVisible  bool
		want         string // the id, or the error
		reason       cbrapi.Reason
	}{
		"one":                          {all: projectList("cn-north-4", projectID), want: projectID},
		"a filter that is ignored":     {all: projectList("cn-north-1", otherID, "cn-north-4", projectID), want: projectID},
		"no permission":                {all: forbidden, visible: projectList("cn-north-1", otherID, "cn-north-4", projectID), want: projectID},
		"empty":                        {all: projectList(), visible: projectList("cn-north-4", projectID), want: projectID},
		"another name":                 {all: projectList("cn-north-4_team", otherID), visible: projectList("cn-north-4", projectID), want: projectID},
		"visible":                      {visible: projectList("cn-north-4_team", otherID, "cn-north-4", projectID), onlyVisible: true, want: projectID},
		"an id of a private cloud":     {all: projectList("cn-north-4", "Private_cloud-1"), want: "Private_cloud-1"},
		"two":                          {all: projectList("cn-north-4", projectID, "cn-north-1", "x", "cn-north-4", otherID), want: `more than one project has the name "cn-north-4"; found: "cn-north-4" with the id ` + projectID + `, "cn-north-4" with the id ` + otherID, reason: cbrapi.ReasonOther},
		"two visible":                  {all: forbidden, visible: projectList("cn-north-4", projectID, "cn-north-4", otherID), want: `more than one project has the name "cn-north-4"; found: "cn-north-4" with the id ` + projectID + `, "cn-north-4" with the id ` + otherID, reason: cbrapi.ReasonOther},
		"sub-projects alone":           {all: projectList(), visible: projectList("cn-north-4_team", otherID), want: `no project has the name "cn-north-4"; found: "cn-north-4_team" with the id ` + otherID, reason: cbrapi.ReasonOther},
		"none":                         {all: projectList(), visible: projectList(), want: `no project has the name "cn-north-4"; found: none`, reason: cbrapi.ReasonOther},
		"many":                         {all: projectList(), visible: projectList(many...), want: `no project has the name "cn-north-4"; found: ` + quoted(many[:20]) + `, 2 more`, reason: cbrapi.ReasonOther},
		"refused":                      {all: reply(401, "application/json", `{"error":{"code":401,"message":"m"}}`), want: "KeystoneListProjects: HTTP status 401: 401: m", reason: cbrapi.ReasonCredentials},
		"neither":                      {all: forbidden, visible: reply(401, "application/json", `{"error":{"code":401,"message":"m"}}`), want: "KeystoneListProjects: HTTP status 403: 403: You are not authorized.; KeystoneListAuthProjects: HTTP status 401: 401: m", reason: cbrapi.ReasonPermission},
		"out of order":                 {all: reply(503, "text/html", "<html>"), want: "KeystoneListProjects: HTTP status 503: the answer is a page of HTML or XML; a proxy or load balancer may have sent it", reason: cbrapi.ReasonUpstream},
		"no list":                      {all: reply(200, "application/json", `{"projects":{}}`), want: "KeystoneListProjects: HTTP status 200: the answer has no list of projects", reason: cbrapi.ReasonUpstream},
		"no id":                        {all: reply(200, "application/json", `{"projects":[{"name":"cn-north-4"}]}`), want: "KeystoneListProjects: HTTP status 200: the answer has a project without a proper id", reason: cbrapi.ReasonUpstream},
		"an id that is a path":         {all: projectList("cn-north-4", ".."), want: "KeystoneListProjects: HTTP status 200: the answer has a project without a proper id", reason: cbrapi.ReasonUpstream},
		"too large":                    {all: reply(200, "application/json", `{"projects":"`+strings.Repeat("x", 1<<20)+`"}`), want: "KeystoneListProjects: HTTP status 200: the answer is larger than 1024 KiB", reason: cbrapi.ReasonUpstream},
		"a name that repeats a secret": {visible: projectList("your token is "+token, otherID), onlyVisible: true, want: `no project has the name "cn-north-4"; found: "your token is <secret>" with the id ` + otherID, reason: cbrapi.ReasonOther},
	} {
		t.Run(name, func(t *testing.T) {
			o := serve(t, func(w http.ResponseWriter, r *http.Request) {
				switch {
				case r.Method == http.MethodGet && r.URL.String() == "/v3/projects?name=cn-north-4" && test.all != nil:
					test.all(w, r)
				case r.Method == http.MethodGet && r.URL.String() == "/v3/auth/projects" && test.visible != nil:
					test.visible(w, r)
				default:
					t.Errorf("a request that nobody expects: %s %s", r.Method, r.URL)
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

// The requests of a lookup are counted like all others.
func TestProjectIDOperations(t *testing.T) {
	o := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/v3/projects" {
			projectList()(w, r)
			return
		}
		projectList("cn-north-4", projectID)(w, r)
	})
	next := o.Transport
	var operations []string
	o.Transport = roundTripper(func(req *http.Request) (*http.Response, error) {
		operations = append(operations, cbrapi.Operation(req.Context()))
		return next.RoundTrip(req)
	})
	if _, err := newIAM(t, o).ProjectID(t.Context(), "cn-north-4"); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"KeystoneListProjects", "KeystoneListAuthProjects"}, operations); diff != "" {
		t.Errorf("the operations differ (-want +got):\n%s", diff)
	}
}
