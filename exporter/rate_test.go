package exporter_test

import (
	"io"
	"net/http"
	"strconv"
	"testing"
	"time"

	"github.com/cbr-exporter/cbr_exporter/simulator"
)

// atTwenty allows 20 requests a second, and a minute for a pass.
const atTwenty = "\nscrape: {requests_per_second: 20, timeout: 1m, finished_task_ttl: 0s}\n"

// After a 429 no request is sent during the pause, then half as many per second as
// before, and more with each ten seconds.
func TestThrottledRate(t *testing.T) {
	cases := []struct {
		name       string
		retryAfter time.Duration
		// The pause takes between pauseMin and pauseMax, because of the jitter.
		pauseMin, pauseMax time.Duration
		until              time.Duration // end of the scrapes; 100 s see the rate restored
	}{
		{name: "Retry-After", retryAfter: 7 * time.Second, pauseMin: 7 * time.Second, pauseMax: 7 * time.Second, until: 100 * time.Second},
		{name: "no header", pauseMin: 4 * time.Second, pauseMax: 6 * time.Second, until: 20 * time.Second},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			atNoon(t, func(t *testing.T) {
				cloud, ids := fleet(200, nil)
				cloud.SetFault(refuseLists)
				var refusedAt time.Time
				m := &meter{next: cloud}
				m.refuse = func(now time.Time, _ int) (time.Duration, bool) {
					if !refusedAt.IsZero() || now.Before(noon().Add(5*time.Second)) {
						return 0, false
					}
					refusedAt = now
					return c.retryAfter, true
				}
				e := start(t, hosts{"test.test": m}, "projects:"+projectAt("test", token, ids)+atTwenty)
				for time.Since(noon()) < c.until {
					e.scrape(t)
				}

				second := func(n int) int {
					from := noon().Add(time.Duration(n) * time.Second)
					return m.count(from, from.Add(time.Second))
				}
				// At first, the requests of one second may be sent at once.
				for n := range 5 {
					if got, most := second(n), map[bool]int{true: 40, false: 20}[n == 0]; got > most || got < 19 {
						t.Errorf("second %d, before the 429: %d requests, want 20", n, got)
					}
				}
				// Others may have been sent in the same instant.
				pauseEnds := refusedAt.Add(c.pauseMin)
				if got := m.count(refusedAt.Add(time.Nanosecond), pauseEnds); got != 0 {
					t.Errorf("%d requests in the %s after the 429, want none", got, c.pauseMin)
				}
				if got := m.count(pauseEnds, refusedAt.Add(c.pauseMax+time.Second)); got == 0 {
					t.Errorf("no request in the second after the pause of %s", c.pauseMax)
				}
				perSecond := func(from, to time.Duration) float64 {
					return float64(m.count(pauseEnds.Add(from), pauseEnds.Add(to))) / (to - from).Seconds()
				}
				const tolerance = 1.2 // of a request, per second
				if got := perSecond(2*time.Second, 9*time.Second); got < 10-tolerance || got > 10+tolerance {
					t.Errorf("after the pause: %.1f requests per second, want half of 20", got)
				}
				if c.until < 100*time.Second {
					return
				}
				before := 10.0
				for step := range 6 {
					from := time.Duration(10*step+13) * time.Second
					got := perSecond(from, from+6*time.Second)
					if want := 10 + 10.0/6*float64(step+1); got > want+tolerance || got < before-tolerance {
						t.Errorf("%s after the pause: %.1f requests per second, want from %.1f to %.1f", from, got, before, want)
					}
					before = got
				}
				if got := perSecond(80*time.Second, 84*time.Second); got < 20-tolerance || got > 20+tolerance {
					t.Errorf("80 s after the pause: %.1f requests per second, want 20 as before", got)
				}
			})
		})
	}
}

// Each project has its own rate, and is throttled alone.
func TestRateIsPerProject(t *testing.T) {
	atNoon(t, func(t *testing.T) {
		newProject := func(name string) (*meter, string) {
			cloud, ids := fleet(300, func(o *simulator.Options) { o.Tokens = []string{"token-of-" + name} })
			cloud.SetFault(refuseLists)
			return &meter{next: cloud}, projectAt(name, "token-of-"+name, ids)
		}
		one, first := newProject("one")
		two, second := newProject("two")
		two.refuse = func(now time.Time, _ int) (time.Duration, bool) {
			return 20 * time.Second, now.After(noon().Add(5*time.Second)) && now.Before(noon().Add(6*time.Second))
		}
		e := start(t, hosts{"one.test": one, "two.test": two}, "projects:"+first+second+atTwenty)
		page := e.scrape(t)
		for n := range 14 {
			from := noon().Add(time.Duration(n) * time.Second)
			got, throttled := one.count(from, from.Add(time.Second)), two.count(from, from.Add(time.Second))
			if got < 19 || n > 0 && got > 20 {
				t.Errorf("second %d: %d requests for a project that is not throttled, want 20", n, got)
			}
			if n > 5 && throttled > 0 {
				t.Errorf("second %d: %d requests for a project that is paused, want none", n, throttled)
			}
			if n < 5 && throttled < 19 {
				t.Errorf("second %d: %d requests for a project that is not throttled yet, want 20", n, throttled)
			}
		}
		expectLines(t, "at the end", page,
			`cbr_scrape_collector_success{collector="tasks",project="one"} 1`,
			`cbr_exporter_api_requests_total{code="200",operation="ShowOpLog",project="one"} 300`,
		)
	})
}

// A reload lifts neither a pause nor the lowered rate after it.
func TestReloadLiftsNoPause(t *testing.T) {
	atNoon(t, func(t *testing.T) {
		cloud, ids := fleet(200, nil)
		cloud.SetFault(refuseLists)
		m := &meter{next: cloud}
		m.refuse = func(_ time.Time, seen int) (time.Duration, bool) { return 30 * time.Second, seen == 1 }
		e := start(t, hosts{"test.test": m}, "projects:"+projectAt("test", token, ids)+atTwenty)
		e.get(t, "/metrics", "1")
		reload := func() {
			if err := e.Reload(); err != nil {
				t.Fatal(err)
			}
		}
		for time.Since(noon()) < 29*time.Second {
			reload()
			e.get(t, "/metrics", "1")
			time.Sleep(time.Second)
		}
		if got := m.count(noon(), noon().Add(30*time.Second)); got != 1 {
			t.Errorf("%d requests in the pause, want only the one that was throttled", got)
		}
		time.Sleep(time.Until(noon().Add(30 * time.Second)))
		reload()
		e.get(t, "/metrics", "5")
		if got := m.count(noon().Add(30*time.Second), noon().Add(34*time.Second)); got < 35 || got > 41 {
			t.Errorf("%d requests in the four seconds after the pause, want 10 in each", got)
		}
	})
}

// Each request for a smaller page counts in the rate.
func TestRateOfLargePages(t *testing.T) {
	atNoon(t, func(t *testing.T) {
		var sent []time.Duration
		large := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			sent = append(sent, time.Since(noon()))
			if limit, _ := strconv.Atoi(r.URL.Query().Get("limit")); limit > 100 {
				w.Header().Set("Content-Length", strconv.Itoa(1<<30))
				return
			}
			_, _ = io.WriteString(w, `{"operation_logs":[],"count":0}`)
		})
		e := start(t, hosts{"test.test": large}, `
projects:
  - {region: cn-north-4, endpoint: https://test.test, project_id: p, credentials: {token: t}, discovery: {}}
scrape: {requests_per_second: 1, timeout: 1m}
`)
		e.scrape(t)
		for n := 1; n < len(sent); n++ {
			if pause := sent[n] - sent[n-1]; pause < time.Second-time.Millisecond {
				t.Errorf("request %d came %s after the one before it, want a second", n, pause)
			}
		}
		if len(sent) < 5 {
			t.Errorf("%d requests; the page was not halved", len(sent))
		}
	})
}
