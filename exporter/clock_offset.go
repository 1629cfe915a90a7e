package exporter

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"time"
)

// clockOffset is how far the API's clock is ahead of ours, by the newest answer
// that says what time it is. It is safe for concurrent use.
type clockOffset struct {
	mu    sync.Mutex
	ahead time.Duration
	known bool
}

type clockOffsetKey struct{}

// withClockOffset returns a context with which requests note the offset in o.
func withClockOffset(ctx context.Context, o *clockOffset) context.Context {
	return context.WithValue(ctx, clockOffsetKey{}, o)
}

// dateReader is a RoundTripper that notes the clock offset for requests that ask
// for it by their context.
type dateReader struct {
	next http.RoundTripper
	now  func() time.Time
}

// RoundTrip implements http.RoundTripper.
func (r dateReader) RoundTrip(req *http.Request) (*http.Response, error) {
	o, asked := req.Context().Value(clockOffsetKey{}).(*clockOffset)
	if !asked {
		return r.next.RoundTrip(req)
	}
	sent := r.now()
	resp, err := r.next.RoundTrip(req)
	if err == nil {
		o.note(resp.Header, sent, r.now())
	}
	return resp, err
}

// note reads the time of an answer that was under way between the two times of
// ours. What a cache has kept says nothing of now.
func (o *clockOffset) note(h http.Header, sent, received time.Time) {
	date, err := http.ParseTime(h.Get("Date"))
	if err != nil || h.Get("Age") != "" {
		return
	}
	// It has whole seconds, cut off, and was written somewhere on the way: only what is
	// before or after all of that is an offset.
	date = date.Add(time.Second / 2)
	o.mu.Lock()
	defer o.mu.Unlock()
	o.known = true
	switch {
	case date.After(received):
		o.ahead = date.Sub(received)
	case date.Before(sent):
		o.ahead = date.Sub(sent)
	default:
		o.ahead = 0
	}
}

func (o *clockOffset) value() (ahead time.Duration, known bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.ahead, o.known
}

// sameClock is the largest offset that says nothing: the API tells its time to the
// second, and the way to it takes time too.
const sameClock = 2 * time.Second

// describeOffset says in words what an offset means for this machine.
func describeOffset(ahead time.Duration) string {
	switch {
	case ahead.Abs() <= sameClock:
		return "this machine's clock agrees with the API's"
	case ahead > 0:
		return fmt.Sprintf("this machine's clock is %s behind the API's", age(ahead))
	default:
		return fmt.Sprintf("this machine's clock is %s ahead of the API's", age(-ahead))
	}
}
