package exporter_test

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cbr-exporter/cbr_exporter/simulator"
)

// briefly limits each pass of a configuration to the time.
func briefly(configuration, timeout string) string {
	return strings.Replace(configuration, "scrape: {", "scrape: {timeout: "+timeout+", ", 1)
}

// silentServer accepts connections and says nothing.
type silentServer struct {
	net.Listener
	accepted, closed atomic.Int64 // by the client
}

func newSilentServer(t *testing.T) *silentServer {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	s := &silentServer{Listener: listener}
	go func() {
		for {
			c, err := s.Accept()
			if err != nil {
				return
			}
			s.accepted.Add(1)
			go func() {
				_, _ = io.Copy(io.Discard, c)
				_ = c.Close()
				s.closed.Add(1)
			}()
		}
	}()
	return s
}

// TestSilentProxies has a proxy accept connections and say nothing. No connection stays
// open after the pass that needed it.
func TestSilentProxies(t *testing.T) {
	t.Parallel()
	for _, scheme := range []string{"socks5", "http", "https"} {
		for _, endpoint := range []string{"http://cbr.invalid", "https://cbr.invalid"} {
			t.Run(scheme+" to "+endpoint, func(t *testing.T) {
				t.Parallel()
				server := newSilentServer(t)
				settings := fmt.Sprintf("{proxy_url: '%s://%s'}", scheme, server.Addr())
				e := start(t, nil, briefly(reaching(endpoint, []string{taskID("1")}, settings), "100ms"))
				for range 3 {
					expectLines(t, "scrape", e.scrape(t), `cbr_up{project="test"} 0`, `cbr_scrape_error{project="test",reason="deadline"} 1`)
				}
				deadline := time.After(5 * time.Second) // less than net/http waits for TLS
				for server.accepted.Load() == 0 || server.closed.Load() < server.accepted.Load() {
					select {
					case <-deadline:
						t.Fatalf("of %d connections %d stay open", server.accepted.Load(), server.accepted.Load()-server.closed.Load())
					case <-time.After(10 * time.Millisecond):
					}
				}
			})
		}
	}
}

// TestForgetfulProxy has a SOCKS proxy never respond to most connections, while requests
// succeed by the others. The number of connections that stay open is bounded.
func TestForgetfulProxy(t *testing.T) {
	t.Parallel()
	cloud := simulator.New(simulator.Options{Now: time.Now, Empty: true, Tokens: []string{token}})
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		time.Sleep(5 * time.Millisecond) // so that a list waits for the connection of another
		cloud.ServeHTTP(w, r)
	}))
	server.Config.IdleTimeout = 10 * time.Millisecond
	server.Start()
	defer server.Close()
	silent := newSilentServer(t)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	go func() {
		for n := 0; ; n++ {
			c, err := listener.Accept()
			if err != nil {
				return
			}
			target := silent.Addr()
			if n%3 == 2 {
				target = server.Listener.Addr()
			}
			go relay(c, target.String(), n%3 == 2)
		}
	}()
	e := start(t, nil, strings.Replace(configuration(fmt.Sprintf("\n  - {name: test, project_id: %s, endpoint: %s, credentials: {token: %s}, discovery: {}, http_client: {proxy_url: 'socks5://%s'}}",
		simulator.DefaultProjectID, "http://cbr.invalid", token, listener.Addr())), "scrape: {", "scrape: {concurrency: 4, timeout: 100ms, ", 1))
	const most = 2 * (4 + 4)
	for range 40 {
		e.scrape(t)
		if open := silent.accepted.Load() - silent.closed.Load(); open > 3*most { // some are closed, but not counted yet
			t.Fatalf("%d connections stay open", open)
		}
		time.Sleep(20 * time.Millisecond) // the server closes idle connections
	}
	if silent.accepted.Load() < 40 {
		t.Errorf("the proxy was silent only %d times", silent.accepted.Load())
	}
}

// relay serves a connection to a SOCKS5 proxy, as one to the target.
func relay(c net.Conn, target string, speaks bool) {
	defer func() { _ = c.Close() }()
	upstream, err := net.Dial("tcp", target)
	if err != nil {
		return
	}
	defer func() { _ = upstream.Close() }()
	if speaks {
		head := make([]byte, 64)
		_, _ = io.ReadFull(c, head[:3])
		_, _ = c.Write([]byte{5, 0})
		_, _ = io.ReadFull(c, head[:5])
		_, _ = io.ReadFull(c, head[:int(head[4])+2])
		_, _ = c.Write([]byte{5, 0, 0, 1, 0, 0, 0, 0, 0, 0})
	}
	go func() { _, _ = io.Copy(c, upstream); _ = c.Close() }()
	_, _ = io.Copy(upstream, c)
}

// TestGoAway has a server of HTTP/2 go away at once on each connection. A request tries a
// few of them, rather than as many as it can open until its deadline.
func TestGoAway(t *testing.T) {
	t.Parallel()
	server := httptest.NewTLSServer(nil)
	certificates := server.TLS.Certificates
	server.Close()
	listener, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: certificates, NextProtos: []string{"h2"}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	var accepted atomic.Int64
	go func() {
		for {
			c, err := listener.Accept()
			if err != nil {
				return
			}
			accepted.Add(1)
			go func() {
				defer func() { _ = c.Close() }()
				// Package net/http forgets one now and then.
				defer context.AfterFunc(t.Context(), func() { _ = c.Close() })()
				const settings, goAway = "\x00\x00\x00\x04\x00\x00\x00\x00\x00", "\x00\x00\x08\x07\x00\x00\x00\x00\x00"
				_, _ = io.WriteString(c, settings+goAway+strings.Repeat("\x00", 8))
				_, _ = io.Copy(io.Discard, c)
			}()
		}
	}()
	e := start(t, nil, reaching("https://"+listener.Addr().String(), []string{taskID("1")}, "{tls_config: {insecure_skip_verify: true}}"))
	expectLines(t, "scrape", e.scrape(t), `cbr_up{project="test"} 0`, `cbr_scrape_error{project="test",reason="network"} 1`)
	if n := accepted.Load(); n > 15 { // a request and two retries
		t.Errorf("%d connections, want at most 15", n)
	}
}

// TestCloseIsBounded has a request go on after it was cancelled. Neither a reload nor the
// end of the program waits for it.
func TestCloseIsBounded(t *testing.T) {
	for name, end := range map[string]func(*running){
		"reload": func(e *running) { _ = e.Reload() },
		"end":    func(e *running) { e.Close() },
	} {
		t.Run(name, func(t *testing.T) {
			atNoon(t, func(t *testing.T) {
				released := make(chan struct{})
				api := loadAPI(t, "vendor_sample")
				api.everyFault = func(http.ResponseWriter, *http.Request) { <-released }
				e := startAPI(t, configuration(api.project()), api)
				e.get(t, "/metrics", "1")
				began := time.Now()
				end(e)
				if took := time.Since(began); took != 3*time.Second {
					t.Errorf("it takes %s, want 3s", took)
				}
				close(released)
			})
		})
	}
}
