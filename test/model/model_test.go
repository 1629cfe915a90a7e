package model_test

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/cbr-exporter/cbr_exporter/config"
	"github.com/cbr-exporter/cbr_exporter/exporter"
	"github.com/cbr-exporter/cbr_exporter/simulator"
)

var (
	seeds = flag.Uint64("model.seeds", 6, "how many stories the model test tells")
	first = flag.Uint64("model.first", 1, "the seed of the first one")
)

// TestModel tells stories of some days, each of which follows from its seed, and
// compares each scrape with the truth.
func TestModel(t *testing.T) {
	n := *seeds
	if testing.Short() {
		n = min(n, 2)
	}
	for seed := *first; seed < *first+n; seed++ {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) { newStory(t, seed).tell() })
		})
	}
}

// story is one run of an exporter, or of several in turn, in front of a cloud.
type story struct {
	*world
	t        *testing.T
	settings settings
	exporter *exporter.Exporter

	mu        sync.Mutex
	knowledge *knowledge
	inventory *inventory
	wrong     int // what was reported
	pages     int
	completes int
}

func newStory(t *testing.T, seed uint64) *story {
	random := rand.New(rand.NewPCG(seed, 7))
	retention := pick(random, 30*day, 30*day, 60*time.Hour)
	cloud := newService(seed, pick(random, 0, 0, between(random, -14*time.Minute, 14*time.Minute)), retention)
	cloud.noDate = random.IntN(8) == 0
	return &story{world: newWorld(random, cloud, retention), t: t}
}

// tell tells the story to its end in peace.
func (s *story) tell() {
	s.extend(s.cloud.now().Add(time.Hour))
	s.configure()
	s.paging()
	s.start()
	at := time.Now() // scrapes take a time that is not quite the same in each run
	for range 60 + s.random.IntN(60) {
		s.event()
		pause := between(s.random, 15*time.Second, 10*time.Minute)
		switch n := s.random.IntN(100); {
		case n < 50:
			pause = time.Minute
		case n < 55:
			pause = between(s.random, time.Hour, 6*time.Hour)
		}
		s.extend(s.cloud.now().Add(pause + 30*time.Minute))
		at = at.Add(pause)
		time.Sleep(time.Until(at))
		s.scrapeTogether()
		if s.wrong > 0 {
			break
		}
	}
	if s.wrong == 0 {
		s.peace()
	}
	s.exporter.Close()
	s.t.Logf("%+v, %+v", s.cloud.listing, s.settings)
	s.t.Logf("%d pages, %d of them complete, %d tasks", s.pages, s.completes, len(s.lives))
}

// errorf reports something wrong, the first few times.
func (s *story) errorf(format string, values ...any) {
	s.t.Helper()
	s.wrong++
	if s.wrong <= 5 {
		s.t.Errorf("%s: %s", s.cloud.now().Format("2 15:04:05.000"), fmt.Sprintf(format, values...))
	}
}

// configure chooses a configuration.
func (s *story) configure() {
	r := s.random
	s.settings = settings{
		lookback: pick(r, 72*time.Hour, 36*time.Hour, 30*day), window: pick(r, 24*time.Hour, 6*time.Hour, 2*time.Hour),
		maxTasks: pick(r, 100_000, 100_000, 5, 20), rate: pick(r, 0, 20), concurrency: pick(r, 16, 2),
		ttl: pick(r, 15*time.Minute, 0, time.Hour), timeout: pick(r, 30*time.Second, 10*time.Second),
		refresh: pick(r, 5*time.Minute, 5*time.Minute, time.Minute, time.Hour, 0),
	}
	switch r.IntN(6) {
	case 0:
		s.settings.operations = []string{pick(r, "backup", "copy", "replication")}
	case 1:
		s.settings.operations = []string{"backup", "replication", "restore"}
	}
	switch r.IntN(6) {
	case 0:
		s.settings.vaults = []string{pick(r, s.vaults...)}
	case 1:
		s.settings.vaults = s.vaults[:2]
	}
	if r.IntN(3) == 0 {
		s.chooseIDs()
	}
}

// chooseIDs configures some tasks of the past and of the next hour, and one that
// never is.
func (s *story) chooseIDs() {
	s.settings.taskIDs = []string{"00000000-0000-4000-8000-000000000000"}
	for range s.random.IntN(40) {
		if id := pick(s.random, s.lives...).ID; !slices.Contains(s.settings.taskIDs, id) {
			s.settings.taskIDs = append(s.settings.taskIDs, id)
		}
	}
}

// start runs a new exporter, which knows nothing.
func (s *story) start() {
	s.cloud.forget()
	s.knowledge, s.inventory = newKnowledge(), &inventory{}
	e, err := exporter.New(exporter.Options{
		Load: func() (*config.Config, error) {
			return config.Parse("model.yml", []byte(s.settings.yaml()), func(string) (string, bool) { return "", false })
		},
		Registry:      prometheus.NewRegistry(),
		TelemetryPath: "/metrics",
		UserAgent:     "cbr_exporter/model",
		Now:           time.Now,
		Logger:        s.cloud,
		Transport:     s.cloud,
	})
	if err != nil {
		s.t.Fatal(err)
	}
	s.exporter = e
}

// paging chooses how the service pages. A client that has learned it holds on to
// that, so this is for a new one.
func (s *story) paging() {
	l := simulator.Listing{}
	switch s.random.IntN(4) {
	case 0:
		l.MaxLimit = 20 + s.random.IntN(100)
	case 1:
		l.ShortPages = true
	case 2:
		l.MaxLimit, l.ShortPages = 20+s.random.IntN(100), true
	}
	switch s.random.IntN(3) {
	case 0:
		l.NoCount = true
	case 1:
		l.WrongCount = true
	}
	s.cloud.list(s.manner(l))
}

// manner chooses what else may be odd about lists, at any time.
func (s *story) manner(l simulator.Listing) simulator.Listing {
	r := s.random
	l.Order = pick(r, simulator.NewestFirst, simulator.NewestFirst, simulator.OldestFirst, simulator.Shuffled)
	l.Lag = pick(r, 0, 0, between(r, 0, 10*time.Minute))
	l.IgnoreFilters = r.IntN(5) == 0
	l.TimeOf = pick(r, simulator.CreatedAt, simulator.StartedAt, simulator.StartedAtOrNone, simulator.NoTime)
	l.Repeat, l.IgnoreOffset = 0, false
	if !l.ShortPages {
		l.Repeat = pick(r, 0, 0, 3)
		l.IgnoreOffset = r.IntN(15) == 0
	}
	return l
}

// event has something happen in the cloud, on the way to it, or to the exporter.
func (s *story) event() {
	r := s.random
	if s.cloud.listing.IgnoreOffset && r.IntN(3) == 0 {
		l := s.cloud.listing
		l.IgnoreOffset = false
		s.cloud.list(l)
	}
	switch n := r.IntN(100); {
	case n < 6:
		s.cloud.list(s.manner(s.cloud.listing))
	case n < 14:
		s.cloud.setTrouble(s.trouble())
	case n < 26:
		s.cloud.setTrouble(trouble{latency: pick(r, 0, 0, 0, 50*time.Millisecond)})
	case n < 30:
		s.rename()
	case n < 33:
		s.remove()
	case n < 36:
		s.exporter.Close()
		if r.IntN(2) == 0 {
			s.configure()
		}
		s.paging()
		s.start()
	case n < 40:
		s.reconfigure()
	case n < 50:
		s.manual()
	case n < 62:
		s.rearrange()
	case n < 63: // the cloud's clock goes on by some minutes
		s.cloud.setClock(s.cloud.offset + between(r, 0, 14*time.Minute-s.cloud.offset))
	}
}

func (s *story) trouble() trouble {
	r := s.random
	t := trouble{share: pick(r, .05, .3, .7, 1), only: pick(r, "", "", "", "/vaults", "/policies")}
	switch r.IntN(8) {
	case 0, 1:
		t.status, t.retry = pick(r, http.StatusServiceUnavailable, http.StatusTooManyRequests), pick(r, 0, 30*time.Second)
	case 2:
		t.status = pick(r, http.StatusInternalServerError, http.StatusBadGateway, http.StatusForbidden, http.StatusNotFound, http.StatusUnauthorized)
	case 3:
		t.broken = true
	case 4:
		t.cut = true
	case 5, 6:
		t.stall = between(r, time.Second, 40*time.Second)
	default:
		t.latency = between(r, 50*time.Millisecond, 2*time.Second)
	}
	return t
}

// reconfigure puts the same or another configuration in force.
func (s *story) reconfigure() {
	before := s.settings
	switch s.random.IntN(4) {
	case 0:
		s.configure()
	case 1:
		s.chooseIDs()
	case 2:
		s.settings.refresh = pick(s.random, 5*time.Minute, time.Minute, 0)
		s.settings.rate, s.settings.ttl = pick(s.random, 0, 20), pick(s.random, 0, 15*time.Minute)
	}
	s.reload(before)
}

// reload puts the settings in force, in place of those before.
func (s *story) reload(before settings) {
	if err := s.exporter.Reload(); err != nil {
		s.t.Fatal(err)
	}
	s.cloud.disturb()
	if s.settings.refresh == 0 {
		s.inventory = &inventory{}
	}
	s.inventory.scrapes = nil // a reading that runs is lost
	if !s.settings.sameDiscovery(before) {
		s.cloud.forget()
		s.knowledge = newKnowledge()
	}
}

// scrapeTogether has one Prometheus or more scrape, each with a time limit of its own.
// Their pages are in no order: each has what was known of tasks when the pass was over,
// and what was known of vaults when it began, and may have waited for the other since.
func (s *story) scrapeTogether() {
	var scrapes sync.WaitGroup
	var told []*knowledge
	s.inventory.before = s.inventory.last
	began := time.Now()
	for range pick(s.random, 1, 1, 1, 1, 2, 3) {
		timeout := pick(s.random, "", "10", "10", "10", "30", "2", "1", "0.6")
		s.inventory.scrapes = append(s.inventory.scrapes, began)
		scrapes.Go(func() {
			text := s.scrape(timeout)
			s.mu.Lock()
			defer s.mu.Unlock()
			told = append(told, s.check(began, text))
		})
	}
	scrapes.Wait()
	for _, k := range told {
		s.knowledge.merge(k)
	}
}

// scrape returns a page as Prometheus gets it that waits for so many seconds.
func (s *story) scrape(timeout string) string {
	r := httptest.NewRequest(http.MethodGet, "/metrics", nil)
	if timeout != "" {
		r.Header.Set("X-Prometheus-Scrape-Timeout-Seconds", timeout)
	}
	w := httptest.NewRecorder()
	s.exporter.Handler().ServeHTTP(w, r)
	if w.Code != http.StatusOK {
		s.t.Errorf("a scrape got status %d: %s", w.Code, w.Body)
	}
	return w.Body.String()
}
