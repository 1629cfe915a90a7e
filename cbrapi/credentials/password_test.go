package credentials_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cbr-exporter/cbr_exporter/test/pause"

	"github.com/google/go-cmp/cmp"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
	"github.com/cbr-exporter/cbr_exporter/cbrapi/credentials"
)

const (
	day     = 24 * time.Hour
	iamHost = "iam.example.com"
)

// iamEpoch is the time by IAM's clock, which is not ours.
func iamEpoch() time.Time { return time.Date(2015, 11, 9, 1, 42, 57, 0, time.UTC) }

// cloud issues tokens and, as a transport, responds to requests. It accepts all tokens
// that are not in refused.
type cloud struct {
	takes   time.Duration // of a login
	life    time.Duration // of a token; 0: not stated
	refusal int           // status of refused requests; 0: 401
	says    string        // body of refused requests, with refusal

	mu       sync.Mutex
	loginErr error
	refused  map[string]bool
	logins   int
	requests []string // the tokens of all, in order
	open     int      // bodies that are not closed
}

func (c *cloud) login(ctx context.Context) (cbrapi.Token, error) {
	if err := pause.For(ctx, c.takes); err != nil {
		return cbrapi.Token{}, err
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
	status, says := http.StatusOK, token
	if c.refused[token] {
		status = http.StatusUnauthorized
		if c.refusal != 0 {
			status, says = c.refusal, c.says
		}
	}
	c.mu.Unlock()
	time.Sleep(time.Second) // so that requests overlap; the bubble's clock, not ours
	return &http.Response{StatusCode: status, Body: &body{Reader: strings.NewReader(says), cloud: c}, Request: req}, nil
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

// expect checks the number of logins so far, and the tokens of the requests since the
// last call.
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
		t.Errorf("%s: %d responses were not closed", when, c.open)
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
		t.Fatalf("the response is %d, %v", status, err)
	}
}

func repeat(s string, n int) []string { return strings.Split(strings.Repeat(s+" ", n-1)+s, " ") }

const atOnce = 16

func TestPasswordLogsInOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &cloud{takes: time.Second, life: day}
		p := credentials.NewPassword(c.login, iamHost, c, time.Now)
		_, errs := sendAll(t, p, atOnce)
		if err := errors.Join(errs...); err != nil {
			t.Fatal(err)
		}
		c.expect(t, "first requests", 1, repeat("token-1", atOnce)...)
		mustSend(t, p)
		c.expect(t, "afterwards", 1, "token-1")
	})
}

func TestPasswordWaiterLeaves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &cloud{takes: 10 * time.Second, life: day}
		p := credentials.NewPassword(c.login, iamHost, c, time.Now)
		began := time.Now()
		leaves := errors.New("the pass is over")

		// The first, whose request began the login, leaves before it ends.
		ctx, cancel := context.WithCancelCause(t.Context())
		time.AfterFunc(time.Second, func() { cancel(leaves) })
		first := make(chan error)
		go func() {
			_, err := send(p, newRequest(t).WithContext(ctx))
			first <- err
		}()
		synctest.Wait()
		second := make(chan error)
		go func() {
			status, err := send(p, newRequest(t))
			if err == nil && status != http.StatusOK {
				err = fmt.Errorf("the status is %d", status)
			}
			second <- err
		}()

		if err := <-first; !errors.Is(err, leaves) {
			t.Errorf("the error is %v, want %v", err, leaves)
		}
		if waited := time.Since(began); waited != time.Second {
			t.Errorf("the first waited %v, want 1s", waited)
		}
		if err := <-second; err != nil {
			t.Error(err)
		}
		c.expect(t, "the login", 1, "token-1")
	})
}

// TestPasswordLoginIsBounded has a login hang.
func TestPasswordLoginIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &cloud{takes: day}
		p := credentials.NewPassword(c.login, iamHost, c, time.Now)
		began := time.Now()
		_, err := send(p, newRequest(t))
		if !errors.Is(err, context.DeadlineExceeded) || cbrapi.ReasonOf(err) != cbrapi.ReasonDeadline {
			t.Errorf("the error is %v, want %v", err, context.DeadlineExceeded)
		}
		if waited := time.Since(began); waited != 30*time.Second {
			t.Errorf("the login took %v, want 30s", waited)
		}
	})
}

// TestPasswordSilentIAM has requests end before a login does. Each error names IAM: it is not
// the host of the request that is silent. The next request may have more time.
func TestPasswordSilentIAM(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &cloud{takes: 20 * time.Second, life: day}
		p := credentials.NewPassword(c.login, iamHost, c, time.Now)
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		for range 2 {
			_, err := send(p, newRequest(t).WithContext(ctx))
			const want = "login failed at iam.example.com: context deadline exceeded"
			if err == nil || err.Error() != want || !errors.Is(err, cbrapi.ErrLogin) || cbrapi.ReasonOf(err) != cbrapi.ReasonDeadline || cbrapi.StopsAll(err) {
				t.Errorf("the error is %v, which stops all: %t; want %s", err, cbrapi.StopsAll(err), want)
			}
		}
		mustSend(t, p)
		c.expect(t, "a request with more time", 1, "token-1")
	})
}

func TestPasswordRenewal(t *testing.T) {
	for name, test := range map[string]struct {
		life  time.Duration
		after time.Duration // the token's arrival, it is renewed
	}{
		"a day":            {day, 21*time.Hour + 36*time.Minute},
		"ten minutes":      {10 * time.Minute, 9 * time.Minute},
		"a second":         {time.Second, time.Minute}, // a login for each request would lock the user
		"unknown: an hour": {0, 54 * time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				now := time.Date(2026, 3, 14, 9, 26, 53, 0, time.UTC)
				began := now
				c := &cloud{life: test.life}
				p := credentials.NewPassword(c.login, iamHost, c, func() time.Time { return now })
				mustSend(t, p)
				now = began.Add(test.after - time.Nanosecond)
				mustSend(t, p)
				c.expect(t, "just before it is renewed", 1, "token-1", "token-1")
				now = began.Add(test.after)
				mustSend(t, p)
				c.expect(t, "when it is renewed", 2, "token-2")
			})
		})
	}
}

func TestPasswordOddLifetimes(t *testing.T) {
	for name, token := range map[string]cbrapi.Token{
		"no start":             {Value: "T", ExpiresAt: iamEpoch()},
		"no end":               {Value: "T", IssuedAt: iamEpoch()},
		"the end at the start": {Value: "T", IssuedAt: iamEpoch(), ExpiresAt: iamEpoch()},
		"the end before":       {Value: "T", IssuedAt: iamEpoch(), ExpiresAt: iamEpoch().Add(-day)},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				logins := 0
				login := func(context.Context) (cbrapi.Token, error) {
					logins++
					return token, nil
				}
				now := time.Date(2026, 3, 14, 9, 26, 53, 0, time.UTC)
				p := credentials.NewPassword(login, iamHost, &cloud{}, func() time.Time { return now })
				mustSend(t, p)
				now = now.Add(53 * time.Minute)
				mustSend(t, p)
				if logins != 1 {
					t.Errorf("%d logins in the first hour, want 1", logins)
				}
				now = now.Add(2 * time.Minute)
				mustSend(t, p)
				if logins != 2 {
					t.Errorf("%d logins when the hour ends, want 2", logins)
				}
			})
		})
	}
}

func TestPasswordExpiry(t *testing.T) {
	for name, test := range map[string]struct {
		life  time.Duration
		known bool
	}{
		"a day":   {day, true},
		"unknown": {0, false},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := &cloud{life: test.life}
				p := credentials.NewPassword(c.login, iamHost, c, time.Now)
				if at, known := p.Expiry(); known {
					t.Errorf("before the first login it is %v", at)
				}
				arrives := time.Now()
				mustSend(t, p)
				at, known := p.Expiry()
				if known != test.known || known && !at.Equal(arrives.Add(test.life)) {
					t.Errorf("the expiry is %v, %v, want %v after %v, %v", at, known, test.life, arrives, test.known)
				}
			})
		})
	}
}

func TestPasswordKeepsTheOldTokenWhileItIsValid(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		now := time.Date(2026, 3, 14, 9, 26, 53, 0, time.UTC)
		began := now
		unavailable := &cbrapi.Error{Operation: "KeystoneCreateUserTokenByPassword", StatusCode: 503}
		c := &cloud{life: 1000 * time.Minute}
		p := credentials.NewPassword(c.login, iamHost, c, func() time.Time { return now })
		mustSend(t, p)
		c.expect(t, "at first", 1, "token-1")

		c.refuseLogins(unavailable)
		logins := 1
		for _, step := range []struct {
			at    time.Duration
			tries bool
		}{
			{900 * time.Minute, true},
			{900*time.Minute + time.Second, false},
			{950*time.Minute - time.Second, false},
			{950 * time.Minute, true}, // half of the 100 minutes left
			{975*time.Minute - time.Second, false},
			{975 * time.Minute, true},
			{997 * time.Minute, true},
			{998*time.Minute + 30*time.Second, true},    // half of 3
			{999*time.Minute + 29*time.Second, false},   // not half of 1½,
			{999*time.Minute + 30*time.Second, true},    // but a minute
			{999*time.Minute + 59*time.Second, false},   // and no longer than
			{1000*time.Minute - time.Nanosecond, false}, // it is valid
		} {
			now = began.Add(step.at)
			mustSend(t, p)
			if step.tries {
				logins++
			}
			c.expect(t, step.at.String(), logins, "token-1")
		}

		now = began.Add(1000 * time.Minute)
		if status, err := send(p, newRequest(t)); !errors.Is(err, unavailable) {
			t.Errorf("with an expired token: %d, %v, want %v", status, err, unavailable)
		}
		c.expect(t, "expired", logins+1)

		c.refuseLogins(nil)
		mustSend(t, p)
		c.expect(t, "IAM is back", logins+2, fmt.Sprintf("token-%d", logins+2))
	})
}

func TestPasswordRenewsARefusedToken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &cloud{takes: time.Second, life: day}
		p := credentials.NewPassword(c.login, iamHost, c, time.Now)
		mustSend(t, p)
		c.expect(t, "at first", 1, "token-1")

		c.refuse("token-1")
		mustSend(t, p)
		c.expect(t, "one refused request", 2, "token-1", "token-2")

		time.Sleep(time.Minute)
		c.refuse("token-1", "token-2")
		statuses, errs := sendAll(t, p, atOnce)
		if err := errors.Join(errs...); err != nil {
			t.Fatal(err)
		}
		for _, status := range statuses {
			if status != http.StatusOK {
				t.Errorf("the status is %d, want 200", status)
			}
		}
		c.expect(t, "refused requests", 3, append(repeat("token-2", atOnce), repeat("token-3", atOnce)...)...)
	})
}

// TestPasswordLoginRate has each token be refused after its first second.
func TestPasswordLoginRate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &cloud{life: day}
		p := credentials.NewPassword(c.login, iamHost, c, time.Now)
		for range 300 {
			status, err := send(p, newRequest(t))
			if status != http.StatusOK && cbrapi.ReasonOf(err) != cbrapi.ReasonCredentials {
				t.Errorf("the response is %d, %v", status, err)
			}
			c.refuse(c.requests[len(c.requests)-1])
		}
		if c.logins < 5 || c.logins > 7 {
			t.Errorf("%d logins in five minutes, want 5 and another at first", c.logins)
		}
	})
}

// A request that is refused late uses the token that replaced its own.
func TestPasswordRenewsOnceForALateRefusal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &cloud{life: day}
		p := credentials.NewPassword(c.login, iamHost, c, time.Now)
		mustSend(t, p)
		c.expect(t, "at first", 1, "token-1")
		c.refuse("token-1")
		var wg sync.WaitGroup
		for i := range 4 {
			req := newRequest(t)
			wg.Go(func() {
				time.Sleep(time.Duration(i) * 300 * time.Millisecond)
				if status, err := send(p, req); status != http.StatusOK || err != nil {
					t.Errorf("the response is %d, %v", status, err)
				}
			})
		}
		wg.Wait()
		c.expect(t, "refused one by one", 2, append(repeat("token-1", 4), repeat("token-2", 4)...)...)
	})
}

func TestPasswordReturnsWhatRefusesAFreshToken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &cloud{life: day}
		c.refuse("token-1", "token-2")
		p := credentials.NewPassword(c.login, iamHost, c, time.Now)
		resp, err := p.RoundTrip(newRequest(t))
		if err != nil {
			t.Fatal(err)
		}
		says, err := io.ReadAll(resp.Body)
		if err != nil || resp.Body.Close() != nil {
			t.Fatal(err)
		}
		if resp.StatusCode != http.StatusUnauthorized || string(says) != "token-2" {
			t.Errorf("the response is %d with %q, want the second one as it came", resp.StatusCode, says)
		}
		c.expect(t, "a token that is never accepted", 2, "token-1", "token-2")
	})
}

// TestPasswordAndRecordedErrors compares what follows from each error that was recorded
// of the cloud: a new login and the same request again, or neither.
func TestPasswordAndRecordedErrors(t *testing.T) {
	for name, test := range map[string]struct {
		status int
		body   string
		renews bool
	}{
		"outdated":            {401, `{"error_msg":"The token must be updated","error_code":"APIGW.0307","request_id":"r"}`, true},
		"cannot be decrypted": {401, `{"error_msg":"Incorrect IAM authentication information: decrypt token fail","error_code":"APIGW.0301","request_id":"r"}`, true},
		"invalid":             {403, `{"error":{"code":403,"message":"X-Auth-Token is invalid in the request","title":"Forbidden"}}`, true},
		"policy":              {403, `{"error_code":"PAP5.0001","error_msg":"Policy doesn't allow cbr:vaults:list to be performed."}`, false},
		"throttled":           {429, `{"error_msg":"The throttling threshold has been reached: policy user over ratelimit,limit:60,time:1 minute","error_code":"APIGW.0308","request_id":"r"}`, false},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := &cloud{life: day, refusal: test.status, says: test.body}
				p := credentials.NewPassword(c.login, iamHost, c, time.Now)
				mustSend(t, p)
				c.refuse("token-1")
				c.expect(t, "at first", 1, "token-1")
				resp, err := p.RoundTrip(newRequest(t))
				if err != nil {
					t.Fatal(err)
				}
				says, err := io.ReadAll(resp.Body)
				if err != nil || resp.Body.Close() != nil {
					t.Fatal(err)
				}
				if test.renews {
					c.expect(t, "refused", 2, "token-1", "token-2")
					return
				}
				c.expect(t, "not refused", 1, "token-1")
				if resp.StatusCode != test.status || string(says) != test.body {
					t.Errorf("the response is %d with %s, want it as it came", resp.StatusCode, says)
				}
			})
		})
	}
}

func TestPasswordRenewsForNoOtherStatus(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		logins := 0
		login := func(context.Context) (cbrapi.Token, error) {
			logins++
			return cbrapi.Token{Value: "T"}, nil
		}
		for _, status := range []int{200, 302, 403, 404, 407, 429, 500} {
			p := credentials.NewPassword(login, iamHost, roundTripper(func(req *http.Request) (*http.Response, error) {
				return &http.Response{StatusCode: status, Body: http.NoBody, Request: req}, nil
			}), time.Now)
			logins = 0
			if got, err := send(p, newRequest(t)); got != status || err != nil || logins != 1 {
				t.Errorf("the response is %d, %v after %d logins, want %d after 1", got, err, logins, status)
			}
		}
		logins = 0
		p := credentials.NewPassword(login, iamHost, roundTripper(func(*http.Request) (*http.Response, error) {
			return nil, io.ErrUnexpectedEOF
		}), time.Now)
		if _, err := send(p, newRequest(t)); !errors.Is(err, io.ErrUnexpectedEOF) || logins != 1 {
			t.Errorf("the error is %v after %d logins, want %v after 1", err, logins, io.ErrUnexpectedEOF)
		}
	})
}

func TestPasswordSharesARefusedLogin(t *testing.T) {
	refused := &cbrapi.Error{Operation: "KeystoneCreateUserTokenByPassword", StatusCode: 401, Code: "401"}
	synctest.Test(t, func(t *testing.T) {
		c := &cloud{takes: time.Second, loginErr: refused}
		_, errs := sendAll(t, credentials.NewPassword(c.login, iamHost, c, time.Now), atOnce)
		for _, err := range errs {
			if !errors.Is(err, refused) {
				t.Errorf("the error is %v, want %v", err, refused)
			}
		}
		c.expect(t, "first requests", 1)
	})
	// The same if an accepted token is refused.
	synctest.Test(t, func(t *testing.T) {
		c := &cloud{takes: time.Second, life: day}
		p := credentials.NewPassword(c.login, iamHost, c, time.Now)
		mustSend(t, p)
		c.expect(t, "at first", 1, "token-1")
		c.refuse("token-1")
		c.refuseLogins(refused)
		_, errs := sendAll(t, p, atOnce)
		for _, err := range errs {
			if !errors.Is(err, refused) {
				t.Errorf("the error is %v, want %v", err, refused)
			}
		}
		c.expect(t, "refused requests", 2, repeat("token-1", atOnce)...)
	})
}

// TestPasswordHangingRenewal has IAM hang when the token is due for renewal: requests
// continue with the valid one, and a login that ends late still counts.
func TestPasswordHangingRenewal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		logins := 0
		login := func(ctx context.Context) (cbrapi.Token, error) {
			logins++
			if logins > 1 {
				select {
				case <-time.After(20 * time.Second):
				case <-ctx.Done():
					return cbrapi.Token{}, ctx.Err()
				}
			}
			return cbrapi.Token{Value: fmt.Sprint(logins), IssuedAt: iamEpoch(), ExpiresAt: iamEpoch().Add(10 * time.Hour)}, nil
		}
		var sent string
		next := roundTripper(func(req *http.Request) (*http.Response, error) {
			sent = req.Header.Get("X-Auth-Token")
			return &http.Response{StatusCode: http.StatusOK, Body: http.NoBody}, nil
		})
		p := credentials.NewPassword(login, iamHost, next, time.Now)
		mustSend(t, p)
		time.Sleep(9 * time.Hour)

		began := time.Now()
		mustSend(t, p)
		if took := time.Since(began); took != time.Second || sent != "1" {
			t.Errorf("got token %s after %s, want the old one after a second", sent, took)
		}
		began = time.Now()
		mustSend(t, p)
		if took := time.Since(began); took != 0 || sent != "1" {
			t.Errorf("got token %s after %s, want the old one at once", sent, took)
		}
		time.Sleep(20 * time.Second)
		mustSend(t, p)
		if sent != "2" || logins != 2 {
			t.Errorf("got token %s after %d logins, want that of the second", sent, logins)
		}
	})
}
