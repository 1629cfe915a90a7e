package exporter_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"html"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cbr-exporter/cbr_exporter/test/pause"

	"github.com/cbr-exporter/cbr_exporter/simulator"
)

const (
	credentialTasks       = 9 // of each project
	credentialConcurrency = 4 // of each project
	metadataHost          = "metadata.test"
	hangingHost           = "hanging.test"
)

// credentialCloud is a simulated cloud that three projects reach by a host each, and
// the metadata service of an ECS server. Its responses with an error repeat the
// request's credentials, as some gateways do.
type credentialCloud struct {
	latency time.Duration // of each request; credentials are checked at its end
	offset  time.Duration // of the cloud's clock, ahead of ours

	mu        sync.Mutex
	simulator *simulator.Simulator
	metadata  *simulator.Metadata
	refusal   simulator.TokenRefusal  // of unknown and revoked tokens
	fault     func(*http.Request) int // status that replaces the response; 0: none
	counts    credentialCounts
	secrets   map[string]bool // that must not be shown
}

// credentialCounts are of requests; those to the metadata service are not counted.
type credentialCounts struct {
	tasks, refusedTasks   int
	logins, refusedLogins int
}

func (c credentialCounts) refused() int { return c.refusedTasks + c.refusedLogins }

func (c *credentialCloud) set(change func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	change()
}

// ServeHTTP implements http.Handler.
func (c *credentialCloud) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body) // from memory
	if pause.For(r.Context(), c.latency) != nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	r.Body = io.NopCloser(bytes.NewReader(body))
	recorder := httptest.NewRecorder()
	fault := 0
	if c.fault != nil {
		fault = c.fault(r)
	}
	if fault != 0 {
		answer(fault, fmt.Sprintf(`{"error_code":"TEST.%d","error_msg":"status %[1]d"}`, fault))(recorder, r)
	} else {
		c.simulator.ServeHTTP(recorder, r)
	}
	c.count(r, recorder)
	c.hide(recorder.Header().Get("X-Subject-Token"))
	switch {
	case recorder.Code == http.StatusNotFound && r.Method == http.MethodGet: // a task of the test
		recorder = httptest.NewRecorder()
		_, _ = fmt.Fprintf(recorder, `{"operation_log":{"id":%q,"status":"success"}}`, r.URL.Path[strings.LastIndex(r.URL.Path, "/")+1:])
	case recorder.Code >= http.StatusBadRequest:
		c.repeatCredentials(r, body, recorder)
	}
	maps.Copy(w.Header(), recorder.Header())
	w.WriteHeader(recorder.Code)
	_, _ = recorder.Body.WriteTo(w)
}

// serveMetadata is the metadata service, whose keys must not be shown.
func (c *credentialCloud) serveMetadata(w http.ResponseWriter, r *http.Request) {
	time.Sleep(c.latency)
	c.mu.Lock()
	defer c.mu.Unlock()
	recorder := httptest.NewRecorder()
	c.metadata.ServeHTTP(recorder, r)
	var keys struct{ Credential map[string]string }
	if json.Unmarshal(recorder.Body.Bytes(), &keys) == nil {
		c.hide(keys.Credential["access"], keys.Credential["secret"], keys.Credential["securitytoken"])
	}
	w.WriteHeader(recorder.Code)
	_, _ = recorder.Body.WriteTo(w)
}

func (c *credentialCloud) count(req *http.Request, response *httptest.ResponseRecorder) {
	requests, refused := &c.counts.tasks, &c.counts.refusedTasks
	if req.Method == http.MethodPost {
		requests, refused = &c.counts.logins, &c.counts.refusedLogins
	}
	*requests++
	if response.Code == http.StatusUnauthorized || strings.Contains(response.Body.String(), "X-Auth-Token is invalid") {
		*refused++
	}
}

// repeatCredentials appends the credentials of a request to the message of its error.
func (c *credentialCloud) repeatCredentials(req *http.Request, body []byte, recorder *httptest.ResponseRecorder) {
	authorization := req.Header.Get("Authorization")
	for part := range strings.SplitSeq(authorization, " ") {
		if name, value, _ := strings.Cut(strings.TrimSuffix(part, ","), "="); name == "Access" || name == "Signature" {
			c.hide(value)
		}
	}
	var content map[string]any
	if json.Unmarshal(recorder.Body.Bytes(), &content) != nil {
		return
	}
	message, name := content, "error_msg"
	if inner, ok := content["error"].(map[string]any); ok {
		message, name = inner, "message"
	}
	message[name] = fmt.Sprintf("%v; the request was %s %s %s %s", message[name],
		req.Header.Get("X-Auth-Token"), req.Header.Get("X-Security-Token"), authorization, body)
	recorder.Body.Reset()
	_ = json.NewEncoder(recorder.Body).Encode(content)
}

// hide adds secrets. The lock is held.
func (c *credentialCloud) hide(secrets ...string) {
	for _, s := range secrets {
		if s != "" {
			c.secrets[s] = true
		}
	}
}

// newSimulator returns a cloud of its own, which knows none of the credentials of
// another one.
func (c *credentialCloud) newSimulator(n int) *simulator.Simulator {
	s := simulator.New(simulator.Options{
		Now:  func() time.Time { return time.Now().Add(c.offset) },
		Seed: uint64(n), Empty: true, TokenLifetime: time.Hour,
		Account: simulator.Account{UserName: "exporter", Password: credentialPassword(n), DomainName: "account"},
	})
	s.SetTokenRefusal(c.refusal)
	return s
}

// tokenRefusal is a way in which the cloud refuses tokens.
type tokenRefusal struct {
	simulator.TokenRefusal
	status int
	text   string
}

func tokenRefusals() []tokenRefusal {
	return []tokenRefusal{
		{simulator.DecryptFailed, http.StatusUnauthorized, "decrypt token fail"},
		{simulator.MustBeUpdated, http.StatusUnauthorized, "The token must be updated"},
		{simulator.InvalidToken, http.StatusForbidden, "X-Auth-Token is invalid in the request"},
	}
}

// refuseTokens chooses how the cloud, and clouds that replace it, refuse tokens.
func (c *credentialCloud) refuseTokens(r tokenRefusal) {
	c.set(func() {
		c.refusal = r.TokenRefusal
		c.simulator.SetTokenRefusal(c.refusal)
	})
}

// The secrets contain characters that JSON, HTML and URLs escape.
func credentialPassword(n int) string { return fmt.Sprintf(`%d-pass"word</&>-of-the-test`, n) }

func credentialKey(n int, temporary bool) simulator.AccessKey {
	key := simulator.AccessKey{Access: fmt.Sprintf("AK%018d", n), Secret: fmt.Sprintf(`%d-secret-key</&>-of-the-test`, n)}
	if temporary {
		key.SecurityToken = fmt.Sprintf(`%d-security-token</&>-of-the-test`, n)
		key.ExpiresAt = time.Now().Add(time.Hour)
	}
	return key
}

// credentialTest is an exporter in a bubble for projects that share credentials.
type credentialTest struct {
	*testing.T
	*running
	cloud       *credentialCloud
	credentials string // of all projects, in YAML
	token       string // that the cloud accepts, if the projects use one

	mu    sync.Mutex
	shown map[string]bool // lines of pages
}

// inCredentialTest runs a test in a bubble, and checks at its end that no secret was
// shown.
func inCredentialTest(t *testing.T, test func(*credentialTest)) {
	t.Helper()
	atNoon(t, func(t *testing.T) {
		x := &credentialTest{T: t, shown: map[string]bool{}}
		x.cloud = &credentialCloud{latency: time.Millisecond, secrets: map[string]bool{}}
		x.cloud.simulator = x.cloud.newSimulator(1)
		x.cloud.metadata = x.cloud.simulator.NewMetadata(simulator.MetadataOptions{})
		test(x)
		x.checkSecrets()
	})
}

// start runs the exporter.
func (x *credentialTest) start() {
	x.Helper()
	x.running = start(x.T, x.hosts(), x.configuration())
}

func (x *credentialTest) hosts() hosts {
	h := hosts{metadataHost: http.HandlerFunc(x.cloud.serveMetadata), hangingHost: http.HandlerFunc(hang)}
	for _, name := range credentialProjects() {
		h[name+".test"] = x.cloud
	}
	return h
}

func credentialProjects() []string { return []string{"test", "test-2", "test-3"} }

func (x *credentialTest) configuration() string {
	var ids []string
	for i := range credentialTasks {
		ids = append(ids, fmt.Sprintf("11111111-1111-4111-8111-%012d", i))
	}
	var b strings.Builder
	b.WriteString("projects:\n")
	for _, name := range credentialProjects() {
		fmt.Fprintf(&b, `
  - name: %s
    project_id: %s
    endpoint: http://%[1]s.test
    iam_endpoint: http://%[1]s.test
    credentials: %[3]s
    task_ids: [%[4]s]
`, name, simulator.DefaultProjectID, x.credentials, strings.Join(ids, ", "))
	}
	fmt.Fprintf(&b, "scrape: {finished_task_ttl: 0s, requests_per_second: 0, concurrency: %d}\n", credentialConcurrency)
	return b.String()
}

// do requests a page.
func (x *credentialTest) do(method, path string) (status int, body string) {
	x.Helper()
	status, body = x.running.do(x.T, method, path, nil)
	x.show(body)
	return status, body
}

func (x *credentialTest) show(text string) {
	x.mu.Lock()
	defer x.mu.Unlock()
	for line := range strings.Lines(text) {
		x.shown[line] = true
	}
}

func (x *credentialTest) reload() {
	x.Helper()
	x.running.configuration = x.configuration()
	if status, body := x.do(http.MethodPost, "/-/reload"); status != http.StatusOK {
		x.Fatalf("reload: got status %d: %s", status, body)
	}
}

// scrape returns the pages of two scrapes at once, and what the cloud counted.
func (x *credentialTest) scrape() (pages [2]string, counted credentialCounts) {
	x.Helper()
	x.cloud.set(func() { x.cloud.counts = credentialCounts{} })
	var wait sync.WaitGroup
	for i := range pages {
		wait.Go(func() { _, pages[i] = x.do(http.MethodGet, "/metrics") })
	}
	wait.Wait()
	synctest.Wait()
	x.cloud.set(func() { counted = x.cloud.counts })
	return pages, counted
}

// checkSecrets checks everything that was shown. The configuration may show access
// keys, which are like user names.
func (x *credentialTest) checkSecrets() {
	x.Helper()
	x.do(http.MethodGet, "/")
	x.do(http.MethodGet, "/config")
	for _, c := range x.CheckConnections(x.Context()) {
		x.show(c.String())
	}
	x.show(x.log.String())
	var all strings.Builder
	for line := range x.shown {
		if !strings.HasPrefix(strings.TrimSpace(line), "access_key: ") {
			all.WriteString(line)
		}
	}
	text := all.String()
	for s := range x.cloud.secrets {
		for _, form := range spellings(s[:min(len(s), 20)]) {
			if strings.Contains(text, form[:16]) {
				x.Errorf("the secret %q is shown as %q", s, form)
			}
		}
	}
}

// spellings returns the forms that a text has in logs, JSON, HTML and URLs.
func spellings(text string) []string {
	quoted := strconv.Quote(text)
	inJSON, _ := json.Marshal(text) // a string cannot fail
	return []string{
		text, quoted[1 : len(quoted)-1], string(inJSON[1 : len(inJSON)-1]),
		html.EscapeString(text), url.QueryEscape(text), url.PathEscape(text),
	}
}
