package credentials_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
	"github.com/cbr-exporter/cbr_exporter/cbrapi/credentials"
)

const (
	keyPath   = "GET /openstack/latest/securitykey"
	tokenPath = "PUT /meta-data/latest/api/token"

	keyAnswer = `{"credential":{"access":"AK-kiwi","secret":"SK-kiwi","securitytoken":"ST-kiwi","expires_at":"2026-03-14T10:26:53.231000Z"}}`
)

func agencyKeys() credentials.Keys {
	return credentials.Keys{AccessKey: "AK-kiwi", SecretKey: "SK-kiwi", SecurityToken: "ST-kiwi"}
}

// arrival is when keys are fetched.
func arrival() time.Time { return time.Date(2026, 3, 14, 9, 26, 53, 0, time.UTC) }

// step is a request that the metadata service expects, and its response.
type step struct {
	request string
	token   string // X-Metadata-Token that it should come with
	status  int
	body    string
}

// metadataService expects its steps in order and sends no Date header.
type metadataService struct {
	*httptest.Server
	t     *testing.T
	steps []step
}

func newMetadataService(t *testing.T, steps ...step) *metadataService {
	t.Helper()
	m := &metadataService{t: t, steps: steps}
	m.Server = httptest.NewServer(m)
	t.Cleanup(func() {
		m.Close()
		if len(m.steps) > 0 {
			t.Errorf("missing requests: %v", m.steps)
		}
	})
	return m
}

func (m *metadataService) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if len(m.steps) == 0 {
		m.t.Errorf("unexpected request: %s %s", r.Method, r.URL)
		return
	}
	s := m.steps[0]
	m.steps = m.steps[1:]
	if got := r.Method + " " + r.URL.Path; got != s.request {
		m.t.Errorf("the request is %s, want %s", got, s.request)
	}
	if got := r.Header.Get("X-Metadata-Token"); got != s.token {
		m.t.Errorf("%s: the token is %q, want %q", s.request, got, s.token)
	}
	ttl := ""
	if s.request == tokenPath {
		ttl = "21600"
	}
	if got := r.Header.Get("X-Metadata-Token-Ttl-Seconds"); got != ttl {
		m.t.Errorf("%s: X-Metadata-Token-Ttl-Seconds is %q, want %q", s.request, got, ttl)
	}
	if s.status == http.StatusSwitchingProtocols {
		m.switchProtocols(w)
		return
	}
	w.Header()["Date"] = nil
	w.Header().Set("Location", "/elsewhere")
	w.WriteHeader(s.status)
	_, _ = io.WriteString(w, s.body)
}

// switchProtocols answers with a 101, after which the connection stays open until the test ends.
func (m *metadataService) switchProtocols(w http.ResponseWriter) {
	connection, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		m.t.Error(err)
		return
	}
	defer func() { _ = connection.Close() }()
	_, _ = io.WriteString(connection, "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n")
	<-m.t.Context().Done()
}

func fetchKeys(t *testing.T, steps ...step) (credentials.Keys, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second) // or a 101 might be read without an end
	defer cancel()
	return credentials.NewAgency(newMetadataService(t, steps...).URL, nil, arrival).Keys(ctx)
}

func TestAgencyProtocol(t *testing.T) {
	for name, steps := range map[string][]step{
		"token":             {{tokenPath, "", 200, "T1\n"}, {keyPath, "T1", 200, keyAnswer}},
		"service too old":   {{tokenPath, "", 404, "x"}, {keyPath, "", 200, keyAnswer}},
		"method not known":  {{tokenPath, "", 405, "x"}, {keyPath, "", 200, keyAnswer}},
		"tokens not served": {{tokenPath, "", 503, "x"}, {keyPath, "", 200, keyAnswer}},
		"other spelling": {{tokenPath, "", 404, ""}, {keyPath, "", 200, `{"credential":
			{"accessKeyId":"AK-kiwi","secretAccessKey":"SK-kiwi","securityToken":"ST-kiwi","expiration":"2026-03-14T10:26:53Z"}}`}},
	} {
		t.Run(name, func(t *testing.T) {
			keys, err := fetchKeys(t, steps...)
			if err != nil {
				t.Fatal(err)
			}
			if keys != agencyKeys() {
				t.Errorf("the keys are %s %s %s", keys.AccessKey, keys.SecretKey, keys.SecurityToken)
			}
		})
	}
}

func TestAgencyErrors(t *testing.T) {
	const (
		operation = "ECS metadata /openstack/latest/securitykey"
		cannot    = "credentials cannot be used: "
	)
	keys := func(status int, body string) []step {
		return []step{{tokenPath, "", 404, ""}, {keyPath, "", status, body}}
	}
	noAgency := `{"error":{"code":401,"message":"Please configure Cloud Service Agency first. kiwi","title":"Unauthorized"}}`
	bind := cannot + "no agency is bound to this server"
	for name, test := range map[string]struct {
		steps  []step
		reason cbrapi.Reason
		want   string
	}{
		"no agency":               {keys(401, noAgency), cbrapi.ReasonCredentials, bind},
		"no agency, with a token": {[]step{{tokenPath, "", 200, "T1"}, {keyPath, "T1", 401, noAgency}}, cbrapi.ReasonCredentials, bind},
		"refused": {
			[]step{{tokenPath, "", 200, "T1"}, {keyPath, "T1", 401, "kiwi"}},
			cbrapi.ReasonCredentials, cannot + operation + ": HTTP status 401",
		},
		"not there": {keys(404, "kiwi"), cbrapi.ReasonCredentials, cannot + operation + ": HTTP status 404"},
		"forbidden token": {
			[]step{{tokenPath, "", 403, "kiwi"}},
			cbrapi.ReasonCredentials,
			cannot + "ECS metadata /meta-data/latest/api/token: HTTP status 403",
		},
		"odd token": {
			[]step{{tokenPath, "", 200, "ki\x01wi"}},
			cbrapi.ReasonCredentials,
			cannot + "the token of the ECS metadata service contains line breaks or other control characters",
		},
		"throttled":       {keys(429, "kiwi"), cbrapi.ReasonThrottled, operation + ": HTTP status 429: Too Many Requests"},
		"ill":             {keys(500, "kiwi"), cbrapi.ReasonUpstream, operation + ": HTTP status 500: Internal Server Error"},
		"not final":       {keys(101, ""), cbrapi.ReasonUpstream, operation + ": HTTP status 101: Switching Protocols"},
		"redirect":        {keys(302, keyAnswer), cbrapi.ReasonUpstream, operation + ": HTTP status 302: Found"},
		"HTML":            {keys(200, "<html>kiwi"), cbrapi.ReasonUpstream, operation + ": HTTP status 200: the response is not JSON of the documented shape"},
		"other shape":     {keys(200, `{"credential":"kiwi"}`), cbrapi.ReasonUpstream, operation + ": HTTP status 200: the response is not JSON of the documented shape"},
		"empty":           {keys(200, `{}`), cbrapi.ReasonUpstream, operation + ": HTTP status 200: the response lacks the access key, its secret or the security token"},
		"no secret":       {keys(200, strings.Replace(keyAnswer, "SK-kiwi", "", 1)), cbrapi.ReasonUpstream, operation + ": HTTP status 200: the response lacks the access key, its secret or the security token"},
		"permanent":       {keys(200, strings.Replace(keyAnswer, "ST-kiwi", "", 1)), cbrapi.ReasonUpstream, operation + ": HTTP status 200: the response lacks the access key, its secret or the security token"},
		"too large":       {keys(200, strings.Repeat(" ", 64<<10)+keyAnswer), cbrapi.ReasonUpstream, operation + ": HTTP status 200: the response is not JSON of the documented shape"},
		"odd keys":        {keys(200, strings.Replace(keyAnswer, "AK-", `\n`, 1)), cbrapi.ReasonCredentials, cannot + "the access key contains line breaks or other control characters"},
		"expired already": {keys(200, strings.Replace(keyAnswer, "T10:26:53.231", "T09:26:53.000", 1)), cbrapi.ReasonCredentials, cannot + "the keys from the ECS metadata service expired at 2026-03-14T09:26:53Z"},
	} {
		t.Run(name, func(t *testing.T) {
			keys, err := fetchKeys(t, test.steps...)
			if err == nil || keys != (credentials.Keys{}) {
				t.Fatalf("the keys are %q, the error is %v", keys.AccessKey, err)
			}
			if diff := cmp.Diff(test.want, err.Error()); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
			if got := cbrapi.ReasonOf(err); got != test.reason {
				t.Errorf("the reason is %s, want %s", got, test.reason)
			}
			if got := errors.Is(err, cbrapi.ErrCredentials); got != (test.reason == cbrapi.ReasonCredentials) {
				t.Errorf("ErrCredentials is %v", got)
			}
		})
	}
}

func TestAgencyUnreachable(t *testing.T) {
	server := httptest.NewServer(http.NotFoundHandler())
	server.Close()
	_, err := credentials.NewAgency(server.URL, nil, arrival).Keys(t.Context())
	if !errors.Is(err, cbrapi.ErrMetadata) || cbrapi.ReasonOf(err) != cbrapi.ReasonNetwork {
		t.Fatalf("the error is %v, want one of the network", err)
	}
	for _, want := range []string{
		"no response from the ECS metadata service at " + server.URL + ": dial tcp ", "connection refused",
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("the error lacks %q: %v", want, err)
		}
	}
}

// A silent service is an error of the network, not of the scrape's deadline, which
// users would then raise.
func TestAgencyTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		requests := 0
		silent := roundTripper(func(req *http.Request) (*http.Response, error) {
			requests++
			<-req.Context().Done()
			return nil, req.Context().Err()
		})
		a := credentials.NewAgency("http://169.254.169.254", silent, time.Now)
		began := time.Now()
		for range 100 { // a pass over many tasks
			_, err := a.Keys(t.Context())
			if cbrapi.ReasonOf(err) != cbrapi.ReasonNetwork {
				t.Fatalf("the error is %v, want one of the network", err)
			}
		}
		if waited := time.Since(began); waited != 3*time.Second || requests != 1 {
			t.Errorf("100 tasks waited %v for %d requests, want 3s for 1", waited, requests)
		}
		time.Sleep(10 * time.Second)
		if _, err := a.Keys(t.Context()); err == nil || requests != 2 {
			t.Errorf("after a pause: %d requests, want 2", requests)
		}

		// A request with an earlier deadline fails with that.
		time.Sleep(time.Minute)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := a.Keys(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("the error is %v, want %v", err, context.DeadlineExceeded)
		}
		time.Sleep(time.Minute) // until the fetch has ended
	})
}

// Package http reads the environment once, so setting a proxy here would prove nothing.
func TestAgencyUsesNoProxy(t *testing.T) {
	if credentials.NewAgency("http://169.254.169.254", nil, arrival).HasProxy() {
		t.Error("requests to the metadata service may use a proxy")
	}
}

// keyService is a metadata service without tokens, as a transport. It returns new keys
// ten minutes before the old ones expire, as the real service does.
type keyService struct {
	ahead time.Duration // of its clock against ours
	takes time.Duration

	mu      sync.Mutex
	silent  bool
	undated bool // without the expiry of keys
	expires time.Time
	keys    int // so far, different ones
	fetches int
}

const (
	keyLife    = time.Hour
	keyOverlap = 10 * time.Minute
)

func (s *keyService) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.Method == http.MethodPut {
		return &http.Response{StatusCode: http.StatusNotFound, Body: http.NoBody, Request: req}, nil
	}
	time.Sleep(s.takes)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fetches++
	if s.silent {
		return nil, errors.New("no route to host")
	}
	now := time.Now().Add(s.ahead)
	if s.expires.Sub(now) <= keyOverlap {
		s.expires = now.Add(keyLife)
		s.keys++
	}
	expires := s.expires.UTC().Format(time.RFC3339)
	if s.undated {
		expires = "soon"
	}
	body := fmt.Sprintf(`{"credential":{"access":"AK%d","secret":"SK%[1]d","securitytoken":"ST%[1]d","expires_at":%q}}`, s.keys, expires)
	return &http.Response{
		StatusCode: http.StatusOK,
		Header:     http.Header{"Date": {now.UTC().Format(http.TimeFormat)}},
		Body:       io.NopCloser(strings.NewReader(body)),
		Request:    req,
	}, nil
}

func (s *keyService) set(change func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change()
}

// expectKeys checks the keys of an agency, and how often it fetched keys.
func (s *keyService) expectKeys(t *testing.T, a *credentials.Agency, when, access string, fetches int) {
	t.Helper()
	keys, err := a.Keys(t.Context())
	if err != nil || keys.AccessKey != access {
		t.Errorf("%s: the access key is %s (%v), want %s", when, keys.AccessKey, err, access)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.fetches != fetches {
		t.Errorf("%s: fetched %d times, want %d", when, s.fetches, fetches)
	}
}

func TestAgencyReplacesKeysWhileBothAreValid(t *testing.T) {
	for name, ahead := range map[string]time.Duration{"same clock": 0, "its clock is ahead": 5 * time.Hour, "behind": -day} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := &keyService{ahead: ahead}
				a := credentials.NewAgency("http://169.254.169.254", s, time.Now)
				if at, known := a.Expiry(); known {
					t.Errorf("before the first fetch the expiry is %v", at)
				}
				began := time.Now()
				s.expectKeys(t, a, "at first", "AK1", 1)
				if at, known := a.Expiry(); !known || !at.Equal(began.Add(keyLife)) {
					t.Errorf("the expiry is %v, %v, want %v", at, known, began.Add(keyLife))
				}
				time.Sleep(50*time.Minute - time.Nanosecond)
				s.expectKeys(t, a, "more than ten minutes before the end", "AK1", 1)
				time.Sleep(time.Nanosecond)
				s.expectKeys(t, a, "ten minutes before the end", "AK2", 2)
				time.Sleep(50 * time.Minute)
				s.expectKeys(t, a, "and again", "AK3", 3)
			})
		})
	}
}

// TestAgencyGetsTheSameKeysAgain starts with keys that expire soon.
func TestAgencyGetsTheSameKeysAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &keyService{}
		s.expires, s.keys = time.Now().Add(11*time.Minute), 7
		a := credentials.NewAgency("http://169.254.169.254", s, time.Now)
		s.expectKeys(t, a, "at first", "AK7", 1)
		time.Sleep(5*time.Minute + 29*time.Second)
		s.expectKeys(t, a, "less than half of what was left is over", "AK7", 1)
		time.Sleep(time.Second)
		s.expectKeys(t, a, "half of it", "AK8", 2)
	})
}

func TestAgencyUnknownExpiry(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &keyService{undated: true}
		a := credentials.NewAgency("http://169.254.169.254", s, time.Now)
		s.expectKeys(t, a, "at first", "AK1", 1)
		if at, known := a.Expiry(); known {
			t.Errorf("the expiry is %v, want unknown", at)
		}
		time.Sleep(5*time.Minute - time.Nanosecond)
		s.expectKeys(t, a, "within five minutes", "AK1", 1)
		time.Sleep(time.Nanosecond)
		s.expectKeys(t, a, "after five minutes", "AK1", 2)
	})
}

func TestAgencyKeepsOldKeysWhileTheyAreValid(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &keyService{}
		a := credentials.NewAgency("http://169.254.169.254", s, time.Now)
		s.expectKeys(t, a, "at first", "AK1", 1)
		s.set(func() { s.silent = true })
		time.Sleep(50 * time.Minute)
		s.expectKeys(t, a, "the service is silent", "AK1", 2)
		time.Sleep(5*time.Minute - time.Nanosecond)
		s.expectKeys(t, a, "less than half of what was left is over", "AK1", 2)
		time.Sleep(time.Nanosecond)
		s.expectKeys(t, a, "half of it", "AK1", 3)
		time.Sleep(5*time.Minute - time.Nanosecond)
		s.expectKeys(t, a, "the last moment", "AK1", 4)
		time.Sleep(time.Nanosecond)
		if keys, err := a.Keys(t.Context()); err == nil {
			t.Errorf("got expired keys: %s", keys.AccessKey)
		}
		s.set(func() { s.silent = false })
		time.Sleep(10 * time.Second)
		s.expectKeys(t, a, "the service is back", "AK2", 5)
	})
}

func TestAgencyFetchesOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &keyService{takes: time.Second / 2}
		a := credentials.NewAgency("http://169.254.169.254", s, time.Now)
		for i := range 3 {
			var wg sync.WaitGroup
			for range atOnce {
				wg.Go(func() {
					if keys, err := a.Keys(t.Context()); err != nil || keys.AccessKey != fmt.Sprint("AK", i+1) {
						t.Errorf("the access key is %s (%v), want AK%d", keys.AccessKey, err, i+1)
					}
				})
			}
			wg.Wait()
			s.expectKeys(t, a, "requests at once", fmt.Sprint("AK", i+1), i+1)
			time.Sleep(51 * time.Minute)
		}
	})
}

// TestAgencyUnderGuard has a guard ask for the keys: requests wait for them, Refused does
// not.
func TestAgencyUnderGuard(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &keyService{}
		a := credentials.NewAgency("http://169.254.169.254", s, time.Now)
		sent := 0
		guarded := credentials.NewGuard(time.Now).WatchKeys(a.Keys, roundTripper(func(req *http.Request) (*http.Response, error) {
			sent++
			return &http.Response{StatusCode: http.StatusUnauthorized, Body: http.NoBody, Request: req}, nil
		}))
		if status, err := send(guarded, newRequest(t)); status != http.StatusUnauthorized || !guarded.Refused("cbr.example.com") {
			t.Errorf("got status %d, %v, refused %t", status, err, guarded.Refused("cbr.example.com"))
		}
		s.set(func() { s.silent = true })
		time.Sleep(keyLife)
		began := time.Now()
		if guarded.Refused("cbr.example.com") || time.Since(began) != 0 {
			t.Errorf("Refused took %s, or keys that have expired count as refused", time.Since(began))
		}
		if _, err := send(guarded, newRequest(t)); err == nil || sent != 1 {
			t.Errorf("without keys: %d requests sent, the error is %v", sent, err)
		}
	})
}
