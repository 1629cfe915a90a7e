package exporter

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/go-kit/log"
	"github.com/go-kit/log/level"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

const (
	// maxPages is how many pages are made at a time: a large one takes many times its
	// size in memory, and all that are asked for at once would take longer than each
	// of them may. The others wait.
	maxPages = 4
	// pageTimeout is how long whoever asked may take to receive a page, which is in
	// memory until then.
	pageTimeout = 30 * time.Second
)

// writePage writes a page of metrics about projects, and returns how long it took to
// make, without what it had to wait for; 0 if it was not made.
func (e *Exporter) writePage(w http.ResponseWriter, r *http.Request, series ...prometheus.Gatherer) time.Duration {
	page, took := e.makePage(r, series)
	if page != nil {
		page.send(w)
	}
	return took
}

// makePage makes a page when it is its turn. It is nil where nobody waits for it any
// more. Whoever receives it slowly must not keep the others from theirs, so it is
// sent only when the next one may be made.
func (e *Exporter) makePage(r *http.Request, series []prometheus.Gatherer) (page *heldPage, took time.Duration) {
	select {
	case e.pages <- struct{}{}:
		defer func() { <-e.pages }()
	case <-r.Context().Done():
		return nil, 0
	}
	began := e.options.Now()
	page = &heldPage{header: http.Header{}}
	e.metricsHandler(r, series).ServeHTTP(page, r)
	return page, e.options.Now().Sub(began)
}

func (e *Exporter) metricsHandler(r *http.Request, series []prometheus.Gatherer) http.Handler {
	return promhttp.HandlerFor(prometheus.Gatherers(series), promhttp.HandlerOpts{
		EnableOpenMetrics: true,
		// A fault in one family must not hide the others.
		ErrorHandling: promhttp.ContinueOnError,
		ErrorLog:      pageLog{e.options.Logger, r.Context()},
	})
}

// heldPage is a page in memory. It is an http.ResponseWriter.
type heldPage struct {
	header http.Header
	status int // 0 for 200
	body   bytes.Buffer
}

// Header implements http.ResponseWriter.
func (p *heldPage) Header() http.Header { return p.header }

// WriteHeader implements http.ResponseWriter.
func (p *heldPage) WriteHeader(status int) { p.status = status }

// Write implements http.ResponseWriter.
func (p *heldPage) Write(b []byte) (int, error) { return p.body.Write(b) }

func (p *heldPage) send(w http.ResponseWriter) {
	maps.Copy(w.Header(), p.header)
	w.Header().Set("Content-Length", strconv.Itoa(p.body.Len()))
	// A writer without deadlines is one in memory, which receives at once.
	_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(pageTimeout))
	if p.status != 0 {
		w.WriteHeader(p.status)
	}
	_, _ = p.body.WriteTo(w) // or nobody is there to receive it
}

// pageLog logs what goes wrong with a page. Where the client has gone, nothing has.
type pageLog struct {
	logger log.Logger
	ctx    context.Context
}

// Println implements promhttp.Logger.
func (l pageLog) Println(values ...any) {
	logger := level.Error(l.logger)
	if l.ctx.Err() != nil {
		logger = level.Debug(l.logger)
	}
	_ = logger.Log("msg", "writing the metrics page", "err", strings.TrimSpace(fmt.Sprintln(values...)))
}
