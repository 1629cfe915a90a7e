package exporter_test

import (
	"fmt"
	"io"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"time"
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
