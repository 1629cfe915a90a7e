package exporter

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/go-kit/log"
	"github.com/go-kit/log/level"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

const (
	// maxPages is how many pages of metrics are written at a time: a large one takes
	// many times its size in memory, and all that are asked for at once would take
	// longer than each of them may. The others wait.
	maxPages = 4
	// pageTimeout is how long whoever asked may take to receive a page, so that it
	// makes way for the others.
	pageTimeout = time.Minute
)

// writePage writes a page of metrics, and returns how long that took without what it
// had to wait for.
func (e *Exporter) writePage(w http.ResponseWriter, r *http.Request, series ...prometheus.Gatherer) time.Duration {
	select {
	case e.pages <- struct{}{}:
		defer func() { <-e.pages }()
	case <-r.Context().Done():
		return 0 // nobody is there to receive it
	}
	began := e.options.Now()
	// A writer without deadlines is one in memory, which receives at once.
	_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(pageTimeout))
	promhttp.HandlerFor(prometheus.Gatherers(series), promhttp.HandlerOpts{
		EnableOpenMetrics: true,
		// A fault in one family must not hide the others.
		ErrorHandling: promhttp.ContinueOnError,
		ErrorLog:      pageLog{e.options.Logger, r.Context()},
	}).ServeHTTP(w, r)
	return e.options.Now().Sub(began)
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
