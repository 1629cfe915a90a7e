package cbrapi

import (
	"context"
	"fmt"
	"math"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

const (
	// assumedRate replaces the full rate where none is configured, in requests per second.
	assumedRate rate.Limit = 20
	// minRate is the lowest rate that throttling leads to.
	minRate rate.Limit = 1

	// A 429 without a Retry-After header pauses for some time between these.
	minPause = 5 * time.Second
	maxPause = 10 * time.Second

	// Each interval of successes raises a lowered rate by a part of the full one. With a
	// pause that takes less than 30 seconds.
	raiseInterval = 2 * time.Second
	raiseParts    = 8
)

// Limiter limits the rate of the requests to one project, and their retries. It is
// safe for concurrent use.
//
// The requests of one second may be sent at once. A 429 halves the rate, down to one
// request per second, and pauses all requests for as long as the Retry-After header
// says, without the header for 5 to 10 seconds. Successes restore the rate.
type Limiter struct {
	jitter  func() float64
	usual   rate.Limit    // without throttling; rate.Inf: no limit
	full    rate.Limit    // usual, or assumedRate if there is no limit
	burst   int           // how many requests may be sent at once; one while the rate is lowered
	retries *rate.Limiter // has a token for each retry

	mu          sync.Mutex
	requests    *rate.Limiter
	pausedUntil time.Time
	throttled   int       // how often the rate was lowered
	raiseAt     time.Time // a lowered rate stays until then
}

// NewLimiter returns a Limiter of so many requests per second, 0 for no limit. Jitter
// returns a number from 0 to 1 that spreads pauses and retries. It is called concurrently.
func NewLimiter(requestsPerSecond float64, jitter func() float64) *Limiter {
	l := &Limiter{
		jitter:  jitter,
		usual:   rate.Inf,
		full:    assumedRate,
		retries: rate.NewLimiter(retriesPerSecond, retryBurst),
	}
	if requestsPerSecond > 0 {
		l.usual = rate.Limit(requestsPerSecond)
		l.full = l.usual
	}
	l.burst = max(1, int(min(l.usual, math.MaxInt32)))
	l.requests = rate.NewLimiter(l.usual, l.burst)
	return l
}

// Inherit takes over the rate, the pause and the spent requests and retries of old, so
// that a new configuration lifts no pause. It must precede the first request.
func (l *Limiter) Inherit(old *Limiter) {
	old.mu.Lock()
	defer old.mu.Unlock()
	l.mu.Lock()
	defer l.mu.Unlock()
	l.retries, l.pausedUntil, l.raiseAt = old.retries, old.pausedUntil, old.raiseAt
	if limit := old.requests.Limit(); old.lowered() && limit < l.full {
		l.requests = rate.NewLimiter(limit, 1)
	}
	// A burst may be sent once, and not with every new configuration.
	now := time.Now()
	spent := math.Ceil(float64(old.requests.Burst()) - old.requests.TokensAt(now))
	l.requests.AllowN(now, min(int(spent), l.requests.Burst()))
}

// lowered reports whether the rate is lower than the full one.
func (l *Limiter) lowered() bool { return l.requests.Limit() < l.full }

// wait returns when a request may be sent. It fails at once if that would be after
// the deadline of ctx. The response goes to record, with the returned number.
func (l *Limiter) wait(ctx context.Context) (throttled int, err error) {
	for {
		turn, delay, err := l.reserve(ctx)
		if err != nil {
			return 0, err
		}
		sleep(ctx, delay)
		if throttled, ok := l.use(ctx, turn); ok {
			return throttled, nil
		}
	}
}

// reserve returns the turn of a request and how long it has to wait for it. In a pause
// there are no turns, and the delay is that of its end.
func (l *Limiter) reserve(ctx context.Context) (turn *rate.Reservation, delay time.Duration, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	if delay = l.pausedUntil.Sub(now); delay <= 0 {
		turn = l.requests.ReserveN(now, 1)
		delay = turn.DelayFrom(now)
	}
	if deadline, ok := ctx.Deadline(); ok && delay > 0 && !now.Add(delay).Before(deadline) {
		err = l.tooLate(now, delay)
	} else {
		err = context.Cause(ctx)
	}
	if err != nil && turn != nil {
		turn.CancelAt(now)
	}
	return turn, delay, err
}

// use reports whether a request may be sent after it has waited for its turn: a pause
// may have begun meanwhile.
func (l *Limiter) use(ctx context.Context, turn *rate.Reservation) (throttled int, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	if turn == nil || now.Before(l.pausedUntil) {
		return 0, false
	}
	if ctx.Err() != nil {
		turn.CancelAt(now) // another request may have it
		return 0, false
	}
	return l.throttled, true
}

func (l *Limiter) tooLate(now time.Time, delay time.Duration) error {
	delay = delay.Round(time.Millisecond)
	switch {
	case now.Before(l.pausedUntil):
		return fmt.Errorf("%w: the API responded with 429%s", ErrThrottled, l.untilWhen())
	case l.lowered():
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
	now := time.Now()
	current := throttled == l.throttled
	switch {
	case isThrottled(err):
		l.throttle(now, current, requestedPause(err))
		if now.Before(l.pausedUntil) {
			return fmt.Errorf("%w%s", err, l.untilWhen())
		}
	case current && (err == nil || IsNotFound(err)):
		l.raise(now)
	}
	return err
}

func (l *Limiter) throttle(now time.Time, current bool, pause time.Duration) {
	if current {
		l.throttled++
		lowered := max(min(l.requests.Limit(), l.full)/2, min(minRate, l.full))
		l.requests = rate.NewLimiter(lowered, 1)
		l.requests.AllowN(now, 1) // the throttled one
		if pause == 0 {
			pause = minPause + time.Duration(l.jitter()*float64(maxPause-minPause))
		}
	}
	if until := now.Add(pause); until.After(l.pausedUntil) {
		l.pausedUntil, l.raiseAt = until, until.Add(raiseInterval)
	}
}

func (l *Limiter) raise(now time.Time) {
	if !l.lowered() || now.Before(l.raiseAt) {
		return
	}
	l.raiseAt = now.Add(raiseInterval)
	if raised := l.requests.Limit() + l.full/raiseParts; raised < l.full {
		l.requests.SetLimitAt(now, raised)
		return
	}
	l.requests.SetLimitAt(now, l.usual)
	l.requests.SetBurstAt(now, l.burst)
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
