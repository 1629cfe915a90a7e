package exporter_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/cbr-exporter/cbr_exporter/simulator"
)

// newCloud returns a simulated cloud behind HTTP that knows an access key, a
// token and the demo account.
func newCloud(t *testing.T, o simulator.Options) *signedCloud {
	t.Helper()
	c := &signedCloud{}
	o.Now = c.ofTheCloud
	o.AccessKeys = []simulator.AccessKey{permanentKey()}
	o.Tokens = []string{token}
	c.Simulator = simulator.New(o)
	server := httptest.NewServer(c)
	t.Cleanup(server.Close)
	c.endpoint = server.URL
	return c
}

// unknown returns the configuration of a project without its id.
func (c *signedCloud) unknown(credentials, keys string) string {
	return fmt.Sprintf(`
  - name: test
    %s
    endpoint: %s
    iam_endpoint: %s
    credentials: %s
    task_ids: [%s]
`, keys, c.endpoint, c.endpoint, credentials, strings.Join(c.watched(), ", "))
}

const (
	someKey   = "{access_key: " + accessKey + ", secret_key: " + secretKey + "}"
	someToken = "{token: " + token + "}"
	someLogin = "{username: demo, password: demo-password, domain_name: demo-account}"
)

func TestProjectLookup(t *testing.T) {
	const all, visible, login = "KeystoneListProjects", "KeystoneListAuthProjects", "KeystoneCreateUserTokenByPassword"
	region := simulator.Options{}
	restricted := simulator.Options{MayNotListProjects: true}
	team := simulator.Options{ProjectName: "cn-north-4_team"}
	for name, test := range map[string]struct {
		cloud       simulator.Options
		credentials string
		keys        string
		counts      map[string]string // of requests by operation, with their status
	}{
		"access key":                    {region, someKey, "region: cn-north-4", map[string]string{all: "200"}},
		"access key without permission": {restricted, someKey, "region: cn-north-4", map[string]string{all: "403", visible: "200"}},
		"access key of a sub-project":   {team, someKey, "{}", map[string]string{all: "200"}},
		"token":                         {region, someToken, "region: cn-north-4", map[string]string{visible: "200"}},
		"token without permission":      {restricted, someToken, "region: cn-north-4", map[string]string{visible: "200"}},
		"token of a sub-project":        {team, someToken, "{}", map[string]string{visible: "200"}},
		"password":                      {region, someLogin, "region: cn-north-4", map[string]string{login: "201", visible: "200"}},
		"password of a sub-project":     {team, someLogin, "{}", map[string]string{login: "201", visible: "200"}},
	} {
		t.Run(name, func(t *testing.T) {
			cloud := newCloud(t, test.cloud)
			keys := strings.Replace(test.keys, "{}", "region: cn-north-4\n    project_name: cn-north-4_team", 1)
			e := startAt(t, cloud.now, cloud.unknown(test.credentials, keys))
			if seen := cloud.Requests().Seen; seen != 0 {
				t.Errorf("%d requests before the first scrape", seen)
			}
			tasks := len(cloud.watched())
			cloud.expect(t, "first scrape", e, tasks+len(test.counts), 0, accepted()...)
			page := e.scrape(t, "")
			for _, operation := range []string{all, visible, login} {
				line := fmt.Sprintf(`cbr_exporter_api_requests_total{code="%s",operation="%s",project="test"} 1`, test.counts[operation], operation)
				if _, want := test.counts[operation]; want && !strings.Contains(page, line+"\n") {
					t.Errorf("the page lacks %s:\n%s", line, page)
				}
			}
			before := cloud.Requests().Seen
			e.scrape(t, "")
			if seen := int(cloud.Requests().Seen - before); seen >= tasks {
				t.Errorf("%d requests for a scrape that needs to read active tasks alone", seen)
			}
			if want := "project_id=" + simulator.DefaultProjectID; !strings.Contains(e.log.String(), want) {
				t.Errorf("the log lacks %q:\n%s", want, e.log)
			}
		})
	}
}

// A lookup that fails costs each pass the lookup alone, and the next pass tries
// again.
func TestProjectLookupFails(t *testing.T) {
	cloud := newCloud(t, simulator.Options{})
	e := startAt(t, cloud.now, cloud.unknown(someKey, "region: cn-north-1"))
	for range 2 {
		cloud.expect(t, "no such project", e, 2, 0,
			`cbr_up{project="test"} 0`,
			`cbr_scrape_error{project="test",reason="other"} 1`,
			`cbr_scrape_collector_success{collector="tasks",project="test"} 0`,
		)
	}
	for _, want := range []string{
		`looking up the project id: no project has the name \"cn-north-1\"; found: \"cn-north-4\" with the id ` + simulator.DefaultProjectID + ", ",
		"; set project_id or project_name",
		"and its project_id or project_name",
	} {
		if !strings.Contains(e.log.String(), want) {
			t.Errorf("the log lacks %q:\n%s", want, e.log)
		}
	}
}

func TestProjectLookupIsTriedAgain(t *testing.T) {
	cloud := newCloud(t, simulator.Options{})
	ill := true
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if ill {
			answer(http.StatusForbidden, `{"error":{"code":403,"message":"not you"}}`)(w, r)
			return
		}
		cloud.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	cloud.endpoint = server.URL
	e := startAt(t, cloud.now, cloud.unknown(someKey, "region: cn-north-4"))
	cloud.expect(t, "ill", e, 0, 0, `cbr_scrape_error{project="test",reason="permission"} 1`)
	if want := "; set project_id, which needs no permission"; !strings.Contains(e.log.String(), want) {
		t.Errorf("the log lacks %q:\n%s", want, e.log)
	}
	ill = false
	cloud.expect(t, "well", e, len(cloud.watched())+1, 0, accepted()...)
}

// Refused credentials are refused at the lookup too.
func TestProjectLookupRefused(t *testing.T) {
	for name, credentials := range map[string]string{
		"access key": strings.Replace(someKey, secretKey, "another-that-must-not-be-seen", 1),
		"token":      "{token: another-that-must-not-be-seen}",
	} {
		t.Run(name, func(t *testing.T) {
			cloud := newCloud(t, simulator.Options{})
			e := startAt(t, cloud.now, cloud.unknown(credentials, "region: cn-north-4"))
			cloud.expect(t, "first", e, 1, 1, append(refused(), `cbr_exporter_credentials_rejected{project="test"} 1`)...)
			cloud.expect(t, "second", e, 0, 0, refused()...)
		})
	}
}
