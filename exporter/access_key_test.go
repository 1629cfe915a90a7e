package exporter_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cbr-exporter/cbr_exporter/simulator"
)

const (
	accessKey     = "AKTEST0123456789ABCD"
	secretKey     = "secret-key-that-must-not-be-seen"
	securityToken = "security-token-that-must-not-be-seen"
)

// signedCloud is a simulated cloud behind HTTP. Time goes on as its tests want.
type signedCloud struct {
	*simulator.Simulator
	endpoint string
	passed   atomic.Int64 // nanoseconds since noon
	ahead    atomic.Int64 // nanoseconds that its clock is ahead of the exporter's
}

func (c *signedCloud) pass(d time.Duration) { c.passed.Add(int64(d)) }

func (c *signedCloud) now() time.Time { return noon().Add(time.Duration(c.passed.Load())) }

func newSignedCloud(t *testing.T, key simulator.AccessKey) *signedCloud {
	t.Helper()
	c := &signedCloud{}
	c.Simulator = simulator.New(simulator.Options{
		Now:        func() time.Time { return c.now().Add(time.Duration(c.ahead.Load())) },
		AccessKeys: []simulator.AccessKey{key},
	})
	server := httptest.NewServer(c)
	t.Cleanup(server.Close)
	c.endpoint = server.URL
	return c
}

// project returns the configuration of a project that watches the whole cloud,
// with what follows the name of the key credentials.
func (c *signedCloud) project(credentials string) string {
	return fmt.Sprintf(`
  - name: test
    project_id: %s
    endpoint: %s
    credentials: %s
    task_ids: [%s]
`, simulator.DefaultProjectID, c.endpoint, credentials, strings.Join(c.TaskIDs(), ", "))
}

// expect scrapes, and checks what the page says, that it took so many requests
// of which so many were refused, and that no secret can be seen anywhere.
func (c *signedCloud) expect(t *testing.T, when string, e *running, requests, refused int, lines ...string) {
	t.Helper()
	before := c.Requests()
	page := e.scrape(t, "")
	for _, line := range lines {
		if !strings.Contains(page, line+"\n") {
			t.Errorf("%s: the page lacks %s", when, line)
		}
	}
	after := c.Requests()
	if seen, failed := int(after.Seen-before.Seen), int(after.Refused-before.Refused); seen != requests || failed != refused {
		t.Errorf("%s: %d requests, of which %d were refused, want %d and %d", when, seen, failed, requests, refused)
	}
	if t.Failed() {
		t.Logf("page:\n%s\nlog:\n%s", page, e.log)
	}
	seen := page + e.log.String()
	for _, path := range []string{"/", "/config"} {
		_, body := e.do(t, http.MethodGet, path, nil)
		seen += body
	}
	if strings.Contains(seen, "must-not-be-seen") {
		t.Errorf("%s: a secret is shown in\n%s", when, seen)
	}
}

// What a page says of a project that can be read, and of one whose credentials
// are refused.
func accepted() []string {
	return []string{
		`cbr_up{project="test"} 1`,
		`cbr_scrape_error{project="test",reason="credentials"} 0`,
		`cbr_scrape_collector_success{collector="tasks",project="test"} 1`,
		`cbr_task_found{project="test",task_id="4827f2da-b008-4507-ab7d-42d0df5ed912"} 1`,
	}
}

func refused() []string {
	return []string{
		`cbr_up{project="test"} 0`,
		`cbr_scrape_error{project="test",reason="credentials"} 1`,
		`cbr_scrape_collector_success{collector="tasks",project="test"} 0`,
	}
}

func permanentKey() simulator.AccessKey {
	return simulator.AccessKey{Access: accessKey, Secret: secretKey}
}

func temporaryKey(life time.Duration) simulator.AccessKey {
	return simulator.AccessKey{
		Access: accessKey, Secret: secretKey, SecurityToken: securityToken, ExpiresAt: noon().Add(life),
	}
}

func TestAccessKey(t *testing.T) {
	for name, key := range map[string]simulator.AccessKey{
		"permanent": permanentKey(), "temporary": temporaryKey(time.Hour),
	} {
		t.Run(name, func(t *testing.T) {
			cloud := newSignedCloud(t, key)
			token := ""
			if key.SecurityToken != "" {
				token = ", security_token: " + key.SecurityToken
			}
			e := startAt(t, cloud.now, cloud.project(fmt.Sprintf("{access_key: %s, secret_key: %s%s}", accessKey, secretKey, token)))
			cloud.expect(t, "scrape", e, len(cloud.TaskIDs()), 0, accepted()...)
			_, config := e.do(t, http.MethodGet, "/config", nil)
			if want := "access_key: " + accessKey + "\n      secret_key: <secret>\n"; !strings.Contains(config, want) {
				t.Errorf("/config lacks %q:\n%s", want, config)
			}
		})
	}
}

func TestAccessKeyFromTheEnvironment(t *testing.T) {
	cloud := newSignedCloud(t, permanentKey())
	e := startAt(t, cloud.now, cloud.project("{token: T}"))
	e.environment = map[string]string{"HUAWEICLOUD_SDK_AK": accessKey, "HUAWEICLOUD_SDK_SK": secretKey}
	e.projects = cloud.project("")
	if status, body := e.do(t, http.MethodPost, "/-/reload", nil); status != http.StatusOK {
		t.Fatalf("reload: got status %d: %s", status, body)
	}
	cloud.expect(t, "scrape", e, len(cloud.TaskIDs()), 0, accepted()...)
}

// An access key is locked for everybody after six refusals in a row, so each
// pass risks one only.
func TestWrongSecretKey(t *testing.T) {
	cloud := newSignedCloud(t, permanentKey())
	e := startAt(t, cloud.now, cloud.project("{access_key: "+accessKey+", secret_key: another-that-must-not-be-seen}"))
	for range 3 {
		cloud.expect(t, "scrape", e, 1, 1, refused()...)
		cloud.pass(5 * time.Minute)
	}
	if want := "APIGW.0301: Incorrect IAM authentication information: verify aksk signature fail"; !strings.Contains(e.log.String(), want) {
		t.Errorf("the log lacks %q:\n%s", want, e.log)
	}
}

// Neither the credentials nor the endpoint are to blame for a wrong clock.
func TestWrongClock(t *testing.T) {
	cloud := newSignedCloud(t, permanentKey())
	e := startAt(t, cloud.now, cloud.project("{access_key: "+accessKey+", secret_key: "+secretKey+"}"))
	cloud.ahead.Store(int64(20 * time.Minute))
	cloud.expect(t, "20 minutes ahead", e, 1, 1,
		`cbr_up{project="test"} 0`,
		`cbr_scrape_error{project="test",reason="clock"} 1`,
		`cbr_scrape_error{project="test",reason="credentials"} 0`,
	)
	if want := "by the API's clock ours is 20m0s off"; !strings.Contains(e.log.String(), want) {
		t.Errorf("the log lacks %q:\n%s", want, e.log)
	}
	cloud.pass(time.Minute)
	cloud.expect(t, "a minute later", e, 0, 0,
		`cbr_scrape_error{project="test",reason="clock"} 1`,
		`cbr_scrape_error{project="test",reason="credentials"} 0`,
	)
	cloud.pass(4 * time.Minute)
	cloud.ahead.Store(int64(14 * time.Minute))
	if page := e.scrape(t, ""); !strings.Contains(page, accepted()[0]+"\n") {
		t.Errorf("14 minutes are too many:\n%s", page)
	}
}

func TestUnknownAccessKey(t *testing.T) {
	cloud := newSignedCloud(t, permanentKey())
	e := startAt(t, cloud.now, cloud.project("{access_key: AK-that-must-not-be-seen, secret_key: "+secretKey+"}"))
	before := cloud.Requests()
	page := e.scrape(t, "")
	if seen := cloud.Requests().Seen - before.Seen; seen != 1 || !strings.Contains(page, refused()[1]+"\n") {
		t.Errorf("%d requests, want 1:\n%s", seen, page)
	}
	// The configuration shows the access key, which is like a user's name; an
	// error does not.
	if strings.Contains(page+e.log.String(), "must-not-be-seen") {
		t.Errorf("the access key is shown in\n%s\n%s", page, e.log)
	}
	if want := "Get secretKey failed,ak:<secret>,err:ak not exist"; !strings.Contains(e.log.String(), want) {
		t.Errorf("the log lacks %q:\n%s", want, e.log)
	}
}

// A key that is rotated in its file is in force with the next request.
func TestRotatedSecretKey(t *testing.T) {
	cloud := newSignedCloud(t, permanentKey())
	file := filepath.Join(t.TempDir(), "secret-key")
	write := func(secret string) {
		if err := os.WriteFile(file, []byte(secret+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(secretKey)
	e := startAt(t, cloud.now, cloud.project("{access_key: "+accessKey+", secret_key_file: "+file+"}"))
	cloud.expect(t, "at first", e, len(cloud.TaskIDs()), 0, accepted()...)

	next := permanentKey()
	next.Secret = "the-next-that-must-not-be-seen"
	cloud.SetAccessKeys(next)
	cloud.expect(t, "the cloud has another one", e, 1, 1, refused()...)

	write(next.Secret)
	before := cloud.Requests().Refused
	if page := e.scrape(t, ""); !strings.Contains(page, accepted()[0]+"\n") || cloud.Requests().Refused != before {
		t.Errorf("the new secret key is not in force:\n%s", page)
	}

	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	cloud.expect(t, "no file", e, 0, 0, refused()...)
}

func TestExpiredAccessKey(t *testing.T) {
	cloud := newSignedCloud(t, temporaryKey(time.Minute))
	e := startAt(t, cloud.now, cloud.project(fmt.Sprintf("{access_key: %s, secret_key: %s, security_token: %s}", accessKey, secretKey, securityToken)))
	cloud.expect(t, "at first", e, len(cloud.TaskIDs()), 0, accepted()...)
	cloud.pass(time.Minute)
	cloud.expect(t, "afterwards", e, 1, 1, refused()...)
	if want := "token expires, expires_at:2026-11-20T12:01:00.000000Z"; !strings.Contains(e.log.String(), want) {
		t.Errorf("the log lacks %q:\n%s", want, e.log)
	}
}
