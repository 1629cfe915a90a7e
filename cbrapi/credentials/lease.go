package credentials

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"
)

const (
	minRenewalPause = time.Minute
	// renewalGrace is how long a request waits for a new value while the current one
	// is valid. A slower fetch continues in the background.
	renewalGrace = time.Second
)

// lease holds a value that expires and renews it in time. One goroutine fetches the
// value; all requests share it, or share the failure. If renewing fails, the current
// value is used until it expires.
type lease[V comparable] struct {
	fetch   func(context.Context) (leased[V], error)
	timeout time.Duration // of a fetch, which can serve requests with different deadlines
	silent  error         // names the service that a request waits for until its deadline
	now     func() time.Time

	fetches singleflight.Group

	mu      sync.Mutex
	current leased[V]
}

// leased is a value and how long it serves, by our clock.
type leased[V comparable] struct {
	value     V
	renewAt   time.Time
	expiresAt time.Time
	assumed   bool // the service did not state when it expires
}

func (l *lease[V]) get(ctx context.Context) (V, error) {
	old, now := l.last(), l.now()
	if now.Before(old.renewAt) {
		return old.value, nil
	}
	if !now.Before(old.expiresAt) {
		return l.renew(ctx, old.value)
	}
	ctx, cancel := context.WithTimeout(ctx, renewalGrace)
	defer cancel()
	if value, err := l.renew(ctx, old.value); err == nil {
		return value, nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.current.value == old.value {
		l.current.renewAt = now.Add(renewalPause(old.expiresAt.Sub(now)))
	}
	return l.current.value, nil
}

// renewalPause returns how long to wait before renewing a value again that is valid
// for the time left: half of it, at least minRenewalPause, at most all of it.
func renewalPause(left time.Duration) time.Duration {
	return min(left, max(left/2, minRenewalPause))
}

// renew returns a value other than old, which expires or was refused.
func (l *lease[V]) renew(ctx context.Context, old V) (V, error) {
	result := l.fetches.DoChan("", func() (any, error) {
		last := l.last()
		if last.value != old {
			return last.value, nil // another request has renewed it
		}
		// The fetch serves all requests that wait, so it must not end with the first one.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), l.timeout)
		defer cancel()
		fetched, err := l.fetch(ctx)
		if err != nil {
			return nil, err
		}
		l.mu.Lock()
		defer l.mu.Unlock()
		l.current = fetched
		return fetched.value, nil
	})
	select {
	case r := <-result:
		value, _ := r.Val.(V)
		return value, r.Err
	case <-ctx.Done():
		var none V
		err := context.Cause(ctx)
		if errors.Is(err, context.DeadlineExceeded) {
			err = fmt.Errorf("%w: %w", l.silent, err)
		}
		return none, err
	}
}

// last returns the value that was fetched last, valid or not, or the zero value.
func (l *lease[V]) last() leased[V] {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.current
}

func (l *lease[V]) expiry() (time.Time, bool) {
	v := l.last()
	return v.expiresAt, !v.assumed && !v.expiresAt.IsZero()
}
