package simulator_test

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
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

func post(h http.Handler, path, body string) answer {
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
	cloud, clock := newCloud(1)
	got := post(cloud, loginPath, loginBody(simulator.DemoAccount(), byName))
	if got.status != http.StatusCreated {
		t.Fatalf("got %d %s", got.status, got.body)
	}

	text := got.header.Get("X-Subject-Token")
	if !strings.HasPrefix(text, "MII") || len(text) < 2<<10 || len(text) > 8<<10 || strings.Contains(text, "/") {
		t.Errorf("%d characters do not look like a token: %.20s", len(text), text)
	}
	if _, err := base64.StdEncoding.DecodeString(strings.ReplaceAll(text, "-", "/")); err != nil {
		t.Error(err)
	}
	if strings.Contains(got.body, text) {
		t.Error("the body holds the token")
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
	if info["catalog"] != nil {
		t.Error("a catalog came in spite of nocatalog")
	}

	withCatalog := post(cloud, "/v3/auth/tokens", loginBody(simulator.DemoAccount(), byName))
	if entries, _ := decode(t, withCatalog.body)["token"].(object)["catalog"].([]any); len(entries) == 0 {
		t.Errorf("no catalog in %s", withCatalog.body)
	}
	if withCatalog.header.Get("X-Subject-Token") == text {
		t.Error("two logins gave the same token")
	}
}

func TestLoginIsRefused(t *testing.T) {
	cloud, _ := newCloud(1)
	demo := simulator.DemoAccount()
	for name, test := range map[string]struct {
		body   string
		status int
	}{
		"wrong password": {loginBody(simulator.Account{UserName: demo.UserName, Password: "s3cret", DomainName: demo.DomainName}, byName), 401},
		"wrong user":     {loginBody(simulator.Account{UserName: "nobody", Password: demo.Password, DomainName: demo.DomainName}, byName), 401},
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
				t.Errorf("got %d %s, want %d in Keystone's shape", got.status, got.body, test.status)
			}
			if got.header.Get("X-Subject-Token") != "" {
				t.Error("got a token")
			}
			if strings.Contains(got.body, "s3cret") || strings.Contains(got.body, demo.Password) {
				t.Errorf("the answer tells a password: %s", got.body)
			}
		})
	}
}

func TestAuthorization(t *testing.T) {
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
				t.Error("the answer tells the token")
			}
		})
	}
}

func TestTokenLife(t *testing.T) {
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

	login(t, cloud, byName) // sweeps out the old one
	want("old token, forgotten", old, 401)

	cloud.RevokeTokens()
	want("young token, revoked", young, 401)
	want("fixed token, others revoked", fixedToken, 200)
	want("token after the change", login(t, cloud, byName), 200)
}

func TestOptions(t *testing.T) {
	clock := newClock(someDay())
	account := simulator.Account{UserName: "u", Password: "p", DomainName: "d"}
	cloud := simulator.New(simulator.Options{
		Now:           clock.Now,
		ProjectID:     "11112222333344445555666677778888",
		Region:        "eu-west-101",
		Account:       account,
		TokenLifetime: time.Minute,
	})
	got := post(cloud, loginPath, loginBody(account, `{"project":{"name":"eu-west-101"}}`))
	if got.status != http.StatusCreated {
		t.Fatalf("login: got %d %s", got.status, got.body)
	}
	token := got.header.Get("X-Subject-Token")
	path := "/v3/11112222333344445555666677778888/operation-logs/" + cloud.TaskIDs()[1]

	if got := get(cloud, path, token); got.status != http.StatusOK || !strings.Contains(got.body, "11112222333344445555666677778888") {
		t.Errorf("got %d %s", got.status, got.body)
	}
	if got := get(cloud, path, fixedToken); got.status != http.StatusUnauthorized {
		t.Errorf("a token that is not in the options: got %d", got.status)
	}
	clock.advance(time.Minute)
	if got := get(cloud, path, token); got.status != http.StatusUnauthorized {
		t.Errorf("after a minute: got %d", got.status)
	}
	if got := post(cloud, loginPath, loginBody(simulator.DemoAccount(), `{}`)); got.status != http.StatusUnauthorized {
		t.Errorf("demo account beside another one: got %d", got.status)
	}
}

// Everything at once; the race detector is the judge.
func TestConcurrentUse(t *testing.T) {
	cloud, clock := newCloud(1)
	ids := cloud.TaskIDs()
	var wg sync.WaitGroup
	for n := range 8 {
		wg.Go(func() {
			for _, id := range ids[n:] {
				token := post(cloud, loginPath, loginBody(simulator.DemoAccount(), byName)).header.Get("X-Subject-Token")
				if got := get(cloud, taskPath(id), token); got.status != 200 && got.status != 401 {
					t.Errorf("got %d %s", got.status, got.body)
				}
				if n == 0 {
					clock.advance(time.Second)
					cloud.RevokeTokens()
				}
				cloud.TaskIDs()
			}
		})
	}
	wg.Wait()
}
