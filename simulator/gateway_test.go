package simulator_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/cbr-exporter/cbr_exporter/simulator"
)

func TestTokenAuthorization(t *testing.T) {
	t.Parallel()
	cloud, _ := newCloud(1)
	path := taskPath(simulator.SampleTaskID)
	elsewhere := strings.Replace(path, simulator.DefaultProjectID, strings.Repeat("0", 32), 1)
	byID := fmt.Sprintf(`{"project":{"id":%q}}`, simulator.DefaultProjectID)

	for name, test := range map[string]struct {
		path, token string
		status      int
		code        string
	}{
		"no token":          {path, "", 401, "APIGW.0301"},
		"unknown token":     {path, "MIIunknown", 401, "APIGW.0301"},
		"fixed token":       {path, fixedToken, 200, ""},
		"project by name":   {path, login(t, cloud, byName), 200, ""},
		"project by id":     {path, login(t, cloud, byID), 200, ""},
		"scope of a domain": {path, login(t, cloud, `{"domain":{"name":"demo-account"}}`), 403, "APIGW.0306"},
		"no scope":          {path, login(t, cloud, `{}`), 403, "APIGW.0306"},
		"other project":     {elsewhere, fixedToken, 403, "APIGW.0306"},
		"no token, no path": {"/v3/nothing", "", 404, "APIGW.0101"},
	} {
		t.Run(name, func(t *testing.T) {
			got := get(cloud, test.path, test.token)
			body := decode(t, got.body)
			code, _ := body["error_code"].(string)
			if got.status != test.status || code != test.code {
				t.Fatalf("got %d %s, want %d %s", got.status, got.body, test.status, test.code)
			}
			if test.status != http.StatusOK && body["request_id"] != got.header.Get("X-Request-Id") {
				t.Errorf("request ids differ: %v, %q", body["request_id"], got.header.Get("X-Request-Id"))
			}
			if test.status == http.StatusUnauthorized &&
				!strings.HasPrefix(body["error_msg"].(string), "Incorrect IAM authentication information: ") {
				t.Errorf("message: got %v", body["error_msg"])
			}
			if test.token != "" && strings.Contains(got.body, test.token) {
				t.Error("the response contains the token")
			}
		})
	}
}

// TestTokenRefusal compares the refusals of an unknown and of a revoked token with those
// that were recorded.
func TestTokenRefusal(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		refusal simulator.TokenRefusal
		status  int
		want    string // without the request id
	}{
		"decrypt":  {simulator.DecryptFailed, 401, `{"error_msg":"Incorrect IAM authentication information: decrypt token fail","error_code":"APIGW.0301"`},
		"update":   {simulator.MustBeUpdated, 401, `{"error_msg":"The token must be updated","error_code":"APIGW.0307"`},
		"Keystone": {simulator.InvalidToken, 403, `{"error":{"code":403,"message":"X-Auth-Token is invalid in the request","title":"Forbidden"}}`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cloud, _ := newCloud(1)
			cloud.SetTokenRefusal(test.refusal)
			revoked := login(t, cloud, byName)
			cloud.RevokeTokens()
			for _, token := range []string{"MIIunknown", revoked} {
				got := get(cloud, taskPath(simulator.SampleTaskID), token)
				if got.status != test.status || !strings.HasPrefix(got.body, test.want) {
					t.Errorf("got %d %s, want %d %s", got.status, got.body, test.status, test.want)
				}
			}
			if got := cloud.Requests().Refused; got != 2 {
				t.Errorf("%d requests count as refused, want 2", got)
			}
			if got := get(cloud, taskPath(simulator.SampleTaskID), login(t, cloud, byName)); got.status != http.StatusOK {
				t.Errorf("a new token: got %d %s", got.status, got.body)
			}
		})
	}
}

// A signed request must name a sub-project. The region's own project may be left out.
func TestSignedSubProject(t *testing.T) {
	t.Parallel()
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

func TestSignatureForAnotherProject(t *testing.T) {
	t.Parallel()
	elsewhere := strings.Repeat("0", 32)
	cloud, _ := newSignedCloud()
	for name, change := range map[string]func(*signedRequest){
		"path and header": func(s *signedRequest) {
			s.path = strings.Replace(s.path, simulator.DefaultProjectID, elsewhere, 1)
			s.before = func(r *http.Request) { r.Header.Set("X-Project-Id", elsewhere) }
		},
		"path":   func(s *signedRequest) { s.path = strings.Replace(s.path, simulator.DefaultProjectID, elsewhere, 1) },
		"header": func(s *signedRequest) { s.before = func(r *http.Request) { r.Header.Set("X-Project-Id", elsewhere) } },
	} {
		request := signedWith(permanent())
		change(&request)
		for range 7 { // more than the failures that lock an access key
			if got := request.do(cloud); got.status != http.StatusForbidden || decode(t, got.body)["error_code"] != "APIGW.0306" {
				t.Errorf("%s: got %d %s, want 403 APIGW.0306", name, got.status, got.body)
			}
		}
	}
}

// If both are sent, the signature counts.
func TestSignatureAndToken(t *testing.T) {
	t.Parallel()
	cloud, _ := newSignedCloud()
	request := signedWith(permanent())
	request.key.Secret = "else"
	request.after = func(r *http.Request) { r.Header.Set("X-Auth-Token", fixedToken) }
	if got := request.do(cloud); got.status != http.StatusUnauthorized {
		t.Errorf("got %d %s, want 401", got.status, got.body)
	}
}
