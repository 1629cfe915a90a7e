package credentials

import (
	"context"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"
)

// minRenewalPause is the least time between two attempts to replace a value
// that is still valid.
const minRenewalPause = time.Minute

// renewalGrace is how long a request waits for the next value while the one in
// force is valid. A fetch that takes longer goes on behind it.
const renewalGrace = time.Second

// lease holds a value that expires, and fetches the next one in time. However
// many ask for it, one goroutine fetches it and all of them use it, or share its
// failure.
type lease[V comparable] struct {
	fetch   func(context.Context) (V, term, error)
	timeout time.Duration // of a fetch, which may serve requests with other deadlines
	now     func() time.Time
	// patience is the least pause after a failure to replace a value that is
	// valid; nil for none.
	patience func(error) time.Duration

	fetches singleflight.Group

	mu   sync.Mutex
	held held[V]
}

// term is how long a value serves, counted from its arrival.
type term struct {
	renewIn   time.Duration
	expiresIn time.Duration
	assumed   bool // nobody said so
}

// held is a value and its life by our clock.
type held[V comparable] struct {
	value     V
	renewAt   time.Time
	expiresAt time.Time
	assumed   bool
}

// get returns a value that is valid as far as we know.
func (l *lease[V]) get(ctx context.Context) (V, error) {
	h := l.inForce()
	now := l.now()
	if now.Before(h.renewAt) {
		return h.value, nil
	}
	if !now.Before(h.expiresAt) {
		return l.renew(ctx, h.value)
	}
	hurried, cancel := context.WithTimeout(ctx, renewalGrace)
	defer cancel()
	value, err := l.renew(hurried, h.value)
	if err == nil {
		return value, nil
	}
	left := h.expiresAt.Sub(now)
	pause := postponed(left)
	if l.patience != nil {
		pause = min(left, max(pause, l.patience(err)))
	}
	// The old one still serves.
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.held.value == h.value {
		l.held.renewAt = now.Add(pause)
	}
	return l.held.value, nil
}

// postponed returns when to try again to replace a value of which so much life
// is left: when half of that is over, and at the latest when nothing is.
func postponed(left time.Duration) time.Duration {
	return min(left, max(left/2, minRenewalPause))
}

// renew returns a value other than old, which expires or was refused.
func (l *lease[V]) renew(ctx context.Context, old V) (V, error) {
	result := l.fetches.DoChan("", func() (any, error) {
		if current := l.inForce().value; current != old {
			return current, nil // somebody else has renewed it since
		}
		// The fetch serves all who wait for it, so it must not end with the
		// request that happened to be first.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), l.timeout)
		defer cancel()
		value, t, err := l.fetch(ctx)
		if err != nil {
			return nil, err
		}
		l.begin(value, t)
		return value, nil
	})
	select {
	case r := <-result:
		value, _ := r.Val.(V)
		return value, r.Err
	case <-ctx.Done():
		var none V
		return none, context.Cause(ctx)
	}
}

// begin puts a new value in force.
func (l *lease[V]) begin(value V, t term) {
	now := l.now()
	l.mu.Lock()
	defer l.mu.Unlock()
	l.held = held[V]{
		value:     value,
		renewAt:   now.Add(t.renewIn),
		expiresAt: now.Add(t.expiresIn),
		assumed:   t.assumed,
	}
}

// inForce returns what has been fetched last; the zero value if nothing has.
func (l *lease[V]) inForce() held[V] {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.held
}

// expiry returns when the value in force expires, if that is known.
func (l *lease[V]) expiry() (time.Time, bool) {
	h := l.inForce()
	return h.expiresAt, !h.assumed && !h.expiresAt.IsZero()
}
