//go:build linux

package faults

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
)

// bodyFaults are successful responses whose body is broken, or something else.
func bodyFaults() group {
	return group{"Bodies", []fault{
		{
			name:    "shorter than announced",
			http:    announced(func(good int) int64 { return int64(good) + 100 }),
			reasons: "network",
		},
		{
			name:    "longer than announced",
			http:    surplus,
			reasons: "upstream",
		},
		{
			name:    "4 GiB announced, less sent",
			http:    announced(func(int) int64 { return 4 << 30 }),
			reasons: "upstream", requests: 300, // it asks for fewer and fewer rows
		},
		{
			heavy:   true,
			name:    "endless text",
			http:    endless("", strings.Repeat("x", 64<<10)),
			reasons: "upstream", requests: 400, memory: 250,
		},
		{
			heavy:   true,
			name:    "endless spaces after the beginning of a list",
			http:    endless(`{"operation_logs":[`, strings.Repeat(" ", 64<<10)),
			reasons: "upstream", requests: 400, memory: 250,
		},
		{
			name:    "Content-Encoding: gzip, with something else",
			http:    encoded("gzip", func(good []byte) []byte { return good }),
			reasons: "network",
		},
		{
			name:    "Content-Encoding: gzip, broken off",
			http:    encoded("gzip", func(good []byte) []byte { packed := compressed(good); return packed[:len(packed)/2] }),
			reasons: "network",
		},
		{
			heavy:   true,
			name:    "Content-Encoding: gzip, 1 MiB that expand to 1 GiB",
			http:    encoded("gzip", func([]byte) []byte { return bomb() }),
			reasons: "upstream", requests: 400, memory: 250,
		},
		{
			name: "Content-Encoding: gzip, valid",
			http: encoded("gzip", compressed),
			up:   true,
		},
		{
			name:    "Content-Encoding: br",
			http:    encoded("br", func([]byte) []byte { return []byte("\x0b\x02\x80{}\x03") }),
			reasons: "upstream",
		},
		{
			name:    "gzip without Content-Encoding",
			http:    body(compressed),
			reasons: "upstream",
		},
		{name: "empty", http: says(""), reasons: "upstream"},
		{name: "null", http: says("null"), reasons: "upstream"},
		{name: "an empty list", http: says("[]"), reasons: "upstream"},
		{name: "an empty object", http: says("{}"), reasons: "upstream"},
		each(fault{name: "a text, a number, a boolean", reasons: "upstream"}, saysEach, `"ok"`, `0`, `true`),
		each(fault{name: "the list is an object, a text", reasons: "upstream"}, saysEach,
			`{"operation_logs":{},"vaults":{},"policies":{},"backups":{}}`,
			`{"operation_logs":"","vaults":"","policies":"","backups":""}`),
		{
			quick: true,
			name:  "a page of HTML with 200",
			http: alter(func(_ *http.Request, a *answer) {
				a.header = http.Header{"Content-Type": {"text/html; charset=utf-8"}}
				a.body = []byte("<!DOCTYPE html><html><body>Please log in to the network</body></html>")
			}),
			reasons: "upstream",
		},
		{
			name:    "a byte order mark",
			http:    body(func(good []byte) []byte { return append([]byte("\xEF\xBB\xBF"), good...) }),
			reasons: "upstream",
		},
		{name: "UTF-16", http: body(utf16), reasons: "upstream"},
		{
			name:    "two JSON documents",
			http:    body(func(good []byte) []byte { return bytes.Repeat(good, 2) }),
			reasons: "upstream",
		},
		{
			name:    "junk after the JSON document",
			http:    body(func(good []byte) []byte { return append(bytes.Clone(good), "</html>"...) }),
			reasons: "upstream",
		},
		{
			name:    "broken off, with the right length",
			http:    body(func(good []byte) []byte { return good[:len(good)-1] }),
			reasons: "upstream",
		},
		each(fault{name: "a wrong Content-Type, or none", up: true}, func(next func() string) middleware {
			return alter(func(_ *http.Request, a *answer) { a.header["Content-Type"] = []string{next()} })
		}, "text/html", "application/octet-stream", "text/plain; charset=gbk", "junk", ""),
	}}
}

// encoded replaces the body of each successful response, and names a content encoding.
func encoded(encoding string, change func(good []byte) []byte) middleware {
	return alter(func(_ *http.Request, a *answer) {
		if a.status == http.StatusOK {
			a.header.Set("Content-Encoding", encoding)
			a.body = change(a.body)
		}
	})
}

// saysEach makes the next text the body of each successful response.
func saysEach(next func() string) middleware {
	return body(func([]byte) []byte { return []byte(next()) })
}

// announced announces a length that the body of the response does not have.
func announced(length func(good int) int64) middleware {
	return alter(func(_ *http.Request, a *answer) {
		a.header.Set("Content-Length", strconv.FormatInt(length(len(a.body)), 10))
	})
}

// surplus sends more than it announces: the rest may look like the next response.
func surplus(good http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		recorder := httptest.NewRecorder()
		good.ServeHTTP(recorder, r)
		connection, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			return
		}
		defer func() { _ = connection.Close() }()
		body := recorder.Body.Bytes()
		_, _ = fmt.Fprintf(connection, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", len(body)/2, body)
		_, _ = io.Copy(io.Discard, connection) // until the client has enough
	})
}

// endless answers each request with text without an end.
func endless(begin, piece string) middleware {
	return streams(func(w http.ResponseWriter) { writeEndlessly(w, begin, piece) })
}

func compressed(text []byte) []byte {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, _ = w.Write(text)
	_ = w.Close()
	return b.Bytes()
}

// bomb is a gibibyte of spaces, compressed to a thousandth.
var bomb = sync.OnceValue(func() []byte {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	spaces := bytes.Repeat([]byte(" "), 1<<20)
	for range 1 << 10 {
		_, _ = w.Write(spaces)
	}
	_ = w.Close()
	return b.Bytes()
})

// utf16 returns an ASCII text in UTF-16.
func utf16(text []byte) []byte {
	out := []byte{0xFE, 0xFF}
	for _, c := range text {
		out = append(out, 0, c)
	}
	return out
}
