package pace_test

import (
	"context"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cbr-exporter/cbr_exporter/cbrapi/pace"
)

func TestOneCutForAllThatWereUnderWay(t *testing.T) {
	for name, test := range map[string]struct {
		answer  func(n int) error
		resumed time.Duration // when the pause is over
	}{
		"no header":        {func(int) error { return status(429) }, 5 * time.Second},
		"the same header":  {func(int) error { return throttledFor(2 * time.Second) }, 2 * time.Second},
		"one asks longer":  {func(n int) error { return throttledFor(time.Duration(n) * time.Second) }, 16 * time.Second},
		"one asks shorter": {func(n int) error { return throttledFor(time.Duration(17-n) * time.Second) }, 16 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a := newAPI()
				a.latency = 100 * ms
				a.answer = func(n int) error {
					if n <= 16 {
						return test.answer(n)
					}
					return nil
				}
				p := newPacer(20)
				var wg sync.WaitGroup
				for range 16 {
					wg.Go(func() { _ = p.Do(t.Context(), a.request) })
				}
				time.Sleep(100*ms + test.resumed - time.Nanosecond)
				expectRate(t, p, "in the pause", 0)
				synctest.Wait()
				if got := a.count(); got != 16 {
					t.Errorf("%d requests were sent before the end of the pause, want 16", got)
				}
				time.Sleep(time.Nanosecond)
				expectRate(t, p, "after it", 10)
				wg.Wait()
				if got := a.count(); got != 26 { // the budget has no more
					t.Errorf("%d requests were sent in all, want 26", got)
				}
				// One by one: ten retries at ten per second.
				if got, want := time.Since(a.began), test.resumed+100*ms+900*ms+100*ms; got != want {
					t.Errorf("it took %s, want %s", got, want)
				}
			})
		})
	}
}

func TestLateAnswersSayNothingNew(t *testing.T) {
	for name, late := range map[string]error{"throttled": status(429), "success": nil} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := newPacer(20)
				var wg sync.WaitGroup
				wg.Go(func() { answerAfter(t, p, time.Minute, late) })
				synctest.Wait()
				answer(t, p, status(429))
				wg.Wait()
				expectRate(t, p, "after a late answer", 10)
				answer(t, p, status(429))
				time.Sleep(10*time.Second - time.Nanosecond)
				expectRate(t, p, "in the second pause, which is longer", 0)
				time.Sleep(time.Nanosecond)
				expectRate(t, p, "after it", 5)
			})
		})
	}
}

func TestFloor(t *testing.T) {
	for name, test := range map[string]struct {
		perSecond float64
		want      []float64
	}{
		"twenty":   {20, []float64{10, 5, 2.5, 1.25, 1, 1}},
		"no limit": {0, []float64{10, 5, 2.5, 1.25, 1, 1}},
		"one":      {1, []float64{1, 1}},
		"less":     {0.2, []float64{0.2, 0.2}},
		"a little": {1.5, []float64{1, 1}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := newPacer(test.perSecond)
				for _, want := range test.want {
					answer(t, p, throttledFor(10*time.Second))
					expectRate(t, p, "at once", 0)
					time.Sleep(10 * time.Second)
					expectRate(t, p, "after the pause", want)
				}
			})
		})
	}
}

// TestManyAtOnce has goroutines meet whatever may happen, for the race detector.
func TestManyAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAPI()
		a.latency = 10 * ms
		a.answer = func(n int) error {
			switch {
			case n%97 == 0:
				return throttledFor(time.Second)
			case n%13 == 0:
				return status(http.StatusBadGateway)
			default:
				return nil
			}
		}
		p := pace.New(pace.Options{RequestsPerSecond: 50, Now: time.Now})
		var wg sync.WaitGroup
		for i := range 16 {
			wg.Go(func() {
				for range 40 {
					ctx, cancel := context.WithTimeout(t.Context(), time.Duration(i+1)*200*ms)
					_ = p.Do(ctx, a.request)
					_, _ = p.Rate()
					cancel()
					time.Sleep(10 * ms)
				}
			})
		}
		wg.Wait()
		seconds := time.Since(a.began).Seconds()
		if got := a.count(); float64(got) > 50*seconds+50 {
			t.Errorf("%d requests in %.1f s, want at most 50 in each", got, seconds)
		}
	})
}
