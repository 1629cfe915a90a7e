package cbrapi_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
)

func TestRequest(t *testing.T) {
	const path = "/v3/" + projectID + "/operation-logs/" + taskID
	for name, behind := range map[string]string{
		"endpoint":                  "",
		"endpoint with a slash":     "/",
		"endpoint with two slashes": "//",
	} {
		t.Run(name, func(t *testing.T) {
			type sent struct {
				Method, Path, Query, Body string
				Header                    http.Header
			}
			var got []sent
			o := serve(t, func(w http.ResponseWriter, r *http.Request) {
				body, err := io.ReadAll(r.Body)
				if err != nil {
					t.Error(err)
				}
				got = append(got, sent{r.Method, r.URL.Path, r.URL.RawQuery, string(body), r.Header})
				reply(http.StatusNotFound, "application/json", `{"error_code":"BackupService.6500"}`)(w, r)
			})
			o.Endpoint += behind
			if _, err := newClient(t, o).OperationLog(t.Context(), taskID); !cbrapi.IsNotFound(err) {
				t.Fatal(err)
			}
			want := []sent{{Method: http.MethodGet, Path: path, Header: http.Header{
				"Accept":          {"application/json"},
				"Accept-Encoding": {"gzip"}, // of net/http, which unpacks it as well
				"User-Agent":      {userAgent},
			}}}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("the requests differ (-want +got):\n%s", diff)
			}
		})
	}
}

// Endpoints without a path and with other hosts need a fake transport.
func TestRequestURL(t *testing.T) {
	for endpoint, want := range map[string]string{
		"https://cbr.cn-north-4.myhuaweicloud.com":       "https://cbr.cn-north-4.myhuaweicloud.com/v3/",
		"https://cbr.eu-de.otc.t-systems.com/":           "https://cbr.eu-de.otc.t-systems.com/v3/",
		"HTTPS://cbr.example.com:8443":                   "https://cbr.example.com:8443/v3/",
		"http://[::1]:8080/cbr":                          "http://[::1]:8080/cbr/v3/",
		"https://gateway.example.com/a%2Fb/cbr":          "https://gateway.example.com/a%2Fb/cbr/v3/",
		"https://gateway.example.com/tenants/../cbr/./x": "https://gateway.example.com/cbr/x/v3/",
	} {
		t.Run(endpoint, func(t *testing.T) {
			got := ""
			client := newClient(t, cbrapi.Options{Endpoint: endpoint, Transport: roundTripper(
				func(req *http.Request) (*http.Response, error) {
					got = req.URL.String()
					return nil, io.EOF
				})})
			_, _ = client.OperationLog(t.Context(), taskID)
			if want += projectID + "/operation-logs/" + taskID; got != want {
				t.Errorf("requested %s, want %s", got, want)
			}
		})
	}
}

func TestBadEndpoints(t *testing.T) {
	const (
		noURL = "endpoint: is not a URL"
		noUse = "endpoint: is not an http or https URL without user name"
	)
	for name, test := range map[string]struct{ endpoint, want string }{
		"nothing":              {"", noUse},
		"no scheme":            {"cbr.example.com", noUse},
		"a path":               {"/v3", noUse},
		"another scheme":       {"ftp://cbr.example.com", noUse},
		"no host":              {"https:///v3", noUse},
		"no slashes":           {"https:cbr.example.com", noUse},
		"a user":               {"https://user@cbr.example.com", noUse},
		"a password":           {"https://user:hunter2@cbr.example.com", noUse},
		"a password, broken":   {"https://user:hunter2@cbr.example.com:port", noURL},
		"a password, no ASCII": {"https://user:hunter2%zz@cbr.example.com", noURL},
		"a line break":         {"https://cbr.example.com\n", noURL},
	} {
		t.Run(name, func(t *testing.T) {
			o := cbrapi.Options{Endpoint: test.endpoint}
			if client, err := cbrapi.New(o, projectID); client != nil || err == nil || err.Error() != "CBR "+test.want {
				t.Errorf("New() = %v, %v, want the error CBR %s", client, err, test.want)
			}
			if iam, err := cbrapi.NewIAM(o); iam != nil || err == nil || err.Error() != "IAM "+test.want {
				t.Errorf("NewIAM() = %v, %v, want the error IAM %s", iam, err, test.want)
			}
		})
	}
}

func TestOnlyUUIDsAreRequested(t *testing.T) {
	client := newClient(t, cbrapi.Options{Endpoint: "https://cbr.example.com", Transport: roundTripper(
		func(req *http.Request) (*http.Response, error) {
			t.Errorf("requested %s", req.URL)
			return nil, io.EOF
		})})
	for name, id := range map[string]string{
		"nothing":             "",
		"a path":              "../../../v3/" + projectID + "/vaults",
		"a path of 36 bytes":  "../../v3/vaults/aaaaaaaaaaaaaaaaaaaa",
		"no hyphens":          strings.ReplaceAll(taskID, "-", ""),
		"braces":              "{" + taskID + "}",
		"URN":                 "urn:uuid:" + taskID,
		"one digit less":      taskID[1:],
		"one digit more":      taskID + "0",
		"a slash for a digit": "/" + taskID[1:],
		"no digit":            "g" + taskID[1:],
		"a misplaced hyphen":  "1000000-00000-4000-8000-000000000001",
		"a digit for one":     strings.Replace(taskID, "-", "0", 1),
		"white space":         taskID[1:] + "\n",
		"full-width digits":   strings.Repeat("1", 12),
	} {
		t.Run(name, func(t *testing.T) {
			log, err := client.OperationLog(t.Context(), id)
			if want := fmt.Sprintf("ShowOpLog: %q is not a UUID", id); log != nil || err == nil || err.Error() != want {
				t.Errorf("OperationLog(%q) = %v, %v, want the error %s", id, log, err, want)
			}
		})
	}
}

func TestOperation(t *testing.T) {
	if got := cbrapi.Operation(t.Context()); got != "" {
		t.Errorf("Operation() of another request is %q", got)
	}
	var got []string
	transport := roundTripper(func(req *http.Request) (*http.Response, error) {
		got = append(got, cbrapi.Operation(req.Context()))
		return nil, io.EOF
	})
	o := cbrapi.Options{Endpoint: "https://api.example.com", Transport: transport}
	_, _ = newClient(t, o).OperationLog(t.Context(), taskID)
	_, _ = newClient(t, o).OperationLogs(cbrapi.ListFilter{}).Next(t.Context())
	_, _ = newIAM(t, o).Login(t.Context(), someUser())
	if diff := cmp.Diff([]string{"ShowOpLog", "ListOpLogs", "KeystoneCreateUserTokenByPassword"}, got); diff != "" {
		t.Errorf("the operations differ (-want +got):\n%s", diff)
	}
}

// A server that switches protocols keeps the connection open: its body has no end.
func TestSwitchingProtocols(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed := make(chan struct{})
	go func() {
		defer close(closed)
		c, err := listener.Accept()
		if err != nil {
			return
		}
		defer func() { _ = c.Close() }()
		r := bufio.NewReader(c)
		if _, err := http.ReadRequest(r); err != nil {
			t.Error(err)
		}
		_, _ = io.WriteString(c, "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n")
		_, _ = io.Copy(io.Discard, r) // until the client closes the connection
	}()
	t.Cleanup(func() {
		_ = listener.Close()
		<-closed
	})
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	c := newClient(t, cbrapi.Options{Endpoint: "http://" + listener.Addr().String(), Transport: transport, Limiter: newLimiter(0)})
	const want = "ShowOpLog: HTTP status 101: the response is not a final one; check the endpoint"
	err = getWithin(t, 10*time.Second, c)
	if err == nil || err.Error() != want || cbrapi.ReasonOf(err) != cbrapi.ReasonUpstream {
		t.Errorf("the error is %v, want %s", err, want)
	}
	select {
	case <-closed:
	case <-time.After(10 * time.Second):
		t.Error("the connection stays open")
	}
}

// stuckBody is a body that ends when it is closed, and not with the request.
type stuckBody struct {
	once   sync.Once
	closed chan struct{}
}

func (b *stuckBody) Read([]byte) (int, error) {
	<-b.closed
	return 0, errors.New("read on closed body")
}

func (b *stuckBody) Close() error {
	b.once.Do(func() { close(b.closed) })
	return nil
}

func TestReadingABodyEndsWithItsContext(t *testing.T) {
	for _, status := range []int{http.StatusOK, http.StatusForbidden} {
		t.Run(http.StatusText(status), func(t *testing.T) {
			c := newClient(t, cbrapi.Options{Endpoint: "https://cbr.example.com", Limiter: newLimiter(0), Transport: roundTripper(
				func(req *http.Request) (*http.Response, error) {
					return &http.Response{StatusCode: status, Body: &stuckBody{closed: make(chan struct{})}, Request: req}, nil
				})})
			err := getWithin(t, 20*time.Millisecond, c)
			if err == nil {
				t.Fatal("the request succeeded")
			}
			if status == http.StatusOK && (!errors.Is(err, context.DeadlineExceeded) || !strings.HasPrefix(err.Error(), "ShowOpLog: reading the ")) {
				t.Errorf("the error is %v, want the deadline", err)
			}
		})
	}
}

// A redirect would send the credentials to another host.
func TestRedirectsAreNotFollowed(t *testing.T) {
	elsewhere := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		t.Errorf("the redirect was followed, with the header %v", r.Header)
	}))
	defer elsewhere.Close()
	for _, status := range []int{301, 302, 303, 307, 308} {
		t.Run(fmt.Sprint(status), func(t *testing.T) {
			redirect := func(w http.ResponseWriter, r *http.Request) {
				http.Redirect(w, r, elsewhere.URL+"/login?from=cbr", status)
			}
			const says = "redirects are not followed; check the endpoint"

			o := serve(t, redirect)
			o.Transport = withToken(o.Transport)
			_, err := newClient(t, o).OperationLog(t.Context(), taskID)
			if want := fmt.Sprintf("ShowOpLog: HTTP status %d: %s", status, says); err == nil || err.Error() != want {
				t.Errorf("the error is %v, want %s", err, want)
			} else if got := cbrapi.ReasonOf(err); got != cbrapi.ReasonUpstream {
				t.Errorf("ReasonOf(%v) = %q, want %q", err, got, cbrapi.ReasonUpstream)
			}

			_, err = newIAM(t, serve(t, redirect)).Login(t.Context(), someUser())
			if want := fmt.Sprintf("KeystoneCreateUserTokenByPassword: HTTP status %d: %s", status, says); err == nil || err.Error() != want {
				t.Errorf("the error is %v, want %s", err, want)
			}
		})
	}
}

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

// signalling is a body that calls read when some of it has been read.
type signalling struct {
	io.ReadCloser
	read func()
}

func (s signalling) Read(p []byte) (int, error) {
	n, err := s.ReadCloser.Read(p)
	s.read()
	return n, err
}

// whenRead calls read when some of the body of a response has been read.
func whenRead(next http.RoundTripper, read func()) http.RoundTripper {
	return roundTripper(func(req *http.Request) (*http.Response, error) {
		resp, err := next.RoundTrip(req)
		if err == nil {
			resp.Body = signalling{resp.Body, read}
		}
		return resp, err
	})
}

// An incomplete response is not a *cbrapi.Error; the error describes the network failure.
func TestBrokenResponses(t *testing.T) {
	sample, _ := testdata(t, "sample.json")
	// hijacked gives use the connection of a request.
	hijacked := func(t *testing.T, w http.ResponseWriter, use func(*net.TCPConn)) {
		conn, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		use(conn.(*net.TCPConn))
		_ = conn.Close()
	}
	// reset breaks a connection off like a crash or a firewall.
	reset := func(conn *net.TCPConn) { _ = conn.SetLinger(0) }
	// begin sends a part of the body and waits until the client reads it.
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
		}, "ShowOpLog: reading the response: unexpected EOF", network},
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
		}, "ShowOpLog: reading the response: context deadline exceeded", deadline},
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

// A broken body must not hide the status, which came with the header.
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
			if want := "ShowOpLog: HTTP status 401: the response is broken off or too long"; err == nil || err.Error() != want {
				t.Errorf("the error is %v, want %v", err, want)
			}
		})
	}
}

// tracked counts the bytes read of a body and records that it is closed.
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

func TestResponsesAreBounded(t *testing.T) {
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
			"ShowOpLog: HTTP status 200: the response is larger than 1024 KiB", -1,
		},
		"one byte more, announced": {
			200, strings.NewReader(sample + strings.Repeat(" ", 1<<20+1-len(sample))), 0,
			"ShowOpLog: HTTP status 200: the response is larger than 1024 KiB", 1<<20 + 1,
		},
		"an endless task":  {200, endless{}, 1<<20 + 1 + 64<<10, "ShowOpLog: HTTP status 200: the response is larger than 1024 KiB", -1},
		"an endless error": {500, endless{}, 128 << 10, "ShowOpLog: HTTP status 500: the response is broken off or too long", -1},
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
