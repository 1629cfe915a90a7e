package model_test

import (
	"bytes"
	"fmt"
	"hash/fnv"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/cbr-exporter/cbr_exporter/test/pause"

	"github.com/cbr-exporter/cbr_exporter/simulator"
)

const token = "MIImodel"

// trouble is what happens to requests on the network. The zero value is none.
type trouble struct {
	latency time.Duration // of each request
	stall   time.Duration // of chosen requests, in addition
	status  int           // of their responses; 0: a good response
	retry   time.Duration // of Retry-After
	broken  bool          // their connections break
	cut     bool          // their responses end in the middle
	share   float64       // the share of chosen requests
	only    string        // the end of the path of requests that may be chosen
}

// service is the cloud and the network. It knows what the exporter has requested, and so
// what it can know. It is an http.RoundTripper.
type service struct {
	*simulator.Simulator
	seed   uint64
	noDate bool // responses have no Date

	mu       sync.Mutex
	offset   time.Duration // of the cloud's clock
	listing  simulator.Listing
	lags     []change
	jumps    []change // of the cloud's clock
	trouble  trouble
	requests map[string]uint64 // by URL
	backups  []*backup         // all that there are, were, or will be

	running     *fullSync   // the latest one; nil before the first
	synced      *fullSync   // the latest that is over and has missed nothing; nil if there is none
	syncs       int         // that are over
	incremental incremental // the latest request
	troubled    time.Time
	pass        time.Time // the latest request for the running tasks, by the exporter's clock

	readings  map[string][]*reading // in order, by list
	failures  map[string]int        // of requests for these lists
	responses map[string]time.Time  // the latest good one, by the end of its path and the exporter's clock
	ignored   time.Time             // when an offset was last ignored, by the exporter's clock
}

// change is a lag from a moment on.
type change struct {
	at  time.Time
	lag time.Duration
}

// fullSync is a reading of the whole list. Its times are by the cloud's clock.
type fullSync struct {
	began     time.Time
	lag       time.Duration
	order     simulator.Order
	ended     time.Time
	before    *fullSync // the previous one that has missed nothing; nil if there is none
	disturbed bool      // it may have missed rows
}

// incremental is a list of new tasks.
type incremental struct {
	since  time.Time
	timeOf simulator.TimeOf
}

func newService(seed uint64, offset, retention time.Duration) *service {
	s := &service{seed: seed, offset: offset, requests: map[string]uint64{}, responses: map[string]time.Time{}, readings: map[string][]*reading{}, failures: map[string]int{}}
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

// skew returns how far the cloud's clock is ahead of the exporter's.
func (s *service) skew() time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.offset
}

// setClock sets how far the cloud's clock is ahead of the exporter's.
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
		s.synced = nil // what has started meanwhile may be beyond the only page
		s.ignored = time.Now()
	}
	s.listing = l
	s.lags = append(s.lags, change{s.nowLocked(), l.Lag})
}

// disturb records that rows may move while lists are read.
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

// lag returns the longest lag within the last half hour, plus the jumps of the cloud's
// clock: what was read before a jump is older by that.
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

// forget records that the exporter knows nothing.
func (s *service) forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.running, s.synced, s.syncs, s.incremental = nil, nil, 0, incremental{}
}

// Log implements log.Logger. The exporter logs when a full sync is complete.
func (s *service) Log(values ...any) error {
	if !strings.Contains(fmt.Sprint(values...), "full task sync complete") {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.syncs++
	if s.running != nil && !s.running.disturbed && !s.listing.IgnoreOffset {
		s.running.ended, s.running.before = s.nowLocked(), s.synced
		s.synced = s.running
		if s.synced.before != nil {
			s.synced.before.before = nil
		}
	}
	return nil
}

// chance returns a number from 0 to 1 for a request, derived from the seed, its URL and
// the number of requests for it.
func (s *service) chance(r *http.Request) float64 {
	url := r.URL.String()
	s.requests[url]++
	h := fnv.New64a()
	_, _ = fmt.Fprint(h, s.seed, url, s.requests[url])
	return float64(h.Sum64()%10_000) / 10_000
}

// record records a request and returns its trouble.
func (s *service) record(r *http.Request) (t trouble, chosen bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	query := r.URL.Query()
	if query.Get("status") == "running" && query.Get("offset") == "0" {
		s.pass = time.Now()
	}
	switch start := query.Get("start_time"); {
	case !strings.HasSuffix(r.URL.Path, "/operation-logs"), query.Get("status") != "":
	case start != "":
		since, _ := time.Parse(time.RFC3339, start)
		s.incremental = incremental{since, s.listing.TimeOf}
	case query.Get("offset") == "0":
		s.running = &fullSync{began: s.nowLocked(), lag: s.listing.Lag, order: s.listing.Order}
	}
	s.recordList(r)
	return s.trouble, strings.HasSuffix(r.URL.Path, s.trouble.only) && s.chance(r) < s.trouble.share
}

// lastResponses returns the times of the latest good responses with vaults and policies, by
// the exporter's clock.
func (s *service) lastResponses() (vaults, policies time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.responses["vaults"], s.responses["policies"]
}

// partial reports whether an offset was ignored since a moment, by the exporter's clock.
func (s *service) partial(since time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.listing.IgnoreOffset || s.ignored.After(since)
}

// RoundTrip implements http.RoundTripper.
func (s *service) RoundTrip(r *http.Request) (*http.Response, error) {
	t, chosen := s.record(r)
	good := false
	defer func() { s.recordResponse(r, good) }()
	wait := t.latency
	if chosen {
		wait += t.stall
	}
	recorder := httptest.NewRecorder()
	if err := pause.For(r.Context(), wait); err != nil {
		return nil, err
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
		s.serve(recorder, r)
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
	} else {
		good = resp.StatusCode == http.StatusOK
	}
	return resp, nil
}
