//go:build unix

package performance_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"path"
	"sync"
	"testing"
	"time"

	"github.com/cbr-exporter/cbr_exporter/simulator"
	"github.com/cbr-exporter/cbr_exporter/test/estate"
)

const token = "token-of-the-benchmarks"

// cloud is the simulated cloud behind a loopback connection. Nothing changes in it, so it keeps
// its responses: repeating one costs it little.
type cloud struct {
	url       string
	simulator *simulator.Simulator

	mu     sync.Mutex
	now    time.Time
	bodies map[string][]byte // by path and query
	seen   []*http.Request   // since takeRequests
	listed time.Time         // when the first list of tasks was sent since firstListing, by the clock of this machine
}

// active is how many backups run.
const active = 20

// newCloud returns a cloud with nightly backups of as many resources as there are keys, in
// vaults of 200 with a policy, and a few that run.
func newCloud(b *testing.B, nights, keys int) *cloud {
	b.Helper()
	c := &cloud{now: time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC), bodies: map[string][]byte{}}
	c.simulator = simulator.New(simulator.Options{Now: c.time, Empty: true, Tokens: []string{token}})
	estate.Estate{Vaults: max(1, keys/200), Resources: keys, Nights: nights, Running: active}.Fill(c.simulator, c.now)
	server := httptest.NewServer(c)
	b.Cleanup(server.Close)
	c.url = server.URL
	return c
}

// firstListing returns when the first list of tasks was sent since it was called last.
func (c *cloud) firstListing() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	at := c.listed
	c.listed = time.Time{}
	return at
}

// time returns the time of the cloud, which stands still.
func (c *cloud) time() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *cloud) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// takeRequests returns the requests since it was called last.
func (c *cloud) takeRequests() []*http.Request {
	c.mu.Lock()
	defer c.mu.Unlock()
	seen := c.seen
	c.seen = nil
	return seen
}

// ServeHTTP implements http.Handler.
func (c *cloud) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Date", c.time().Format(http.TimeFormat))
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(c.body(r)) // fails if the client is gone
	c.mu.Lock()
	defer c.mu.Unlock()
	c.seen = append(c.seen, r)
	if c.listed.IsZero() && path.Base(r.URL.Path) == "operation-logs" {
		c.listed = time.Now()
	}
}

// body returns the simulator's response, or the one it gave before.
func (c *cloud) body(r *http.Request) []byte {
	c.mu.Lock()
	body := c.bodies[r.RequestURI]
	c.mu.Unlock()
	if body == nil {
		recorder := httptest.NewRecorder()
		c.simulator.ServeHTTP(recorder, r)
		if recorder.Code != http.StatusOK {
			panic(fmt.Sprint(r.RequestURI, ": ", recorder.Code)) // the connection ends, and the benchmark fails
		}
		body = recorder.Body.Bytes()
		c.mu.Lock()
		defer c.mu.Unlock()
		c.bodies[r.RequestURI] = body
	}
	return body
}
