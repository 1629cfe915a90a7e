package exporter

import (
	"context"
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

// timeoutHeader is how Prometheus says how long it waits, in seconds. See
// https://prometheus.io/docs/prometheus/latest/configuration/configuration/#scrape_config.
const timeoutHeader = "X-Prometheus-Scrape-Timeout-Seconds"

// minMargin is the least that is left of a scrape for writing and sending.
const minMargin = 500 * time.Millisecond

// margin is the time that a scrape needs after everything is collected.
type margin struct {
	rendering atomic.Int64 // nanoseconds that the last page took
}

// observe notes how long a page took; 0 if it was not written.
func (m *margin) observe(rendering time.Duration) {
	if rendering > 0 {
		m.rendering.Store(int64(rendering))
	}
}

// deadline returns the context in which to collect for the request r: what
// Prometheus grants, less the margin. Without its header only the time limit of
// a collection holds.
func (m *margin) deadline(r *http.Request) (context.Context, context.CancelFunc) {
	seconds, err := strconv.ParseFloat(r.Header.Get(timeoutHeader), 64)
	if err != nil || !(seconds > 0) || seconds > time.Hour.Seconds() {
		return context.WithCancel(r.Context())
	}
	timeout := time.Duration(seconds * float64(time.Second))
	return context.WithTimeout(r.Context(), timeout-m.of(timeout))
}

// of returns the margin for a scrape that may take timeout: twice what the last
// page took, as the next one may be larger, but never more than half of it all.
func (m *margin) of(timeout time.Duration) time.Duration {
	return min(max(minMargin, 2*time.Duration(m.rendering.Load())), timeout/2)
}

// margins holds a margin for each project: their pages differ in size, and a small
// one says nothing of how long a large one takes. It outlives the configurations,
// as the tasks do.
type margins struct {
	byProject sync.Map // from names to *margin
}

// project returns the margin of the project with that name, which is a configured
// one, or whoever asks could fill the memory.
func (m *margins) project(name string) *margin {
	kept, _ := m.byProject.LoadOrStore(name, &margin{})
	return kept.(*margin)
}
