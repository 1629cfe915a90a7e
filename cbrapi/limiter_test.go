package cbrapi_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
)

func TestRequestRate(t *testing.T) {
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
				a := newLimitedAPI()
				c := a.client(t, newLimiter(test.perSecond))
				for range test.want {
					mustGet(t, c)
				}
				a.expectSent(t, test.want...)
			})
		})
	}
}

func TestRequestRateOfConcurrentRequests(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newLimitedAPI()
		c := a.client(t, newLimiter(20))
		var wg sync.WaitGroup
		for range 60 {
			wg.Go(func() { mustGet(t, c) })
		}
		wg.Wait()
		if got, want := time.Since(a.began), 2*time.Second; got != want {
			t.Errorf("60 requests took %s, want %s", got, want)
		}
	})
}

// Requests that the rate leaves no time for fail at once, and delay no others.
func TestRateLeavesNoTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newLimitedAPI()
		c := a.client(t, newLimiter(2))
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		for range 3 {
			expectError(t, get(ctx, c), nil)
		}
		began := time.Now()
		for range 3 {
			err := get(ctx, c)
			const want = "ShowOpLog: not sent: requests_per_second is 2 and the next request is due in 500ms, after the deadline: context deadline exceeded"
			if err == nil || err.Error() != want || !errors.Is(err, cbrapi.ErrNotSent) || cbrapi.ReasonOf(err) != cbrapi.ReasonDeadline {
				t.Errorf("the error is %v, want %s", err, want)
			}
		}
		if took := time.Since(began); took != 0 {
			t.Errorf("the requests failed after %s, want at once", took)
		}
		mustGet(t, c)
		a.expectSent(t, 0, 0, 500*ms, 1000*ms)
	})
}

func TestThrottlingLeavesNoTime(t *testing.T) {
	for name, test := range map[string]struct {
		perSecond float64
		response  outcome
		after     time.Duration
		resumed   bool // the pause is over and another request was sent
		says      string
	}{
		"Retry-After":     {20, throttledFor(30), 0, false, "; paused until 2000-01-01T00:00:30Z"},
		"default pause":   {0, status(429), time.Second, false, "; paused until 2000-01-01T00:00:07Z"},
		"the halved rate": {1.8, throttledFor(1), time.Second, true, " and the next request is due in 1s, after the deadline"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a := newLimitedAPI()
				c := a.client(t, newLimiter(test.perSecond))
				getOnce(t, a, c, test.response)
				time.Sleep(test.after)
				if test.resumed {
					mustGet(t, c)
				}
				began, sent := time.Now(), a.count()
				err := getWithin(t, time.Second, c)
				want := "ShowOpLog: not sent: too many requests: the API responded with 429" + test.says
				if err == nil || err.Error() != want || !errors.Is(err, cbrapi.ErrNotSent) || cbrapi.ReasonOf(err) != cbrapi.ReasonThrottled {
					t.Errorf("the error is %v, want %s", err, want)
				}
				if took := time.Since(began); took != 0 || a.count() != sent {
					t.Errorf("the request failed after %s, and %d were sent, want at once and none", took, a.count()-sent)
				}
			})
		})
	}
}

// The lowest rate is not lowered, and so not the API's fault.
func TestLowestRateLeavesNoTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newLimitedAPI()
		c := a.client(t, newLimiter(1))
		getOnce(t, a, c, status(429))
		time.Sleep(5 * time.Second)
		mustGet(t, c)
		expectError(t, getWithin(t, time.Second, c), context.DeadlineExceeded)
	})
}

func TestCancelledWhileWaiting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newLimitedAPI()
		c := a.client(t, newLimiter(1))
		mustGet(t, c)
		cause := errors.New("enough")
		ctx, cancel := context.WithCancelCause(t.Context())
		time.AfterFunc(100*ms, func() { cancel(cause) })
		expectError(t, get(ctx, c), cause)
		if took := time.Since(a.began); took != 100*ms {
			t.Errorf("the request failed after %s, want 100ms", took)
		}
		expectError(t, get(ctx, c), cbrapi.ErrNotSent)
		mustGet(t, c) // in place of the cancelled one
		a.expectSent(t, 0, time.Second)
	})
}

func TestPauses(t *testing.T) {
	throttled := status(429)
	for name, test := range map[string]struct {
		jitter  float64
		outcome outcome
		want    time.Duration
	}{
		"usual":                      {0.5, throttled, 7500 * ms},
		"shortest":                   {0, throttled, 5 * time.Second},
		"longest":                    {1, throttled, 10 * time.Second},
		"Retry-After":                {0, throttledFor(7), 7 * time.Second},
		"Retry-After of a minute":    {0, throttledFor(60), time.Minute},
		"Retry-After of two days":    {0, throttledFor(48 * 3600), time.Minute},
		"a throttled login is IAM's": {0, broken(fmt.Errorf("%w: %w", cbrapi.ErrLogin, &cbrapi.Error{StatusCode: 429})), 0},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a := newLimitedAPI()
				c := a.client(t, newJitteryLimiter(20, test.jitter))
				for range 3 {
					getOnce(t, a, c, test.outcome)
					if test.want > 0 {
						time.Sleep(test.want - time.Nanosecond)
						expectError(t, getWithin(t, time.Nanosecond, c), cbrapi.ErrThrottled)
						time.Sleep(time.Nanosecond)
					}
				}
				if test.want == 0 {
					expectPause(t, c, "after all responses", 0)
				}
			})
		})
	}
}

func TestNothingIsSentInAPause(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newLimitedAPI(status(200), status(200), throttledFor(3), status(200))
		c := a.client(t, newLimiter(2))
		var wg sync.WaitGroup
		for range 5 { // some of which wait when the pause begins
			wg.Go(func() { mustGet(t, c) })
		}
		time.Sleep(time.Second)
		wg.Go(func() { mustGet(t, c) })
		wg.Wait()
		a.expectSent(t, 0, 0, 500*ms, 3500*ms, 4500*ms, 5500*ms, 6500*ms)
	})
}

// Requests that wait when a pause begins fail where it ends after their deadline.
func TestPauseOutlastsWaitingRequests(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newLimitedAPI(status(200), throttledFor(10), status(200))
		c := a.client(t, newLimiter(1))
		mustGet(t, c)
		var wg sync.WaitGroup
		for range 3 {
			wg.Go(func() {
				if got := cbrapi.ReasonOf(getWithin(t, 5*time.Second, c)); got != cbrapi.ReasonThrottled {
					t.Errorf("the reason is %q, want throttled", got)
				}
			})
		}
		wg.Wait()
		if took := time.Since(a.began); took > 3*time.Second {
			t.Errorf("the last of them failed after %s, want when it was due, after 3s", took)
		}
		if got := a.count(); got != 2 {
			t.Errorf("%d requests were sent, want 2", got)
		}
	})
}

// Concurrent requests that are all throttled halve the rate once, and the longest
// Retry-After of them counts.
func TestConcurrentRequestsAreThrottled(t *testing.T) {
	for name, test := range map[string]struct {
		outcome func(n int) outcome
		pause   time.Duration
	}{
		"no header":       {func(int) outcome { return status(429) }, 7500 * ms},
		"the same header": {func(int) outcome { return throttledFor(2) }, 2 * time.Second},
		"one is longer":   {throttledFor, 16 * time.Second},
		"one is shorter":  {func(n int) outcome { return throttledFor(17 - n) }, 16 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a := newLimitedAPI()
				a.latency = 100 * ms
				a.outcome = func(n int) outcome {
					if n <= 16 {
						return test.outcome(n)
					}
					return status(200)
				}
				c := a.client(t, newLimiter(20))
				var wg sync.WaitGroup
				for range 16 {
					wg.Go(func() { _ = get(t.Context(), c) })
				}
				time.Sleep(100*ms + test.pause - time.Nanosecond)
				synctest.Wait()
				if got := a.count(); got != 16 {
					t.Errorf("%d requests were sent before the end of the pause, want 16", got)
				}
				wg.Wait()
				// One by one at half the rate: the ten retries that there are.
				if got := a.count(); got != 26 {
					t.Errorf("%d requests were sent in all, want 26", got)
				}
				if got, want := time.Since(a.began), test.pause+100*ms+900*ms+100*ms; got != want {
					t.Errorf("all took %s, want %s", got, want)
				}
				a.latency = 0
				expectRate(t, c, "after the pause", 10)
			})
		})
	}
}

// A response to a request from before the last 429 changes nothing.
func TestLateResponses(t *testing.T) {
	for name, late := range map[string]outcome{"429": status(429), "success": status(200)} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := newLimiter(20)
				slow, fast := newLimitedAPI(late), newLimitedAPI()
				slow.latency = time.Minute
				var wg sync.WaitGroup
				wg.Go(func() { _ = getWithin(t, time.Minute+time.Second, slow.client(t, l)) })
				synctest.Wait()
				c := fast.client(t, l)
				getOnce(t, fast, c, status(429))
				wg.Wait()
				getOnce(t, fast, c, status(429))
				expectPause(t, c, "after the second 429", 7500*ms)
				expectRate(t, c, "after the second pause", 5)
			})
		})
	}
}

// A request from before the last 429 may still ask for a longer pause.
func TestLateResponseProlongsPause(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLimiter(20)
		slow, fast := newLimitedAPI(throttledFor(20)), newLimitedAPI()
		slow.latency = 3 * time.Second
		var wg sync.WaitGroup
		wg.Go(func() { _ = getWithin(t, 4*time.Second, slow.client(t, l)) })
		synctest.Wait()
		c := fast.client(t, l)
		getOnce(t, fast, c, throttledFor(1))
		wg.Wait()
		expectPause(t, c, "after the late response", 20*time.Second)
		expectRate(t, c, "after the pause", 10)
	})
}

func TestLowestRate(t *testing.T) {
	for name, test := range map[string]struct {
		perSecond float64
		want      []float64
	}{
		"twenty":        {20, []float64{10, 5, 2.5, 1.25, 1}},
		"no limit":      {0, []float64{10, 5, 2.5, 1.25, 1}},
		"one":           {1, []float64{1, 1}},
		"less than one": {0.2, []float64{0.2, 0.2}},
		"almost two":    {1.5, []float64{1, 1}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a := newLimitedAPI()
				c := a.client(t, newLimiter(test.perSecond))
				for i, want := range test.want {
					time.Sleep(5 * time.Second) // so that a request may be sent at once
					getOnce(t, a, c, throttledFor(10))
					time.Sleep(10 * time.Second)
					expectRate(t, c, fmt.Sprintf("after %d pauses", i+1), want)
				}
			})
		})
	}
}

// succeedFor sends a request in each second.
func succeedFor(t *testing.T, d time.Duration, c *cbrapi.Client) {
	t.Helper()
	for range int(d / time.Second) {
		time.Sleep(time.Second)
		mustGet(t, c)
	}
}

func TestRateIsRestored(t *testing.T) {
	for name, test := range map[string]struct {
		perSecond float64
		throttled int
		want      []float64 // after 0, 2, … seconds of successes
	}{
		"from half":      {18, 1, []float64{9, 11.25, 13.5, 15.75, 18, 18}},
		"from a quarter": {8, 2, []float64{2, 3, 4, 5, 6, 7, 8, 8}},
		"to no limit":    {0, 1, []float64{10, 12.5, 15, 17.5, 0}},
		"unchanged":      {1, 2, []float64{1, 1, 1}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a := newLimitedAPI()
				c := a.client(t, newLimiter(test.perSecond))
				for range test.throttled {
					time.Sleep(time.Second)
					getOnce(t, a, c, throttledFor(10))
					time.Sleep(10 * time.Second)
				}
				for i, want := range test.want {
					if i > 0 {
						succeedFor(t, 2*time.Second, c)
					}
					expectRate(t, c, fmt.Sprintf("after %d s", 2*i), want)
				}
			})
		})
	}
}

func TestBurstIsRestored(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newLimitedAPI()
		c := a.client(t, newLimiter(4))
		getOnce(t, a, c, status(429))
		time.Sleep(5 * time.Second)
		for range 6 {
			time.Sleep(10 * time.Second)
			mustGet(t, c)
		}
		time.Sleep(time.Second)
		a.began, a.sent = time.Now(), nil
		a.then()
		for range 5 {
			mustGet(t, c)
		}
		a.expectSent(t, 0, 0, 0, 0, 250*ms)
	})
}

func TestOnlySuccessesRestoreTheRate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newLimitedAPI()
		c := a.client(t, newLimiter(20))
		getOnce(t, a, c, status(429))
		time.Sleep(24 * time.Hour)
		for _, failure := range []int{http.StatusForbidden, http.StatusBadGateway} {
			time.Sleep(time.Second)
			getOnce(t, a, c, status(failure))
		}
		a.began, a.sent = time.Now(), nil
		a.then(status(http.StatusForbidden))
		for range 3 {
			_ = get(t.Context(), c)
		}
		a.expectSent(t, 100*ms, 200*ms, 300*ms)
		a.then()
		for range 10 { // a second of them
			mustGet(t, c)
		}
		expectRate(t, c, "after a second of successes", 12.5)
		time.Sleep(2 * time.Second)
		getOnce(t, a, c, outcome{status: 404, code: "BackupService.6500"})
		expectRate(t, c, "after the response that there is no such task", 15)
	})
}

func TestInherit(t *testing.T) {
	for name, test := range map[string]struct {
		before, perSecond float64
		throttled         bool
		successes         time.Duration // after the pause
		want              []float64     // at once, and after 2, 4, … seconds of successes
	}{
		"just after the pause":      {18, 18, true, 0, []float64{9, 11.25, 13.5, 15.75, 18, 18}},
		"half restored":             {18, 18, true, 4 * time.Second, []float64{13.5, 15.75, 18, 18}},
		"restored":                  {18, 18, true, 12 * time.Second, []float64{18, 18}},
		"never throttled":           {18, 18, false, 0, []float64{18, 18}},
		"to more than before":       {18, 33, true, 0, []float64{9, 13.125, 17.25, 21.375, 25.5, 29.625, 33, 33}},
		"to less than what is left": {18, 5, true, 0, []float64{5, 5}},
		"to more than what is left": {18, 12, true, 0, []float64{9, 10.5, 12, 12}},
		"from no limit":             {0, 16, true, 0, []float64{10, 12, 14, 16, 16}},
		"to no limit":               {16, 0, true, 0, []float64{8, 10.5, 13, 15.5, 18, 0}},
		"from no limit, unchanged":  {0, 16, false, 0, []float64{16, 16}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a := newLimitedAPI()
				old := newLimiter(test.before)
				c := a.client(t, old)
				if test.throttled {
					getOnce(t, a, c, throttledFor(10))
					time.Sleep(10 * time.Second)
				}
				succeedFor(t, test.successes, c)
				l := newLimiter(test.perSecond)
				l.Inherit(old)
				c = a.client(t, l)
				for i, want := range test.want {
					if i > 0 {
						succeedFor(t, 2*time.Second, c)
					}
					expectRate(t, c, fmt.Sprintf("after %d s", 2*i), want)
				}
			})
		})
	}
}

func TestInheritPause(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newLimitedAPI()
		old := newLimiter(20)
		getOnce(t, a, a.client(t, old), throttledFor(10))
		time.Sleep(4 * time.Second)
		l := newLimiter(20)
		l.Inherit(old)
		c := a.client(t, l)
		expectError(t, getWithin(t, time.Second, c), cbrapi.ErrThrottled)
		expectPause(t, c, "after the reload", 6*time.Second)
	})
}

// Together, limiters that inherit from each other send no more than one does.
func TestInheritBurst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newLimitedAPI()
		l := newLimiter(4)
		for range 4 {
			mustGet(t, a.client(t, l))
		}
		for range 4 {
			next := newLimiter(4)
			next.Inherit(l)
			l = next
			mustGet(t, a.client(t, l))
		}
		a.expectSent(t, 0, 0, 0, 0, 250*ms, 500*ms, 750*ms, time.Second)
	})
}

// What is still under way with the old limiter changes nothing for the new one.
func TestInheritIgnoresLateResponses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newLimitedAPI()
		old := newLimiter(20)
		getOnce(t, a, a.client(t, old), throttledFor(1))
		time.Sleep(11 * time.Second)
		slow := newLimitedAPI()
		slow.latency = time.Second
		var wg sync.WaitGroup
		wg.Go(func() { mustGet(t, slow.client(t, old)) })
		synctest.Wait()
		l := newLimiter(5)
		l.Inherit(old)
		wg.Wait() // a success that restores the rate of the old one
		expectRate(t, a.client(t, l), "after a late success", 5)
	})
}

func TestInheritRetries(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newLimitedAPI(status(503))
		old := newLimiter(0)
		var wg sync.WaitGroup
		for range 20 {
			wg.Go(func() { _ = get(t.Context(), a.client(t, old)) })
		}
		synctest.Wait() // each waits for its first retry, or has got none
		l := newLimiter(0)
		l.Inherit(old)
		_ = get(t.Context(), a.client(t, l))
		if got := a.count(); got != 21 {
			t.Errorf("%d requests were sent, want 20 and one that is not repeated", got)
		}
		wg.Wait()
	})
}
