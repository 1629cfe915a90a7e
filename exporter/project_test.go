package exporter_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cbr-exporter/cbr_exporter/simulator"
)

// meter records when requests reach a cloud, and throttles some of them.
type meter struct {
	next http.Handler

	mu    sync.Mutex
	times []time.Time
	// refuse returns the Retry-After of a 429 if ok; otherwise the request goes on. It
	// may be nil.
	refuse func(now time.Time, seen int) (retryAfter time.Duration, ok bool)
}

func (m *meter) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	m.mu.Lock()
	now := time.Now()
	m.times = append(m.times, now)
	var wait time.Duration
	refused := false
	if m.refuse != nil {
		wait, refused = m.refuse(now, len(m.times))
	}
	m.mu.Unlock()
	if !refused {
		m.next.ServeHTTP(w, r)
		return
	}
	if wait > 0 {
		w.Header().Set("Retry-After", fmt.Sprint(int(wait.Seconds())))
	}
	answer(http.StatusTooManyRequests, `{"error_code":"APIGW.0308","error_msg":"The throttling threshold has been reached"}`)(w, r)
}

// count returns the number of requests from one time on and before another.
func (m *meter) count(from, to time.Time) int {
	m.mu.Lock()
	defer m.mu.Unlock()
	n := 0
	for _, at := range m.times {
		if !at.Before(from) && at.Before(to) {
			n++
		}
	}
	return n
}

// fleet returns a cloud with a number of backups that never end.
func fleet(tasks int, change func(*simulator.Options)) (s *simulator.Simulator, ids []string) {
	o := simulator.Options{Now: time.Now, Empty: true, Tokens: []string{token}}
	if change != nil {
		change(&o)
	}
	s = simulator.New(o)
	for i := range tasks {
		task := backup(fmt.Sprint(1000+i), "", -10, -20)
		s.Add(task)
		ids = append(ids, task.ID)
	}
	return s, ids
}

// projectAt returns the configuration of a project with its own host.
func projectAt(name, credentials string, ids []string) string {
	return fmt.Sprintf(`
  - name: %s
    project_id: %s
    endpoint: https://%[1]s.test
    credentials: {token: %[3]s}
    task_ids: [%s]
`, name, projectID, credentials, strings.Join(ids, ", "))
}

// Of four projects one hangs, one is throttled and one has refused credentials. The
// other one is complete and in time at every scrape.
func TestFailingProjectsDoNotAffectOthers(t *testing.T) {
	atNoon(t, func(t *testing.T) {
		well, ids := fleet(10, func(o *simulator.Options) {
			o.Latency = func(*http.Request) time.Duration { return 100 * time.Millisecond }
		})
		well.Add(backup("1", "failed", -60, -50))
		hung := http.HandlerFunc(hang)
		throttled := &meter{refuse: func(time.Time, int) (time.Duration, bool) { return 90 * time.Second, true }}
		refused, refusedIDs := fleet(10, nil)
		e := start(t, hosts{"well.test": well, "hung.test": hung, "throttled.test": throttled, "refused.test": refused},
			"projects:"+projectAt("well", token, ids)+"    discovery: {}\n"+
				projectAt("hung", "another-token-1", ids)+"    discovery: {}\n"+
				projectAt("throttled", "another-token-2", ids)+"    discovery: {}\n"+
				projectAt("refused", "another-token-3", refusedIDs)+"    discovery: {}\n")

		for scrape := range 30 {
			when := fmt.Sprintf("scrape %d", scrape)
			began := time.Now()
			page := e.get(t, "/metrics", "10")
			if took := time.Since(began); took > 9500*time.Millisecond {
				t.Errorf("%s took %s, and Prometheus waits for 10 s", when, took)
			}
			expectLines(t, when, page,
				`cbr_up{project="well"} 1`,
				`cbr_scrape_collector_success{collector="tasks",project="well"} 1`,
				`cbr_up{project="hung"} 0`,
				`cbr_scrape_error{project="hung",reason="deadline"} 1`,
				`cbr_scrape_collector_success{collector="discovery",project="hung"} 0`,
				`cbr_up{project="throttled"} 0`,
				`cbr_scrape_error{project="throttled",reason="throttled"} 1`,
				`cbr_up{project="refused"} 0`,
				`cbr_scrape_error{project="refused",reason="credentials"} 1`,
				`cbr_exporter_credentials_rejected{project="refused"} 1`,
				`cbr_exporter_credentials_rejected{project="well"} 0`,
			)
			for _, reason := range []string{"credentials", "throttled", "deadline", "upstream", "other"} {
				expectLines(t, when, page, `cbr_scrape_error{project="well",reason="`+reason+`"} 0`)
			}
			if scrape > 0 {
				expectLines(t, when, page,
					`cbr_scrape_collector_success{collector="discovery",project="well"} 1`,
					`cbr_resource_consecutive_failures{operation_type="backup",project="well",resource_id="`+resourceID("1")+`",resource_name="ecs-1",vault="vault-db",vault_id="`+vaultID("1")+`"} 1`,
				)
			}
			time.Sleep(time.Until(began.Add(time.Minute)))
		}
		// A token is probed every five minutes.
		if got := refused.Requests().Refused; got > 7 {
			t.Errorf("in half an hour, refused credentials were sent %d times, want at most 7", got)
		}
		if got := throttled.count(minutes(0), minutes(30)); got > 35 {
			t.Errorf("in half an hour, a project that is throttled for 90 s was sent %d requests, want one a minute, and a few before its first response", got)
		}
	})
}

// unknown returns the configuration of a project without its id.
func unknown(credentials, keys string, ids []string) string {
	return configuration(fmt.Sprintf(`
  - name: test
    %s
    endpoint: https://cbr.test
    iam_endpoint: https://iam.test
    credentials: %s
    task_ids: [%s]
`, keys, credentials, strings.Join(ids, ", ")))
}

const (
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
			atNoon(t, func(t *testing.T) {
				test.cloud.Now = time.Now
				cloud, ids := newCloud(test.cloud)
				keys := strings.Replace(test.keys, "{}", "region: cn-north-4\n    project_name: cn-north-4_team", 1)
				e := start(t, hosts{"cbr.test": cloud, "iam.test": cloud}, unknown(test.credentials, keys, ids))
				if seen := cloud.Requests().Seen; seen != 0 {
					t.Errorf("%d requests before the first scrape", seen)
				}
				expectScrape(t, "first scrape", e, cloud, len(ids)+len(test.counts), 0, accepted()...)
				page := e.scrape(t)
				for operation, status := range test.counts {
					expectLines(t, "second scrape", page,
						fmt.Sprintf(`cbr_exporter_api_requests_total{code="%s",operation="%s",project="test"} 1`, status, operation))
				}
				if want := `project_id="` + simulator.DefaultProjectID + `"`; !strings.Contains(page, want) {
					t.Errorf("the page lacks %s:\n%s", want, page)
				}
				expectScrape(t, "third scrape", e, cloud, 1, 0) // for the running task
			})
		})
	}
}

// A pass whose lookup fails sends no other request, and the next pass tries again.
func TestProjectLookupFails(t *testing.T) {
	atNoon(t, func(t *testing.T) {
		cloud, ids := newCloud(simulator.Options{Now: time.Now})
		e := start(t, hosts{"cbr.test": cloud, "iam.test": cloud}, unknown(someKey, "region: cn-north-1", ids[:1]))
		for range 2 {
			expectScrape(t, "no such project", e, cloud, 2, 0,
				`cbr_up{project="test"} 0`,
				`cbr_scrape_error{project="test",reason="other"} 1`,
				`cbr_scrape_collector_success{collector="tasks",project="test"} 0`,
			)
		}
		for _, want := range []string{
			`resolving the project id at iam.test: no project has the name \"cn-north-1\"; found: \"cn-north-4\" with the id ` + simulator.DefaultProjectID + ", ",
			`hint="the name is that of region (cn-north-1); set project_id, or project_name to the name of the project"`,
		} {
			if !strings.Contains(e.log.String(), want) {
				t.Errorf("the log lacks %q:\n%s", want, e.log)
			}
		}
	})
}

func TestProjectLookupIsRetried(t *testing.T) {
	atNoon(t, func(t *testing.T) {
		cloud, ids := newCloud(simulator.Options{Now: time.Now})
		h := hosts{"cbr.test": cloud, "iam.test": answer(http.StatusForbidden, `{"error":{"code":403,"message":"not you"}}`)}
		e := start(t, h, unknown(someKey, "region: cn-north-4", ids))
		expectScrape(t, "forbidden", e, cloud, 0, 0, `cbr_scrape_error{project="test",reason="permission"} 1`)
		if want := `hint="set project_id, or allow iam:projects:listProjects"`; !strings.Contains(e.log.String(), want) {
			t.Errorf("the log lacks %q:\n%s", want, e.log)
		}
		h["iam.test"] = cloud
		expectScrape(t, "allowed", e, cloud, 1+len(ids), 0, accepted()...)
	})
}

// Tasks and vaults need the project id at the same time.
func TestProjectLookupForVaults(t *testing.T) {
	atNoon(t, func(t *testing.T) {
		cloud, ids := newCloud(simulator.Options{Now: time.Now})
		e := start(t, hosts{"cbr.test": cloud, "iam.test": cloud}, unknown(someKey, "region: cn-north-4\n    vaults: {}", ids))
		expectScrape(t, "scrape", e, cloud, 1+len(ids)+2, 0, append(accepted(),
			`cbr_scrape_collector_success{collector="vaults",project="test"} 1`,
			`cbr_exporter_api_requests_total{code="200",operation="KeystoneListProjects",project="test"} 1`)...)
	})
}

// Credentials that the lookup shows to be refused are not sent again.
func TestProjectLookupRefused(t *testing.T) {
	for name, credentials := range map[string]string{
		"access key": strings.Replace(someKey, secretKey, "another-that-must-not-be-seen", 1),
		"token":      "{token: another-that-must-not-be-seen}",
	} {
		t.Run(name, func(t *testing.T) {
			atNoon(t, func(t *testing.T) {
				cloud, ids := newCloud(simulator.Options{Now: time.Now})
				e := start(t, hosts{"cbr.test": cloud, "iam.test": cloud}, unknown(credentials, "region: cn-north-4", ids))
				expectScrape(t, "first", e, cloud, 1, 1, append(refused(), `cbr_exporter_credentials_rejected{project="test"} 1`)...)
				expectScrape(t, "second", e, cloud, 0, 0, refused()...)
			})
		})
	}
}
