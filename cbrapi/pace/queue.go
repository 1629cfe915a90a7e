package pace

import (
	"context"
	"fmt"
	"time"

	"golang.org/x/time/rate"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
)

// queue hands out the turns of a rate. When the API throttles another one takes
// its place: those who wait in the old one were promised too much.
type queue struct {
	limiter *rate.Limiter
	closed  chan struct{} // closed when there is another one
}

func newQueue(r rate.Limit, burst int) *queue {
	return &queue{limiter: rate.NewLimiter(r, burst), closed: make(chan struct{})}
}

// turn is the right to send a request after a while, as long as its queue is the
// one in force.
type turn struct {
	queue       *queue
	reservation *rate.Reservation
	wait        time.Duration
	cuts        int // before it
}

// enter waits until a request may be sent, and returns how many cuts there have
// been by then. It fails at once where that would be after the deadline.
func (p *Pacer) enter(ctx context.Context) (cuts int, err error) {
	for ctx.Err() == nil {
		t, err := p.reserve(ctx)
		if err != nil {
			return 0, err
		}
		if t.wait == 0 {
			return t.cuts, nil
		}
		wait(ctx, t.wait, t.queue.closed)
		if p.admit(ctx, t) {
			return t.cuts, nil
		}
	}
	return 0, context.Cause(ctx)
}

// reserve takes the next turn, if it comes before the deadline.
func (p *Pacer) reserve(ctx context.Context) (turn, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.now()
	from := later(now, p.pausedUntil)
	r := p.queue.limiter.ReserveN(from, 1)
	at := from.Add(r.DelayFrom(from))
	if deadline, ok := ctx.Deadline(); ok && at.After(now) && !at.Before(deadline) {
		r.CancelAt(from)
		return turn{}, p.tooLate(now, at.Sub(now))
	}
	return turn{queue: p.queue, reservation: r, wait: at.Sub(now), cuts: p.cuts}, nil
}

// tooLate says why the next turn comes only after the deadline.
func (p *Pacer) tooLate(now time.Time, in time.Duration) error {
	in = in.Round(time.Millisecond)
	switch {
	case now.Before(p.pausedUntil):
		return fmt.Errorf("%w: the API has answered 429, the next request is due in %s, and the deadline is before that", cbrapi.ErrThrottled, in)
	case p.steps > 0:
		return fmt.Errorf("%w: the API has answered 429, at the %.3g per second that are left the next is due in %s, and the deadline is before that",
			cbrapi.ErrThrottled, float64(p.rate), in)
	default:
		return fmt.Errorf("requests_per_second is %g, the next request is due in %s, and the deadline is before that: %w",
			float64(p.usual), in, context.DeadlineExceeded)
	}
}

// admit reports whether a turn that was waited for may be used.
func (p *Pacer) admit(ctx context.Context, t turn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.queue != t.queue {
		return false
	}
	if ctx.Err() != nil {
		t.reservation.CancelAt(later(p.now(), p.pausedUntil)) // somebody else can use it
		return false
	}
	return true
}

// wait returns after d, or as soon as ctx is done or something is closed.
func wait(ctx context.Context, d time.Duration, closed <-chan struct{}) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-closed:
	case <-ctx.Done():
	}
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
