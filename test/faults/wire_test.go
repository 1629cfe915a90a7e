//go:build linux

package faults

import (
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

// These are responses, and the beginnings of some.
const (
	halfHeader = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nX-Request-"
	header     = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nX-Subject-Token: a-token\r\nContent-Length: 1000\r\n\r\n"
	halfBody   = header + `{"count": 1, "operation_logs": [{"id": `
	switching  = "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n"
)

// emptyAnswer returns a response without a body.
func emptyAnswer(status string) string { return "HTTP/1.1 " + status + "\r\nContent-Length: 0\r\n\r\n" }

// raw answers each request with what say writes to its connection, which ends when it returns.
func raw(say func(net.Conn)) middleware {
	return func(http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			connection, _, err := http.NewResponseController(w).Hijack()
			if err != nil {
				panic(err) // HTTP/2
			}
			defer func() { _ = connection.Close() }()
			say(connection)
		})
	}
}

// thenHang returns a function that writes the text and then nothing, until the client is gone.
func thenHang(text string) func(net.Conn) {
	return func(c net.Conn) {
		_, _ = io.WriteString(c, text)
		untilGone(c)
	}
}

// untilGone returns when the client has closed the connection, or after a minute.
func untilGone(c net.Conn) {
	_ = c.SetDeadline(time.Now().Add(time.Minute))
	_, _ = io.Copy(io.Discard, c)
}

// thenTrickle returns a function that writes the text, and then a byte of more each second.
func thenTrickle(text, more string) func(net.Conn) {
	return func(c net.Conn) {
		_, _ = io.WriteString(c, text)
		for {
			for i := range len(more) {
				time.Sleep(time.Second)
				if _, err := io.WriteString(c, more[i:i+1]); err != nil {
					return
				}
			}
		}
	}
}

// thenClose returns a function that writes the text and closes the connection.
func thenClose(text string) func(net.Conn) {
	return func(c net.Conn) { _, _ = io.WriteString(c, text) }
}

// thenReset returns a function that writes the text and resets the connection.
func thenReset(text string) func(net.Conn) {
	return func(c net.Conn) {
		_, _ = io.WriteString(c, text)
		time.Sleep(50 * time.Millisecond) // a reset takes back what has not arrived
		reset(c)
	}
}

// reset ends the connection with a reset.
func reset(c net.Conn) {
	if overTLS, ok := c.(*tls.Conn); ok {
		c = overTLS.NetConn()
	}
	if accepted, ok := c.(cloudConn); ok {
		c = accepted.Conn
	}
	_ = c.(*net.TCPConn).SetLinger(0)
	_ = c.Close()
}

// endlessly returns a function that writes the text, and then more without an end.
func endlessly(text, more string) func(net.Conn) {
	return func(c net.Conn) { writeEndlessly(c, text, more) }
}

// writeEndlessly writes the text, and then more until that fails.
func writeEndlessly(w io.Writer, text, more string) {
	_, err := io.WriteString(w, text)
	many := strings.Repeat(more, 1+4096/len(more))
	for err == nil {
		_, err = io.WriteString(w, many)
	}
}

// server starts a server that says something on each connection, which ends when say
// returns, and returns its address.
func server(t *testing.T, say func(net.Conn)) (address string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			c, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				defer func() { _ = c.Close() }()
				say(c)
			}()
		}
	}()
	return listener.Addr().String()
}
