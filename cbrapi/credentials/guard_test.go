package credentials_test

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
	"github.com/cbr-exporter/cbr_exporter/cbrapi/credentials"
)

// gateway answers every request with the same status, after some time.
type gateway struct {
	latency time.Duration
	status  atomic.Int64 // of HTTP; 0 is a broken connection
	sent    atomic.Int64
}

func (c *gateway) RoundTrip(req *http.Request) (*http.Response, error) {
	c.sent.Add(1)
	status := c.status.Load() // as it is when the request arrives
	select {
	case <-time.After(c.latency):
	case <-req.Context().Done():
		return nil, req.Context().Err()
	}
	if status == 0 {
		return nil, errors.New("connection reset")
	}
	return &http.Response{StatusCode: int(status), Body: http.NoBody}, nil
}

func newGateway(status int) *gateway {
	c := &gateway{latency: time.Millisecond}
	c.status.Store(int64(status))
	return c
}

// ask sends one request and returns the status, or the error.
func ask(ctx context.Context, t *testing.T, rt http.RoundTripper) (int, error) {
	t.Helper()
	resp, err := rt.RoundTrip(newRequest(t).WithContext(ctx))
	if err != nil {
		return 0, err
	}
	defer resp.Body.Close()
	return resp.StatusCode, nil
}

func watch(c *gateway, secret credentials.Secret) *credentials.Guarded {
	return credentials.NewGuard(time.Now).Watch(secret, credentials.RiskToken, c)
}

func TestGuardSendsRefusedCredentialsOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newGateway(http.StatusUnauthorized)
		guarded := watch(c, credentials.Fixed("T"))
		var wait sync.WaitGroup
		for range 100 {
			wait.Go(func() {
				status, err := ask(t.Context(), t, guarded)
				var refused *credentials.RefusedError
				if status != http.StatusUnauthorized && !errors.As(err, &refused) {
					t.Errorf("got status %d and the error %v", status, err)
				}
				if err != nil && !errors.Is(err, cbrapi.ErrCredentials) {
					t.Errorf("%v is no cbrapi.ErrCredentials", err)
				}
			})
		}
		wait.Wait()
		if got := c.sent.Load(); got != 1 || !guarded.Refused() {
			t.Errorf("got %d requests, refused %t; want 1, true", got, guarded.Refused())
		}
	})
}

// TestGuardTriesAgain asks once a minute for an hour, and has the cloud accept
// the credentials after that.
func TestGuardTriesAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newGateway(http.StatusUnauthorized)
		guarded := watch(c, credentials.Fixed("T"))
		for range 60 {
			_, _ = ask(t.Context(), t, guarded)
			time.Sleep(time.Minute)
		}
		if got := c.sent.Load(); got != 10 && got != 12 {
			t.Errorf("got %d requests in an hour, want one in five minutes or a little more", got)
		}
		c.status.Store(http.StatusOK)
		time.Sleep(5 * time.Minute)
		for range 3 {
			if status, err := ask(t.Context(), t, guarded); status != http.StatusOK {
				t.Errorf("got status %d and the error %v, want 200", status, err)
			}
		}
		if guarded.Refused() {
			t.Error("accepted credentials still count as refused")
		}
	})
}

func TestGuardTriesChangedSecretAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		secret := "old"
		c := newGateway(http.StatusUnauthorized)
		guarded := watch(c, func() (string, error) { return secret, nil })
		_, _ = ask(t.Context(), t, guarded)
		secret = "new"
		c.status.Store(http.StatusOK)
		if guarded.Refused() {
			t.Error("a secret that was never sent counts as refused")
		}
		if status, err := ask(t.Context(), t, guarded); status != http.StatusOK {
			t.Errorf("got status %d and the error %v, want 200", status, err)
		}
		secret = "old"
		if !guarded.Refused() {
			t.Error("the old secret is forgotten")
		}
	})
}

// TestGuardSharesWhatItKnows has two projects with the same token.
func TestGuardSharesWhatItKnows(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newGateway(http.StatusUnauthorized)
		guard := credentials.NewGuard(time.Now)
		one := guard.Watch(credentials.Fixed("T"), credentials.RiskToken, c)
		other := guard.Watch(credentials.Fixed("T"), credentials.RiskToken, c)
		_, _ = ask(t.Context(), t, one)
		if _, err := ask(t.Context(), t, other); err == nil || c.sent.Load() != 1 {
			t.Errorf("got the error %v after %d requests, want one after 1", err, c.sent.Load())
		}
	})
}

// TestGuardSharesASecondTry has two projects ask at the same time when a token that
// was refused is tried again, and accepted: neither is refused.
func TestGuardSharesASecondTry(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newGateway(http.StatusUnauthorized)
		guard := credentials.NewGuard(time.Now)
		one := guard.Watch(credentials.Fixed("T"), credentials.RiskToken, c)
		other := guard.Watch(credentials.Fixed("T"), credentials.RiskToken, c)
		_, _ = ask(t.Context(), t, one)
		time.Sleep(5 * time.Minute)

		var wait sync.WaitGroup
		both := func() {
			for _, guarded := range []*credentials.Guarded{one, other} {
				wait.Go(func() {
					status, err := ask(t.Context(), t, guarded)
					if good := c.status.Load() == http.StatusOK; (status == http.StatusOK) != good {
						t.Errorf("got status %d and the error %v from a cloud that accepts the token: %t", status, err, good)
					}
				})
			}
			wait.Wait()
		}
		both()
		if got := c.sent.Load(); got != 2 {
			t.Errorf("got %d requests, want the second try to be one", got)
		}
		c.status.Store(http.StatusOK)
		time.Sleep(5 * time.Minute)
		both()
	})
}

// TestGuardWrongClock has a signature refused for its time, which is not a refusal
// of the key.
func TestGuardWrongClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sent := 0
		gateway := roundTripper(func(req *http.Request) (*http.Response, error) {
			sent++
			return &http.Response{
				StatusCode: http.StatusUnauthorized,
				Header:     http.Header{"Date": {time.Now().Add(20 * time.Minute).UTC().Format(http.TimeFormat)}},
				Body:       http.NoBody,
				Request:    req,
			}, nil
		})
		key := credentials.KeysFrom(credentials.Fixed("AK"), credentials.Fixed("SK"), nil)
		guarded := credentials.NewGuard(time.Now).Watch(credentials.Fixed("key"), credentials.RiskKey, credentials.Sign(key, "", gateway, time.Now))
		_, _ = ask(t.Context(), t, guarded)
		if _, err := ask(t.Context(), t, guarded); !errors.Is(err, cbrapi.ErrClock) || sent != 1 {
			t.Errorf("got the error %v after %d requests, want cbrapi.ErrClock after 1", err, sent)
		}
		if guarded.Refused() {
			t.Error("the key counts as refused")
		}
	})
}

// TestGuardInMidPass revokes a token while requests are under way. Their late
// success does not clear it.
func TestGuardInMidPass(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newGateway(http.StatusOK)
		guarded := watch(c, credentials.Fixed("T"))
		_, _ = ask(t.Context(), t, guarded)

		c.latency = time.Minute
		slow := make(chan int)
		go func() {
			status, _ := ask(t.Context(), t, guarded)
			slow <- status
		}()
		synctest.Wait()
		c.latency = time.Millisecond
		c.status.Store(http.StatusUnauthorized)
		_, _ = ask(t.Context(), t, guarded)
		if status := <-slow; status != http.StatusOK {
			t.Fatalf("the slow request got status %d, want 200", status)
		}
		if _, err := ask(t.Context(), t, guarded); err == nil || !guarded.Refused() {
			t.Error("a success of before the refusal has cleared it")
		}
	})
}

// TestGuardVerdicts sends a first request, and another one a minute later.
func TestGuardVerdicts(t *testing.T) {
	cases := []struct {
		name    string
		status  int
		refused bool
	}{
		{"accepted", http.StatusOK, false},
		{"no permission", http.StatusForbidden, false},
		{"no such task", http.StatusNotFound, false},
		{"throttled", http.StatusTooManyRequests, false},
		{"ill", http.StatusBadGateway, false},
		{"redirect", http.StatusFound, false},
		{"broken connection", 0, false},
		{"refused", http.StatusUnauthorized, true},
	}
	for _, test := range cases {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := newGateway(test.status)
				guarded := watch(c, credentials.Fixed("T"))
				_, _ = ask(t.Context(), t, guarded)
				time.Sleep(time.Minute)
				_, _ = ask(t.Context(), t, guarded)
				want := int64(2)
				if test.refused {
					want = 1
				}
				if got := c.sent.Load(); got != want || guarded.Refused() != test.refused {
					t.Errorf("got %d requests, refused %t; want %d, %t", got, guarded.Refused(), want, test.refused)
				}
			})
		})
	}
}

// TestGuardWatchesLogins has the login refused, of which the error tells.
func TestGuardWatchesLogins(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		logins := 0
		login := roundTripper(func(*http.Request) (*http.Response, error) {
			logins++
			return nil, &cbrapi.Error{Operation: "KeystoneCreateUserTokenByPassword", StatusCode: http.StatusUnauthorized}
		})
		guarded := credentials.NewGuard(time.Now).Watch(credentials.Fixed("user and password"), credentials.RiskLogin, login)
		for range 240 {
			_, _ = ask(t.Context(), t, guarded)
			time.Sleep(time.Minute)
		}
		if logins != 4 {
			t.Errorf("got %d logins in four hours, want 4", logins)
		}
	})
}

// TestGuardHangingProbe has the first request hang: the others do not wait for it
// for long, nor longer than they may.
func TestGuardHangingProbe(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newGateway(http.StatusOK)
		c.latency = time.Hour
		guarded := watch(c, credentials.Fixed("T"))
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		go func() { _, _ = ask(ctx, t, guarded) }()
		synctest.Wait()

		hurried, stop := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer stop()
		if _, err := ask(hurried, t, guarded); !errors.Is(err, context.DeadlineExceeded) || c.sent.Load() != 1 {
			t.Errorf("got the error %v after %d requests, want the deadline after 1", err, c.sent.Load())
		}
		began := time.Now()
		patient, stop := context.WithTimeout(t.Context(), 10*time.Second)
		defer stop()
		_, _ = ask(patient, t, guarded)
		if c.sent.Load() != 2 || time.Since(began) != 10*time.Second {
			t.Errorf("got %d requests after %s, want the second to be sent after a second", c.sent.Load(), time.Since(began))
		}
	})
}

// TestGuardWithoutSecret has a file that is not there.
func TestGuardWithoutSecret(t *testing.T) {
	c := newGateway(http.StatusOK)
	guarded := watch(c, credentials.FromFile("missing"))
	if _, err := ask(t.Context(), t, guarded); !errors.Is(err, cbrapi.ErrCredentials) || c.sent.Load() != 0 || guarded.Refused() {
		t.Errorf("got the error %v, %d requests, refused %t; want no request", err, c.sent.Load(), guarded.Refused())
	}
}

// TestGuardAfterALogin has a fresh token be refused once: that is no refused login,
// and tried again as soon as any other token.
func TestGuardAfterALogin(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newGateway(http.StatusUnauthorized)
		guarded := credentials.NewGuard(time.Now).Watch(credentials.Fixed("user and password"), credentials.RiskLogin, c)
		_, _ = ask(t.Context(), t, guarded)
		c.status.Store(http.StatusOK)
		time.Sleep(5 * time.Minute)
		if status, err := ask(t.Context(), t, guarded); status != http.StatusOK {
			t.Errorf("got status %d and the error %v, want 200", status, err)
		}
	})
}
