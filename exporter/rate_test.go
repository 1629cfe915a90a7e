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

// oneByOne is atTwenty with one request at a time: a throttled one meets no others on their way.
const oneByOne = "\nscrape: {requests_per_second: 20, timeout: 1m, finished_task_ttl: 0s, concurrency: 1}\n"

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
		e := start(t, hosts{"test.test": m}, "projects:"+projectAt("test", token, ids)+oneByOne)
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
		// 10 and later 12 or 13 a second; a full rate has 20, and a burst 20 at once.
		if got := m.count(noon().Add(30*time.Second), noon().Add(34*time.Second)); got < 40 || got > 50 {
			t.Errorf("%d requests in the four seconds after the pause, want 40 to 50", got)
		}
	})
}

// The log and the page say until when the requests are paused.
func TestPauseIsShown(t *testing.T) {
	atNoon(t, func(t *testing.T) {
		throttled := &meter{refuse: func(time.Time, int) (time.Duration, bool) { return time.Minute, true }}
		e := start(t, hosts{"test.test": throttled}, "projects:"+projectAt("test", token, []string{taskID("1")})+atTwenty)
		e.scrape(t)
		const want = "The throttling threshold has been reached (retry after 1m0s); paused until 2026-11-20T12:01:00Z"
		for where, text := range map[string]string{"log": e.log.String(), "page": e.get(t, "/", "")} {
			if !strings.Contains(text, want) {
				t.Errorf("the %s lacks %q:\n%s", where, want, text)
			}
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
