package cbrapi_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
)

// expiring is a context whose deadline passes when the test wants it to.
type expiring struct {
	context.Context
	done   chan struct{}
	expire func()
}

func newExpiring(parent context.Context) expiring {
	done := make(chan struct{})
	return expiring{Context: parent, done: done, expire: sync.OnceFunc(func() { close(done) })}
}

func (e expiring) Done() <-chan struct{} { return e.done }

func (e expiring) Err() error {
	select {
	case <-e.done:
		return context.DeadlineExceeded
	default:
		return nil
	}
}

// signalling is a body that says when some of it has been read.
type signalling struct {
	io.ReadCloser
	read func()
}

func (s signalling) Read(p []byte) (int, error) {
	n, err := s.ReadCloser.Read(p)
	s.read()
	return n, err
}

// whenRead calls read when some of an answer's body has been read.
func whenRead(next http.RoundTripper, read func()) http.RoundTripper {
	return roundTripper(func(req *http.Request) (*http.Response, error) {
		resp, err := next.RoundTrip(req)
		if err == nil {
			resp.Body = signalling{resp.Body, read}
		}
		return resp, err
	})
}

// No whole answer came: that is no *cbrapi.Error, and says what the network did.
func TestBrokenAnswers(t *testing.T) {
	sample, _ := testdata(t, "sample.json")
	// hijacked hands over the connection of a request, with what was written.
	hijacked := func(t *testing.T, w http.ResponseWriter, use func(*net.TCPConn)) {
		conn, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		use(conn.(*net.TCPConn))
		_ = conn.Close()
	}
	// As a crash or a firewall breaks a connection off.
	reset := func(conn *net.TCPConn) { _ = conn.SetLinger(0) }
	// What happens to the body must happen when the client is reading it.
	begin := func(w http.ResponseWriter, bodyRead <-chan struct{}) {
		_, _ = io.WriteString(w, sample[:100])
		_ = http.NewResponseController(w).Flush()
		<-bodyRead
	}
	const (
		network  = cbrapi.ReasonNetwork
		deadline = cbrapi.ReasonDeadline
	)
	for name, test := range map[string]struct {
		handle func(t *testing.T, ctx expiring, bodyRead <-chan struct{}, w http.ResponseWriter, r *http.Request)
		text   string
		reason cbrapi.Reason
	}{
		"shorter than announced": {func(_ *testing.T, _ expiring, _ <-chan struct{}, w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "2000")
			_, _ = io.WriteString(w, sample)
		}, "ShowOpLog: reading the answer: unexpected EOF", network},
		"reset before the header": {func(t *testing.T, _ expiring, _ <-chan struct{}, w http.ResponseWriter, _ *http.Request) {
			hijacked(t, w, reset)
		}, "connection reset by peer", network},
		"closed before the header": {func(t *testing.T, _ expiring, _ <-chan struct{}, w http.ResponseWriter, _ *http.Request) {
			hijacked(t, w, func(*net.TCPConn) {})
		}, "ShowOpLog: EOF", network},
		"reset in the body": {func(t *testing.T, _ expiring, bodyRead <-chan struct{}, w http.ResponseWriter, _ *http.Request) {
			begin(w, bodyRead)
			hijacked(t, w, reset)
		}, "connection reset by peer", network},
		"no HTTP": {func(t *testing.T, _ expiring, _ <-chan struct{}, w http.ResponseWriter, _ *http.Request) {
			hijacked(t, w, func(conn *net.TCPConn) { _, _ = io.WriteString(conn, "SSH-2.0-OpenSSH\r\n") })
		}, `ShowOpLog: net/http: HTTP/1.x transport connection broken: malformed HTTP response "SSH-2.0-OpenSSH"`, network},
		"no header in time": {func(_ *testing.T, ctx expiring, _ <-chan struct{}, _ http.ResponseWriter, r *http.Request) {
			ctx.expire()
			<-r.Context().Done()
		}, "ShowOpLog: context deadline exceeded", deadline},
		"no body in time": {func(_ *testing.T, ctx expiring, bodyRead <-chan struct{}, w http.ResponseWriter, r *http.Request) {
			begin(w, bodyRead)
			ctx.expire()
			<-r.Context().Done()
		}, "ShowOpLog: reading the answer: context deadline exceeded", deadline},
	} {
		t.Run(name, func(t *testing.T) {
			ctx := newExpiring(t.Context())
			bodyRead := make(chan struct{})
			o := serve(t, func(w http.ResponseWriter, r *http.Request) { test.handle(t, ctx, bodyRead, w, r) })
			o.Transport = whenRead(o.Transport, sync.OnceFunc(func() { close(bodyRead) }))
			log, err := newClient(t, o).OperationLog(ctx, taskID)
			if log != nil || err == nil {
				t.Fatalf("OperationLog() = %v, %v, want an error alone", log, err)
			}
			if !strings.HasPrefix(err.Error(), "ShowOpLog: ") || !strings.HasSuffix(err.Error(), test.text) {
				t.Errorf("the error is %q, want ShowOpLog: … %q", err, test.text)
			}
			if strings.Contains(err.Error(), pathPrefix) {
				t.Errorf("the error repeats the URL: %v", err)
			}
			if got := cbrapi.ReasonOf(err); got != test.reason {
				t.Errorf("ReasonOf(%v) = %q, want %q", err, got, test.reason)
			}
			if cbrapi.IsNotFound(err) {
				t.Errorf("IsNotFound(%v) = true", err)
			}
			if _, is := errors.AsType[*cbrapi.Error](err); is {
				t.Errorf("%v is a *cbrapi.Error", err)
			}
		})
	}
}

func TestDeadline(t *testing.T) {
	client := newClient(t, serve(t, func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }))
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	_, err := client.OperationLog(ctx, taskID)
	if want := "ShowOpLog: context deadline exceeded"; err == nil || err.Error() != want || cbrapi.ReasonOf(err) != cbrapi.ReasonDeadline {
		t.Errorf("the error is %v, want %s", err, want)
	}
}

// The status of an error is known with its header: what becomes of the body
// must not hide it.
func TestBrokenErrorKeepsItsStatus(t *testing.T) {
	for name, handle := range map[string]http.HandlerFunc{
		"shorter than announced": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "2000")
			w.WriteHeader(http.StatusUnauthorized)
			_, _ = io.WriteString(w, `{"error_code":`)
		},
		"never ends": func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(http.StatusUnauthorized)
			_, _ = io.WriteString(w, `{"error_code":`)
			_ = http.NewResponseController(w).Flush()
			<-r.Context().Done()
		},
	} {
		t.Run(name, func(t *testing.T) {
			ctx := newExpiring(t.Context())
			o := serve(t, handle)
			o.Transport = whenRead(o.Transport, ctx.expire)
			_, err := newClient(t, o).OperationLog(ctx, taskID)
			if want := `ShowOpLog: HTTP status 401: {"error_code":`; err == nil || err.Error() != want {
				t.Errorf("the error is %v, want %v", err, want)
			}
		})
	}
}

// tracked counts what is read of an answer and notes that it is closed.
type tracked struct {
	io.Reader
	read   int64
	closed bool
}

func (b *tracked) Read(p []byte) (int, error) {
	n, err := b.Reader.Read(p)
	b.read += int64(n)
	return n, err
}

func (b *tracked) Close() error {
	b.closed = true
	return nil
}

// endless is a body that goes on for ever.
type endless struct{}

func (endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = ' '
	}
	return len(p), nil
}

func TestAnswersAreBounded(t *testing.T) {
	sample, id := testdata(t, "sample.json")
	for name, test := range map[string]struct {
		status int
		body   io.Reader
		most   int64 // bytes that may be read, those to drain included
		want   string

		announced int64
	}{
		"a task of 1 MiB": {200, strings.NewReader(sample + strings.Repeat(" ", 1<<20-len(sample))), 1 << 20, "", 1 << 20},
		"one byte more": {
			200, strings.NewReader(sample + strings.Repeat(" ", 1<<20+1-len(sample))), 1<<20 + 1,
			"ShowOpLog: HTTP status 200: the answer is larger than 1024 KiB", -1,
		},
		"one byte more, announced": {
			200, strings.NewReader(sample + strings.Repeat(" ", 1<<20+1-len(sample))), 64 << 10,
			"ShowOpLog: HTTP status 200: the answer is larger than 1024 KiB", 1<<20 + 1,
		},
		"an endless task":  {200, endless{}, 1<<20 + 1 + 64<<10, "ShowOpLog: HTTP status 200: the answer is larger than 1024 KiB", -1},
		"an endless error": {500, endless{}, 128 << 10, "ShowOpLog: HTTP status 500: the answer is empty", -1},
		"a small error":    {500, strings.NewReader("small"), 5, "ShowOpLog: HTTP status 500: small", 5},
	} {
		t.Run(name, func(t *testing.T) {
			body := &tracked{Reader: test.body}
			client := newClient(t, cbrapi.Options{
				Endpoint: "https://cbr.example.com",
				Transport: roundTripper(func(req *http.Request) (*http.Response, error) {
					return &http.Response{StatusCode: test.status, ContentLength: test.announced, Body: body, Request: req}, nil
				}),
			})
			_, err := client.OperationLog(t.Context(), id)
			got := ""
			if err != nil {
				got = err.Error()
			}
			if got != test.want {
				t.Errorf("the error is %q, want %q", got, test.want)
			}
			if body.read > test.most {
				t.Errorf("%d bytes were read, want at most %d", body.read, test.most)
			}
			if !body.closed {
				t.Error("the body was not closed")
			}
		})
	}
}

func TestCancelled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		stopped := &cbrapi.Error{Operation: "ShowOpLog", StatusCode: 401}
		client := newClient(t, cbrapi.Options{
			Endpoint: "https://cbr.example.com",
			Transport: roundTripper(func(req *http.Request) (*http.Response, error) {
				<-req.Context().Done()
				return nil, context.Cause(req.Context())
			}),
		})
		for name, test := range map[string]struct {
			cause error
			want  cbrapi.Reason
		}{
			"by the caller":      {context.Canceled, cbrapi.ReasonOther},
			"by refused request": {stopped, cbrapi.ReasonCredentials},
		} {
			ctx, cancel := context.WithCancelCause(t.Context())
			time.AfterFunc(time.Second, func() { cancel(test.cause) })
			_, err := client.OperationLog(ctx, taskID)
			if !errors.Is(err, test.cause) || cbrapi.ReasonOf(err) != test.want {
				t.Errorf("cancelled %s: %v, which is %q, want %v, which is %q", name, err, cbrapi.ReasonOf(err), test.cause, test.want)
			}
		}
	})
}
