package credentials

import (
	"context"
	"crypto/sha256"
	"errors"
	"maps"
	"net/http"
	"sync"
	"time"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
)

const (
	// forgetAfter is how long a guard knows credentials that nobody uses.
	forgetAfter = 24 * time.Hour
	// proofGrace is how long requests wait for the first one with credentials
	// that nobody has tried yet.
	proofGrace = time.Second
)

// Guard keeps credentials that were refused from being sent again and again.
// The cloud locks an access key after six refusals in a row, and an account
// after a few logins, for everybody who uses them.
//
// One guard serves a whole process: it goes by the secret itself, whichever
// projects use it and however often the configuration is loaded. It forgets a
// refusal when a request is accepted; a changed secret is one that it has not
// seen. It is safe for concurrent use.
type Guard struct {
	now func() time.Time

	mu        sync.Mutex
	standings map[digest]*standing
	users     map[digest]*userStanding
}

// digest stands for credentials, which a guard has no reason to keep.
type digest [sha256.Size]byte

// standing is what is known of one secret.
type standing struct {
	proven  bool          // it was accepted, and not refused since
	refused *RefusedError // nil if it was not
	probe   chan struct{} // closed when the request that goes alone is over; nil if there is none
	places  chan struct{} // one taken for each request whose answer is awaited; nil: no limit
	used    time.Time
}

// NewGuard returns a guard that reads the time from now.
func NewGuard(now func() time.Time) *Guard {
	return &Guard{now: now, standings: map[digest]*standing{}, users: map[digest]*userStanding{}}
}

// Guarded is a RoundTripper that a guard watches.
type Guarded struct {
	guard    *Guard
	identity Secret
	user     Secret // nil where there is no login
	risk     Risk
	next     http.RoundTripper
}

// Watch returns a RoundTripper that sends requests on to next, which adds the
// credentials that identity stands for: two with the same identity are the same
// credentials. The risk says how careful the guard is with them.
func (g *Guard) Watch(identity Secret, risk Risk, next http.RoundTripper) *Guarded {
	return &Guarded{guard: g, identity: identity, risk: risk, next: next}
}

// Refused reports whether the cloud refuses the credentials as they are now. Where
// it minds our clock, it has nothing against them.
func (w *Guarded) Refused() bool {
	identity, err := w.identity()
	if err != nil {
		return false // there are none that could have been refused
	}
	if w.user != nil {
		if user, err := w.user(); err == nil && w.guard.userRefused(keyOf(user)) {
			return true
		}
	}
	w.guard.mu.Lock()
	defer w.guard.mu.Unlock()
	s := w.guard.standings[keyOf(identity)]
	return s != nil && s.refused != nil && !errors.Is(s.refused, cbrapi.ErrClock)
}

func keyOf(identity string) digest { return sha256.Sum256([]byte(identity)) }

// RoundTrip implements http.RoundTripper. Its error is a *RefusedError where the
// request was not sent.
func (w *Guarded) RoundTrip(req *http.Request) (*http.Response, error) {
	identity, err := w.identity()
	if err != nil {
		return nil, err
	}
	key := keyOf(identity)
	if w.user != nil {
		if err := w.guard.blocked(key, w.user); err != nil {
			return nil, err
		}
	}
	leave, err := w.guard.enter(req.Context(), key, w.risk.inFlight())
	if err != nil {
		return nil, err
	}
	defer leave()
	probe, err := w.guard.admit(req.Context(), key)
	if err != nil {
		return nil, err
	}
	resp, err := w.next.RoundTrip(req)
	retry := w.risk.retry()
	if err == nil {
		retry = min(retry, RiskToken.retry()) // no login was refused
	}
	w.guard.conclude(key, probe, verdictOf(cbrapi.Operation(req.Context()), resp, err), retry)
	return resp, err
}

// enter returns when fewer than most requests with the credentials await their
// answer, and what to call when this one has got its own. There is no such bound
// where most is 0.
func (g *Guard) enter(ctx context.Context, key digest, most int) (leave func(), err error) {
	if most == 0 {
		return func() {}, nil
	}
	g.mu.Lock()
	s := g.standing(key)
	if s.places == nil {
		s.places = make(chan struct{}, most)
	}
	places := s.places
	g.mu.Unlock()
	select {
	case places <- struct{}{}:
		return func() { <-places }, nil
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

// admit returns when a request may be sent, or why it may not. While nobody
// knows whether the credentials are good, or are good again, one request goes
// alone: it is given a probe, which conclude has to close.
func (g *Guard) admit(ctx context.Context, key digest) (probe chan struct{}, err error) {
	g.mu.Lock()
	s := g.standing(key)
	switch {
	case s.proven:
		g.mu.Unlock()
		return nil, nil
	case s.refused != nil && g.now().Before(s.refused.RetryAt):
		refused := s.refused
		g.mu.Unlock()
		return nil, refused
	case s.probe == nil:
		probe = make(chan struct{})
		s.probe = probe
		g.mu.Unlock()
		return probe, nil
	}
	ahead := s.probe
	g.mu.Unlock()

	// A first request that hangs must not keep everything else waiting.
	grace := time.NewTimer(proofGrace)
	defer grace.Stop()
	select {
	case <-ahead:
	case <-grace.C:
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if s.refused != nil {
		return nil, s.refused
	}
	return nil, nil
}

// standing returns what is known of a secret. It forgets those that have been out
// of use for long: a token that is replaced each hour leaves many behind.
func (g *Guard) standing(key digest) *standing {
	now := g.now()
	s := g.standings[key]
	if s == nil {
		maps.DeleteFunc(g.standings, func(_ digest, s *standing) bool { return now.Sub(s.used) > forgetAfter })
		s = &standing{}
		g.standings[key] = s
	}
	s.used = now
	return s
}

// conclude notes what the answer to an admitted request says. While credentials
// are refused, only the answer to a probe can clear them: another one may be to
// a request that was sent before.
func (g *Guard) conclude(key digest, probe chan struct{}, v verdict, retry time.Duration) {
	g.mu.Lock()
	defer g.mu.Unlock()
	s := g.standings[key]
	switch {
	case v.refused != nil:
		now := g.now()
		s.proven, s.refused = false, &RefusedError{At: now, RetryAt: now.Add(retry), Answer: v.refused}
	case v.unproven:
		s.proven = false
	case v.accepted && (probe != nil || s.refused == nil):
		s.proven, s.refused = true, nil
	}
	if probe != nil {
		s.probe = nil
		close(probe)
	}
}
