package pace_test

import (
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cbr-exporter/cbr_exporter/cbrapi/pace"
)

// TestAdopt has a pacer take over from one that was throttled a while ago.
func TestAdopt(t *testing.T) {
	for name, test := range map[string]struct {
		before, perSecond float64
		cuts              int // of 10 s each
		successes         time.Duration
		want              []float64 // at once, and after 10, 20, … seconds of successes
	}{
		"in the pause":               {20, 20, 1, 0, []float64{0, 10, 10 + 10./6, 10 + 20./6}},
		"after it":                   {18, 18, 1, 11 * time.Second, []float64{9, 10.5, 12, 13.5, 15, 16.5, 18, 18}},
		"half restored":              {18, 18, 1, 41 * time.Second, []float64{13.5, 15, 16.5, 18, 18}},
		"restored":                   {18, 18, 1, 71 * time.Second, []float64{18, 18}},
		"never throttled":            {18, 18, 0, 0, []float64{18, 18}},
		"to more than before":        {18, 33, 1, 11 * time.Second, []float64{9, 13, 17, 21, 25, 29, 33, 33}},
		"to less than what is left":  {18, 5, 1, 11 * time.Second, []float64{5, 5}},
		"to more than what is left":  {18, 12, 1, 11 * time.Second, []float64{9, 9.5, 10, 10.5, 11, 11.5, 12, 12}},
		"from no limit":              {0, 16, 1, 11 * time.Second, []float64{10, 11, 12, 13, 14, 15, 16, 16}},
		"to no limit":                {16, 0, 1, 11 * time.Second, []float64{8, 10, 12, 14, 16, 18}},
		"from no limit, and no cuts": {0, 16, 0, 0, []float64{16, 16}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a := newAPI()
				old := newPacer(test.before)
				for i := range test.cuts {
					answer(t, old, throttledFor(10*time.Second))
					if i < test.cuts-1 || test.successes > 0 {
						time.Sleep(10 * time.Second)
					}
				}
				for range int(test.successes/time.Second) - 1 {
					mustDo(t, old, a)
					time.Sleep(time.Second)
				}
				p := newPacer(test.perSecond)
				p.Adopt(old)
				for i, want := range test.want {
					if i > 0 {
						for range 10 {
							time.Sleep(time.Second)
							mustDo(t, p, a)
						}
					}
					expectRate(t, p, time.Duration(10*i*int(time.Second)).String(), want)
				}
			})
		})
	}
}

// TestAdoptedBurst has a new pacer each tenth of a second: together they send no
// more than one.
func TestAdoptedBurst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAPI()
		p := newPacer(4)
		for range 4 {
			mustDo(t, p, a)
		}
		for range 4 {
			next := newPacer(4)
			next.Adopt(p)
			p = next
			mustDo(t, p, a)
		}
		a.expectSent(t, 0, 0, 0, 0, 250*ms, 500*ms, 750*ms, time.Second)
	})
}

// TestAdoptedRetries has a new pacer find no retries where the old one has used them
// up.
func TestAdoptedRetries(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAPI(status(503))
		p := newPacer(0)
		var wg sync.WaitGroup
		for range 20 {
			wg.Go(func() { _ = p.Do(t.Context(), a.request) })
		}
		synctest.Wait() // each waits for its first retry, or has got none
		next := newPacer(0)
		next.Adopt(p)
		_ = next.Do(t.Context(), a.request)
		if got := a.count(); got != 21 {
			t.Errorf("%d requests were sent, want 20 and one that is not repeated", got)
		}
		wg.Wait()
	})
}

// TestAdoptedPauses has a pacer take over between two refusals: the pauses go on doubling.
func TestAdoptedPauses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		newOne := func() *pace.Pacer {
			return pace.New(pace.Options{RequestsPerSecond: 20, Now: time.Now, Jitter: func() float64 { return 0.5 }})
		}
		old := newOne()
		answer(t, old, status(429))
		time.Sleep(5 * time.Second)
		answer(t, old, status(429))
		time.Sleep(10 * time.Second)
		p := newOne()
		p.Adopt(old)
		answer(t, p, status(429))
		began := time.Now()
		mustDo(t, p, newAPI())
		if paused := time.Since(began); paused != 20*time.Second {
			t.Errorf("the third pause took %s, want 20 s", paused)
		}
	})
}
