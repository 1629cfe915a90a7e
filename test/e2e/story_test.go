//go:build e2e

package e2e

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-kit/log"
	client "github.com/prometheus/client_golang/prometheus"

	"github.com/cbr-exporter/cbr_exporter/config"
	product "github.com/cbr-exporter/cbr_exporter/exporter"
	"github.com/cbr-exporter/cbr_exporter/simulator"
)

// scrapeEvery is so short that Prometheus never takes a series for gone.
const scrapeEvery = 4 * time.Minute

// scrape is what a Prometheus gets at a moment, and what is then missing in truth.
type scrape struct {
	at             time.Time
	page           string // empty: the exporter is down
	overdue, never []string
	fresh          bool // the exporter has read nothing yet since it began
}

// event happens in the cloud, or to the exporter.
type event struct {
	at time.Time
	do func()
}

// story runs an exporter in front of a cloud.
type story struct {
	t        *testing.T
	cloud    *cloud
	oracle   *oracle
	exporter *product.Exporter // nil while it is down
	fresh    bool              // it has just begun
	events   []event
}

// tellStory returns all scrapes of some days in which everything happens once.
func tellStory(t *testing.T) []scrape {
	var scrapes []scrape
	synctest.Test(t, func(t *testing.T) {
		c := newCloud(time.Now())
		s := &story{t: t, cloud: c, oracle: &oracle{cloud: c}}
		s.write()
		s.start()
		for at := c.begin; at.Before(c.at(storyDays, 0)); at = at.Add(scrapeEvery) {
			time.Sleep(time.Until(at))
			scrapes = append(scrapes, s.scrape(at))
			if t.Failed() {
				break
			}
		}
		s.stop()
	})
	return scrapes
}

// scrape has happen what is due, and scrapes.
func (s *story) scrape(at time.Time) scrape {
	for len(s.events) > 0 && !s.events[0].at.After(at) {
		s.events[0].do()
		s.events = s.events[1:]
	}
	switch {
	case s.exporter == nil:
		return scrape{at: at}
	case s.fresh: // it has not read everything yet, and claims nothing
		s.fresh = false
		return scrape{at: at, page: s.page(), fresh: true}
	}
	// Another scrape a moment ago: what is read beside it is on the page of this one.
	s.exporter.Refresh(s.t.Context())
	synctest.Wait()
	one := scrape{at: at, page: s.page()}
	if !s.cloud.down {
		s.oracle.look(at)
	}
	one.fresh = s.oracle.asOf.IsZero()
	if !one.fresh {
		one.overdue, one.never = s.oracle.missing()
	}
	return one
}

func (s *story) page() string {
	w := httptest.NewRecorder()
	s.exporter.Handler().ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	if w.Code != http.StatusOK {
		s.t.Fatalf("a scrape got status %d: %s", w.Code, w.Body)
	}
	return w.Body.String()
}

// RoundTrip implements http.RoundTripper.
func (s *story) RoundTrip(r *http.Request) (*http.Response, error) {
	w := httptest.NewRecorder()
	s.cloud.ServeHTTP(w, r)
	return w.Result(), nil
}

func (s *story) start() {
	text := `
scrape: {requests_per_second: 0}
projects:
- name: prod
  project_id: ` + simulator.DefaultProjectID + `
  endpoint: http://cbr.test
  credentials: {token: a-token}
  discovery: {}
  vaults: {refresh: 1m}
`
	e, err := product.New(product.Options{
		Load:          func() (*config.Config, error) { return config.Parse("story.yml", []byte(text), nil) },
		Registry:      client.NewRegistry(),
		TelemetryPath: "/metrics",
		UserAgent:     "cbr_exporter/e2e",
		Now:           time.Now,
		Logger:        log.NewNopLogger(),
		Transport:     s,
	})
	if err != nil {
		s.t.Fatal(err)
	}
	s.exporter, s.fresh = e, true
}

// stop ends the exporter, and with it all that it knew.
func (s *story) stop() {
	if s.exporter != nil {
		s.exporter.Close()
		s.exporter, s.oracle.asOf = nil, time.Time{}
	}
}

func (s *story) outage(begins bool) {
	s.cloud.down = begins
	s.cloud.SetFault(nil)
	if begins {
		s.cloud.SetFault(func(*http.Request) simulator.Fault { return simulator.Fault{Status: http.StatusBadGateway} })
	}
}

// on has something happen at an hour of a day. The story is written in order.
func (s *story) on(day int, hour float64, do func()) {
	s.events = append(s.events, event{s.cloud.at(day, hour), do})
}
