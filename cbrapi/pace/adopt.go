package pace

import (
	"math"

	"golang.org/x/time/rate"
)

// Adopt goes on as fast, or as slow, as old does at this moment, so that a new
// configuration lifts no pause that the API has asked for. It must come before the
// first Do.
func (p *Pacer) Adopt(old *Pacer) {
	old.mu.Lock()
	defer old.mu.Unlock()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.retries = old.retries
	p.pausedUntil, p.raiseAt, p.failedCuts = old.pausedUntil, old.raiseAt, old.failedCuts
	if old.steps > 0 && old.rate < p.full {
		p.rate, p.steps = old.rate, old.steps
		p.step = (p.full - p.rate) / rate.Limit(p.steps)
	}
	p.queue = newQueue(p.rate, p.burst())

	// What may be sent at once may be so once, not with every configuration.
	from := later(p.now(), p.pausedUntil)
	before := old.queue.limiter
	if before.Limit() == rate.Inf {
		return // nobody counts there
	}
	spent := math.Ceil(float64(before.Burst()) - before.TokensAt(from))
	p.queue.limiter.AllowN(from, min(int(max(spent, 0)), p.burst()))
}
