package cbrapi

import (
	"errors"
	"net/http"
	"strconv"
	"time"
)

// maxRetryAfter bounds what a header may ask for: a slip of the other side must
// not silence a client for days.
const maxRetryAfter = time.Hour

// retryAfter returns how long the Retry-After header asks to wait, and 0 where
// there is none or it cannot be read. A time in it is compared with that in the
// Date header: by our clock it could mean anything.
//
// See https://www.rfc-editor.org/rfc/rfc9110.html#section-10.2.3.
func retryAfter(h http.Header) time.Duration {
	text := h.Get("Retry-After")
	seconds, err := strconv.ParseUint(text, 10, 64)
	if err == nil || errors.Is(err, strconv.ErrRange) {
		return time.Duration(min(seconds, uint64(maxRetryAfter/time.Second))) * time.Second
	}
	until, err := http.ParseTime(text)
	if err != nil {
		return 0
	}
	now, err := http.ParseTime(h.Get("Date"))
	if err != nil {
		return 0
	}
	return min(max(until.Sub(now), 0), maxRetryAfter)
}
