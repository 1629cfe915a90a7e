package pace

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/http"
	"time"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
)

const (
	// maxRetries is how often one request is repeated.
	maxRetries = 2
	// retryBurst is how many retries there are at once, for all requests together;
	// each second brings one more. Where everything fails, all of it three times
	// would only do more harm.
	retryBurst = 10
)

// awaitRetry reports whether a request that ended with err is worth another
// attempt, and returns when it is time for it.
func (p *Pacer) awaitRetry(ctx context.Context, retry int, err error) bool {
	if ctx.Err() != nil || retry == maxRetries || !mayPass(err) {
		return false
	}
	now := p.now()
	throttled := isThrottled(err)
	at := now.Add(p.retryDelay(retry, err))
	if throttled {
		at = p.pauseEnd()
	}
	if deadline, ok := ctx.Deadline(); ok && !at.Before(deadline) {
		return false
	}
	if !p.retries.AllowN(now, 1) {
		return false
	}
	if !throttled { // or it waits with all the others
		wait(ctx, at.Sub(now), nil)
	}
	return true
}

// retryDelay is how long to wait after the given attempt, counted from 0.
func (p *Pacer) retryDelay(retry int, err error) time.Duration {
	d := 200 * time.Millisecond
	if retry > 0 {
		d = 800 * time.Millisecond
	}
	return max(spread(d, 0.5, p.jitter()), retryAfter(err))
}

func (p *Pacer) pauseEnd() time.Time {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.pausedUntil
}

// mayPass reports whether the same request may succeed in a moment: the API is
// short of something, or the connection broke.
func mayPass(err error) bool {
	if err == nil || ofCredentials(err) || errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
		return false
	}
	if e, answered := errors.AsType[*cbrapi.Error](err); answered {
		switch e.StatusCode {
		case http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
			return true
		default:
			return isThrottled(err)
		}
	}
	return cbrapi.ReasonOf(err) == cbrapi.ReasonNetwork && !isSettled(err)
}

// isThrottled reports whether the API has answered that there are too many
// requests to it. IAM has a rate of its own, and its answers a guard.
func isThrottled(err error) bool {
	e, answered := errors.AsType[*cbrapi.Error](err)
	return answered && !ofCredentials(err) && cbrapi.ReasonOf(e) == cbrapi.ReasonThrottled
}

// ofCredentials reports whether err is about the way to credentials, or a refusal
// of them: nothing that fails there is repeated, or an account is soon locked.
func ofCredentials(err error) bool {
	return errors.Is(err, cbrapi.ErrLogin) || errors.Is(err, cbrapi.ErrCredentials) || errors.Is(err, cbrapi.ErrClock)
}

// isSettled reports whether a connection fails for a reason that stays: there is
// no such host, or one side does not trust the other.
func isSettled(err error) bool {
	if e, ok := errors.AsType[*net.DNSError](err); ok && e.IsNotFound {
		return true
	}
	for _, is := range []func(error) bool{
		isType[*tls.CertificateVerificationError], isType[tls.AlertError],
		isType[x509.UnknownAuthorityError], isType[x509.HostnameError], isType[x509.CertificateInvalidError],
	} {
		if is(err) {
			return true
		}
	}
	return false
}

func isType[E error](err error) bool {
	_, ok := errors.AsType[E](err)
	return ok
}

// retryAfter returns how long the API wants to be left alone; 0 where it does not say.
func retryAfter(err error) time.Duration {
	if e, ok := errors.AsType[*cbrapi.Error](err); ok {
		return min(max(e.RetryAfter, 0), maxRetryAfter)
	}
	return 0
}
