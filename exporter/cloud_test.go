package exporter_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cbr-exporter/cbr_exporter/simulator"
)

const (
	accessKey = "AKTEST0123456789ABCD"
	secretKey = "secret-key-that-must-not-be-seen"
)

// clock goes on as a test wants.
type clock struct {
	passed atomic.Int64 // nanoseconds since noon
	ahead  atomic.Int64 // nanoseconds that the cloud's is ahead of the exporter's
}

func (c *clock) pass(d time.Duration) { c.passed.Add(int64(d)) }

func (c *clock) now() time.Time { return noon().Add(time.Duration(c.passed.Load())) }

func (c *clock) ofTheCloud() time.Time { return c.now().Add(time.Duration(c.ahead.Load())) }

// signedCloud is a simulated cloud behind HTTP.
type signedCloud struct {
	clock
	*simulator.Simulator
	endpoint string
}

func newSignedCloud(t *testing.T, key simulator.AccessKey) *signedCloud {
	t.Helper()
	c := &signedCloud{}
	c.Simulator = simulator.New(simulator.Options{
		Now:        c.ofTheCloud,
		AccessKeys: []simulator.AccessKey{key},
	})
	server := httptest.NewServer(c)
	t.Cleanup(server.Close)
	c.endpoint = server.URL
	return c
}

// watched returns some tasks of the cloud: so few that each is asked for, and not
// the lists.
func (c *signedCloud) watched() []string { return c.TaskIDs()[:20] }

// project returns the configuration of a project that watches these tasks, with what follows the name of the key credentials.
func (c *signedCloud) project(credentials string) string {
	return fmt.Sprintf(`
  - name: test
    project_id: %s
    endpoint: %s
    credentials: %s
    task_ids: [%s]
`, simulator.DefaultProjectID, c.endpoint, credentials, strings.Join(c.watched(), ", "))
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
