package main

import (
	"bufio"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
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
