//go:build linux

package faults

import (
	"crypto/tls"
	"encoding/binary"
	"io"
	"net"
	"net/http"
	"strings"
	"time"
)

func http2Faults() group {
	return group{"HTTP/2", []fault{
		{name: "HTTP/2 resets each stream", quick: true, http2: true, http: streams(func(w http.ResponseWriter) { panic(http.ErrAbortHandler) }), reasons: "network"},
		{name: "HTTP/2 resets each stream in the body", http2: true, reasons: "network", http: streams(func(w http.ResponseWriter) {
			_, _ = io.WriteString(w, `{"count": 1, "operation_logs": [`)
			_ = http.NewResponseController(w).Flush()
			panic(http.ErrAbortHandler)
		})},
		{name: "HTTP/2 streams without an end", http2: true, reasons: "upstream", requests: 300, memory: 300, http: streams(func(w http.ResponseWriter) {
			writeEndlessly(w, "", strings.Repeat(" ", 64<<10))
		})},
		{name: "HTTP/2 says nothing after the handshake", http2: true, conn: frames(func(c net.Conn) { untilGone(c) }), reasons: "deadline"},
		{name: "HTTP/2 goes away at once", http2: true, reasons: "network", requests: 600, conn: frames(func(c net.Conn) {
			_ = writeFrame(c, frameSettings, nil)
			_ = writeFrame(c, frameGoAway, make([]byte, 8)) // the last stream is 0, and there is no error
			untilGone(c)
		})},
		{name: "HTTP/2 goes away with an error", http2: true, reasons: "network", conn: frames(func(c net.Conn) {
			_ = writeFrame(c, frameSettings, nil)
			_ = writeFrame(c, frameGoAway, []byte{0, 0, 0, 0, 0, 0, 0, 2}) // INTERNAL_ERROR
		})},
		{name: "HTTP/2 pings without an end", http2: true, reasons: "deadline", conn: frames(func(c net.Conn) {
			_ = writeFrame(c, frameSettings, nil)
			go untilGone(c)
			for writeFrame(c, framePing, make([]byte, 8)) == nil {
				time.Sleep(10 * time.Microsecond)
			}
		})},
		{name: "HTTP/2 allows no streams", http2: true, reasons: "deadline", conn: frames(func(c net.Conn) {
			_ = writeFrame(c, frameSettings, []byte{0, 3, 0, 0, 0, 0}) // MAX_CONCURRENT_STREAMS is 0
			untilGone(c)
		})},
		{name: "HTTP/2 sends garbage", http2: true, reasons: "network", conn: frames(func(c net.Conn) {
			_, _ = io.WriteString(c, strings.Repeat("garbage ", 100))
		})},
	}}
}

// streams answers each request with what say writes.
func streams(say func(http.ResponseWriter)) middleware {
	return func(http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { say(w) })
	}
}

// frames agrees on HTTP/2 with the client, and sends what say writes.
func frames(say func(net.Conn)) func(net.Conn) {
	return func(c net.Conn) {
		config := &tls.Config{Certificates: []tls.Certificate{authority.valid()}, NextProtos: []string{"h2"}}
		overTLS := tls.Server(c, config)
		_ = overTLS.SetDeadline(time.Now().Add(time.Minute))
		if err := overTLS.Handshake(); err != nil {
			return
		}
		defer func() { _ = overTLS.Close() }()
		say(overTLS)
	}
}

// Types of frames, see RFC 9113, section 6.
const (
	frameSettings = 4
	framePing     = 6
	frameGoAway   = 7
)

// writeFrame writes a frame of the connection, which is stream 0.
func writeFrame(w io.Writer, kind byte, payload []byte) error {
	header := binary.BigEndian.AppendUint32(nil, uint32(len(payload))<<8|uint32(kind))
	header = append(header, 0) // no flags
	header = binary.BigEndian.AppendUint32(header, 0)
	_, err := w.Write(append(header, payload...))
	return err
}
