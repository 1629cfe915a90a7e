package cbrapi

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

const (
	// assumedRate replaces the full rate where none is configured, in requests per second.
	assumedRate rate.Limit = 20
	// minRate is the lowest rate that throttling leads to.
	minRate rate.Limit = 1

	minPause = 5 * time.Second  // after the first 429 without a Retry-After header
	maxPause = 10 * time.Second // after further ones

	// probeInterval is how far apart the requests are that may be sent in a longer pause:
	// the header may be wrong.
	probeInterval = time.Minute

	// A lowered rate is restored in steps: twelve seconds of successes. With a pause
	// that is less than 30 seconds.
	restoreSteps    = 6
	restoreInterval = 2 * time.Second
)

// LimiterOptions configure a Limiter.
type LimiterOptions struct {
	RequestsPerSecond float64 // 0: no limit
	// Jitter returns a number from 0 to 1 that spreads pauses and retries. It is called
	// concurrently. Nil: math/rand/v2.
	Jitter func() float64
}

// Limiter limits the rate of the requests to one project, and their retries. It is
// safe for concurrent use.
//
// The requests of one second may be sent at once. A 429 halves the rate, down to one
// request per second, and pauses all requests for as long as the Retry-After header
// says; without the header for 5 seconds, and for 10 after each further 429. In a pause
// that is longer than a minute, one request a minute is sent, and its success ends the
// pause. Successes restore the rate in six steps, two seconds apart.
type Limiter struct {
	jitter  func() float64
	usual   rate.Limit    // without throttling; rate.Inf: no limit
	full    rate.Limit    // usual, or assumedRate if there is no limit
	retries *rate.Limiter // has a token for each retry

	mu          sync.Mutex
	requests    *rate.Limiter
	pausedUntil time.Time
	probeAt     time.Time     // the next request that may be sent before that
	pause       time.Duration // the next one without a Retry-After header
	throttled   int           // how often the rate was lowered
	steps       int           // left to the full rate
	step        rate.Limit    // how much each of them adds
	restoreAt   time.Time     // no step before
}

// NewLimiter returns a Limiter that starts at the full rate.
func NewLimiter(o LimiterOptions) *Limiter {
	l := &Limiter{
		jitter:  o.Jitter,
		usual:   rate.Inf,
		full:    assumedRate,
		retries: rate.NewLimiter(retriesPerSecond, retryBurst),
		pause:   minPause,
	}
	if l.jitter == nil {
		l.jitter = rand.Float64
	}
	if o.RequestsPerSecond > 0 {
		l.usual = rate.Limit(o.RequestsPerSecond)
		l.full = l.usual
	}
	l.requests = rate.NewLimiter(l.usual, l.burst())
	return l
}

// Inherit takes over the rate, the pause and the spent requests and retries of old, so
// that a new configuration lifts no pause. It must precede the first request.
func (l *Limiter) Inherit(old *Limiter) {
	old.mu.Lock()
	defer old.mu.Unlock()
	l.mu.Lock()
	defer l.mu.Unlock()
	l.retries = old.retries
	l.pausedUntil, l.probeAt, l.pause, l.restoreAt = old.pausedUntil, old.probeAt, old.pause, old.restoreAt
	limit := l.usual
	if lowered := old.requests.Limit(); old.steps > 0 && lowered < l.full {
		limit = lowered
		l.steps = old.steps
		l.step = (l.full - lowered) / rate.Limit(l.steps)
	}
	l.requests = rate.NewLimiter(limit, l.burst())
	// A burst may be sent once, and not with every new configuration.
	start := l.earliest(time.Now())
	spent := math.Ceil(float64(old.requests.Burst()) - old.requests.TokensAt(start))
	l.requests.AllowN(start, min(int(spent), l.burst()))
}

// wait returns when a request may be sent. It fails at once if that would be after
// the deadline of ctx. The response goes to record, with the returned number.
func (l *Limiter) wait(ctx context.Context) (throttled int, err error) {
	for ctx.Err() == nil {
		reservation, delay, err := l.reserve(ctx)
		if err != nil {
			return 0, err
		}
		sleep(ctx, delay)
		if throttled, ok := l.use(ctx, reservation); ok {
			return throttled, nil
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if now := time.Now(); now.Before(l.pausedUntil) {
		return 0, l.tooLate(now, 0)
	}
	return 0, context.Cause(ctx)
}

func (l *Limiter) reserve(ctx context.Context) (r *rate.Reservation, delay time.Duration, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	start := l.earliest(now)
	r = l.requests.ReserveN(start, 1)
	delay = start.Sub(now) + r.DelayFrom(start)
	if deadline, ok := ctx.Deadline(); ok && delay > 0 && !now.Add(delay).Before(deadline) {
		r.CancelAt(start)
		return nil, 0, l.tooLate(now, delay)
	}
	return r, delay, nil
}

// use reports whether a request may be sent after it has waited for its reservation:
// a pause may have begun meanwhile.
func (l *Limiter) use(ctx context.Context, r *rate.Reservation) (throttled int, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	if ctx.Err() != nil {
		r.CancelAt(l.earliest(now)) // another request may have it
		return 0, false
	}
	if l.earliest(now).After(now) {
		return 0, false
	}
	if now.Before(l.pausedUntil) {
		l.probeAt = now.Add(probeInterval)
	}
	return l.throttled, true
}

// earliest returns when the next request may be sent, apart from the rate.
func (l *Limiter) earliest(now time.Time) time.Time {
	next := l.pausedUntil
	if l.probeAt.Before(next) {
		next = l.probeAt
	}
	if next.After(now) {
		return next
	}
	return now
}

func (l *Limiter) tooLate(now time.Time, delay time.Duration) error {
	delay = delay.Round(time.Millisecond)
	switch {
	case now.Before(l.pausedUntil):
		return fmt.Errorf("%w: the API responded with 429%s", ErrThrottled, l.untilWhen())
	case l.steps > 0:
		return fmt.Errorf("%w: the API responded with 429 and the next request is due in %s, after the deadline", ErrThrottled, delay)
	}
	return fmt.Errorf("requests_per_second is %g and the next request is due in %s, after the deadline: %w",
		float64(l.usual), delay, context.DeadlineExceeded)
}

// untilWhen is the end of an error's text in a pause.
func (l *Limiter) untilWhen() string {
	return "; paused until " + l.pausedUntil.UTC().Format(time.RFC3339)
}

// record adapts the rate to a response. throttled is what wait returned before the
// request: a response to an earlier rate says nothing about the current one. It returns
// err, with the end of the pause if the API throttles.
func (l *Limiter) record(throttled int, err error) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	current := throttled == l.throttled
	switch {
	case isThrottled(err):
		l.throttle(current, requestedPause(err))
		if time.Now().Before(l.pausedUntil) {
			return fmt.Errorf("%w%s", err, l.untilWhen())
		}
	case current && (err == nil || IsNotFound(err)):
		l.restore()
	}
	return err
}

func (l *Limiter) throttle(current bool, pause time.Duration) {
	if current {
		if pause == 0 {
			pause = min(spread(l.pause, 0.2, l.jitter()), maxPause)
		}
		l.pause = maxPause
		l.halve()
		l.throttled++
	}
	now := time.Now()
	if until := now.Add(pause); pause > 0 && until.After(l.pausedUntil) {
		l.pausedUntil, l.probeAt = until, now.Add(probeInterval)
		l.restoreAt = until.Add(restoreInterval)
	}
}

func (l *Limiter) halve() {
	current := min(l.requests.Limit(), l.full) // the latter where there was no limit
	lowered := max(current/2, min(minRate, l.full))
	l.steps = 0
	if lowered < l.full {
		l.steps = restoreSteps
		l.step = (l.full - lowered) / restoreSteps
	}
	l.setLimit(lowered)
}

func (l *Limiter) restore() {
	l.pause = minPause
	now := time.Now()
	if now.Before(l.pausedUntil) { // it was a probe
		l.pausedUntil = now
		l.restoreAt = now.Add(restoreInterval)
	}
	if l.steps == 0 || now.Before(l.restoreAt) {
		return
	}
	l.restoreAt = now.Add(restoreInterval)
	l.steps--
	limit := l.usual
	if l.steps > 0 {
		limit = l.full - l.step*rate.Limit(l.steps)
	}
	l.setLimit(limit)
}

func (l *Limiter) setLimit(limit rate.Limit) {
	start := l.earliest(time.Now()) // the time of a rate.Limiter must not go back
	l.requests.SetLimitAt(start, limit)
	l.requests.SetBurstAt(start, l.burst())
}

// burst returns how many requests may be sent at once: those of a second, and one
// while the API throttles.
func (l *Limiter) burst() int {
	if l.steps > 0 {
		return 1
	}
	return max(1, int(min(l.usual, math.MaxInt32)))
}

// spread returns d, more or less by up to share of it, for a jitter from 0 to 1.
func spread(d time.Duration, share, jitter float64) time.Duration {
	return time.Duration(float64(d) * (1 + share*(2*jitter-1)))
}

// sleep returns after d, or when ctx is done; at once if d is not positive.
func sleep(ctx context.Context, d time.Duration) {
	if d <= 0 {
		// Not only to save a timer: an expired timer in a bubble of testing/synctest
		// can crash the race detector, see https://go.dev/issue/78156.
		return
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}
