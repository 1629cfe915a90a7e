package credentials_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cbr-exporter/cbr_exporter/test/pause"

	"github.com/google/go-cmp/cmp"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
	"github.com/cbr-exporter/cbr_exporter/cbrapi/credentials"
)

// gateway is the cloud behind some hosts. It checks the credentials of a request just
// before it responds, so that a change affects the requests in flight.
type gateway struct {
	latency time.Duration

	mu          sync.Mutex
	status      int // of responses; 0: broken connection
	wrong       map[string]bool
	sent        int
	refused     int
	inFlight    int
	maxInFlight int
}

func newGateway(status int) *gateway { return &gateway{latency: time.Millisecond, status: status} }

// RoundTrip implements http.RoundTripper.
func (g *gateway) RoundTrip(req *http.Request) (*http.Response, error) {
	g.set(func() {
		g.sent++
		g.inFlight++
		g.maxInFlight = max(g.maxInFlight, g.inFlight)
	})
	defer g.set(func() { g.inFlight-- })
	if err := pause.For(req.Context(), g.latency); err != nil {
		return nil, err
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	status := g.status
	if g.wrong[req.URL.Host] {
		status = http.StatusUnauthorized
	}
	switch status {
	case 0:
		return nil, errors.New("connection reset")
	case http.StatusUnauthorized:
		g.refused++
	}
	return &http.Response{StatusCode: status, Body: http.NoBody, Request: req}, nil
}

func (g *gateway) set(change func()) {
	g.mu.Lock()
	defer g.mu.Unlock()
	change()
}

func (g *gateway) setStatus(status int) { g.set(func() { g.status = status }) }

// counts returns how many requests arrived since the last time, how many of them were
// refused, and how many were in flight at a time.
func (g *gateway) counts() (sent, refused, inFlight int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	sent, refused, inFlight = g.sent, g.refused, g.maxInFlight
	g.sent, g.refused, g.maxInFlight = 0, 0, 0
	return sent, refused, inFlight
}

// get sends a request to a host.
func get(ctx context.Context, t *testing.T, rt http.RoundTripper, host string) error {
	t.Helper()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "https://"+host+"/v3", nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := rt.RoundTrip(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("status %d", resp.StatusCode)
	}
	return nil
}

// getAll sends n requests to each host at once, and returns how many failed.
func getAll(t *testing.T, rt http.RoundTripper, n int, hosts ...string) (failed int) {
	t.Helper()
	var (
		mu   sync.Mutex
		wait sync.WaitGroup
	)
	for _, host := range hosts {
		for range n {
			wait.Go(func() {
				if get(t.Context(), t, rt, host) != nil {
					mu.Lock()
					defer mu.Unlock()
					failed++
				}
			})
		}
	}
	wait.Wait()
	return failed
}

func fixedKeys() credentials.KeySource {
	return credentials.KeysFrom(credentials.Fixed("AK"), credentials.Fixed("SK"), nil)
}

func watch(g http.RoundTripper) *credentials.Guarded {
	return credentials.NewGuard(time.Now).WatchKeys(fixedKeys(), g)
}

// TestGuardStates sends one request after the other.
func TestGuardStates(t *testing.T) {
	const ok, unauthorized, notSent = http.StatusOK, http.StatusUnauthorized, -1
	type step struct {
		after  time.Duration // since the step before
		host   string
		status int // of the response; notSent if the guard must stop the request
	}
	for name, steps := range map[string][]step{
		"accepted": {{0, "a", ok}, {0, "a", ok}, {time.Hour, "a", ok}, {0, "b", ok}},
		"wrong from the start": {
			{0, "a", unauthorized},
			{0, "a", notSent},
			{0, "b", unauthorized},
			{0, "c", notSent},
			{5*time.Minute - 1, "c", notSent},
			{1, "c", unauthorized},
			{0, "a", notSent},
			{5 * time.Minute, "a", ok},
			{0, "b", ok},
		},
		"one wrong host": {
			{0, "good", ok},
			{0, "wrong", unauthorized},
			{0, "wrong", notSent},
			{0, "good", ok},
			{5*time.Minute - 1, "wrong", notSent},
			{1, "wrong", unauthorized},
			{0, "good", ok},
			{0, "other", ok},
			{20 * time.Minute, "wrong", unauthorized}, // also if the other hosts were idle
			{0, "good", ok},
			{5 * time.Minute, "wrong", ok},
			{0, "wrong", ok},
		},
		"wrong host first": {
			{0, "wrong", unauthorized},
			{0, "wrong", notSent},
			{0, "good", ok},
			{0, "wrong", notSent},
			{5 * time.Minute, "wrong", unauthorized},
			{0, "good", ok},
		},
		"accepted by another host just within five minutes": {
			{0, "a", ok},
			{5*time.Minute - 1, "b", unauthorized},
			{0, "b", notSent},
			{0, "a", ok},
		},
		"accepted by another host five minutes ago": {
			{0, "a", ok},
			{5 * time.Minute, "b", unauthorized},
			{0, "a", unauthorized},
			{0, "c", notSent},
		},
		"accepted by the same host": {
			{0, "a", ok},
			{0, "a", unauthorized},
			{0, "a", notSent},
			{0, "b", unauthorized},
			{0, "c", notSent},
		},
		"deleted key": {
			{0, "a", ok},
			{0, "b", ok},
			{0, "a", unauthorized},
			{0, "a", notSent},
			{0, "b", unauthorized},
			{0, "c", notSent},
			{5 * time.Minute, "a", unauthorized},
			{0, "b", notSent},
			{0, "c", notSent},
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				g := newGateway(0)
				g.latency = 0
				guarded := watch(g)
				for i, s := range steps {
					time.Sleep(s.after)
					g.setStatus(s.status)
					err := get(t.Context(), t, guarded, s.host)
					sent, _, _ := g.counts()
					if want := s.status != notSent; (sent == 1) != want || want && (err == nil) != (s.status == ok) {
						t.Errorf("step %d: sent %t with the error %v, want sent %t", i, sent == 1, err, want)
					}
					if err != nil && s.status == notSent && !errors.Is(err, cbrapi.ErrCredentials) {
						t.Errorf("step %d: %v is no cbrapi.ErrCredentials", i, err)
					}
					if got, want := guarded.Refused(s.host), s.status != ok; got != want {
						t.Errorf("step %d: Refused() = %t, want %t", i, got, want)
					}
				}
			})
		})
	}
}

// TestGuardOutcomes checks which responses count as a refusal.
func TestGuardOutcomes(t *testing.T) {
	for status, refused := range map[int]bool{
		http.StatusOK: false, http.StatusForbidden: false, http.StatusNotFound: false, http.StatusFound: false,
		http.StatusTooManyRequests: false, http.StatusBadGateway: false, 0: false, http.StatusUnauthorized: true,
	} {
		t.Run(fmt.Sprint(status), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				g := newGateway(status)
				guarded := watch(g)
				_ = get(t.Context(), t, guarded, "a")
				time.Sleep(time.Minute)
				_ = get(t.Context(), t, guarded, "a")
				if sent, _, _ := g.counts(); (sent == 1) != refused || guarded.Refused("a") != refused {
					t.Errorf("got %d requests, refused %t; want refused %t", sent, guarded.Refused("a"), refused)
				}
			})
		})
	}
}

func TestGuardProvesCredentialsByOneRequest(t *testing.T) {
	t.Run("refused by all hosts", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			g := newGateway(http.StatusUnauthorized)
			guarded := watch(g)
			for _, want := range []int{2, 1} {
				failed := getAll(t, guarded, 100, "a", "b", "c")
				if sent, _, _ := g.counts(); sent != want || failed != 300 {
					t.Errorf("%d requests sent, %d failed; want %d and all", sent, failed, want)
				}
				time.Sleep(5 * time.Minute)
			}
			g.setStatus(http.StatusOK)
			if failed := getAll(t, guarded, 100, "a", "b", "c"); failed != 0 {
				t.Errorf("%d requests failed although the credentials are accepted", failed)
			}
		})
	})
	t.Run("refused by a new host", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			g := newGateway(http.StatusOK)
			g.wrong = map[string]bool{"wrong": true}
			guarded := watch(g)
			_ = get(t.Context(), t, guarded, "good")
			g.counts()
			if failed := getAll(t, guarded, 100, "good", "wrong"); failed != 100 {
				t.Errorf("%d requests failed, want those to the wrong host, 100", failed)
			}
			if _, refused, _ := g.counts(); refused != 1 {
				t.Errorf("%d requests were refused, want 1", refused)
			}
			if guarded.Refused("good") || !guarded.Refused("good", "wrong") {
				t.Error("not the wrong host alone counts as refusing")
			}
		})
	})
	t.Run("another host is out of reach", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			g := newGateway(0)
			guarded := watch(g)
			go func() { _ = get(t.Context(), t, guarded, "unreachable") }()
			synctest.Wait()
			g.set(func() { g.wrong = map[string]bool{"wrong": true} })
			getAll(t, guarded, 100, "wrong")
			if _, refused, _ := g.counts(); refused != 1 {
				t.Errorf("%d requests were refused, want 1", refused)
			}
		})
	})
	t.Run("changed", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			secret := "old"
			g := newGateway(http.StatusUnauthorized)
			guarded := credentials.NewGuard(time.Now).Watch(credentials.Identity{Secret: func() (string, error) { return secret, nil }}, g)
			_ = get(t.Context(), t, guarded, "a")
			secret = "new"
			if guarded.Refused("a") {
				t.Error("a secret that was never sent counts as refused")
			}
			g.setStatus(http.StatusOK)
			g.counts()
			if failed := getAll(t, guarded, 10, "a"); failed != 0 {
				t.Errorf("%d requests failed with the new secret", failed)
			}
			secret = "old"
			if !guarded.Refused("a") {
				t.Error("the old secret was forgotten")
			}
		})
	})
}

func TestGuardLetsAcceptedCredentialsPass(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGateway(http.StatusOK)
		g.latency = 100 * time.Millisecond
		guarded := watch(g)
		_ = get(t.Context(), t, guarded, "a")
		for _, idle := range []time.Duration{0, 4 * time.Minute} {
			time.Sleep(idle)
			began := time.Now()
			g.counts()
			getAll(t, guarded, 32, "a")
			if _, _, inFlight := g.counts(); inFlight != 32 || time.Since(began) != g.latency {
				t.Errorf("idle for %s: %d requests in flight, %s for all; want 32 at once", idle, inFlight, time.Since(began))
			}
		}
		time.Sleep(5 * time.Minute)
		g.counts()
		began := time.Now()
		getAll(t, guarded, 32, "a")
		if _, _, inFlight := g.counts(); inFlight != 31 || time.Since(began) != 2*g.latency {
			t.Errorf("idle for five minutes: %d requests in flight, %s for all; want one ahead of the others", inFlight, time.Since(began))
		}
	})
}

// TestGuardKeepsTokensAccepted has a token be idle for longer than a key may be.
func TestGuardKeepsTokensAccepted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGateway(http.StatusOK)
		guarded := credentials.NewGuard(time.Now).Watch(credentials.Identity{Secret: credentials.Fixed("T")}, g)
		_ = get(t.Context(), t, guarded, "a")
		time.Sleep(time.Hour)
		getAll(t, guarded, 32, "a")
		if _, _, inFlight := g.counts(); inFlight != 32 {
			t.Errorf("%d requests in flight, want 32", inFlight)
		}
	})
}

// TestGuardRevokedInFlight revokes credentials while 16 requests to each of two hosts
// are in flight.
func TestGuardRevokedInFlight(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGateway(http.StatusOK)
		guarded := watch(g)
		getAll(t, guarded, 1, "a", "b")
		g.counts()
		g.latency = time.Second
		time.AfterFunc(time.Second/2, func() { g.setStatus(http.StatusUnauthorized) })
		getAll(t, guarded, 16, "a", "b")
		if _, refused, _ := g.counts(); refused != 32 {
			t.Errorf("%d requests were refused, want those in flight, 32", refused)
		}
		for range 2 {
			getAll(t, guarded, 16, "a", "b", "c")
			if sent, _, _ := g.counts(); sent != 0 {
				t.Errorf("%d requests were sent with refused credentials", sent)
			}
			time.Sleep(5 * time.Minute)
			getAll(t, guarded, 16, "a", "b", "c")
			if sent, _, _ := g.counts(); sent != 1 {
				t.Errorf("%d requests were sent after five minutes, want 1", sent)
			}
		}
	})
}

// TestGuardChangeDuringProof has a key change to a wrong one while one request proves
// the right one and others wait for it: these do not go out with the new one at once.
func TestGuardChangeDuringProof(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const right, wrong = "right", "wrong"
		var file atomic.Value
		file.Store(right)
		read := func() (string, error) { return file.Load().(string), nil }
		refused := 0
		guarded := credentials.NewGuard(time.Now).WatchKeys(credentials.KeysFrom(read, read, nil), roundTripper(func(req *http.Request) (*http.Response, error) {
			status := http.StatusOK
			if strings.Contains(req.Header.Get("Authorization"), "Access="+wrong) {
				status = http.StatusUnauthorized
				refused++
			}
			time.Sleep(time.Second)
			return &http.Response{StatusCode: status, Body: http.NoBody, Request: req}, nil
		}))
		time.AfterFunc(time.Second/2, func() { file.Store(wrong) })
		if failed := getAll(t, guarded, 16, "a"); failed != 15 {
			t.Errorf("%d requests failed, want all but the first", failed)
		}
		if refused != 1 {
			t.Errorf("%d requests were refused, want 1", refused)
		}
		file.Store(right)
		if failed := getAll(t, guarded, 16, "a"); failed != 0 {
			t.Errorf("%d requests failed with the right key", failed)
		}
	})
}

// TestGuardSignsWithTheKeysItKnows has a key change right after the guard has read it,
// to a wrong one that is refused with the next request, once.
func TestGuardSignsWithTheKeysItKnows(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		keys := credentials.Keys{AccessKey: "right", SecretKey: "SK"}
		source := func(context.Context) (credentials.Keys, error) {
			defer func() { keys.AccessKey = "wrong" }()
			return keys, nil
		}
		var sent []string
		guarded := credentials.NewGuard(time.Now).WatchKeys(source, roundTripper(func(req *http.Request) (*http.Response, error) {
			_, rest, _ := strings.Cut(req.Header.Get("Authorization"), "Access=")
			key, _, _ := strings.Cut(rest, ",")
			sent = append(sent, key)
			status := map[string]int{"right": http.StatusOK, "wrong": http.StatusUnauthorized}[key]
			return &http.Response{StatusCode: status, Body: http.NoBody, Request: req}, nil
		}))
		for range 3 {
			_ = get(t.Context(), t, guarded, "a")
		}
		if diff := cmp.Diff([]string{"right", "wrong"}, sent); diff != "" {
			t.Errorf("the keys of the requests differ (-want +got):\n%s", diff)
		}
	})
}

// TestGuardLateSuccess has a request succeed that was sent before the refusal.
func TestGuardLateSuccess(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		late := make(chan struct{})
		slow := true
		guarded := watch(roundTripper(func(req *http.Request) (*http.Response, error) {
			status := http.StatusUnauthorized
			if slow {
				slow, status = false, http.StatusOK
				<-late
			}
			return &http.Response{StatusCode: status, Body: http.NoBody, Request: req}, nil
		}))
		over := make(chan error)
		go func() { over <- get(t.Context(), t, guarded, "a") }()
		synctest.Wait()
		if err := get(t.Context(), t, guarded, "a"); err == nil {
			t.Fatal("the second request was accepted")
		}
		// The first one proves the credentials no more: it was sent before.
		go func() { over <- get(t.Context(), t, guarded, "a") }()
		if err := <-over; !errors.Is(err, cbrapi.ErrCredentials) {
			t.Errorf("the third request: %v, want a refusal", err)
		}
		close(late)
		if err := <-over; err != nil {
			t.Errorf("the slow request: %v", err)
		}
	})
}

// TestGuardSlowRefusal has the cloud take three seconds to refuse a key: one request
// every two seconds proves it, however many wait.
func TestGuardSlowRefusal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGateway(http.StatusUnauthorized)
		g.latency = 3 * time.Second
		guarded := watch(g)
		if failed := getAll(t, guarded, 100, "a"); failed != 100 {
			t.Errorf("%d requests failed, want all", failed)
		}
		if sent, _, _ := g.counts(); sent != 2 {
			t.Errorf("%d requests were sent, want 2", sent)
		}
	})
}

// TestGuardNothingProven has the API fail before it refuses the key.
func TestGuardNothingProven(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGateway(http.StatusServiceUnavailable)
		guarded := watch(g)
		_ = get(t.Context(), t, guarded, "a")
		g.setStatus(http.StatusUnauthorized)
		getAll(t, guarded, 100, "a")
		if _, refused, _ := g.counts(); refused != 1 {
			t.Errorf("%d requests were refused, want 1", refused)
		}
	})
}

// TestWrongHostsStopNoOther has two wrong hosts refuse a key for long, and the right one fail for
// longer than its acceptance counts.
func TestWrongHostsStopNoOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGateway(http.StatusOK)
		g.wrong = map[string]bool{"b": true, "c": true}
		rt := credentials.NewGuard(time.Now).WatchKeys(credentials.KeysFrom(credentials.Fixed("AKAKAKAK"), credentials.Fixed("SK"), nil), g)
		requests := func() error {
			_ = get(t.Context(), t, rt, "b")
			_ = get(t.Context(), t, rt, "c")
			return get(t.Context(), t, rt, "a")
		}
		if err := get(t.Context(), t, rt, "a"); err != nil {
			t.Fatal(err)
		}
		for minute := range 40 {
			g.setStatus(http.StatusOK)
			if minute >= 3 && minute < 10 {
				g.setStatus(0)
			}
			if err := requests(); minute >= 10 && err != nil {
				t.Errorf("minute %d: %v", minute, err)
			}
			time.Sleep(time.Minute)
		}
	})
}

// TestGuardHangingRequest has the proof hang: another request takes over after two
// seconds.
func TestGuardHangingRequest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGateway(http.StatusOK)
		g.latency = time.Hour
		guarded := watch(g)
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		go func() { _ = get(ctx, t, guarded, "a") }()
		synctest.Wait()

		g.counts()
		for _, test := range []struct {
			limit time.Duration
			sent  int
		}{{100 * time.Millisecond, 0}, {10 * time.Second, 1}} {
			began := time.Now()
			ctx, cancel := context.WithTimeout(t.Context(), test.limit)
			err := get(ctx, t, guarded, "a")
			cancel()
			if sent, _, _ := g.counts(); !errors.Is(err, context.DeadlineExceeded) || time.Since(began) != test.limit || sent != test.sent {
				t.Errorf("limit %s: %v after %s with %d requests, want %d", test.limit, err, time.Since(began), sent, test.sent)
			}
		}
	})
}

func TestGuardWithoutSecret(t *testing.T) {
	g := newGateway(http.StatusOK)
	guarded := credentials.NewGuard(time.Now).Watch(credentials.Identity{Secret: credentials.FromFile("missing")}, g)
	err := get(t.Context(), t, guarded, "a")
	if sent, _, _ := g.counts(); !errors.Is(err, cbrapi.ErrCredentials) || sent != 0 || guarded.Refused("a") {
		t.Errorf("got the error %v, %d requests, refused %t; want no request", err, sent, guarded.Refused("a"))
	}
}

// refusing returns status 401 and a body made from the request.
func refusing(body func(*http.Request) string) roundTripper {
	return func(req *http.Request) (*http.Response, error) {
		return &http.Response{
			StatusCode: http.StatusUnauthorized,
			Header:     http.Header{"Date": {time.Now().UTC().Format(http.TimeFormat)}},
			Body:       io.NopCloser(strings.NewReader(body(req))),
			Request:    req,
		}, nil
	}
}

// showTask requests a task as the exporter does, which fails, and returns the error.
func showTask(t *testing.T, rt http.RoundTripper, host string) string {
	t.Helper()
	client, err := cbrapi.New(cbrapi.Options{Endpoint: "https://" + host, Transport: rt}, "p")
	if err != nil {
		t.Fatal(err)
	}
	_, err = client.OperationLog(t.Context(), "4827f2da-b008-4507-ab7d-42d0df5ed912")
	if err == nil {
		t.Fatal("no error")
	}
	if reason := cbrapi.ReasonOf(err); reason != cbrapi.ReasonCredentials && reason != cbrapi.ReasonClock {
		t.Errorf("the reason of %q is %s", err, reason)
	}
	return err.Error()
}

// TestRefusedError compares the error of a refused request, and that of the next one,
// which is not sent.
func TestRefusedError(t *testing.T) {
	const (
		secret = "a-secret/that+must=not be seen"
		by     = " by a.example.com for project p at 2000-01-01T00:00:00Z"
		next   = "; next attempt at 2000-01-01T00:05:00Z"
	)
	text := func(text string) func(*http.Request) string {
		return func(*http.Request) string { return text }
	}
	token := func(next http.RoundTripper) http.RoundTripper {
		return credentials.Token(credentials.Fixed(secret), next)
	}
	key := func(next http.RoundTripper, now func() time.Time) http.RoundTripper {
		return credentials.Sign(credentials.Keys{AccessKey: "AKAKAKAK", SecretKey: "SK", SecurityToken: secret}, next, now)
	}
	for name, test := range map[string]struct {
		rt    http.RoundTripper
		first string // a part of the first error
		clock bool   // this machine's clock is the cause
	}{
		"token": {
			rt:    token(refusing(text(`{"error_code":"APIGW.0301","error_msg":"decrypt token fail","request_id":"r-1"}`))),
			first: "HTTP status 401: APIGW.0301: decrypt token fail (request id r-1)",
		},
		"response repeats the token": {
			rt: token(refusing(func(req *http.Request) string {
				return fmt.Sprintf(`{"error_msg":"cannot decrypt %s"}`, req.Header.Get("X-Auth-Token"))
			})),
			first: "HTTP status 401: cannot decrypt <secret>",
		},
		"response repeats the signature": {
			rt: key(refusing(func(req *http.Request) string {
				return req.Header.Get("Authorization") + " and " + req.Header.Get("X-Security-Token")
			}), time.Now),
			first: "HTTP status 401: <secret> and <secret>",
		},
		"wrong clock": {
			rt:    key(refusing(text(`{"error_msg":"signature expired"}`)), func() time.Time { return time.Now().Add(-time.Hour) }),
			first: "HTTP status 401: signature expired",
			clock: true,
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				guarded := watch(test.rt)
				first := showTask(t, guarded, "a.example.com")
				if !strings.Contains(first, test.first) {
					t.Errorf("the first error is\n%s, want in it\n%s", first, test.first)
				}
				want := "ShowOpLog: credentials refused" + by + ": " + first + next + ", or as soon as they change"
				if test.clock {
					want = "ShowOpLog: signature refused" + by + " because this machine's clock is wrong: " + first + next
				}
				if got := showTask(t, guarded, "a.example.com"); got != want {
					t.Errorf("the next error is\n%s, want\n%s", got, want)
				}
				if got, want := guarded.Refused("a.example.com"), !test.clock; got != want {
					t.Errorf("Refused() = %t, want %t", got, want)
				}
			})
		})
	}
}

// TestGuardRequestEndedByARefusal has one of two requests in flight be refused and end
// the other one, as a pass does. The other one was not refused and is no failed login.
func TestGuardRequestEndedByARefusal(t *testing.T) {
	fixed := credentials.Fixed("S")
	password := "right"
	for name, watched := range map[string]func(*credentials.Guard, http.RoundTripper) *credentials.Guarded{
		"access key": func(g *credentials.Guard, next http.RoundTripper) *credentials.Guarded {
			return g.WatchKeys(fixedKeys(), next)
		},
		"token": func(g *credentials.Guard, next http.RoundTripper) *credentials.Guarded {
			return g.Watch(credentials.Identity{Secret: fixed}, credentials.Token(fixed, next))
		},
		"password": func(g *credentials.Guard, next http.RoundTripper) *credentials.Guarded {
			identity := credentials.Identity{Secret: fixed, User: fixed}
			login := g.Login(identity, (&iam{password: password}).login("project", &password))
			return g.Watch(identity, credentials.NewPassword(login, iamHost, next, time.Now))
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				sent, slow := map[string]int{}, 0
				refuse := refusing(func(*http.Request) string { return "unknown" })
				guarded := watched(credentials.NewGuard(time.Now), roundTripper(func(req *http.Request) (*http.Response, error) {
					host := req.URL.Host
					sent[host]++
					switch {
					case host == "good", host == "a" && sent[host] == 1:
						return &http.Response{StatusCode: http.StatusOK, Body: http.NoBody, Request: req}, nil
					case host == "a" && sent[host] == 2:
						slow++
						<-req.Context().Done()
						return nil, context.Cause(req.Context()) // as http.Transport does
					default:
						return refuse(req)
					}
				}))
				for _, host := range []string{"good", "a"} {
					if err := get(t.Context(), t, guarded, host); err != nil {
						t.Fatal(err)
					}
				}
				client, err := cbrapi.New(cbrapi.Options{Endpoint: "https://a", Transport: guarded}, "p")
				if err != nil {
					t.Fatal(err)
				}
				ctx, cancel := context.WithCancelCause(t.Context())
				show := func() {
					_, err := client.OperationLog(ctx, "4827f2da-b008-4507-ab7d-42d0df5ed912")
					cancel(err)
				}
				var other sync.WaitGroup
				other.Go(show)
				synctest.Wait()
				show()
				other.Wait()
				if slow != 1 {
					t.Fatal("there was no other request in flight")
				}
				for _, host := range []string{"a", "wrong"} {
					at := time.Now().UTC()
					want := fmt.Sprintf("ShowOpLog: credentials refused by %s for project p at %s: ShowOpLog: HTTP status 401: unknown; "+
						"another host accepts them, so check this endpoint; next attempt at %s, or as soon as they change",
						host, at.Format(time.RFC3339), at.Add(5*time.Minute).Format(time.RFC3339))
					if got := showTask(t, guarded, host); got != want {
						t.Errorf("the next error is\n%s, want\n%s", got, want)
					}
					time.Sleep(time.Minute) // until the next login
				}
				if guarded.Refused("good") || get(t.Context(), t, guarded, "good") != nil {
					t.Error("the refusals stop the host that accepts the credentials")
				}
			})
		})
	}
}

// TestRefusedErrorOfOneHost has one host refuse what another one accepts. The first
// error names the host, because it is the one that is logged.
func TestRefusedErrorOfOneHost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const want = "ShowOpLog: credentials refused by wrong.example.com for project p at 2000-01-01T00:00:00Z: " +
			"ShowOpLog: HTTP status 401: unknown token; another host accepts them, so check this endpoint; " +
			"next attempt at 2000-01-01T00:05:00Z, or as soon as they change"
		refuse := refusing(func(*http.Request) string { return "unknown token" })
		guarded := watch(roundTripper(func(req *http.Request) (*http.Response, error) {
			if req.URL.Host == "wrong.example.com" {
				return refuse(req)
			}
			return &http.Response{StatusCode: http.StatusOK, Body: http.NoBody, Request: req}, nil
		}))
		if err := get(t.Context(), t, guarded, "good.example.com"); err != nil {
			t.Fatal(err)
		}
		for range 2 {
			if got := showTask(t, guarded, "wrong.example.com"); got != want {
				t.Errorf("the error is\n%s, want\n%s", got, want)
			}
		}
	})
}
