package pace

import (
	"context"
	"math/rand/v2"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
)

// Options say how fast a project may be asked.
type Options struct {
	RequestsPerSecond float64          // 0: no limit
	Now               func() time.Time // of the clock that the deadlines are by
	Jitter            func() float64   // from 0 to 1, for many goroutines at once; nil: math/rand/v2
}

// Pacer keeps the requests to one project within a rate, and repeats what may
// succeed the second time. It is safe for concurrent use.
type Pacer struct {
	now     func() time.Time
	jitter  func() float64
	usual   rate.Limit    // while the API does not throttle; rate.Inf is no limit
	full    rate.Limit    // the same, or what is taken for it where there is no limit
	retries *rate.Limiter // what retries are taken from

	mu    sync.Mutex
	queue *queue
	throttle
}

// New returns a Pacer that begins at the full rate.
func New(o Options) *Pacer {
	p := &Pacer{now: o.Now, jitter: o.Jitter, usual: rate.Inf, full: assumedRate, retries: rate.NewLimiter(1, retryBurst)}
	if p.jitter == nil {
		p.jitter = rand.Float64
	}
	if o.RequestsPerSecond > 0 {
		p.usual = rate.Limit(o.RequestsPerSecond)
		p.full = p.usual
	}
	p.rate = p.usual
	p.queue = newQueue(p.usual, p.burst())
	return p
}

// Do calls request, once it may be sent, and again where that may help. Its error
// is that of the last attempt. Where there was none, because the wait for it would
// not be over before the deadline of ctx, it is a cbrapi.ErrThrottled if the API
// has asked for fewer requests, and a context.DeadlineExceeded if not.
func (p *Pacer) Do(ctx context.Context, request func(context.Context) error) error {
	cuts, err := p.enter(ctx)
	if err != nil {
		return err
	}
	for retry := 0; ; retry++ {
		err = request(ctx)
		p.note(cuts, err)
		if !p.awaitRetry(ctx, retry, err) {
			return err
		}
		var waitErr error
		if cuts, waitErr = p.enter(ctx); waitErr != nil {
			return err // the attempt says more than that there is no time for another
		}
	}
}

// Rate returns how many requests are sent in a second at most: 0 during a pause.
// Without a limit it returns 0 and false.
func (p *Pacer) Rate() (perSecond float64, limited bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case p.now().Before(p.pausedUntil):
		return 0, true
	case p.rate == rate.Inf:
		return 0, false
	default:
		return float64(p.rate), true
	}
}

// note takes in the answer to a request that was sent after so many cuts.
func (p *Pacer) note(cuts int, err error) {
	switch {
	case isThrottled(err):
		p.slowDown(cuts, retryAfter(err))
	case err == nil, cbrapi.IsNotFound(err):
		p.speedUp(cuts)
	}
}
