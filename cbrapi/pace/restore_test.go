package pace_test

import (
	"net/http"
	"testing"
	"testing/synctest"
	"time"
)

// TestRestoration has one success in each second.
func TestRestoration(t *testing.T) {
	for name, test := range map[string]struct {
		perSecond float64
		cuts      int
		want      []float64 // after 0, 10, … seconds
	}{
		"from the half":  {18, 1, []float64{9, 10.5, 12, 13.5, 15, 16.5, 18, 18}},
		"from the floor": {16, 5, []float64{1, 3.5, 6, 8.5, 11, 13.5, 16, 16}},
		"to no limit":    {0, 1, []float64{10, 10 + 10./6, 10 + 20./6, 15, 10 + 40./6, 10 + 50./6, 0}},
		"of nothing":     {1, 2, []float64{1, 1, 1}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a := newAPI()
				p := newPacer(test.perSecond)
				for range test.cuts {
					answer(t, p, throttledFor(10*time.Second))
					time.Sleep(10 * time.Second)
				}
				for i, want := range test.want {
					if i > 0 {
						for range 10 {
							time.Sleep(time.Second)
							mustDo(t, p, a)
						}
					}
					if want == 0 {
						expectNoLimit(t, p, "in the end")
						continue
					}
					expectRate(t, p, time.Duration(10*i*int(time.Second)).String(), want)
				}
			})
		})
	}
}

// TestRestoredBurst has the requests of a second go at once again.
func TestRestoredBurst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPacer(4)
		answer(t, p, status(429))
		time.Sleep(5 * time.Second)
		for range 6 {
			time.Sleep(10 * time.Second)
			mustDo(t, p, newAPI())
		}
		time.Sleep(time.Second)
		a := newAPI()
		for range 5 {
			mustDo(t, p, a)
		}
		a.expectSent(t, 0, 0, 0, 0, 250*ms)
	})
}

// TestOnlySuccessRestores has time pass, and errors come.
func TestOnlySuccessRestores(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPacer(20)
		answer(t, p, status(429))
		time.Sleep(24 * time.Hour)
		answer(t, p, status(http.StatusForbidden))
		answer(t, p, status(http.StatusBadGateway))
		expectRate(t, p, "without a success", 10)
		a := newAPI()
		for range 100 { // ten seconds of them
			mustDo(t, p, a)
		}
		expectRate(t, p, "after a first and a hundredth success", 10+10./6)
	})
}
