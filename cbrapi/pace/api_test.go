package pace_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
	"github.com/cbr-exporter/cbr_exporter/cbrapi/pace"
)

// even is the jitter that changes nothing.
func even() float64 { return 0.5 }

func newPacer(perSecond float64) *pace.Pacer {
	return pace.New(pace.Options{RequestsPerSecond: perSecond, Now: time.Now, Jitter: even})
}

func status(code int) *cbrapi.Error { return &cbrapi.Error{Operation: "ShowOpLog", StatusCode: code} }

func throttledFor(d time.Duration) *cbrapi.Error {
	return &cbrapi.Error{Operation: "ShowOpLog", StatusCode: http.StatusTooManyRequests, RetryAfter: d}
}

// api answers requests and remembers when they came.
type api struct {
	latency time.Duration
	answer  func(n int) error // to the nth request, from 1; nil: all succeed

	began time.Time

	mu   sync.Mutex
	sent []time.Duration // after it began
}

// newAPI begins at once; answers are given in their order, the last of them for ever.
func newAPI(answers ...error) *api {
	return &api{began: time.Now(), answer: func(n int) error {
		if len(answers) == 0 {
			return nil
		}
		return answers[min(n, len(answers))-1]
	}}
}

func (a *api) request(ctx context.Context) error {
	a.mu.Lock()
	a.sent = append(a.sent, time.Since(a.began))
	err := a.answer(len(a.sent))
	a.mu.Unlock()
	if a.latency == 0 {
		return err
	}
	select {
	case <-time.After(a.latency):
		return err
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// expectSent checks when requests were sent, to the millisecond.
func (a *api) expectSent(t *testing.T, want ...time.Duration) {
	t.Helper()
	a.mu.Lock()
	defer a.mu.Unlock()
	var got []time.Duration
	for _, at := range a.sent {
		got = append(got, at.Round(time.Millisecond))
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("requests were sent after %v, want %v", got, want)
	}
}

// count returns how many requests were sent so far.
func (a *api) count() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return len(a.sent)
}

func expectRate(t *testing.T, p *pace.Pacer, when string, want float64) {
	t.Helper()
	got, limited := p.Rate()
	if diff := got - want; diff < -1e-9 || diff > 1e-9 || !limited {
		t.Errorf("%s: the rate is %v (limited: %t), want %v", when, got, limited, want)
	}
}

func expectNoLimit(t *testing.T, p *pace.Pacer, when string) {
	t.Helper()
	if got, limited := p.Rate(); got != 0 || limited {
		t.Errorf("%s: the rate is %v (limited: %t), want no limit", when, got, limited)
	}
}

func mustDo(t *testing.T, p *pace.Pacer, a *api) {
	t.Helper()
	if err := p.Do(t.Context(), a.request); err != nil {
		t.Errorf("Do() = %v", err)
	}
}

// answer has p send a request that is answered with err, and that nobody waits to
// repeat.
func answer(t *testing.T, p *pace.Pacer, err error) {
	t.Helper()
	answerAfter(t, p, 0, err)
}

// answerAfter does the same with an answer that takes its time.
func answerAfter(t *testing.T, p *pace.Pacer, d time.Duration, err error) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	expectError(t, p.Do(ctx, func(context.Context) error {
		time.Sleep(d)
		cancel()
		return err
	}), err)
}

// expectError checks that err is or wraps want.
func expectError(t *testing.T, err, want error) {
	t.Helper()
	if !errors.Is(err, want) || (want == nil) != (err == nil) {
		t.Errorf("the error is %v, want %v", err, want)
	}
}
