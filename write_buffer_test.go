//go:build unix

package main

import (
	"crypto/tls"
	"log/slog"
	"net"
	"net/http"
	"syscall"
	"testing"
)

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
