package exporter_test

import (
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/cbr-exporter/cbr_exporter/simulator"
)

// atTwenty allows 20 requests a second, and a minute for a pass.
const atTwenty = "\nscrape: {requests_per_second: 20, timeout: 1m, finished_task_ttl: 0s}\n"

// After a 429 no request is sent during the pause, then half as many per second as
// before, and more with each two seconds.
func TestThrottledRate(t *testing.T) {
	cases := []struct {
		name       string
		retryAfter time.Duration
		// The pause takes between pauseMin and pauseMax, because of the jitter.
		pauseMin, pauseMax time.Duration
		until              time.Duration // end of the scrapes; 40 s see the rate restored
	}{
		{name: "Retry-After", retryAfter: 7 * time.Second, pauseMin: 7 * time.Second, pauseMax: 7 * time.Second, until: 40 * time.Second},
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
				pauseEnds := m.firstAfter(refusedAt)
				if got := pauseEnds.Sub(refusedAt); got < c.pauseMin || got > c.pauseMax {
					t.Errorf("a pause of %s after the 429, want %s to %s", got, c.pauseMin, c.pauseMax)
				}
				perSecond := func(from, to time.Duration) float64 {
					return float64(m.count(pauseEnds.Add(from), pauseEnds.Add(to))) / (to - from).Seconds()
				}
				const tolerance = 2 // requests per second: some wait for their turn at an earlier rate
				if got := perSecond(0, 2*time.Second); got < 10-tolerance || got > 10+tolerance {
					t.Errorf("after the pause: %.1f requests per second, want half of 20", got)
				}
				if c.until < 40*time.Second {
					return
				}
				before := 10.0
				for step := range 6 {
					from := time.Duration(2*step+2) * time.Second
					got := perSecond(from+700*time.Millisecond, from+2*time.Second)
					if want := 10 + 10.0/6*float64(step+1); got > want+tolerance || got < before-tolerance {
						t.Errorf("%s after the pause: %.1f requests per second, want from %.1f to %.1f", from, got, before, want)
					}
					before = got
				}
				if got := perSecond(15*time.Second, 19*time.Second); got < 20-tolerance || got > 20+tolerance {
					t.Errorf("15 s after the pause: %.1f requests per second, want 20 as before", got)
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
		if got := m.count(noon().Add(30*time.Second), noon().Add(34*time.Second)); got < 40 || got > 45 {
			t.Errorf("%d requests in the four seconds after the pause, want 10 or 12 in each", got)
		}
	})
}

// TestRecoveryFromThrottling has the cloud respond with 429 to all requests of some minutes.
func TestRecoveryFromThrottling(t *testing.T) {
	for name, test := range map[string]struct {
		retryAfter time.Duration // 0: no header
		requests   int           // while it throttles, at most
		recovery   time.Duration // from then on, at most
		until      string        // said by the page and the log
	}{
		"absurd":    {1e9 * time.Second, 6, 90 * time.Second, "paused until 2026-11-20T12:0"},
		"an hour":   {time.Hour, 6, 90 * time.Second, "paused until 2026-11-20T12:0"},
		"a minute":  {time.Minute, 6, 90 * time.Second, "paused until 2026-11-20T12:0"},
		"no header": {0, 40, 30 * time.Second, "paused until 2026-11-20T12:0"},
	} {
		t.Run(name, func(t *testing.T) {
			atNoon(t, func(t *testing.T) {
				cloud, ids := fleet(200, nil)
				cloud.SetFault(refuseLists)
				const throttles = 5*time.Minute + time.Second
				m := &meter{next: cloud}
				m.refuse = func(now time.Time, _ int) (time.Duration, bool) {
					return test.retryAfter, now.Before(noon().Add(throttles))
				}
				e := start(t, hosts{"test.test": m}, "projects:"+projectAt("test", token, ids)+atTwenty)
				for n := 0; ; n++ {
					time.Sleep(time.Until(noon().Add(time.Duration(n) * 15 * time.Second)))
					page := e.get(t, "/metrics", "15")
					if n == 5 {
						for where, text := range map[string]string{"page": e.get(t, "/", ""), "log": e.log.String()} {
							if !strings.Contains(text, test.until) {
								t.Errorf("the %s does not say %s:\n%s", where, test.until, text)
							}
						}
					}
					if strings.Contains(page, `cbr_scrape_collector_success{collector="tasks",project="test"} 1`) {
						break
					}
					if time.Since(noon()) > time.Hour {
						break
					}
					if n > 5 {
						if err := e.Reload(); err != nil {
							t.Fatal(err)
						}
					}
				}
				if got := m.count(noon(), noon().Add(throttles)); got > test.requests {
					t.Errorf("%d requests in five minutes, want at most %d", got, test.requests)
				}
				if got := time.Since(noon()) - throttles; got > test.recovery {
					t.Errorf("all tasks were read %s after the last 429, want %s at most", got, test.recovery)
				}
			})
		})
	}
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
