package pace_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
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
	"github.com/cbr-exporter/cbr_exporter/cbrapi/pace"
)

func TestRetries(t *testing.T) {
	const (
		once   = 1
		thrice = 3
	)
	dial := func(err error) error {
		return fmt.Errorf("ShowOpLog: %w", &net.OpError{Op: "dial", Net: "tcp", Err: err})
	}
	for name, test := range map[string]struct {
		err  error
		want int
	}{
		"success":       {nil, once},
		"no such task":  {&cbrapi.Error{StatusCode: 404, Code: "BackupService.6500"}, once},
		"bad request":   {status(400), once},
		"401":           {status(401), once},
		"403":           {status(403), once},
		"404":           {status(404), once},
		"413":           {status(413), once},
		"500":           {status(500), once},
		"501":           {status(501), once},
		"a 200 of HTML": {status(200), once},

		"429":                    {status(429), thrice},
		"throttled by its code":  {&cbrapi.Error{StatusCode: 403, Code: "APIGW.0308"}, thrice},
		"502":                    {status(502), thrice},
		"503":                    {fmt.Errorf("x: %w", status(503)), thrice},
		"504":                    {status(504), thrice},
		"closed":                 {fmt.Errorf("ShowOpLog: %w", io.EOF), thrice},
		"cut off in the body":    {fmt.Errorf("ShowOpLog: reading the answer: %w", io.ErrUnexpectedEOF), thrice},
		"reset":                  {fmt.Errorf("ShowOpLog: %w", syscall.ECONNRESET), thrice},
		"refused":                {dial(syscall.ECONNREFUSED), thrice},
		"unreachable":            {dial(syscall.EHOSTUNREACH), thrice},
		"what net/http invented": {errors.New("ShowOpLog: http: server closed idle connection"), thrice},
		"DNS has no answer":      {dial(&net.DNSError{Err: "server misbehaving", IsTemporary: true}), thrice},

		"no such host":         {dial(&net.DNSError{Err: "no such host", IsNotFound: true}), once},
		"unknown authority":    {fmt.Errorf("ShowOpLog: %w", &tls.CertificateVerificationError{Err: x509.UnknownAuthorityError{}}), once},
		"any certificate":      {&tls.CertificateVerificationError{Err: errors.New("x")}, once},
		"another's host":       {x509.HostnameError{Certificate: &x509.Certificate{}, Host: "cbr.example.com"}, once},
		"expired":              {x509.CertificateInvalidError{Reason: x509.Expired}, once},
		"an authority alone":   {x509.UnknownAuthorityError{}, once},
		"our certificate":      {dial(tls.AlertError(42)), once},
		"login refused":        {fmt.Errorf("%w: %w", cbrapi.ErrLogin, status(401)), once},
		"login throttled":      {fmt.Errorf("%w: %w", cbrapi.ErrLogin, status(429)), once},
		"login answered 503":   {fmt.Errorf("%w: %w", cbrapi.ErrLogin, status(503)), once},
		"login cut off":        {fmt.Errorf("%w: %w", cbrapi.ErrLogin, io.ErrUnexpectedEOF), once},
		"no credentials":       {fmt.Errorf("%w: %w", cbrapi.ErrCredentials, status(503)), once},
		"credentials cut off":  {fmt.Errorf("%w: %w", cbrapi.ErrCredentials, io.EOF), once},
		"a wrong clock":        {fmt.Errorf("%w: %w", cbrapi.ErrClock, status(503)), once},
		"a deadline below":     {fmt.Errorf("ShowOpLog: %w", context.DeadlineExceeded), once},
		"a deadline and a 503": {fmt.Errorf("%w: %w", context.DeadlineExceeded, status(503)), once},
		"cancelled below":      {fmt.Errorf("ShowOpLog: %w", context.Canceled), once},
		"too late for another": {cbrapi.ErrThrottled, once},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a := newAPI(test.err)
				expectError(t, newPacer(20).Do(t.Context(), a.request), test.err)
				if got := a.count(); got != test.want {
					t.Errorf("it was sent %d times, want %d", got, test.want)
				}
			})
		})
	}
}

func TestRetryThatSucceeds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAPI(io.EOF, status(502), nil)
		mustDo(t, newPacer(20), a)
		a.expectSent(t, 0, 200*time.Millisecond, time.Second)
	})
}

// Another attempt is counted in the rate like any other request.
func TestRetryTakesATurn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAPI(status(502), nil)
		mustDo(t, newPacer(0.5), a)
		a.expectSent(t, 0, 2*time.Second)
	})
}

func TestRetryDelays(t *testing.T) {
	busy := func(d time.Duration) error { return &cbrapi.Error{StatusCode: 503, RetryAfter: d} }
	for name, test := range map[string]struct {
		err    error
		jitter float64
		want   []time.Duration
	}{
		"shortest":                {status(504), 0, []time.Duration{0, 100 * time.Millisecond, 500 * time.Millisecond}},
		"longest":                 {status(504), 1, []time.Duration{0, 300 * time.Millisecond, 1500 * time.Millisecond}},
		"asked for":               {busy(3 * time.Second), 0.5, []time.Duration{0, 3 * time.Second, 6 * time.Second}},
		"asked for less":          {busy(time.Millisecond), 0.5, []time.Duration{0, 200 * time.Millisecond, time.Second}},
		"asked for the past":      {busy(-time.Hour), 0.5, []time.Duration{0, 200 * time.Millisecond, time.Second}},
		"asked for more than due": {busy(30 * 24 * time.Hour), 0.5, []time.Duration{0, time.Hour, 2 * time.Hour}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a := newAPI(test.err)
				p := pace.New(pace.Options{Now: time.Now, Jitter: func() float64 { return test.jitter }})
				expectError(t, p.Do(t.Context(), a.request), test.err)
				a.expectSent(t, test.want...)
				expectNoLimit(t, p, "at the end")
			})
		})
	}
}

// The error of an attempt says more than that there is no time for another one.
func TestRetryWithoutTime(t *testing.T) {
	const timeout = time.Second
	for name, test := range map[string]struct {
		perSecond float64
		err       error
		sent      []time.Duration
		took      time.Duration
	}{
		"second retry too late": {20, io.EOF, []time.Duration{0, 200 * time.Millisecond}, 200 * time.Millisecond},
		"asked to wait":         {20, &cbrapi.Error{StatusCode: 503, RetryAfter: timeout}, []time.Duration{0}, 0},
		"paused":                {20, throttledFor(timeout), []time.Duration{0}, 0},
		"paused as usual":       {20, status(429), []time.Duration{0}, 0},
		"no turn in time":       {0.5, status(502), []time.Duration{0}, 200 * time.Millisecond},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithTimeout(t.Context(), timeout)
				defer cancel()
				a := newAPI(test.err)
				expectError(t, newPacer(test.perSecond).Do(ctx, a.request), test.err)
				a.expectSent(t, test.sent...)
				if took := time.Since(a.began); took != test.took {
					t.Errorf("it took %s, want %s", took, test.took)
				}
			})
		})
	}
}

func TestRetryCancelled(t *testing.T) {
	for name, err := range map[string]error{"broken": io.EOF, "throttled": status(429)} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithCancel(t.Context())
				time.AfterFunc(time.Millisecond, cancel)
				a := newAPI(err)
				expectError(t, newPacer(20).Do(ctx, a.request), err)
				a.expectSent(t, 0)
				if took := time.Since(a.began); took != time.Millisecond {
					t.Errorf("it took %s, want the millisecond until it was cancelled", took)
				}
			})
		})
	}
}

// A retry that there is no time for does not count as one.
func TestUnusedRetries(t *testing.T) {
	for name, test := range map[string]struct {
		err     error
		timeout time.Duration
	}{
		"cancelled":            {io.EOF, 0},
		"throttled, cancelled": {status(429), 0},
		"no time":              {io.EOF, 200 * time.Millisecond},
		"throttled, no time":   {status(429), time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := newPacer(0)
				var wg sync.WaitGroup
				for range 20 {
					wg.Go(func() {
						if test.timeout == 0 {
							answerAfter(t, p, time.Nanosecond, test.err)
							return
						}
						ctx, cancel := context.WithTimeout(t.Context(), test.timeout)
						defer cancel()
						expectError(t, p.Do(ctx, func(context.Context) error {
							time.Sleep(time.Nanosecond)
							return test.err
						}), test.err)
					})
				}
				wg.Wait()
				a := newAPI(io.EOF)
				var group errgroup.Group
				for range 5 {
					group.Go(func() error { return p.Do(t.Context(), a.request) })
				}
				expectError(t, group.Wait(), io.EOF)
				if got := a.count(); got != 15 {
					t.Errorf("five requests were sent %d times, want 15", got)
				}
			})
		})
	}
}

func TestRetryBudget(t *testing.T) {
	for name, err := range map[string]error{"broken": io.EOF, "unavailable": status(503)} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				const tasks = 1000
				a := newAPI(err)
				a.latency = 20 * time.Millisecond
				p := newPacer(0)
				var failed atomic.Int64
				var group errgroup.Group
				group.SetLimit(16)
				for range tasks {
					group.Go(func() error {
						if err := p.Do(t.Context(), a.request); err != nil {
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
				// When that is over there are retries again, one for each second.
				time.Sleep(3 * time.Second)
				before := a.count()
				expectError(t, p.Do(t.Context(), a.request), err)
				if got := a.count() - before; got != 3 {
					t.Errorf("later it was sent %d times, want 3", got)
				}
			})
		})
	}
}
