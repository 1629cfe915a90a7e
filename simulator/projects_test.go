package simulator_test

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cbr-exporter/cbr_exporter/simulator"
)

// A signed call must name a sub-project; the region's own may be left out.
func TestSignedSubProject(t *testing.T) {
	for name, test := range map[string]struct {
		project, header string
		status          int
	}{
		"region's own":               {"", "", 200},
		"region's own, named":        {"", simulator.DefaultProjectID, 200},
		"sub-project":                {"cn-north-4_team", "", 403},
		"sub-project, named":         {"cn-north-4_team", simulator.DefaultProjectID, 200},
		"sub-project, another named": {"cn-north-4_team", "p", 403},
	} {
		t.Run(name, func(t *testing.T) {
			cloud := simulator.New(simulator.Options{
				Now: someDay, ProjectName: test.project, AccessKeys: []simulator.AccessKey{permanent()},
			})
			request := signedWith(permanent())
			request.before = func(r *http.Request) { r.Header.Set("X-Project-Id", test.header) }
			if test.header == "" {
				request.before, request.signed = without("X-Project-Id"), "host;x-sdk-date"
			}
			if got := request.do(cloud); got.status != test.status {
				t.Errorf("got %d %s, want %d", got.status, got.body, test.status)
			}
		})
	}
}

func TestProjects(t *testing.T) {
	now := func() time.Time { return time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC) }
	user := simulator.New(simulator.Options{Now: now, Tokens: []string{"T"}})
	restricted := simulator.New(simulator.Options{Now: now, Tokens: []string{"T"}, MayNotListProjects: true})
	team := simulator.New(simulator.Options{Now: now, Tokens: []string{"T"}, ProjectName: "cn-north-4_team"})
	all := []string{"cn-north-4", "cn-north-4_team", "ap-southeast-1", "MOS"}
	for name, test := range map[string]struct {
		cloud  http.Handler
		token  string
		path   string
		status int
		names  []string
	}{
		"all":                      {user, "T", "/v3/projects", 200, all},
		"one":                      {user, "T", "/v3/projects?name=cn-north-4_team", 200, []string{"cn-north-4_team"}},
		"none":                     {user, "T", "/v3/projects?name=cn-north-1", 200, []string{}},
		"visible":                  {user, "T", "/v3/auth/projects", 200, all},
		"without permission":       {restricted, "T", "/v3/projects", 403, nil},
		"visible without it":       {restricted, "T", "/v3/auth/projects", 200, all},
		"of a sub-project":         {team, "T", "/v3/auth/projects", 200, []string{"cn-north-4_team", "cn-north-4", "ap-southeast-1", "MOS"}},
		"another's token":          {user, "U", "/v3/projects", 401, nil},
		"visible, another's token": {user, "U", "/v3/auth/projects", 401, nil},
		"visible, nothing":         {user, "", "/v3/auth/projects", 401, nil},
	} {
		t.Run(name, func(t *testing.T) {
			req := httptest.NewRequest(http.MethodGet, test.path, nil)
			req.Header.Set("X-Auth-Token", test.token)
			got := do(test.cloud, req)
			if got.status != test.status {
				t.Fatalf("got %d %s, want %d", got.status, got.body, test.status)
			}
			if test.names == nil {
				return
			}
			names, ids := []string{}, map[any]bool{}
			for _, p := range decode(t, got.body)["projects"].([]any) {
				names = append(names, p.(object)["name"].(string))
				ids[p.(object)["id"]] = true
			}
			if diff := cmp.Diff(test.names, names); diff != "" {
				t.Errorf("the names differ (-want +got):\n%s", diff)
			}
			if len(ids) != len(names) {
				t.Errorf("%d projects have %d ids", len(names), len(ids))
			}
		})
	}
}
