package pace_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
	"github.com/cbr-exporter/cbr_exporter/cbrapi/pace"
)

// TestPause checks the pauses of one 429 after the other.
func TestPause(t *testing.T) {
	const s = time.Second
	for name, test := range map[string]struct {
		jitter  float64
		answers []error
		want    []time.Duration
	}{
		"without a header": {
			0.5,
			[]error{status(429), status(429), status(429), status(429), status(429), status(429)},
			[]time.Duration{5 * s, 10 * s, 20 * s, 40 * s, 60 * s, 60 * s},
		},
		"the shortest": {0, []error{status(429), status(429), status(429)}, []time.Duration{4 * s, 8 * s, 16 * s}},
		"the longest": {
			1,
			[]error{status(429), status(429), status(429), status(429), status(429)},
			[]time.Duration{6 * s, 12 * s, 24 * s, 48 * s, 60 * s},
		},
		"after a success":    {0.5, []error{status(429), status(429), nil, status(429)}, []time.Duration{5 * s, 10 * s, 0, 5 * s}},
		"a header":           {0, []error{throttledFor(7 * s), status(429), throttledFor(s)}, []time.Duration{7 * s, 8 * s, s}},
		"more than an hour":  {0.5, []error{throttledFor(48 * time.Hour)}, []time.Duration{time.Hour}},
		"more than a minute": {0.5, []error{throttledFor(90 * s)}, []time.Duration{90 * s}},
		"of the past":        {0.5, []error{throttledFor(-time.Hour)}, []time.Duration{5 * s}},
		"an error is no success": {
			0.5,
			[]error{status(429), status(500), status(429)},
			[]time.Duration{5 * s, 0, 10 * s},
		},
		"no such task is a success": {
			0.5,
			[]error{status(429), &cbrapi.Error{StatusCode: 404, Code: "BackupService.6500"}, status(429)},
			[]time.Duration{5 * s, 0, 5 * s},
		},
		"a refused login is another's": {
			0.5,
			[]error{fmt.Errorf("%w: %w", cbrapi.ErrLogin, status(429)), status(429)},
			[]time.Duration{0, 5 * s},
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := pace.New(pace.Options{RequestsPerSecond: 20, Now: time.Now, Jitter: func() float64 { return test.jitter }})
				for i, err := range test.answers {
					answer(t, p, err)
					if test.want[i] > 0 {
						time.Sleep(test.want[i] - time.Nanosecond)
						expectRate(t, p, fmt.Sprintf("at the end of the pause after answer %d", i+1), 0)
						time.Sleep(time.Nanosecond)
					}
					if rate, _ := p.Rate(); rate == 0 {
						t.Errorf("nothing may be sent %s after answer %d", test.want[i], i+1)
					}
				}
			})
		})
	}
}

func TestPauseStaysAMinute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPacer(20)
		for range 100 {
			answer(t, p, status(429))
			time.Sleep(time.Minute)
		}
		began := time.Now()
		answer(t, p, status(429))
		mustDo(t, p, newAPI())
		if took := time.Since(began); took != time.Minute {
			t.Errorf("the pause is %s, want a minute", took)
		}
	})
}

// TestNothingIsSentInAPause has requests wait for a turn, and new ones arrive.
func TestNothingIsSentInAPause(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAPI(nil, nil, throttledFor(3*time.Second), nil)
		p := newPacer(2)
		var wg sync.WaitGroup
		for range 5 {
			wg.Go(func() { mustDo(t, p, a) })
		}
		time.Sleep(time.Second)
		wg.Go(func() { mustDo(t, p, a) })
		wg.Wait()
		a.expectSent(t, 0, 0, 500*ms, 3500*ms, 4500*ms, 5500*ms, 6500*ms)
	})
}

// TestWaitingRequestsLearnOfAPause has requests wait that then cannot be sent in time.
func TestWaitingRequestsLearnOfAPause(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAPI(nil, throttledFor(10*time.Second), nil)
		p := newPacer(1)
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		mustDo(t, p, a)
		var wg sync.WaitGroup
		for range 3 {
			wg.Go(func() {
				if got := cbrapi.ReasonOf(p.Do(ctx, a.request)); got != cbrapi.ReasonThrottled {
					t.Errorf("the reason is %q, want throttled", got)
				}
			})
		}
		wg.Wait()
		if took := time.Since(a.began); took != time.Second {
			t.Errorf("they knew after %s, want at the 429, after a second", took)
		}
	})
}

// TestLongerPauseStays has a request of before the cut ask for a longer pause than
// one that was sent after it.
func TestLongerPauseStays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPacer(20)
		var wg sync.WaitGroup
		wg.Go(func() { answerAfter(t, p, 3*time.Second, throttledFor(20*time.Second)) })
		synctest.Wait()
		wg.Go(func() { answer(t, p, throttledFor(time.Second)) })
		time.Sleep(2 * time.Second)
		wg.Go(func() { answerAfter(t, p, 2*time.Second, throttledFor(time.Second)) })
		wg.Wait()
		time.Sleep(19*time.Second - time.Nanosecond)
		expectRate(t, p, "in the longer pause", 0)
		time.Sleep(time.Nanosecond)
		expectRate(t, p, "after it", 5)
	})
}

// TestRetryLearnsOfALongerPause has the pause that a retry waits for become longer.
func TestRetryLearnsOfALongerPause(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPacer(20)
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		began := time.Now()
		var wg sync.WaitGroup
		wg.Go(func() { answerAfter(t, p, time.Second, throttledFor(time.Minute)) })
		synctest.Wait()
		throttled := throttledFor(2 * time.Second)
		expectError(t, p.Do(ctx, newAPI(throttled).request), throttled)
		if took := time.Since(began); took != time.Second {
			t.Errorf("it took %s, want the second until the pause became longer", took)
		}
		wg.Wait()
	})
}
