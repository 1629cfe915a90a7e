package exporter_test

import (
	"fmt"
	"net/http"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
	"github.com/cbr-exporter/cbr_exporter/simulator"
)

// credentialKind is a kind of credentials. There are several generations of each.
type credentialKind struct {
	name string
	// accept has the cloud accept the generation, and refuse all others.
	accept func(x *credentialTest, generation int)
	// use configures a generation that was accepted before, or wrong credentials if it
	// is 0. A reload applies it.
	use func(x *credentialTest, generation int)

	status         int    // of a refusal
	wrong, revoked string // in the log, if the cloud refuses wrong or revoked ones
	signs, logsIn  bool
	retry          time.Duration // after a refusal
	// expires reports that the cloud refuses them after an hour; a token of a login and
	// keys of an agency are renewed before.
	expires bool
}

func credentialKinds() []credentialKind {
	kinds := []credentialKind{
		accessKeyKind("access key", false),
		accessKeyKind("temporary access key", true),
		{
			name:   "ECS agency",
			accept: newSimulator,
			use: func(x *credentialTest, generation int) {
				x.credentials = "{ecs_agency: {endpoint: 'http://" + metadataHost + "'}}"
				x.cloud.set(func() {
					from := x.cloud.simulator
					if generation == 0 {
						from = x.cloud.newSimulator(99)
					}
					x.cloud.metadata = from.NewMetadata(simulator.MetadataOptions{})
				})
			},
			status: http.StatusUnauthorized, wrong: "ak not exist", revoked: "ak not exist",
			signs: true, retry: 5 * time.Minute,
		},
	}
	for _, r := range tokenRefusals() {
		kinds = append(kinds, passwordKind(r), tokenKind(r))
	}
	return kinds
}

func passwordKind(r tokenRefusal) credentialKind {
	return credentialKind{
		name: "password, " + r.text,
		accept: func(x *credentialTest, generation int) {
			x.cloud.refuseTokens(r)
			newSimulator(x, generation)
		},
		use: func(x *credentialTest, generation int) {
			x.credentials = yamlPassword(generation)
			x.cloud.hide(credentialPassword(generation))
		},
		status: http.StatusUnauthorized, wrong: "The username or password is wrong", revoked: "The username or password is wrong",
		logsIn: true, retry: time.Hour,
	}
}

func tokenKind(r tokenRefusal) credentialKind {
	return credentialKind{
		name: "token, " + r.text,
		accept: func(x *credentialTest, generation int) {
			x.cloud.refuseTokens(r)
			x.cloud.simulator.RevokeTokens()
			x.token = x.login()
		},
		use: func(x *credentialTest, generation int) {
			token := x.token
			if generation == 0 {
				token = "a-wrong-token-for-the-test"
			}
			x.credentials = fmt.Sprintf("{token: '%s'}", token)
			x.cloud.hide(token)
		},
		status: r.status, wrong: r.text, revoked: r.text,
		retry: 5 * time.Minute, expires: true,
	}
}

// newSimulator replaces the cloud.
func newSimulator(x *credentialTest, generation int) {
	s := x.cloud.newSimulator(generation)
	x.cloud.set(func() { x.cloud.simulator = s })
}

func yamlPassword(generation int) string {
	return fmt.Sprintf("{username: exporter, password: '%s', domain_name: account}", credentialPassword(generation))
}

func accessKeyKind(name string, temporary bool) credentialKind {
	return credentialKind{
		name: name,
		accept: func(x *credentialTest, generation int) {
			x.cloud.simulator.SetAccessKeys(credentialKey(generation, temporary))
		},
		use: func(x *credentialTest, generation int) {
			key := credentialKey(max(generation, 1), temporary)
			if generation == 0 {
				key.Secret = "another" + key.Secret
			}
			x.credentials = fmt.Sprintf("{access_key: %s, secret_key: '%s'}", key.Access, key.Secret)
			if temporary {
				x.credentials = fmt.Sprintf("{access_key: %s, secret_key: '%s', security_token: '%s'}", key.Access, key.Secret, key.SecurityToken)
			}
			x.cloud.hide(key.Access, key.Secret, key.SecurityToken)
		},
		status: http.StatusUnauthorized, wrong: "verify aksk signature fail", revoked: "ak not exist",
		signs: true, retry: 5 * time.Minute, expires: temporary,
	}
}

// login returns a token of generation 1 that somebody else got by a login.
func (x *credentialTest) login() string {
	x.Helper()
	body := fmt.Sprintf(`{"auth":{"identity":{"methods":["password"],"password":{"user":{"name":"exporter","password":%q,"domain":{"name":"account"}}}},"scope":{"project":{"id":%q}}}}`,
		credentialPassword(1), simulator.DefaultProjectID)
	req, err := http.NewRequestWithContext(x.Context(), http.MethodPost, "http://test.test/v3/auth/tokens", strings.NewReader(body))
	if err != nil {
		x.Fatal(err)
	}
	resp, err := x.hosts().RoundTrip(req)
	if err != nil || resp.StatusCode != http.StatusCreated {
		x.Fatalf("login: %v, %v", resp, err)
	}
	_ = resp.Body.Close()
	return resp.Header.Get("X-Subject-Token")
}

// span is how many requests there may be.
type span struct{ least, most int }

func exactly(n int) span { return span{n, n} }

// state is what a page says of each project.
type state struct {
	reason   cbrapi.Reason // why tasks could not be read; "" if all could
	rejected bool
}

func readable() state { return state{} }

func refusedState() state { return state{reason: cbrapi.ReasonCredentials, rejected: true} }

// expect scrapes, and checks the state of the projects and the number of refused
// requests and logins.
func (x *credentialTest) expect(when string, want state, refused span, projects ...string) credentialCounts {
	x.Helper()
	if len(projects) == 0 {
		projects = credentialProjects()
	}
	pages, counted := x.scrape()
	if n := counted.refused(); n < refused.least || n > refused.most {
		x.Errorf("%s: %d of %+v were refused, want %d to %d", when, n, counted, refused.least, refused.most)
	}
	flag := map[bool]int{true: 1}
	for _, page := range pages {
		for _, project := range projects {
			lines := []string{
				fmt.Sprintf(`cbr_scrape_collector_success{collector="tasks",project=%q} %d`, project, flag[want.reason == ""]),
				fmt.Sprintf(`cbr_exporter_credentials_rejected{project=%q} %d`, project, flag[want.rejected]),
			}
			for _, r := range cbrapi.Reasons() {
				lines = append(lines, fmt.Sprintf(`cbr_scrape_error{project=%q,reason=%q} %d`, project, r, flag[r == want.reason]))
			}
			for _, line := range lines {
				if !strings.Contains(page, line+"\n") {
					x.Errorf("%s: a page lacks %s", when, line)
				}
			}
		}
	}
	return counted
}

// expectReadable scrapes, and checks that all tasks are read without a refusal.
func (x *credentialTest) expectReadable(when string) credentialCounts {
	x.Helper()
	c := x.expect(when, readable(), exactly(0))
	if want := credentialTasks * len(credentialProjects()); c.tasks < want {
		x.Errorf("%s: %+v were counted, want %d tasks", when, c, want)
	}
	return c
}

// expectSilence scrapes, and checks that nothing is sent.
func (x *credentialTest) expectSilence(when string, want state) {
	x.Helper()
	if c := x.expect(when, want, exactly(0)); c.tasks+c.logins != 0 {
		x.Errorf("%s: %+v were counted, want no request", when, c)
	}
}

// expectLog checks that the log has one warning with a hint for each project, and
// contains the text.
func (x *credentialTest) expectLog(reason cbrapi.Reason, text string) {
	x.Helper()
	logged := x.log.String()
	for _, project := range credentialProjects() {
		warning := regexp.MustCompile(`(?m)^level=warn project=` + project + ` .* reason=` + string(reason) + ` .*hint=`)
		if n := len(warning.FindAllString(logged, -1)); n != 1 {
			x.Errorf("the log has %d warnings for the project %s, want 1:\n%s", n, project, logged)
		}
	}
	if !strings.Contains(logged, text) {
		x.Errorf("the log lacks %q:\n%s", text, logged)
	}
}

// refusedAtFirst is how many requests are refused that prove the credentials: one at
// each of two hosts, or with a password one login for each project, until the user
// counts as refused.
func (k credentialKind) refusedAtFirst() span {
	if k.logsIn {
		return span{1, 4}
	}
	return exactly(2)
}

// pauseAndRenew checks that refused credentials are not sent before the pause is over,
// then once, and that new ones are sent at once.
func (x *credentialTest) pauseAndRenew(k credentialKind, generation int, text string) {
	x.Helper()
	for _, when := range []string{"early in the pause", "late in the pause"} {
		time.Sleep(k.retry/2 - 2*time.Second)
		x.expectSilence(when, refusedState())
	}
	x.expectLog(cbrapi.ReasonCredentials, text)
	x.reload()
	if k.name != "ECS agency" { // which fetches its keys anew, the same ones
		x.expectSilence("after a reload", refusedState())
	}
	time.Sleep(10 * time.Second)
	retried := exactly(1)
	if k.logsIn {
		retried = span{1, 2} // two logins of a user may be in progress
	}
	x.expect("after the pause", refusedState(), retried)
	x.expectSilence("in the next pause", refusedState())
	k.use(x, generation)
	x.reload()
	x.expectReadable("new credentials")
}

func TestCredentials(t *testing.T) {
	t.Parallel()
	states := map[string]func(*credentialTest, credentialKind){
		"right":             rightCredentials,
		"wrong":             wrongCredentials,
		"expired":           expiredCredentials,
		"revoked in flight": revokedCredentials,
		"clock off":         credentialsWithWrongClock,
		"no permission":     credentialsWithoutPermission,
	}
	for _, k := range credentialKinds() {
		for name, run := range states {
			if name == "clock off" && !k.signs {
				continue // a token does not depend on the clock
			}
			t.Run(k.name+"/"+name, func(t *testing.T) {
				inCredentialTest(t, func(x *credentialTest) {
					k.accept(x, 1)
					run(x, k)
				})
			})
		}
	}
}

func rightCredentials(x *credentialTest, k credentialKind) {
	k.use(x, 1)
	x.start()
	c := x.expectReadable("at first")
	if want := map[bool]int{true: len(credentialProjects())}[k.logsIn]; c.logins != want {
		x.Errorf("got %d logins, want %d", c.logins, want)
	}
	for range 2 {
		time.Sleep(150 * time.Second)
		if c := x.expectReadable("later"); c.logins != 0 {
			x.Errorf("got %d logins while the tokens are valid", c.logins)
		}
	}
	if logged := x.log.String(); strings.Contains(logged, "level=warn") {
		x.Errorf("the log has a warning:\n%s", logged)
	}
}

func wrongCredentials(x *credentialTest, k credentialKind) {
	k.use(x, 0)
	x.start()
	at := time.Now().UTC()
	if c := x.expect("at first", refusedState(), k.refusedAtFirst()); c.tasks != c.refusedTasks || c.logins != c.refusedLogins {
		x.Errorf("%+v were counted, want no others than the refused ones", c)
	}
	x.expectSilence("the next scrape", refusedState())
	refusal := regexp.MustCompile(fmt.Sprintf("credentials refused [^<]*at %s[^<]*: HTTP status %d: [^<]*%s[^<]*&lt;secret&gt;[^<]*; next attempt at %s",
		at.Format("2006-01-02T15:04"), k.status, regexp.QuoteMeta(k.wrong), at.Add(k.retry).Format("2006-01-02T15:04")))
	if _, page := x.do(http.MethodGet, "/"); !refusal.MatchString(page) {
		x.Errorf("the page for people has nothing like %s:\n%s", refusal, page)
	}
	x.pauseAndRenew(k, 1, k.wrong)
}

func expiredCredentials(x *credentialTest, k credentialKind) {
	k.use(x, 1)
	x.start()
	x.expectReadable("at first")
	time.Sleep(time.Hour)
	if !k.expires {
		c := x.expectReadable("an hour later")
		if want := map[bool]int{true: len(credentialProjects())}[k.logsIn]; c.logins != want {
			x.Errorf("got %d logins, want %d", c.logins, want)
		}
		return
	}
	refused := span{1, credentialConcurrency * len(credentialProjects())} // a token locks nothing
	if k.signs {
		refused = k.refusedAtFirst()
	}
	x.expect("expired", refusedState(), refused)
	k.accept(x, 2)
	x.pauseAndRenew(k, 2, "token expires")
}

// revokedCredentials revokes the credentials while as many requests of all projects
// are in flight as there may be.
func revokedCredentials(x *credentialTest, k credentialKind) {
	k.use(x, 1)
	x.start()
	x.expectReadable("at first")
	x.cloud.latency = 100 * time.Millisecond
	time.AfterFunc(150*time.Millisecond, func() { k.accept(x, 2) })
	inFlight := credentialConcurrency * len(credentialProjects())
	refused := span{inFlight, inFlight}
	if k.logsIn {
		refused = span{inFlight + 1, inFlight + 2}
	}
	if c := x.expect("in flight", refusedState(), refused); c.tasks == c.refusedTasks {
		x.Errorf("%+v were counted, want some to succeed before the revocation", c)
	}
	x.cloud.latency = time.Millisecond
	x.pauseAndRenew(k, 2, k.revoked)
}

// credentialsWithWrongClock has this machine's clock be wrong. The cloud refuses
// signatures for that, which says nothing about the keys.
func credentialsWithWrongClock(x *credentialTest, k credentialKind) {
	wrongClock := state{reason: cbrapi.ReasonClock}
	k.use(x, 1)
	x.start()
	x.expectReadable("at first")
	time.Sleep(5 * time.Minute) // until one request goes alone again
	x.cloud.offset = 20 * time.Minute
	x.expect("20 minutes off", wrongClock, k.refusedAtFirst())
	x.expectSilence("the next scrape", wrongClock)
	x.expectLog(cbrapi.ReasonClock, "by the API's clock ours is 20m0s off")
	time.Sleep(5 * time.Minute)
	x.expect("five minutes later", wrongClock, exactly(1))
	x.cloud.offset = 14 * time.Minute
	time.Sleep(5 * time.Minute)
	x.expectReadable("14 minutes off")
}

// credentialsWithoutPermission has the API answer 403 and 500, which are no refusals of
// the credentials: every scrape requests all tasks.
func credentialsWithoutPermission(x *credentialTest, k credentialKind) {
	k.use(x, 1)
	x.start()
	for status, reason := range map[int]cbrapi.Reason{
		http.StatusForbidden:           cbrapi.ReasonPermission,
		http.StatusInternalServerError: cbrapi.ReasonUpstream,
	} {
		x.cloud.set(func() {
			x.cloud.fault = func(req *http.Request) int {
				if req.Method == http.MethodPost {
					return 0
				}
				return status
			}
		})
		for range 2 {
			c := x.expect(http.StatusText(status), state{reason: reason}, exactly(0))
			if want := credentialTasks * len(credentialProjects()); c.tasks < want {
				x.Errorf("%s: %+v were counted, want %d tasks", http.StatusText(status), c, want)
			}
			time.Sleep(150 * time.Second)
		}
		x.expectLog(reason, fmt.Sprintf("status %d", status))
	}
}

// TestCredentialsRefusedByOneHost has the host of one project refuse what the others
// accept: it alone is not read, and says why.
func TestCredentialsRefusedByOneHost(t *testing.T) {
	inCredentialTest(t, func(x *credentialTest) {
		k := accessKeyKind("access key", false)
		k.accept(x, 1)
		k.use(x, 1)
		x.start()
		x.expectReadable("at first")
		x.cloud.fault = func(req *http.Request) int {
			if req.URL.Host == "test-3.test" {
				return http.StatusUnauthorized
			}
			return 0
		}
		time.Sleep(4 * time.Minute)
		x.cloud.latency = 0
		for i := range 20 {
			x.expect(fmt.Sprint("scrape ", i), readable(), span{0, credentialConcurrency}, "test", "test-2")
			if i > 0 {
				x.expect(fmt.Sprint("scrape ", i), refusedState(), exactly(0), "test-3")
			}
			time.Sleep(time.Minute)
		}
		const text = "credentials refused by test-3.test for project " + simulator.DefaultProjectID
		logged := x.log.String()
		if n := strings.Count(logged, text); n < 1 || !strings.Contains(logged, "another host accepts them, so check this endpoint") {
			t.Errorf("the log lacks %q:\n%s", text, logged)
		}
		if strings.Contains(logged, "level=warn project=test ") || strings.Contains(logged, "level=warn project=test-2 ") {
			t.Errorf("the log has a warning for another project:\n%s", logged)
		}
		if c := x.CheckConnections(x.Context())[2]; !strings.Contains(c.String(), text) {
			t.Errorf("the check of the connection lacks %q: %s", text, c)
		}
		x.cloud.fault = nil
		time.Sleep(5 * time.Minute)
		x.expectReadable("at last")
	})
}

// TestCredentialsWrongEndpointFirst has one of three hosts refuse the key from the start,
// whichever host is tried first.
func TestCredentialsWrongEndpointFirst(t *testing.T) {
	for range 5 {
		t.Run("", func(t *testing.T) {
			inCredentialTest(t, func(x *credentialTest) {
				k := accessKeyKind("access key", false)
				k.accept(x, 1)
				k.use(x, 1)
				x.cloud.fault = func(req *http.Request) int {
					if req.URL.Host == "test-3.test" {
						return http.StatusUnauthorized
					}
					return 0
				}
				x.start()
				x.expect("at first", readable(), span{0, 1}, "test", "test-2")
				x.expect("at first", refusedState(), span{0, 1}, "test-3")
			})
		})
	}
}

// TestTokensWithdrawn has IAM withdraw the tokens of a valid password between scrapes,
// and while requests are in flight: there is one login for each project, and every task
// is read.
func TestTokensWithdrawn(t *testing.T) {
	t.Parallel()
	for _, r := range tokenRefusals() {
		t.Run(r.text, func(t *testing.T) {
			inCredentialTest(t, func(x *credentialTest) {
				x.cloud.refuseTokens(r)
				x.credentials = yamlPassword(1)
				x.start()
				x.expectReadable("at first")
				x.cloud.simulator.RevokeTokens()
				projects := len(credentialProjects())
				if c := x.expect("withdrawn", readable(), span{projects, credentialConcurrency * projects}); c.logins != projects {
					t.Errorf("withdrawn: got %d logins, want one for each project", c.logins)
				}
				time.Sleep(time.Minute) // until the next login
				x.cloud.latency = 100 * time.Millisecond
				time.AfterFunc(150*time.Millisecond, x.cloud.simulator.RevokeTokens)
				inFlight := credentialConcurrency * projects
				if c := x.expect("in flight", readable(), exactly(inFlight)); c.logins != projects {
					t.Errorf("in flight: got %d logins, want one for each project", c.logins)
				}
			})
		})
	}
}

// TestTokenExpiresUnderManyScrapes has many servers scrape while a token is due for
// renewal or expires: there is one login for each project, and every page has all tasks.
func TestTokenExpiresUnderManyScrapes(t *testing.T) {
	t.Parallel()
	for name, age := range map[string]time.Duration{"due": 55 * time.Minute, "expired": 61 * time.Minute} {
		t.Run(name, func(t *testing.T) {
			inCredentialTest(t, func(x *credentialTest) {
				x.credentials = yamlPassword(1)
				x.start()
				x.expectReadable("at first")
				x.cloud.counts = credentialCounts{}
				x.cloud.latency = 100 * time.Millisecond
				time.Sleep(age - 150*time.Millisecond)
				var wait sync.WaitGroup
				for range 20 {
					wait.Go(func() {
						for range 2 {
							if _, page := x.do(http.MethodGet, "/metrics"); !strings.Contains(page, `cbr_scrape_collector_success{collector="tasks",project="test"} 1`+"\n") {
								t.Errorf("a scrape failed:\n%s", page)
							}
						}
					})
				}
				wait.Wait()
				if got := x.cloud.counts; got.logins != len(credentialProjects()) {
					t.Errorf("%+v were counted, want one login for each project", got)
				}
			})
		})
	}
}

// TestFailingLoginStopsThePass has IAM fail in several ways: it gets one login, not one
// for each task.
func TestFailingLoginStopsThePass(t *testing.T) {
	t.Parallel()
	for status, reason := range map[int]cbrapi.Reason{
		400: cbrapi.ReasonCredentials, 403: cbrapi.ReasonCredentials, 404: cbrapi.ReasonCredentials,
		429: cbrapi.ReasonThrottled, 500: cbrapi.ReasonUpstream,
	} {
		t.Run(fmt.Sprint(status), func(t *testing.T) {
			inCredentialTest(t, func(x *credentialTest) {
				x.cloud.fault = func(*http.Request) int { return status }
				x.credentials = yamlPassword(1)
				x.start()
				c := x.expect("at first", state{reason: reason}, exactly(0))
				if most := 2 * len(credentialProjects()); c.tasks != 0 || c.logins > most {
					t.Errorf("%+v were counted, want at most %d logins", c, most)
				}
			})
		})
	}
}

// TestAgency scrapes for three hours, in which the keys are replaced again and again.
func TestAgency(t *testing.T) {
	t.Parallel()
	for name, o := range map[string]simulator.MetadataOptions{
		"older service":               {},
		"tokens and another spelling": {Mode: simulator.TokensRequired, CamelCase: true},
	} {
		t.Run(name, func(t *testing.T) {
			inCredentialTest(t, func(x *credentialTest) {
				x.cloud.metadata = x.cloud.simulator.NewMetadata(o)
				x.credentials = "{ecs_agency: {endpoint: 'http://" + metadataHost + "'}}"
				x.start()
				x.expectReadable("at first")
				projects := len(credentialProjects())
				if got := x.cloud.metadata.Fetched(); got != projects {
					t.Errorf("the keys were fetched %d times, want once for each project", got)
				}
				for range 13 {
					time.Sleep(14 * time.Minute)
					x.expectReadable("later")
					if left := time.Until(x.expiry()); left <= 0 || left > time.Hour {
						t.Errorf("the current keys expire in %s", left)
					}
				}
				if got := x.cloud.metadata.Fetched(); got < 4*projects {
					t.Errorf("the keys were fetched %d times, want them replaced", got)
				}
				if _, shown := x.do(http.MethodGet, "/config"); !strings.Contains(shown, "ecs_agency:\n        endpoint: http://"+metadataHost+"\n") {
					t.Errorf("/config lacks the agency:\n%s", shown)
				}
			})
		})
	}
}

// expiry returns when a page says that the credentials expire.
func (x *credentialTest) expiry() time.Time {
	x.Helper()
	_, page := x.do(http.MethodGet, "/metrics")
	_, rest, _ := strings.Cut(page, "\n"+`cbr_exporter_credentials_expiry_timestamp_seconds{project="test"} `)
	value, _, _ := strings.Cut(rest, "\n")
	seconds, err := strconv.ParseFloat(value, 64)
	if err != nil {
		x.Fatalf("no expiry: %v\n%s", err, page)
	}
	return time.Unix(int64(seconds), 0)
}

// TestAgencyUnbound binds no agency to the server, or takes it away: its keys are valid
// until they expire.
func TestAgencyUnbound(t *testing.T) {
	inCredentialTest(t, func(x *credentialTest) {
		absent := state{reason: cbrapi.ReasonCredentials}
		x.credentials = "{ecs_agency: {endpoint: 'http://" + metadataHost + "'}}"
		x.cloud.metadata.Bind(false)
		x.start()
		x.expectSilence("no agency", absent)
		x.expectLog(cbrapi.ReasonCredentials, "no agency is bound to this server")
		if _, page := x.do(http.MethodGet, "/metrics"); strings.Contains(page, "cbr_exporter_credentials_expiry") {
			t.Errorf("without keys there is an expiry:\n%s", page)
		}
		x.cloud.metadata.Bind(true)
		time.Sleep(10 * time.Second)
		x.expectReadable("an agency")
		x.cloud.metadata.Bind(false)
		time.Sleep(time.Until(x.expiry()) - time.Second)
		x.expectReadable("a second before the keys expire")
		time.Sleep(time.Second)
		x.expectSilence("the keys have expired", absent)
		x.cloud.metadata.Bind(true)
		time.Sleep(10 * time.Second)
		x.expectReadable("an agency again")
	})
}

// TestAgencyUnreachable has no metadata service: requests wait for it once, not once
// for each task.
func TestAgencyUnreachable(t *testing.T) {
	inCredentialTest(t, func(x *credentialTest) {
		x.credentials = "{ecs_agency: {endpoint: 'http://" + hangingHost + "'}}"
		x.start()
		began := time.Now()
		x.expectSilence("unreachable", state{reason: cbrapi.ReasonNetwork})
		if took := time.Since(began); took > 6*time.Second {
			t.Errorf("the scrape took %s, want hardly more than the time limit of one request, 3s", took)
		}
		if want := "no response from the ECS metadata service at http://" + hangingHost; !strings.Contains(x.log.String(), want) {
			t.Errorf("the log lacks %q:\n%s", want, x.log)
		}
	})
}

// TestSilentIAM has IAM accept connections and say nothing. The log names IAM, not CBR, which is
// never asked, however many requests wait for the login.
func TestSilentIAM(t *testing.T) {
	atNoon(t, func(t *testing.T) {
		api := loadAPI(t, "vendor_sample")
		settings := strings.Replace(api.project(), "credentials: {token: "+token+"}",
			"iam_endpoint: https://iam.test\n    credentials: {username: u, password: p, domain_name: d}\n    vaults: {}\n    discovery: {}", 1)
		e := start(t, hosts{api.host: api, "iam.test": http.HandlerFunc(hang)}, configuration(settings), alwaysNoon)
		page := e.scrape(t)
		if want := `cbr_scrape_error{project="test",reason="deadline"} 1`; !strings.Contains(page, want) {
			t.Errorf("the page lacks %s", want)
		}
		time.Sleep(time.Minute) // until the login is given up
		warnings := 0
		for line := range strings.Lines(e.log.String()) {
			if !strings.Contains(line, "level=warn") {
				continue
			}
			if warnings++; !strings.Contains(line, "login failed at iam.test: ") || !strings.Contains(line, "find out why IAM is slow") {
				t.Errorf("a warning does not name IAM: %s", line)
			}
		}
		if warnings == 0 {
			t.Errorf("no warning in the log:\n%s", e.log)
		}
	})
}

// TestExpiryPage compares a whole page of a project whose token says when it expires:
// an hour after noon, though IAM's clock is a day ahead.
func TestExpiryPage(t *testing.T) {
	atNoon(t, func(t *testing.T) {
		api := loadAPI(t, "vendor_sample")
		iam := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("X-Subject-Token", token)
			answer(http.StatusCreated, `{"token":{"issued_at":"2026-11-21T12:00:00.000000Z","expires_at":"2026-11-21T13:00:00.000000Z"}}`)(w, r)
		})
		e := start(t, hosts{api.host: api, "iam.test": iam}, configuration(strings.Replace(api.project(), "credentials: {token: "+token+"}",
			"iam_endpoint: https://iam.test\n    credentials: {username: u, password: p, domain_name: d}", 1)), alwaysNoon)
		page := e.scrape(t)
		lint(t, page)
		compare(t, filepath.Join("testdata", "password_login.prom"), page)
		if want := fmt.Sprintf("%s %g\n", `cbr_exporter_credentials_expiry_timestamp_seconds{project="test"}`, float64(noon().Add(time.Hour).Unix())); !strings.Contains(page, want) {
			t.Errorf("the page lacks %s", want)
		}
	})
}

// TestRepeatedSecrets has the API repeat the token in names.
func TestRepeatedSecrets(t *testing.T) {
	atNoon(t, func(t *testing.T) {
		api := loadAPI(t, "vendor_sample")
		api.everyFault = func(w http.ResponseWriter, r *http.Request) {
			_, _ = fmt.Fprintf(w, `{"operation_log":{"id":%q,"status":"success","vault_name":%q,"created_at":%q}}`,
				api.ids[0], r.Header.Get("X-Auth-Token"), "at "+r.Header.Get("X-Auth-Token"))
		}
		e := startAPI(t, configuration(api.project()), api)
		shown := e.scrape(t) + e.get(t, "/", "") + e.log.String()
		if strings.Contains(shown, token) {
			t.Errorf("the token is shown in\n%s", shown)
		}
		if !strings.Contains(shown, "<secret>") && !strings.Contains(shown, "&lt;secret&gt;") {
			t.Errorf("nothing was redacted, so this test proves nothing:\n%s", shown)
		}
	})
}

// TestShortTokens: tokens expire after a second, or are dated so. There is one login a minute,
// and another one for the first token that expires.
func TestShortTokens(t *testing.T) {
	account := simulator.Account{UserName: "exporter", Password: "a-password-of-the-test", DomainName: "account"}
	for name, test := range map[string]struct {
		expire           bool
		logins, complete int // in five minutes
	}{"dated so": {false, 5, 20}, "expired": {true, 6, 6}} {
		t.Run(name, func(t *testing.T) {
			atNoon(t, func(t *testing.T) {
				task := backup("1", "", -10, -20)
				newCloud := func(tokens ...string) *simulator.Simulator {
					s := simulator.New(simulator.Options{Now: time.Now, Empty: true, Account: account, Tokens: tokens, TokenLifetime: time.Second})
					s.Add(task)
					return s
				}
				cloud, logins := newCloud(), 0
				e := start(t, hosts{"cbr.test": http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					switch {
					case r.Method == http.MethodPost:
						logins++
					case !test.expire: // every token is valid
						newCloud(r.Header.Get("X-Auth-Token")).ServeHTTP(w, r)
						return
					}
					cloud.ServeHTTP(w, r)
				})}, fmt.Sprintf(`
projects:
  - name: test
    project_id: %s
    endpoint: http://cbr.test
    iam_endpoint: http://cbr.test
    credentials: {username: exporter, password: a-password-of-the-test, domain_name: account}
    task_ids: [%s]
`, projectID, task.ID))
				complete := 0
				for n := range 20 {
					page := e.scrape(t)
					expectLines(t, time.Since(noon()).String(), page, `cbr_exporter_credentials_rejected{project="test"} 0`)
					if strings.Contains(page, `cbr_up{project="test"} 1`) {
						complete++
					}
					time.Sleep(time.Until(noon().Add(time.Duration(n+1) * 15 * time.Second)))
				}
				if logins != test.logins || complete != test.complete {
					t.Errorf("%d logins and %d complete scrapes in five minutes, want %d and %d", logins, complete, test.logins, test.complete)
				}
			})
		})
	}
}
