package pace_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
)

const ms = time.Millisecond

func TestRate(t *testing.T) {
	for name, test := range map[string]struct {
		perSecond float64
		want      []time.Duration
	}{
		"four":                {4, []time.Duration{0, 0, 0, 0, 250 * ms, 500 * ms}},
		"two and a half":      {2.5, []time.Duration{0, 0, 400 * ms, 800 * ms, 1200 * ms, 1600 * ms}},
		"one in four seconds": {0.25, []time.Duration{0, 4000 * ms, 8000 * ms, 12000 * ms, 16000 * ms, 20000 * ms}},
		"no limit":            {0, []time.Duration{0, 0, 0, 0, 0, 0}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a := newAPI()
				p := newPacer(test.perSecond)
				for range test.want {
					mustDo(t, p, a)
				}
				a.expectSent(t, test.want...)
				if got, limited := p.Rate(); got != test.perSecond || limited != (test.perSecond > 0) {
					t.Errorf("Rate() = %v, %t", got, limited)
				}
			})
		})
	}
}

func TestRateOfManyAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAPI()
		p := newPacer(20)
		var wg sync.WaitGroup
		for range 60 {
			wg.Go(func() { mustDo(t, p, a) })
		}
		wg.Wait()
		if got, want := time.Since(a.began), 2*time.Second; got != want {
			t.Errorf("60 requests took %s, want %s", got, want)
		}
	})
}

// TestNoTimeForATurn has a rate that leaves no turn before the deadline.
func TestNoTimeForATurn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAPI()
		p := newPacer(2)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		for range 3 {
			expectError(t, p.Do(ctx, a.request), nil)
		}
		began := time.Now()
		for range 3 { // those that are not sent do not push each other back
			err := p.Do(ctx, a.request)
			const want = "requests_per_second is 2, the next request is due in 500ms, and the deadline is before that: context deadline exceeded"
			if err == nil || err.Error() != want || !errors.Is(err, context.DeadlineExceeded) || cbrapi.ReasonOf(err) != cbrapi.ReasonDeadline {
				t.Errorf("the error is %v, want %s", err, want)
			}
		}
		if took := time.Since(began); took != 0 {
			t.Errorf("it failed after %s, want at once", took)
		}
		// Nor anybody who has the time.
		mustDo(t, p, a)
		a.expectSent(t, 0, 0, 500*ms, 1000*ms)
	})
}

func TestThrottledWithoutTime(t *testing.T) {
	for name, test := range map[string]struct {
		perSecond float64
		answer    *cbrapi.Error
		after     time.Duration
		want      string
	}{
		"paused": {
			20, throttledFor(30 * time.Second), 0,
			"too many requests: the API has answered 429, the next request is due in 30s, and the deadline is before that",
		},
		"paused as usual": {
			0, status(429), time.Second,
			"too many requests: the API has answered 429, the next request is due in 4s, and the deadline is before that",
		},
		"slowed down": {
			1.8, throttledFor(time.Second), time.Second,
			"too many requests: the API has answered 429, at the 1 per second that are left the next is due in 1s, and the deadline is before that",
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				limited := func() context.Context {
					ctx, cancel := context.WithTimeout(t.Context(), time.Second)
					t.Cleanup(cancel)
					return ctx
				}
				a := newAPI(test.answer, nil)
				p := newPacer(test.perSecond)
				expectError(t, p.Do(limited(), a.request), test.answer)
				time.Sleep(test.after)
				if rate, _ := p.Rate(); rate > 0 {
					mustDo(t, p, a)
				}
				began, sent := time.Now(), a.count()
				err := p.Do(limited(), a.request)
				if err == nil || err.Error() != test.want || !errors.Is(err, cbrapi.ErrThrottled) || cbrapi.ReasonOf(err) != cbrapi.ReasonThrottled {
					t.Errorf("the error is %v, want %s", err, test.want)
				}
				if took := time.Since(began); took != 0 || a.count() != sent {
					t.Errorf("it failed after %s and %d requests, want at once and none", took, a.count()-sent)
				}
			})
		})
	}
}

// TestNotSlowedDown has the API throttle a rate that is as low as it gets.
func TestNotSlowedDown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPacer(1)
		answer(t, p, status(429))
		time.Sleep(5 * time.Second)
		a := newAPI()
		mustDo(t, p, a)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		expectError(t, p.Do(ctx, a.request), context.DeadlineExceeded)
	})
}

func TestCancelledWhileWaiting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAPI()
		p := newPacer(1)
		mustDo(t, p, a)
		why := status(401)
		ctx, cancel := context.WithCancelCause(t.Context())
		time.AfterFunc(100*ms, func() { cancel(why) })
		expectError(t, p.Do(ctx, a.request), why)
		if took := time.Since(a.began); took != 100*ms {
			t.Errorf("it took %s, want the time until it was cancelled", took)
		}
		expectError(t, p.Do(ctx, a.request), why)
		mustDo(t, p, a) // in the turn that has become free
		a.expectSent(t, 0, time.Second)
	})
}
