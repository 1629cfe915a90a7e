package exporter_test

import (
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cbr-exporter/cbr_exporter/config"
	"github.com/cbr-exporter/cbr_exporter/exporter"
)

// TestReloadFlood has a client reload twice a second for two minutes. The API takes two seconds
// to respond: scrapes find it up all the same, but for the first reloads.
func TestReloadFlood(t *testing.T) {
	atNoon(t, func(t *testing.T) {
		api := loadAPI(t, "three_tasks")
		slow := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			time.Sleep(2 * time.Second)
			api.ServeHTTP(w, r)
		})
		e := start(t, hosts{api.host: slow}, configuration(api.project()))
		var loaded, refused atomic.Int64
		go func() {
			for range 240 {
				switch got := e.fetch(t, http.MethodPost, "/-/reload"); {
				case got.status == http.StatusOK:
					loaded.Add(1)
				case got.status == http.StatusTooManyRequests && got.header.Get("Retry-After") == "30":
					refused.Add(1)
				default:
					t.Errorf("got status %d, %v and %q", got.status, got.header, got.body)
				}
				time.Sleep(500 * time.Millisecond)
			}
		}()
		time.Sleep(10 * time.Second)
		for n := range 7 {
			if page := e.get(t, "/metrics", "10"); !strings.Contains(page, `cbr_up{project="test"} 1`) {
				t.Errorf("scrape %d finds the API down:\n%s", n, page)
			}
			time.Sleep(15 * time.Second)
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		if n := loaded.Load(); n < 13 || n > 14 || n+refused.Load() != 240 { // a reload waits for requests to end
			t.Errorf("%d reloads and %d refusals, want ten at once and one in half a minute", n, refused.Load())
		}
		if got := e.fetch(t, http.MethodPost, "/-/reload"); got.status != http.StatusOK {
			t.Errorf("after the flood: got status %d, want 200", got.status)
		}
	})
}

// TestReloadsAtATime has many clients reload while a reload runs. They share the next one,
// which has the configuration of that moment.
func TestReloadsAtATime(t *testing.T) {
	atNoon(t, func(t *testing.T) {
		api := loadAPI(t, "three_tasks")
		var loads atomic.Int64
		var name atomic.Value
		name.Store("test")
		e := start(t, hosts{api.host: api}, "", func(o *exporter.Options) {
			o.Load = func() (*config.Config, error) {
				text := configuration(named(api.project(), name.Load().(string)))
				if loads.Add(1) > 1 {
					time.Sleep(time.Second)
				}
				return config.Parse("test.yml", ".", []byte(text), nil)
			}
		})
		go e.do(t, http.MethodPost, "/-/reload", nil)
		synctest.Wait() // it has read the old file
		name.Store("changed")
		var answered atomic.Int64
		for range 50 {
			go func() {
				status, body := e.do(t, http.MethodPut, "/-/reload", nil)
				if _, page := e.do(t, http.MethodGet, "/config", nil); status != http.StatusOK || !strings.Contains(page, "name: changed") {
					t.Errorf("got status %d, %q and the configuration\n%s", status, body, page)
				}
				answered.Add(1)
			}()
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		if got := loads.Load(); got != 3 || answered.Load() != 50 {
			t.Errorf("%d loads and %d answers, want that of the start, one that ran, one for all others", got, answered.Load())
		}
	})
}

// TestReloadAcrossOrigins has browsers and other clients reload.
func TestReloadAcrossOrigins(t *testing.T) {
	atNoon(t, func(t *testing.T) {
		api := loadAPI(t, "three_tasks")
		e := startAPI(t, configuration(api.project()), api)
		cases := []struct {
			name   string
			header http.Header
			status int
		}{
			{"curl or a sidecar", nil, 200},
			{"typed by a person", http.Header{"Sec-Fetch-Site": {"none"}}, 200},
			{"the page itself", http.Header{"Sec-Fetch-Site": {"same-origin"}}, 200},
			{"the page itself, without TLS", http.Header{"Origin": {"http://example.com"}}, 200},
			{"another site", http.Header{"Sec-Fetch-Site": {"cross-site"}}, 403},
			{"another port", http.Header{"Sec-Fetch-Site": {"same-site"}}, 403},
			{"another site, without TLS", http.Header{"Origin": {"http://evil.test"}}, 403},
			{"a file", http.Header{"Origin": {"null"}}, 403},
		}
		for _, c := range cases {
			for _, method := range []string{http.MethodPost, http.MethodPut} {
				if status, body := e.do(t, method, "/-/reload", c.header); status != c.status {
					t.Errorf("%s: %s: got status %d and %q, want %d", c.name, method, status, body, c.status)
				}
			}
		}
	})
}
