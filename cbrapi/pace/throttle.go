package pace

import (
	"math"
	"time"

	"golang.org/x/time/rate"
)

const (
	// assumedRate is taken for the full rate where there is no limit, in requests
	// per second.
	assumedRate rate.Limit = 20
	// minRate is what the rate is never lowered below, unless it is configured so.
	minRate rate.Limit = 1

	// The pause after a 429 that says nothing of it doubles with each further one,
	// up to a minute.
	minPause = 5 * time.Second
	maxPause = time.Minute
	// maxRetryAfter is what is believed of a pause that the API asks for: a slip in
	// a header must not silence a project for days.
	maxRetryAfter = time.Hour

	// A lowered rate is raised in six steps, ten seconds apart: a minute of successes.
	raiseSteps = 6
	raiseEvery = 10 * time.Second
)

// throttle is how far the API has slowed us down. It is guarded by the mutex of
// its Pacer.
type throttle struct {
	rate        rate.Limit // in force
	step        rate.Limit // what the next success adds to it
	steps       int        // that are missing to the full rate
	raiseAt     time.Time  // not before this
	pausedUntil time.Time  // nothing is sent before this
	cuts        int        // so far
	failedCuts  int        // since the last success
}

// slowDown takes in a 429 to a request that was sent after so many cuts.
func (p *Pacer) slowDown(cuts int, retryAfter time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.now()
	until := now.Add(retryAfter)
	switch {
	case cuts == p.cuts:
		if retryAfter == 0 {
			until = now.Add(p.pause())
		}
		p.cut()
	case retryAfter == 0, !until.After(p.pausedUntil):
		// It was under way at the cut, which was the answer to it as well.
		return
	}
	p.pausedUntil = later(p.pausedUntil, until)
	p.raiseAt = p.pausedUntil.Add(raiseEvery)
	close(p.queue.closed)
	p.queue = newQueue(p.rate, p.burst())
}

// pause returns how long to send nothing where the API does not say.
func (p *Pacer) pause() time.Duration {
	d := minPause
	for range p.failedCuts {
		d = min(2*d, maxPause)
	}
	return min(spread(d, 0.2, p.jitter()), maxPause)
}

// burst is how many requests may be sent at once: those of a second, so that the
// few of a usual pass do not wait. While the API throttles it is one by one.
func (p *Pacer) burst() int {
	if p.steps > 0 {
		return 1
	}
	return max(1, int(min(p.usual, math.MaxInt32)))
}

// cut halves the rate.
func (p *Pacer) cut() {
	lowered := p.full / 2
	if p.rate != rate.Inf {
		lowered = p.rate / 2
	}
	p.rate = max(lowered, min(minRate, p.full))
	p.steps = 0
	if p.rate < p.full {
		p.steps = raiseSteps
		p.step = (p.full - p.rate) / raiseSteps
	}
	p.cuts++
	p.failedCuts++
}

// speedUp takes in a success of a request that was sent after so many cuts. One
// that was sent before the last cut says nothing of the new rate.
func (p *Pacer) speedUp(cuts int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if cuts != p.cuts {
		return
	}
	p.failedCuts = 0
	now := p.now()
	if p.steps == 0 || now.Before(p.raiseAt) {
		return
	}
	p.raiseAt = now.Add(raiseEvery)
	p.steps--
	p.rate = p.full - p.step*rate.Limit(p.steps)
	at := later(now, p.pausedUntil) // the limiter has no way back
	if p.steps == 0 {
		p.rate = p.usual
		p.queue.limiter.SetBurstAt(at, p.burst())
	}
	p.queue.limiter.SetLimitAt(at, p.rate)
}

// spread returns d, give or take a share of it, for a jitter from 0 to 1.
func spread(d time.Duration, share, jitter float64) time.Duration {
	return time.Duration(float64(d) * (1 + share*(2*jitter-1)))
}
