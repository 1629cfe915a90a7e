package simulator_test

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cbr-exporter/cbr_exporter/simulator"
)

const (
	loginPath = "/v3/auth/tokens?nocatalog=true"
	byName    = `{"project":{"name":"cn-north-4"}}`
)

func loginBody(a simulator.Account, scope string) string {
	return fmt.Sprintf(`{"auth":{"identity":{"methods":["password"],"password":{"user":{
		"name":%q,"password":%q,"domain":{"name":%q}}}},"scope":%s}}`,
		a.UserName, a.Password, a.DomainName, scope)
}

func post(h http.Handler, path, body string) response {
	return do(h, httptest.NewRequest(http.MethodPost, path, strings.NewReader(body)))
}

// login returns a token of the demo account.
func login(t *testing.T, cloud *simulator.Simulator, scope string) string {
	t.Helper()
	got := post(cloud, loginPath, loginBody(simulator.DemoAccount(), scope))
	if got.status != http.StatusCreated {
		t.Fatalf("login: got %d %s", got.status, got.body)
	}
	return got.header.Get("X-Subject-Token")
}

func TestLogin(t *testing.T) {
	t.Parallel()
	cloud, clock := newCloud(1)
	got := post(cloud, loginPath, loginBody(simulator.DemoAccount(), byName))
	if got.status != http.StatusCreated {
		t.Fatalf("got %d %s", got.status, got.body)
	}

	text := got.header.Get("X-Subject-Token")
	if !strings.HasPrefix(text, "MII") || len(text) < 2<<10 || len(text) > 8<<10 || strings.Contains(text, "/") {
		t.Errorf("%d characters are not like a token: %.20s", len(text), text)
	}
	if _, err := base64.StdEncoding.DecodeString(strings.ReplaceAll(text, "-", "/")); err != nil {
		t.Error(err)
	}
	if strings.Contains(got.body, text) {
		t.Error("the body contains the token")
	}

	info := decode(t, got.body)["token"].(object)
	const layout = "2006-01-02T15:04:05.000000Z"
	if got, want := info["issued_at"], clock.Now().Format(layout); got != want {
		t.Errorf("issued_at: got %v, want %v", got, want)
	}
	if got, want := info["expires_at"], clock.Now().Add(24*time.Hour).Format(layout); got != want {
		t.Errorf("expires_at: got %v, want %v", got, want)
	}
	if project := info["project"].(object); project["id"] != simulator.DefaultProjectID || project["name"] != "cn-north-4" {
		t.Errorf("project: got %v", project)
	}
	if user := info["user"].(object); user["name"] != simulator.DemoAccount().UserName {
		t.Errorf("user: got %v", user)
	}
	if diff := cmp.Diff([]any{"password"}, info["methods"]); diff != "" {
		t.Errorf("methods: %s", diff)
	}
	if post(cloud, loginPath, loginBody(simulator.DemoAccount(), byName)).header.Get("X-Subject-Token") == text {
		t.Error("two logins gave the same token")
	}
}

func TestLoginIsRefused(t *testing.T) {
	t.Parallel()
	cloud, _ := newCloud(1)
	demo := simulator.DemoAccount()
	for name, test := range map[string]struct {
		body   string
		status int
	}{
		"wrong password": {loginBody(simulator.Account{UserName: demo.UserName, Password: "s3cret", DomainName: demo.DomainName}, byName), 401},
		"wrong user":     {loginBody(simulator.Account{UserName: "else", Password: demo.Password, DomainName: demo.DomainName}, byName), 401},
		"wrong domain":   {loginBody(simulator.Account{UserName: demo.UserName, Password: demo.Password, DomainName: "else"}, byName), 401},
		"unknown region": {loginBody(demo, `{"project":{"name":"cn-north-9"}}`), 401},
		"unknown id":     {loginBody(demo, `{"project":{"id":"00000000000000000000000000000000"}}`), 401},
		"empty project":  {loginBody(demo, `{"project":{}}`), 401},
		"other domain":   {loginBody(demo, `{"domain":{"name":"else"}}`), 401},
		"empty":          {"", 400},
		"not JSON":       {"user=demo&password=s3cret", 400},
		"wrong type":     {`{"auth":{"identity":"s3cret"}}`, 400},
		"no identity":    {`{"auth":{}}`, 400},
		"no password":    {loginBody(simulator.Account{UserName: demo.UserName, DomainName: demo.DomainName}, byName), 400},
		"other method":   {strings.Replace(loginBody(demo, byName), `["password"]`, `["totp"]`, 1), 400},
		"too long":       {loginBody(simulator.Account{UserName: strings.Repeat("x", 1<<20), Password: "p", DomainName: "d"}, byName), 400},
	} {
		t.Run(name, func(t *testing.T) {
			got := post(cloud, loginPath, test.body)
			failure, _ := decode(t, got.body)["error"].(object)
			if got.status != test.status || failure["code"] != float64(test.status) ||
				failure["title"] != http.StatusText(test.status) || failure["message"] == "" {
				t.Errorf("got %d %s, want %d in Keystone's format", got.status, got.body, test.status)
			}
			if got.header.Get("X-Subject-Token") != "" {
				t.Error("got a token")
			}
			if strings.Contains(got.body, "s3cret") || strings.Contains(got.body, demo.Password) {
				t.Errorf("the response contains a password: %s", got.body)
			}
		})
	}
}

func TestTokenLifetime(t *testing.T) {
	t.Parallel()
	cloud, clock := newCloud(1)
	path := taskPath(simulator.SampleTaskID)
	want := func(when, token string, status int) {
		t.Helper()
		if got := get(cloud, path, token); got.status != status {
			t.Errorf("%s: got %d %s, want %d", when, got.status, got.body, status)
		}
	}

	old := login(t, cloud, byName)
	clock.advance(time.Hour)
	young := login(t, cloud, byName)
	want("old token, new one issued", old, 200)
	clock.advance(23*time.Hour - time.Second)
	want("old token, last second", old, 200)
	clock.advance(time.Second)
	want("old token, expired", old, 401)
	want("young token", young, 200)

	cloud.RevokeTokens()
	want("young token, revoked", young, 401)
	want("fixed token, others revoked", fixedToken, 200)
	want("token after the change", login(t, cloud, byName), 200)
}

func TestAccountAndTokenLifetime(t *testing.T) {
	t.Parallel()
	clock := newClock(someDay())
	account := simulator.Account{UserName: "u", Password: "p", DomainName: "d"}
	cloud := simulator.New(simulator.Options{Now: clock.Now, Account: account, TokenLifetime: time.Minute})
	token := post(cloud, loginPath, loginBody(account, byName)).header.Get("X-Subject-Token")
	path := taskPath(simulator.SampleTaskID)
	if got := get(cloud, path, token).status; got != http.StatusOK {
		t.Errorf("at first: got %d, want 200", got)
	}
	clock.advance(time.Minute)
	if got := get(cloud, path, token).status; got != http.StatusUnauthorized {
		t.Errorf("after a minute: got %d, want 401", got)
	}
	if got := post(cloud, loginPath, loginBody(simulator.DemoAccount(), byName)).status; got != http.StatusUnauthorized {
		t.Errorf("demo account: got %d, want 401", got)
	}
}

func TestProjects(t *testing.T) {
	t.Parallel()
	user := simulator.New(simulator.Options{Now: someDay, Tokens: []string{"T"}})
	restricted := simulator.New(simulator.Options{Now: someDay, Tokens: []string{"T"}, MayNotListProjects: true})
	team := simulator.New(simulator.Options{Now: someDay, Tokens: []string{"T"}, ProjectName: "cn-north-4_team"})
	all := []string{"cn-north-4", "cn-north-4_team", "ap-southeast-1", "MOS"}
	for name, test := range map[string]struct {
		cloud  http.Handler
		token  string
		path   string
		status int
		names  []string
	}{
		"all":                    {user, "T", "/v3/projects", 200, all},
		"one":                    {user, "T", "/v3/projects?name=cn-north-4_team", 200, []string{"cn-north-4_team"}},
		"none":                   {user, "T", "/v3/projects?name=cn-north-1", 200, []string{}},
		"visible":                {user, "T", "/v3/auth/projects", 200, all},
		"without permission":     {restricted, "T", "/v3/projects", 403, nil},
		"visible without it":     {restricted, "T", "/v3/auth/projects", 200, all},
		"sub-project":            {team, "T", "/v3/auth/projects", 200, []string{"cn-north-4_team", "cn-north-4", "ap-southeast-1", "MOS"}},
		"unknown token":          {user, "U", "/v3/projects", 401, nil},
		"visible, unknown token": {user, "U", "/v3/auth/projects", 401, nil},
		"visible, no token":      {user, "", "/v3/auth/projects", 401, nil},
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
