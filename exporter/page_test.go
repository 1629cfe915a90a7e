package exporter_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// TestSlowReaders has more of those who asked for a page not receive it than pages are
// made at a time: nobody else has to wait for them.
func TestSlowReaders(t *testing.T) {
	atNoon(t, func(t *testing.T) {
		q := startQuiet(t, hosts{"test.test": http.NotFoundHandler()}, "projects:"+projectAt("test", token, []string{"4827f2da-b008-4507-ab7d-42d0df5ed912"}))
		read := make(chan struct{})
		var received atomic.Int64
		for range 10 {
			go func() {
				w := &slowReader{httptest.NewRecorder(), read}
				q.Handler().ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/metrics", http.NoBody))
				if w.Body.Len() > 0 {
					received.Add(1)
				}
			}()
		}
		synctest.Wait()
		for _, path := range []string{"/metrics", "/probe?project=test", "/-/metrics"} {
			began := time.Now()
			if page := q.get(t, path, "10"); !strings.Contains(page, "cbr_exporter_api_requests_total") || time.Since(began) > time.Second {
				t.Errorf("%s took %s, and has %d bytes", path, time.Since(began), len(page))
			}
		}
		close(read)
		synctest.Wait()
		if got := received.Load(); got != 10 {
			t.Errorf("%d of 10 slow readers have received their page", got)
		}
	})
}

// TestPagesAtATime has pages take a minute to make, and more be asked for than are made
// at a time: the others wait, and whoever leaves takes nobody's place.
func TestPagesAtATime(t *testing.T) {
	atNoon(t, func(t *testing.T) {
		registry := prometheus.NewRegistry()
		slow := &slowCollector{}
		registry.MustRegister(slow)
		q := startQuietWith(t, hosts{"test.test": http.NotFoundHandler()}, registry,
			"projects:"+projectAt("test", token, []string{"4827f2da-b008-4507-ab7d-42d0df5ed912"}))
		var received atomic.Int64
		ask := func(ctx context.Context) {
			w := httptest.NewRecorder()
			q.Handler().ServeHTTP(w, httptest.NewRequestWithContext(ctx, http.MethodGet, "/metrics", http.NoBody))
			if w.Body.Len() > 0 {
				received.Add(1)
			}
		}
		for range 6 {
			go ask(t.Context())
		}
		time.Sleep(time.Second) // four are made, and two wait
		leaving, leave := context.WithCancelCause(t.Context())
		go ask(leaving)
		time.Sleep(time.Second)
		leave(errors.New("the client has gone"))
		time.Sleep(time.Hour)
		if got := slow.most.Load(); got != 4 {
			t.Errorf("%d pages were made at a time, want 4", got)
		}
		if got := received.Load(); got != 6 {
			t.Errorf("%d pages were received, want those 6 for which somebody waited", got)
		}
	})
}

// slowReader receives nothing before read is closed.
type slowReader struct {
	*httptest.ResponseRecorder
	read chan struct{}
}

func (w *slowReader) Write(b []byte) (int, error) {
	<-w.read
	return w.ResponseRecorder.Write(b)
}

// slowCollector takes a minute to collect, and counts how often it does at a time.
type slowCollector struct {
	now, most atomic.Int64
}

func (c *slowCollector) Describe(chan<- *prometheus.Desc) {}

func (c *slowCollector) Collect(chan<- prometheus.Metric) {
	c.most.Store(max(c.most.Load(), c.now.Add(1)))
	time.Sleep(time.Minute)
	c.now.Add(-1)
}
