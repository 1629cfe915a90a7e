package cbrapi_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
)

func TestRetries(t *testing.T) {
	const (
		once   = 1
		thrice = 3
	)
	dial := func(err error) outcome { return broken(&net.OpError{Op: "dial", Net: "tcp", Err: err}) }
	wrapping := func(kind, err error) outcome { return broken(fmt.Errorf("%w: %w", kind, err)) }
	refused := func(status int) error { return &cbrapi.Error{StatusCode: status} }
	for name, test := range map[string]struct {
		outcome outcome
		want    int
	}{
		"success":      {status(200), once},
		"no such task": {outcome{status: 404, code: "BackupService.6500"}, once},
		"bad request":  {status(400), once},
		"401":          {status(401), once},
		"403":          {status(403), once},
		"404":          {status(404), once},
		"413":          {status(413), once},
		"500":          {status(500), once},
		"501":          {status(501), once},
		"another 2xx":  {status(201), once},

		"429":                                 {status(429), thrice},
		"throttled by a code":                 {outcome{status: 403, code: "APIGW.0308"}, thrice},
		"502":                                 {status(502), thrice},
		"503":                                 {status(503), thrice},
		"504":                                 {status(504), thrice},
		"closed":                              {broken(io.EOF), thrice},
		"cut off":                             {broken(io.ErrUnexpectedEOF), thrice},
		"reset":                               {broken(syscall.ECONNRESET), thrice},
		"connection refused":                  {dial(syscall.ECONNREFUSED), thrice},
		"unreachable":                         {dial(syscall.EHOSTUNREACH), thrice},
		"an error of net/http without a type": {broken(errors.New("http: server closed idle connection")), thrice},
		"DNS failure":                         {dial(&net.DNSError{Err: "server misbehaving", IsTemporary: true}), thrice},

		"login refused":       {wrapping(cbrapi.ErrLogin, refused(401)), once},
		"login throttled":     {wrapping(cbrapi.ErrLogin, refused(429)), once},
		"login got 503":       {wrapping(cbrapi.ErrLogin, refused(503)), once},
		"login cut off":       {wrapping(cbrapi.ErrLogin, io.ErrUnexpectedEOF), once},
		"credentials got 503": {wrapping(cbrapi.ErrCredentials, refused(503)), once},
		"credentials cut off": {wrapping(cbrapi.ErrCredentials, io.EOF), once},
		"clock":               {wrapping(cbrapi.ErrClock, refused(503)), once},
		"deadline":            {broken(context.DeadlineExceeded), once},
		"deadline and 503":    {wrapping(context.DeadlineExceeded, refused(503)), once},
		"cancelled":           {broken(context.Canceled), once},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a := newLimitedAPI(test.outcome)
				err := get(t.Context(), a.client(t, newLimiter(20)))
				if ok := test.outcome == status(200); (err == nil) != ok {
					t.Errorf("the error is %v", err)
				}
				if got := a.count(); got != test.want {
					t.Errorf("the request was sent %d times, want %d", got, test.want)
				}
			})
		})
	}
}

// Each retry counts as a request in the rate.
func TestRetryTimes(t *testing.T) {
	busy := func(seconds int) outcome { return outcome{status: 503, retryAfter: seconds} }
	for name, test := range map[string]struct {
		perSecond, jitter float64
		outcomes          []outcome
		want              []time.Duration
	}{
		"success at last":             {20, 0.5, []outcome{broken(io.EOF), status(502), status(200)}, []time.Duration{0, 200 * ms, 1000 * ms}},
		"limited":                     {0.5, 0.5, []outcome{status(502), status(200)}, []time.Duration{0, 2000 * ms}},
		"shortest":                    {0, 0, []outcome{status(504)}, []time.Duration{0, 100 * ms, 500 * ms}},
		"longest":                     {0, 1, []outcome{status(504)}, []time.Duration{0, 300 * ms, 1500 * ms}},
		"Retry-After":                 {0, 0.5, []outcome{busy(3)}, []time.Duration{0, 3000 * ms, 6000 * ms}},
		"Retry-After of thirty days":  {0, 0.5, []outcome{busy(30 * 24 * 3600)}, []time.Duration{0, time.Minute, 2 * time.Minute}},
		"Retry-After that is too low": {0, 0.5, []outcome{busy(-1)}, []time.Duration{0, 200 * ms, 1000 * ms}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a := newLimitedAPI(test.outcomes...)
				_ = get(t.Context(), a.client(t, newJitteryLimiter(test.perSecond, test.jitter)))
				a.expectSent(t, test.want...)
			})
		})
	}
}

// The error of an attempt says more than that there is no time for another one.
func TestNoTimeForRetry(t *testing.T) {
	for name, test := range map[string]struct {
		perSecond float64
		outcome   outcome
		sent      []time.Duration
		took      time.Duration
	}{
		"second retry":  {20, status(502), []time.Duration{0, 200 * ms}, 200 * ms},
		"Retry-After":   {20, outcome{status: 503, retryAfter: 1}, []time.Duration{0}, 0},
		"pause":         {20, throttledFor(1), []time.Duration{0}, 0},
		"default pause": {20, status(429), []time.Duration{0}, 0},
		"rate":          {0.5, status(502), []time.Duration{0}, 200 * ms},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a := newLimitedAPI(test.outcome)
				expectStatus(t, getWithin(t, time.Second, a.client(t, newLimiter(test.perSecond))), test.outcome.status)
				a.expectSent(t, test.sent...)
				if took := time.Since(a.began); took != test.took {
					t.Errorf("the request took %s, want %s", took, test.took)
				}
			})
		})
	}
}

// A pause that becomes longer leaves no time for a retry that waits for its end.
func TestPauseOutlastsRetry(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLimiter(20)
		slow, fast := newLimitedAPI(throttledFor(60)), newLimitedAPI(throttledFor(2))
		slow.latency = time.Second
		var wg sync.WaitGroup
		wg.Go(func() { _ = getWithin(t, 2*time.Second, slow.client(t, l)) })
		synctest.Wait()
		expectStatus(t, getWithin(t, 5*time.Second, fast.client(t, l)), 429)
		if took := time.Since(fast.began); took > 2*time.Second {
			t.Errorf("the request took %s, want no more than the first pause of 2s", took)
		}
		fast.expectSent(t, 0)
		wg.Wait()
	})
}

func TestCancelledBeforeRetry(t *testing.T) {
	for _, code := range []int{503, 429} {
		t.Run(fmt.Sprint(code), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithCancel(t.Context())
				time.AfterFunc(ms, cancel)
				a := newLimitedAPI(status(code))
				expectStatus(t, get(ctx, a.client(t, newLimiter(20))), code)
				a.expectSent(t, 0)
				if took := time.Since(a.began); took != ms {
					t.Errorf("the request took %s, want 1ms", took)
				}
			})
		})
	}
}

// Retries that there is no time for do not count.
func TestUnusedRetries(t *testing.T) {
	for name, test := range map[string]struct {
		outcome outcome
		timeout time.Duration
	}{
		"broken": {broken(io.EOF), 50 * ms},
		"429":    {throttledFor(1), time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a := newLimitedAPI(test.outcome)
				c := a.client(t, newLimiter(0))
				var wg sync.WaitGroup
				for range 20 {
					wg.Go(func() { _ = getWithin(t, test.timeout, c) })
				}
				wg.Wait()
				time.Sleep(time.Second)
				a.then(broken(io.EOF))
				before := a.count()
				for range 5 {
					wg.Go(func() { _ = get(t.Context(), c) })
				}
				wg.Wait()
				if got := a.count() - before; got != 15 {
					t.Errorf("five requests were sent %d times, want 15", got)
				}
			})
		})
	}
}

// All requests share ten retries, and one more for each second.
func TestRetryBudget(t *testing.T) {
	for name, o := range map[string]outcome{"broken": broken(io.EOF), "503": status(503)} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				const tasks = 1000
				a := newLimitedAPI(o)
				a.latency = 20 * ms
				c := a.client(t, newLimiter(0))
				var failed atomic.Int64
				var group errgroup.Group
				group.SetLimit(16)
				for range tasks {
					group.Go(func() error {
						if get(t.Context(), c) != nil {
							failed.Add(1)
						}
						return nil
					})
				}
				_ = group.Wait()
				seconds := int(time.Since(a.began) / time.Second)
				if got, most := a.count(), tasks+10+seconds; got > most || got < tasks+10 || failed.Load() != tasks {
					t.Errorf("%d failed with %d requests in %d s, want %d with %d to %d", failed.Load(), got, seconds, tasks, tasks+10, most)
				}
				time.Sleep(3 * time.Second)
				before := a.count()
				if get(t.Context(), c) == nil {
					t.Error("the request succeeded")
				}
				if got := a.count() - before; got != 3 {
					t.Errorf("three seconds later a request was sent %d times, want 3", got)
				}
			})
		})
	}
}
