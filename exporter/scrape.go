package exporter

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/cbr-exporter/cbr_exporter/protection"
)

const (
	probePath      = "/probe"
	probeParameter = "project" // name of the project in the query of probePath

	// maxPages is the number of pages of metrics, and of those for people, that are made
	// at a time; other requests wait.
	// Making a page takes many times its size in memory: 30 pages of 10 MB at once
	// took 1 GB and longer than any scrape_timeout.
	maxPages = 4
)

// metricsPage returns the metrics of all projects, of the exporter and of the process.
// Its status is always 200: failures of the API are metrics too.
func (e *Exporter) metricsPage(r *http.Request) *answer {
	return e.scrapePage(r, allProjects, &e.margin, e.options.Registry)
}

// ownMetricsPage returns the metrics of the exporter and of the process. It sends no
// requests to the API.
func (e *Exporter) ownMetricsPage(r *http.Request) *answer {
	return e.newPage(r, e.options.Registry, nil)
}

// Refresh reads what is due, as a scrape does.
func (e *Exporter) Refresh(ctx context.Context) { e.scrape(ctx, allProjects) }

// allProjects is the name that scrape has for all projects.
const allProjects = ""

// scrape collects from the project with that name, or from all projects. Current is nil
// if there is no such project. A reload cancels the passes of the old projects, so
// scrape then starts again with the new ones.
func (e *Exporter) scrape(ctx context.Context, name string) (current *projects, known []protection.Snapshot) {
	for {
		current = e.current.Load()
		scraped := current.all
		if name != allProjects {
			p := current.named(name)
			if p == nil {
				return nil, nil
			}
			scraped = []*project{p}
		}
		known = make([]protection.Snapshot, len(scraped))
		var wait sync.WaitGroup
		for i, p := range scraped {
			wait.Go(func() { known[i] = p.collect(ctx) })
		}
		wait.Wait()
		if ctx.Err() != nil || e.isCurrent(current) {
			return current, known
		}
	}
}

// scrapePage scrapes, and returns a page with the result and the metrics of own. It records in m
// how long the page took. It returns nil if there is no such project.
func (e *Exporter) scrapePage(r *http.Request, name string, m *margin, own prometheus.Gatherer) *answer {
	ctx, cancel := e.scrapeContext(r, m)
	defer cancel()
	current, known := e.scrape(ctx, name)
	if current == nil {
		return nil
	}
	// The results of a moment are as good as each other, as none has missed its deadline, or all
	// have, so that something may be missing.
	key := fmt.Sprintf("%p %q %t %q %q", current, name, ctx.Err() == nil, r.Header["Accept"], r.URL.Query()["name[]"])
	return e.shared(r, key, func() *answer {
		start := e.options.Now()
		page := e.newPage(r, own, current.collector.Families(known...))
		m.observe(e.options.Now().Sub(start))
		return page
	})
}

// shared returns a page that is made in its turn. Requests with the same key while it is made
// share it: otherwise many clients would keep a scrape from its turn.
func (e *Exporter) shared(r *http.Request, key string, makePage func() *answer) *answer {
	for r.Context().Err() == nil {
		made, _, _ := e.making.Do(key, func() (any, error) {
			var page *answer
			inTurn(e.pages, r, func() { page = makePage() })
			return page, nil
		})
		if page := made.(*answer); page != nil { // or the client for which it was to be made is gone
			return page
		}
	}
	return newAnswer() // the client is gone
}

// inTurn makes a page when it is among the turns, unless the client is gone by then.
func inTurn(turns chan struct{}, r *http.Request, makePage func()) {
	select {
	case turns <- struct{}{}:
		defer func() { <-turns }()
		makePage()
	case <-r.Context().Done():
	}
}

// limited refuses scrapes beyond MaxRequests. Those that wait for the API or for their turn
// count too, but not those whose client reads slowly.
func (e *Exporter) limited(makePage func(*http.Request) *answer) http.HandlerFunc {
	counted := func(r *http.Request) *answer {
		defer e.scrapes.Add(-1)
		if most := e.options.MaxRequests; uint64(e.scrapes.Add(1)) > uint64(most) && most > 0 {
			refusal := newError(fmt.Sprintf("%d scrapes are in flight; scrape less often, or raise --web.max-requests.", most), http.StatusServiceUnavailable)
			refusal.header.Set("Retry-After", "10")
			return refusal
		}
		return makePage(r)
	}
	return func(w http.ResponseWriter, r *http.Request) {
		_ = http.NewResponseController(w).SetWriteDeadline(time.Time{}) // the API may take longer than WriteTimeout
		counted(r).send(w, r, e.scrapeTimeout(r))
	}
}

// timeoutHeader has the scrape_timeout of Prometheus in seconds. See
// https://prometheus.io/docs/prometheus/latest/configuration/configuration/#scrape_config.
const timeoutHeader = "X-Prometheus-Scrape-Timeout-Seconds"

// scrapeContext returns the context in which to collect for the request r. It ends
// early enough to leave the margin for the page, and with Drain.
func (e *Exporter) scrapeContext(r *http.Request, m *margin) (context.Context, context.CancelFunc) {
	timeout := e.scrapeTimeout(r)
	ctx, cancel := context.WithTimeout(r.Context(), timeout-m.of(timeout))
	stop := context.AfterFunc(e.draining, cancel)
	return ctx, func() {
		stop()
		cancel()
	}
}

// scrapeTimeout returns the timeout in the timeoutHeader. If there is none, as in requests
// of curl, or if it is invalid, the timeout is the one of the configuration.
func (e *Exporter) scrapeTimeout(r *http.Request) time.Duration {
	timeout, err := time.ParseDuration(r.Header.Get(timeoutHeader) + "s")
	if err != nil || timeout <= 0 {
		return time.Duration(e.current.Load().config.Scrape.Timeout)
	}
	return timeout
}

// minMargin is the least time that is reserved for writing a page.
const minMargin = 500 * time.Millisecond

// margin is the part of the scrape_timeout that is reserved for writing the page.
type margin struct {
	lastPage atomic.Int64 // time that the last page took, in nanoseconds
}

// observe records how long a page took.
func (m *margin) observe(d time.Duration) { m.lastPage.Store(int64(d)) }

// of returns the margin of a scrape with the given timeout: twice the time that the
// last page took, but at most half of the timeout.
func (m *margin) of(timeout time.Duration) time.Duration {
	return min(max(minMargin, 2*time.Duration(m.lastPage.Load())), timeout/2)
}

// probePage returns the metrics of one configured project. The request selects it by
// name only, so that it cannot make the exporter send credentials to another host.
func (e *Exporter) probePage(r *http.Request) *answer {
	names := r.URL.Query()[probeParameter]
	if len(names) != 1 {
		return e.probeError(http.StatusBadRequest, "Name one project, as in ?project=NAME.")
	}
	name := names[0]
	var page *answer
	if p := e.current.Load().named(name); p != nil {
		page = e.scrapePage(r, name, p.margin, ofProject(name, e.options.Registry))
	}
	if page == nil { // a reload may have removed the project
		return e.probeError(http.StatusNotFound, fmt.Sprintf("There is no project %q.", name))
	}
	return page
}

// probeError returns a page with the problem and the names of all projects.
func (e *Exporter) probeError(status int, problem string) *answer {
	text := problem + " The projects are:"
	for _, p := range e.current.Load().all {
		text += "\n" + p.name
	}
	return newError(text, status)
}
