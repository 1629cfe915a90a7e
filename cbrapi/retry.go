package cbrapi

import (
	"context"
	"errors"
	"net/http"
	"time"
)

// The retry policy of the CBR API. Requests to IAM are not retried.
const (
	maxRetries       = 2 // of one request
	firstRetryDelay  = 200 * time.Millisecond
	secondRetryDelay = 800 * time.Millisecond

	// All requests of a project share a budget of retries. If everything fails, sending
	// it three times would do more harm.
	retryBurst       = 10
	retriesPerSecond = 1
)

// awaitRetry reports whether a request that failed with err is to be sent again, and
// returns when it is time for that. attempt counts from 0.
//
// Broken connections, 502, 503, 504 and throttled requests are retried, if there is time
// before the deadline of ctx. Failures of credentials are not: a few may lock an account.
func (l *Limiter) awaitRetry(ctx context.Context, attempt int, err error) bool {
	if err == nil || ctx.Err() != nil || attempt == maxRetries || !retryable(err) {
		return false
	}
	now := time.Now()
	delay := l.retryDelay(now, attempt, err)
	if deadline, ok := ctx.Deadline(); ok && !now.Add(delay).Before(deadline) {
		return false
	}
	if !l.retries.AllowN(now, 1) {
		return false
	}
	sleep(ctx, delay)
	return true
}

func (l *Limiter) retryDelay(now time.Time, attempt int, err error) time.Duration {
	if isThrottled(err) {
		l.mu.Lock()
		defer l.mu.Unlock()
		return l.pausedUntil.Sub(now)
	}
	delay := firstRetryDelay
	if attempt > 0 {
		delay = secondRetryDelay
	}
	return max(time.Duration(float64(delay)*(0.5+l.jitter())), requestedPause(err))
}

// retryable reports whether the same request may succeed in a moment.
func retryable(err error) bool {
	if aboutCredentials(err) || errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
		return false
	}
	if e, ok := errors.AsType[*Error](err); ok {
		switch e.StatusCode {
		case http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
			return true
		default:
			return isThrottled(err)
		}
	}
	return ReasonOf(err) == ReasonNetwork
}

// isThrottled reports whether the API has responded that there are too many requests.
// A throttled login does not count: IAM has a rate of its own.
func isThrottled(err error) bool {
	e, ok := errors.AsType[*Error](err)
	return ok && !aboutCredentials(err) && ReasonOf(e) == ReasonThrottled
}

// requestedPause returns how long the API asks to wait, or 0.
func requestedPause(err error) time.Duration {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.RetryAfter
	}
	return 0
}

func aboutCredentials(err error) bool {
	return errors.Is(err, ErrLogin) || errors.Is(err, ErrCredentials) || errors.Is(err, ErrClock)
}
