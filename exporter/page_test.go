package exporter_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"testing/synctest"
)

// TestPagesAtATime asks for more pages than are written at a time, and has nobody read
// them: the others wait, and whoever leaves takes nobody's place.
func TestPagesAtATime(t *testing.T) {
	atNoon(t, func(t *testing.T) {
		q := startQuiet(t, hosts{}, "projects: [{region: cn-north-4, credentials: {token: t}, task_ids: [4827f2da-b008-4507-ab7d-42d0df5ed912], project_id: p}]")
		var writing, written atomic.Int64
		read := make(chan struct{})
		ask := func(ctx context.Context) {
			w := &slowReader{httptest.NewRecorder(), read, &writing}
			q.Handler().ServeHTTP(w, httptest.NewRequestWithContext(ctx, http.MethodGet, "/-/metrics", http.NoBody))
			if w.Body.Len() > 0 {
				written.Add(1)
			}
		}
		for range 6 {
			go ask(t.Context())
		}
		synctest.Wait() // four write, and two wait
		leaving, leave := context.WithCancel(t.Context())
		go ask(leaving)
		synctest.Wait()
		if got := writing.Load(); got != 4 {
			t.Errorf("%d pages are written at a time, want 4", got)
		}
		leave()
		synctest.Wait()
		close(read)
		synctest.Wait()
		if got := written.Load(); got != 6 {
			t.Errorf("%d pages were written, want those 6 for which somebody waited", got)
		}
	})
}

// slowReader receives nothing before read is closed.
type slowReader struct {
	*httptest.ResponseRecorder
	read    chan struct{}
	writing *atomic.Int64
}

func (w *slowReader) Write(b []byte) (int, error) {
	select {
	case <-w.read:
	default:
		w.writing.Add(1)
		<-w.read
	}
	return w.ResponseRecorder.Write(b)
}
