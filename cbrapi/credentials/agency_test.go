package credentials_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cbr-exporter/cbr_exporter/cbrapi/credentials"
)

// keyService is a metadata service, as a transport, that knows no tokens. It has
// new keys ten minutes before the old ones expire, as the real one.
type keyService struct {
	ahead time.Duration // of its clock against ours
	takes time.Duration

	mu      sync.Mutex
	silent  bool
	undated bool // it does not say when keys expire
	expires time.Time
	keys    int // handed out so far, of different ones
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

// expectKeys checks which keys an agency has, and how often it asked for them.
func (s *keyService) expectKeys(t *testing.T, a *credentials.Agency, when, access string, fetches int) {
	t.Helper()
	keys, err := a.Keys(t.Context())
	if err != nil || keys.AccessKey != access || a.Current() != keys {
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
				a := credentials.NewAgencyThrough(s, time.Now)
				if keys := a.Current(); keys != (credentials.Keys{}) {
					t.Errorf("keys before the first fetch: %s", keys.AccessKey)
				}
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

// The service hands out keys that have been there for a while, until it has others.
func TestAgencyGetsTheSameKeysAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &keyService{}
		s.expires, s.keys = time.Now().Add(11*time.Minute), 7
		a := credentials.NewAgencyThrough(s, time.Now)
		s.expectKeys(t, a, "at first", "AK7", 1)
		time.Sleep(5*time.Minute + 29*time.Second)
		s.expectKeys(t, a, "less than half of what was left is over", "AK7", 1)
		time.Sleep(time.Second)
		s.expectKeys(t, a, "half of it", "AK8", 2)
	})
}

func TestAgencyUnknownLife(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &keyService{undated: true}
		a := credentials.NewAgencyThrough(s, time.Now)
		s.expectKeys(t, a, "at first", "AK1", 1)
		if at, known := a.Expiry(); known {
			t.Errorf("the expiry is %v, and nobody said so", at)
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
		a := credentials.NewAgencyThrough(s, time.Now)
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
			t.Errorf("expired keys were handed out: %s", keys.AccessKey)
		}
		s.set(func() { s.silent = false })
		time.Sleep(10 * time.Second)
		s.expectKeys(t, a, "the service is back", "AK2", 5)
	})
}

func TestAgencyFetchesOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &keyService{takes: time.Second / 2}
		a := credentials.NewAgencyThrough(s, time.Now)
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

func TestAgencyAhead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &keyService{}
		a := credentials.NewAgencyThrough(s, time.Now)
		sent := 0
		rt := a.Ahead(roundTripper(func(req *http.Request) (*http.Response, error) {
			sent++
			if a.Current().AccessKey != "AK1" {
				t.Error("sent without keys")
			}
			return &http.Response{StatusCode: http.StatusOK, Body: http.NoBody, Request: req}, nil
		}))
		mustSend(t, rt)
		s.set(func() { s.silent = true })
		time.Sleep(keyLife)
		if _, err := send(rt, newRequest(t)); err == nil || sent != 1 {
			t.Errorf("without keys: %d requests sent, the error is %v", sent, err)
		}
	})
}
