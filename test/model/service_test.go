package model_test

import (
	"bytes"
	"fmt"
	"hash/fnv"
	"io"
	"net/http"
	"net/http/httptest"
	"path"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/cbr-exporter/cbr_exporter/simulator"
)

const token = "MIImodel"

// trouble is what the way to the cloud does to requests. The zero value is none.
type trouble struct {
	latency time.Duration // of each request
	stall   time.Duration // of those that are chosen, besides
	status  int           // of their answers; 0: the answer is good
	retry   time.Duration // of Retry-After
	broken  bool          // their connections break
	cut     bool          // their answers end in the middle
	share   float64       // of the requests that are chosen
	only    string        // the end of the path of those that may be chosen
}

// service is the cloud and the way to it. It knows what the exporter has asked for,
// and so what it can know. It is an http.RoundTripper.
type service struct {
	*simulator.Simulator
	seed   uint64
	noDate bool // answers do not tell the time

	mu      sync.Mutex
	offset  time.Duration // of the cloud's clock
	listing simulator.Listing
	lags    []change
	jumps   []change // of the cloud's clock
	trouble trouble
	asked   map[string]uint64 // how often, by URL

	running  *sweep // the newest one; nil before the first
	swept    *sweep // the newest that is over and has missed nothing; nil for none
	sweeps   int    // that are over
	news     news   // the newest request
	troubled time.Time

	answers map[string]time.Time // the newest good one, by the end of its path and our clock
	ignored time.Time            // when an offset was ignored for the last time, by our clock
}

// change is a lag that is in force from a moment on.
type change struct {
	at  time.Time
	lag time.Duration
}

// sweep is a reading of the whole list. Its times are by the cloud's clock.
type sweep struct {
	began     time.Time
	lag       time.Duration
	order     simulator.Order
	ended     time.Time
	before    *sweep // the one before it that has missed nothing; nil for none
	disturbed bool   // it may have missed rows
}

// news is a list of what is new.
type news struct {
	since  time.Time
	timeOf simulator.TimeOf
}

func newService(seed uint64, offset, retention time.Duration) *service {
	s := &service{seed: seed, offset: offset, asked: map[string]uint64{}, answers: map[string]time.Time{}}
	s.Simulator = simulator.New(simulator.Options{
		Now: s.now, Seed: seed, Tokens: []string{token}, Empty: true, Retention: retention,
	})
	return s
}

// now is the cloud's time.
func (s *service) now() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.nowLocked()
}

func (s *service) nowLocked() time.Time { return time.Now().Add(s.offset).UTC() }

// skew is how far the cloud's clock is ahead of ours.
func (s *service) skew() time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.offset
}

// setClock makes the cloud's clock differ from ours.
func (s *service) setClock(offset time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	before := s.offset
	s.offset = offset
	s.jumps = append(s.jumps, change{s.nowLocked(), max(0, offset-before)})
}

// list changes how the service lists tasks.
func (s *service) list(l simulator.Listing) {
	s.SetListing(l)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.disturbLocked()
	if l.IgnoreOffset || s.listing.IgnoreOffset {
		s.swept = nil // what has started meanwhile may be behind the only page
		s.ignored = time.Now()
	}
	s.listing = l
	s.lags = append(s.lags, change{s.nowLocked(), l.Lag})
}

// disturb takes note that rows of a listing that runs may change their places.
func (s *service) disturb() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.disturbLocked()
}

func (s *service) disturbLocked() {
	s.troubled = s.nowLocked()
	if s.running != nil {
		s.running.disturbed = true
	}
}

// lag returns the longest lag within the last half an hour, and by how much the
// cloud's clock has gone on meanwhile besides: what was read then is older by that.
func (s *service) lag() time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	var longest time.Duration
	for i, c := range s.lags {
		if i+1 == len(s.lags) || s.lags[i+1].at.After(s.nowLocked().Add(-30*time.Minute)) {
			longest = max(longest, c.lag)
		}
	}
	for _, c := range s.jumps {
		if c.at.After(s.nowLocked().Add(-30 * time.Minute)) {
			longest += c.lag
		}
	}
	return longest
}

func (s *service) setTrouble(t trouble) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.trouble = t
}

// forget takes note that the exporter knows nothing.
func (s *service) forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.running, s.swept, s.sweeps, s.news = nil, nil, 0, news{}
}

// Log implements log.Logger: the exporter says when it has read the whole list.
func (s *service) Log(values ...any) error {
	if !strings.Contains(fmt.Sprint(values...), "the whole task list is read") {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sweeps++
	if s.running != nil && !s.running.disturbed && !s.listing.IgnoreOffset {
		s.running.ended, s.running.before = s.nowLocked(), s.swept
		s.swept = s.running
		if s.swept.before != nil {
			s.swept.before.before = nil
		}
	}
	return nil
}

// chance returns a number from 0 to 1 for a request that follows from the seed, what
// is asked for, and how often it was.
func (s *service) chance(r *http.Request) float64 {
	url := r.URL.String()
	s.asked[url]++
	h := fnv.New64a()
	_, _ = fmt.Fprint(h, s.seed, url, s.asked[url])
	return float64(h.Sum64()%10_000) / 10_000
}

// note takes note of a request, and says what becomes of it.
func (s *service) note(r *http.Request) (t trouble, chosen bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	query := r.URL.Query()
	switch start := query.Get("start_time"); {
	case !strings.HasSuffix(r.URL.Path, "/operation-logs"), query.Get("status") != "":
	case start != "":
		since, _ := time.Parse(time.RFC3339, start)
		s.news = news{since, s.listing.TimeOf}
	case query.Get("offset") == "0":
		s.running = &sweep{began: s.nowLocked(), lag: s.listing.Lag, order: s.listing.Order}
	}
	return s.trouble, strings.HasSuffix(r.URL.Path, s.trouble.only) && s.chance(r) < s.trouble.share
}

// answered returns when lists of vaults and of policies were answered for the last
// time, by our clock.
func (s *service) answered() (vaults, policies time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.answers["vaults"], s.answers["policies"]
}

// partial reports whether an offset was ignored at a moment or after it, by our clock.
func (s *service) partial(since time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.listing.IgnoreOffset || s.ignored.After(since)
}

// RoundTrip implements http.RoundTripper.
func (s *service) RoundTrip(r *http.Request) (*http.Response, error) {
	t, chosen := s.note(r)
	wait := t.latency
	if chosen {
		wait += t.stall
	}
	recorder := httptest.NewRecorder()
	if wait > 0 {
		timer := time.NewTimer(wait)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-r.Context().Done():
			return nil, r.Context().Err()
		}
	}
	switch {
	case chosen && t.broken:
		return nil, syscall.ECONNRESET
	case chosen && t.status != 0:
		header := recorder.Header()
		header.Set("Date", s.now().Format(http.TimeFormat))
		if t.retry > 0 {
			header.Set("Retry-After", fmt.Sprint(int(t.retry.Seconds())))
		}
		recorder.WriteHeader(t.status)
	default:
		s.ServeHTTP(recorder, r)
	}
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	resp := recorder.Result()
	resp.Request = r
	if s.noDate {
		resp.Header.Del("Date")
	}
	if chosen && t.cut {
		body := recorder.Body.Bytes()
		resp.Body = io.NopCloser(bytes.NewReader(body[:len(body)/2]))
		resp.ContentLength = -1
	} else if resp.StatusCode == http.StatusOK {
		s.mu.Lock()
		s.answers[path.Base(r.URL.Path)] = time.Now()
		s.mu.Unlock()
	}
	return resp, nil
}
