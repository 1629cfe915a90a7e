package main

import (
	"bufio"
	"crypto/tls"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

// TestIdleConnections has a client scrape every five minutes, as Prometheus can, and then
// leave the connection open.
func TestIdleConnections(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		here, there := net.Pipe()
		handler := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "ok") })
		server := newServer(handler, slog.New(slog.DiscardHandler))
		go func() { _ = server.Serve(&oneConnection{connection: there}) }()

		reader := bufio.NewReader(here)
		for range 3 {
			go func() { _, _ = io.WriteString(here, "GET / HTTP/1.1\r\nHost: cbr\r\n\r\n") }()
			resp, err := http.ReadResponse(reader, nil)
			if err != nil {
				t.Fatal(err)
			}
			_, _ = io.Copy(io.Discard, resp.Body)
			_ = resp.Body.Close()
			time.Sleep(5 * time.Minute)
		}
		start := time.Now()
		if _, err := reader.ReadByte(); !errors.Is(err, io.EOF) {
			t.Errorf("got the error %v, want the end of the connection", err)
		}
		if idle := time.Since(start); idle != time.Minute {
			t.Errorf("the connection was closed after %s more, want 1m", idle)
		}
	})
}

// TestMissingBody has a client announce a body that it does not send.
func TestMissingBody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		here, there := net.Pipe()
		handler := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "ok") })
		server := newServer(handler, slog.New(slog.DiscardHandler))
		go func() { _ = server.Serve(&oneConnection{connection: there}) }()
		start := time.Now()
		go func() { _, _ = io.WriteString(here, "GET / HTTP/1.1\r\nHost: cbr\r\nContent-Length: 1000\r\n\r\n") }()
		if _, err := io.Copy(io.Discard, here); err != nil {
			t.Error(err)
		}
		if took := time.Since(start); took < readHeaderTimeout || took > readHeaderTimeout+time.Second {
			t.Errorf("the connection was closed after %s, want %s", took, readHeaderTimeout)
		}
	})
}

// TestWriteBuffer connects with TLS and without. The kernel limits what it holds for a client
// that does not read.
func TestWriteBuffer(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	server := newServer(http.NotFoundHandler(), slog.New(slog.DiscardHandler))
	for name, wrap := range map[string]func(net.Conn) net.Conn{
		"plain": func(c net.Conn) net.Conn { return c },
		"TLS":   func(c net.Conn) net.Conn { return tls.Server(c, &tls.Config{MinVersion: tls.VersionTLS12}) },
	} {
		t.Run(name, func(t *testing.T) {
			c, err := net.Dial("tcp", listener.Addr().String())
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = c.Close() }()
			server.ConnContext(t.Context(), wrap(c))
			raw, err := c.(*net.TCPConn).SyscallConn()
			if err != nil {
				t.Fatal(err)
			}
			var size int
			if failed := raw.Control(func(fd uintptr) { size, err = syscall.GetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_SNDBUF) }); failed != nil || err != nil {
				t.Fatal(failed, err)
			}
			if size < writeBuffer || size > 2*writeBuffer {
				t.Errorf("the buffer has %d bytes, want %d or twice that", size, writeBuffer)
			}
		})
	}
}

// oneConnection is a listener to which one client connects.
type oneConnection struct {
	net.Listener
	connection net.Conn
}

func (l *oneConnection) Accept() (net.Conn, error) {
	if c := l.connection; c != nil {
		l.connection = nil
		return c, nil
	}
	return nil, io.EOF
}

func (l *oneConnection) Close() error { return nil }
