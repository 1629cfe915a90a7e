package model_test

import (
	"flag"
	"fmt"
	"maps"
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
	seeds = flag.Uint64("model.seeds", 6, "number of stories")
	first = flag.Uint64("model.first", 1, "seed of the first story")
)

// TestModel runs stories of some days and compares each scrape with the truth.
func TestModel(t *testing.T) {
	n := *seeds
	if testing.Short() {
		n = min(n, 1)
	}
	for seed := *first; seed < *first+n; seed++ {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) { newStory(t, seed).run() })
		})
	}
}

// story is a run of an exporter, or of several in turn, with a cloud.
type story struct {
	*world
	t        *testing.T
	settings settings
	exporter *exporter.Exporter

	mu        sync.Mutex
	knowledge *knowledge
	inventory *inventory
	wrong     int  // errors
	stale     bool // at the end the backups need not have been read of late
	pages     int
	completes int
	judged    map[string]int // keys at the end, by what is said of them
}

func newStory(t *testing.T, seed uint64) *story {
	random := rand.New(rand.NewPCG(seed, 7))
	retention := pick(random, 30*day, 30*day, 60*time.Hour)
	cloud := newService(seed, pick(random, 0, 0, between(random, -14*time.Minute, 14*time.Minute)), retention)
	cloud.noDate = random.IntN(8) == 0
	return &story{world: newWorld(random, cloud, retention), t: t, judged: map[string]int{}}
}

// run runs the story to its end.
func (s *story) run() {
	s.extend(s.cloud.now().Add(time.Hour))
	s.configure()
	s.paging()
	s.start()
	at := time.Now() // scrapes do not take quite the same time in each run
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
		s.finish()
	}
	s.exporter.Close()
	s.t.Logf("%+v, %+v", s.cloud.listing, s.settings)
	s.t.Logf("%d pages, %d of them complete, %d tasks; judged %v", s.pages, s.completes, len(s.tasks), s.judged)
}

// errorf reports the first few errors.
func (s *story) errorf(format string, values ...any) {
	s.t.Helper()
	s.wrong++
	if s.wrong <= 5 {
		s.t.Errorf("%s: %s", s.cloud.now().Format("2 15:04:05.000"), fmt.Sprintf(format, values...))
	}
}

// configure selects a configuration.
func (s *story) configure() {
	r := s.random
	s.settings = settings{
		lookback: pick(r, 72*time.Hour, 36*time.Hour, 30*day), window: pick(r, 24*time.Hour, 6*time.Hour, 2*time.Hour),
		rate: pick(r, 0, 20), concurrency: pick(r, 16, 2),
		ttl: pick(r, 15*time.Minute, 0, time.Hour), timeout: pick(r, 30*time.Second, 10*time.Second),
		refresh: pick(r, 5*time.Minute, 5*time.Minute, time.Minute, time.Hour, 0),
		grace:   pick(r, 6*time.Hour, 30*time.Minute, 90*time.Minute, 3*day), stuckAfter: pick(r, 12*time.Hour, time.Hour, 3*time.Hour),
		expected: pick(r, 18*time.Hour, 6*time.Hour, 0),
		backups:  pick(r, 15*time.Minute, 15*time.Minute, 5*time.Minute, time.Hour, 0),
		kinds:    pick(r, []string{"server", "turbo"}, []string{"disk", "server"}, []string{"server"}, nil), protectables: pick(r, time.Hour, 10*time.Minute),
		exclude: s.someExcluded(),
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

// chooseIDs configures some tasks of the past and of the next hour, and one that does
// not exist.
func (s *story) chooseIDs() {
	s.settings.taskIDs = []string{"00000000-0000-4000-8000-000000000000"}
	for range s.random.IntN(40) {
		if id := pick(s.random, s.tasks...).ID; !slices.Contains(s.settings.taskIDs, id) {
			s.settings.taskIDs = append(s.settings.taskIDs, id)
		}
	}
}

// start starts a new exporter.
func (s *story) start() {
	s.cloud.forget()
	s.knowledge, s.inventory = newKnowledge(), newInventory()
	s.exporter = s.newExporter()
}

// newExporter returns an exporter with the settings.
func (s *story) newExporter() *exporter.Exporter {
	e, err := exporter.New(exporter.Options{
		Load: func() (*config.Config, error) {
			return config.Parse("model.yml", ".", []byte(s.settings.yaml()), nil)
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
	return e
}

// paging selects how the service pages. It changes only with a new exporter.
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
	switch s.random.IntN(4) {
	case 0:
		l.NoCount = true
	case 1:
		l.WrongCount = true
	case 2:
		l.OverCount = 1 + s.random.IntN(3)
	}
	s.cloud.list(s.behavior(l))
}

// behavior selects the other properties of lists, which may change at any time.
func (s *story) behavior(l simulator.Listing) simulator.Listing {
	r := s.random
	l.Order = pick(r, simulator.LatestFirst, simulator.LatestFirst, simulator.OldestFirst, simulator.Shuffled)
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

// event makes something happen in the cloud, on the network or to the exporter.
func (s *story) event() {
	r := s.random
	if s.cloud.listing.IgnoreOffset && r.IntN(3) == 0 {
		l := s.cloud.listing
		l.IgnoreOffset = false
		s.cloud.list(l)
	}
	if s.lost != "" && r.IntN(3) == 0 {
		s.lose()
	}
	switch n := r.IntN(100); {
	case n < 6:
		s.cloud.list(s.behavior(s.cloud.listing))
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
		s.changeVaultOrPolicy()
	case n < 68:
		s.lose()
	case n < 78:
		s.spoil()
	case n < 79: // the cloud's clock jumps by some minutes
		s.cloud.setClock(s.cloud.offset + between(r, 0, 14*time.Minute-s.cloud.offset))
	}
}

func (s *story) trouble() trouble {
	r := s.random
	t := trouble{share: pick(r, .05, .3, .7, 1), only: pick(r, "", "", "", "/vaults", "/policies", "/backups", "/backups", "/instances")}
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

// reconfigure reloads the same or another configuration.
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
		s.settings.backups, s.settings.protectables = pick(s.random, 15*time.Minute, 0), pick(s.random, time.Hour, 10*time.Minute)
		s.settings.exclude = s.someExcluded()
	}
	s.reload(before)
}

// reload reloads the settings.
func (s *story) reload(before settings) {
	if err := s.exporter.Reload(); err != nil {
		s.t.Fatal(err)
	}
	s.cloud.disturb()
	if s.settings.refresh == 0 || before.refresh == 0 {
		s.inventory = newInventory()
	}
	if s.settings.readsBackups() != before.readsBackups() {
		s.inventory.backups.since = time.Now() // what was known before may be forgotten
		delete(s.inventory.lists, "backups")
	}
	if !slices.Equal(s.settings.kinds, before.kinds) {
		delete(s.inventory.lists, "protectables") // another list is to be read first
	}
	if before.refresh == 0 {
		s.knowledge.synced, s.knowledge.success, s.knowledge.hasSuccess = false, 0, false // what is known waits for the vaults
	}
	s.inventory.scrapes = nil // a running reading is lost
	if !s.settings.sameDiscovery(before) {
		s.cloud.forget()
		s.knowledge = newKnowledge()
	}
}

// scrapeTogether scrapes with one or more Prometheus servers, each with its own timeout.
// Their pages have no order.
func (s *story) scrapeTogether() {
	var scrapes sync.WaitGroup
	var learned []*knowledge
	s.inventory.before, s.inventory.listsBefore = s.inventory.last, maps.Clone(s.inventory.lists)
	began := time.Now()
	for range pick(s.random, 1, 1, 1, 1, 2, 3) {
		timeout := pick(s.random, "", "10", "10", "10", "30", "2", "1", "0.6")
		s.inventory.scrapes = append(s.inventory.scrapes, began)
		scrapes.Go(func() {
			text := s.scrape(s.exporter, timeout)
			s.mu.Lock()
			defer s.mu.Unlock()
			learned = append(learned, s.check(began, text))
		})
	}
	scrapes.Wait()
	for _, k := range learned {
		s.knowledge.merge(k)
	}
}

// scrape returns the page that a Prometheus with a timeout in seconds gets of an exporter.
func (s *story) scrape(e *exporter.Exporter, timeout string) string {
	r := httptest.NewRequest(http.MethodGet, "/metrics", nil)
	if timeout != "" {
		r.Header.Set("X-Prometheus-Scrape-Timeout-Seconds", timeout)
	}
	w := httptest.NewRecorder()
	e.Handler().ServeHTTP(w, r)
	if w.Code != http.StatusOK {
		s.t.Errorf("a scrape got status %d: %s", w.Code, w.Body)
	}
	return w.Body.String()
}
