package exporter

import (
	"bytes"
	"compress/gzip"
	"io"
	"maps"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// WriteTimeout limits the time to send a page. Clients of metrics have less: the timeout of
// their scrape.
const WriteTimeout = 2 * time.Minute

// answer is a page in memory. It is made in turn and sent afterwards, so that clients that
// stop reading keep no turn from others.
type answer struct {
	header http.Header
	status int // 0 is 200
	body   bytes.Buffer
}

func newAnswer() *answer { return &answer{header: http.Header{}} }

// newError returns a page as http.Error writes it.
func newError(text string, status int) *answer {
	r := newAnswer()
	http.Error(r, text, status)
	return r
}

// Header implements http.ResponseWriter.
func (r *answer) Header() http.Header { return r.header }

// WriteHeader implements http.ResponseWriter.
func (r *answer) WriteHeader(status int) { r.status = status }

// Write implements http.ResponseWriter.
func (r *answer) Write(p []byte) (int, error) { return r.body.Write(p) }

// send sends the page within the timeout, and within WriteTimeout. A compressed one is
// expanded on the way if the client does not accept gzip.
func (r *answer) send(w http.ResponseWriter, req *http.Request, timeout time.Duration) {
	deadline := time.Now().Add(min(timeout, WriteTimeout))
	_ = http.NewResponseController(w).SetWriteDeadline(deadline) // fails for writers in memory
	maps.Copy(w.Header(), r.header)
	var body io.Reader = bytes.NewReader(r.body.Bytes())
	expand := r.header.Get("Content-Encoding") == "gzip" && !acceptsGzip(req.Header)
	switch {
	case expand:
		w.Header().Del("Content-Encoding")
		body, _ = gzip.NewReader(body) // which has just been written
	case r.body.Len() > 0:
		w.Header().Set("Content-Length", strconv.Itoa(r.body.Len()))
	}
	if r.status != 0 {
		w.WriteHeader(r.status)
	}
	_, _ = io.Copy(w, body) //nolint:gosec // G110: it is our own page; fails if the client is gone
}

// acceptsGzip reports whether a client has said that it accepts gzip.
func acceptsGzip(h http.Header) bool {
	for coding := range strings.SplitSeq(strings.Join(h["Accept-Encoding"], ","), ",") {
		name, quality, _ := strings.Cut(strings.ReplaceAll(coding, " ", ""), ";q=")
		if q, err := strconv.ParseFloat(quality, 64); strings.EqualFold(name, "gzip") && (err != nil || q > 0) {
			return true
		}
	}
	return false
}
