package credentials_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
)

const day = 24 * time.Hour

// iamEpoch is when IAM believes to be: its clock is not ours.
func iamEpoch() time.Time { return time.Date(2015, 11, 9, 1, 42, 57, 0, time.UTC) }

// cloud issues tokens and, as the transport, answers requests. It accepts the
// token that it has issued last, unless that is refused.
type cloud struct {
	takes time.Duration // of a login
	life  time.Duration // of a token; 0: it does not say

	mu       sync.Mutex
	loginErr error
	refused  map[string]bool
	logins   int
	requests []string // the tokens of all, in order
	open     int      // bodies that are not closed
}

func (c *cloud) login(ctx context.Context) (cbrapi.Token, error) {
	select {
	case <-time.After(c.takes):
	case <-ctx.Done():
		return cbrapi.Token{}, context.Cause(ctx)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.logins++
	if c.loginErr != nil {
		return cbrapi.Token{}, c.loginErr
	}
	token := cbrapi.Token{Value: fmt.Sprintf("token-%d", c.logins)}
	if c.life > 0 {
		token.IssuedAt, token.ExpiresAt = iamEpoch(), iamEpoch().Add(c.life)
	}
	return token, nil
}

func (c *cloud) RoundTrip(req *http.Request) (*http.Response, error) {
	token := req.Header.Get("X-Auth-Token")
	c.mu.Lock()
	c.requests = append(c.requests, token)
	c.open++
	status := http.StatusOK
	if c.refused[token] {
		status = http.StatusUnauthorized
	}
	c.mu.Unlock()
	time.Sleep(time.Second) // so that requests overlap; the bubble's clock, not ours
	return &http.Response{StatusCode: status, Body: &body{Reader: strings.NewReader(token), cloud: c}, Request: req}, nil
}

type body struct {
	io.Reader
	cloud *cloud
}

func (b *body) Close() error {
	b.cloud.mu.Lock()
	defer b.cloud.mu.Unlock()
	b.cloud.open--
	return nil
}

func (c *cloud) refuse(tokens ...string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.refused = map[string]bool{}
	for _, t := range tokens {
		c.refused[t] = true
	}
}

func (c *cloud) refuseLogins(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.loginErr = err
}

// expect checks how many logins there were, and the tokens of the requests since
// the last time.
func (c *cloud) expect(t *testing.T, when string, logins int, tokens ...string) {
	t.Helper()
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.logins != logins {
		t.Errorf("%s: %d logins so far, want %d", when, c.logins, logins)
	}
	if diff := cmp.Diff(tokens, c.requests); diff != "" {
		t.Errorf("%s: the tokens of the requests differ (-want +got):\n%s", when, diff)
	}
	if c.open != 0 {
		t.Errorf("%s: %d answers were not closed", when, c.open)
	}
	c.requests = nil
}

// sendAll sends n requests at once.
func sendAll(t *testing.T, rt http.RoundTripper, n int) (statuses []int, errs []error) {
	statuses, errs = make([]int, n), make([]error, n)
	var wg sync.WaitGroup
	for i := range n {
		req := newRequest(t)
		wg.Go(func() { statuses[i], errs[i] = send(rt, req) })
	}
	wg.Wait()
	return statuses, errs
}

func mustSend(t *testing.T, rt http.RoundTripper) {
	t.Helper()
	if status, err := send(rt, newRequest(t)); status != http.StatusOK || err != nil {
		t.Fatalf("the answer is %d, %v", status, err)
	}
}

func repeat(s string, n int) []string { return strings.Split(strings.Repeat(s+" ", n-1)+s, " ") }

const atOnce = 16
