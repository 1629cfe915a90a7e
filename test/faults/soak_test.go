//go:build linux

package faults

import (
	"context"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/cbr-exporter/cbr_exporter/test/report"
)

var (
	soakScrapes = flag.Int("faults.soak", 0, "scrapes of TestSoak; 0 skips it")
	soakSeed    = flag.Uint64("faults.seed", 0, "seed of the faults of TestSoak; 0 is one that is chosen and logged")
)

const (
	soakClients = 32
	soakLimit   = 30 * time.Minute
	// soakTimeout is scrape.timeout. A scrape leaves half of it for the page.
	soakTimeout = time.Second
)

// held is what a process holds.
type held struct {
	resources
	heap     int // MiB in use after a collection of garbage
	resident int // MiB
}

// more is how much more a process may hold at the end than after the warm-up: three
// connections that are kept for the next requests, and memory that Go has yet to return.
func more() held {
	return held{resources{goroutines: 8, descriptors: 6}, 4, 20}
}

// TestSoak scrapes one exporter many times while faults of its cloud come and go at random, and
// the configuration is reloaded. In the end it holds no more than at first.
func TestSoak(t *testing.T) {
	if *soakScrapes == 0 {
		t.Skip("needs -faults.soak")
	}
	seed := *soakSeed
	if seed == 0 {
		seed = rand.Uint64()
	}
	t.Logf("-faults.seed %d", seed)
	faulty, other := newCloud(t, "127.0.0.1", false), newCloud(t, "127.0.0.1", false)
	text := configuration(soakTimeout, project(faultyProject, faulty, everything), project(healthyProject, other, everything))
	e := startExporter(t, text, "--web.enable-pprof")
	e.untilHealthy(t, 30*time.Second, 100*time.Millisecond)

	s := &soak{exporter: e, cloud: faulty, faults: soakFaults(), chance: rand.New(rand.NewPCG(seed, 0))}
	start := time.Now()
	warmUp := *soakScrapes / 20
	s.run(t, warmUp, start.Add(soakLimit))
	first := e.held(t)
	s.run(t, *soakScrapes-warmUp, start.Add(soakLimit))
	took := time.Since(start)
	last := e.held(t)

	t.Logf("%d scrapes, %d of them failed, %d faults and %d reloads in %s", s.scrapes.Load(), s.failed.Load(), s.begun, s.reloads, took)
	if got := int(s.scrapes.Load()); got < *soakScrapes {
		t.Errorf("%d scrapes in %s, want %d", got, soakLimit, *soakScrapes)
	}
	rows := [][]string{{"what the process holds", "at first", "at the end", "may be more by"}}
	for _, r := range []struct {
		what              string
		first, last, more int
		unit              string
	}{
		{"goroutines", int(first.goroutines), int(last.goroutines), int(more().goroutines), ""},
		{"open files and connections", int(first.descriptors), int(last.descriptors), int(more().descriptors), ""},
		{"heap in use", first.heap, last.heap, more().heap, " MiB"},
		{"resident memory", first.resident, last.resident, more().resident, " MiB"},
	} {
		rows = append(rows, []string{r.what, strconv.Itoa(r.first) + r.unit, strconv.Itoa(r.last) + r.unit, strconv.Itoa(r.more) + r.unit})
		t.Logf("%s: %d%s at first, %d%s at the end", r.what, r.first, r.unit, r.last, r.unit)
		if r.last > r.first+r.more {
			t.Errorf("%s: %d%s at first, %d%s at the end, want at most %d%s more", r.what, r.first, r.unit, r.last, r.unit, r.more, r.unit)
		}
	}
	expectNoPanic(t, e)
	if *reportFile == "" {
		return
	}
	text = fmt.Sprintf("%d scrapes in %s, of which the longest took %s, with %d faults and %d reloads. %s\n\n%s",
		s.scrapes.Load(), took.Round(time.Second), seconds(s.longest), s.begun, s.reloads, report.Machine(), report.Table(rows))
	if err := report.Write(*reportFile, soakSection, text); err != nil {
		t.Fatal(err)
	}
}

// soakFaults returns the faults of responses that need little memory and end soon.
// What invents tasks and vaults is none: the exporter remembers these.
func soakFaults() (faults []fault) {
	for _, g := range []group{networkFaults(), statusFaults(), bodyFaults()} {
		for _, f := range g.faults {
			if f.http != nil && f.at == everything && f.memory == 0 && f.recovery == 0 {
				faults = append(faults, f)
			}
		}
	}
	return faults
}

// soak is a run of TestSoak.
type soak struct {
	exporter *exporter
	cloud    *cloud
	faults   []fault
	chance   *rand.Rand

	scrapes, failed atomic.Int64
	mu              sync.Mutex
	longest         time.Duration // of the scrapes
	begun, reloads  int           // faults and reloads
}

// run makes some scrapes, unless the deadline comes earlier, and waits until all projects are healthy.
func (s *soak) run(t *testing.T, scrapes int, deadline time.Time) {
	t.Helper()
	ctx, cancel := context.WithDeadline(t.Context(), deadline)
	defer cancel()
	client := &http.Client{Timeout: 20 * time.Second, Transport: &http.Transport{MaxIdleConnsPerHost: soakClients}}
	var clients, faults sync.WaitGroup
	var begun atomic.Int64
	for range soakClients {
		clients.Go(func() {
			for ctx.Err() == nil && begun.Add(1) <= int64(scrapes) {
				s.scrape(t, client)
			}
		})
	}
	scraping, scraped := context.WithCancel(ctx)
	faults.Go(func() { s.inject(scraping, t) })
	clients.Wait()
	scraped()
	faults.Wait()
	client.CloseIdleConnections()
	s.exporter.untilHealthy(t, 2*time.Minute, time.Second)
}

// scrape scrapes one of three pages.
func (s *soak) scrape(t *testing.T, client *http.Client) {
	n := s.scrapes.Add(1)
	path, mustHave := "/metrics", `cbr_up{project="`+healthyProject+`"} 1`
	switch n % 5 {
	case 0:
		path, mustHave = "/probe?project="+faultyProject, `cbr_up{project="`+faultyProject+`"} `
	case 1:
		path = "/probe?project=" + healthyProject
	}
	start := time.Now()
	text, err := s.get(client, path)
	took := time.Since(start)
	s.mu.Lock()
	s.longest = max(s.longest, took)
	s.mu.Unlock()
	switch {
	case err != nil:
	case !strings.Contains(text, mustHave):
		err = fmt.Errorf("%s lacks %s", path, mustHave)
	case took > soakTimeout+4*time.Second: // all clients share two CPUs with the clouds
		err = fmt.Errorf("%s takes %s", path, took)
	}
	if err != nil && s.failed.Add(1) <= 10 {
		t.Errorf("scrape %d: %v", n, err)
	}
}

func (s *soak) get(client *http.Client, path string) (string, error) {
	resp, err := client.Get(s.exporter.url + path)
	if err != nil {
		return "", err
	}
	defer func() { _ = resp.Body.Close() }()
	text, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s", path, resp.Status)
	}
	return string(text), err
}

// inject starts and stops faults, and has the configuration reloaded, until ctx ends.
func (s *soak) inject(ctx context.Context, t *testing.T) {
	t.Helper()
	pause := func() {
		select {
		case <-ctx.Done():
		case <-time.After(time.Duration(s.chance.IntN(int(2 * time.Second)))):
		}
	}
	for ctx.Err() == nil {
		s.cloud.start(s.faults[s.chance.IntN(len(s.faults))])
		s.begun++
		pause()
		if s.chance.IntN(10) == 0 {
			s.reloads++
			s.exporter.Signal(t, syscall.SIGHUP)
		}
		if err := s.cloud.stop(); err != nil {
			t.Error(err)
			return
		}
		pause()
	}
}

// held returns what the process holds when it has nothing to do.
func (e *exporter) held(t *testing.T) held {
	t.Helper()
	time.Sleep(5 * time.Second) // connections of faults end with their requests
	if _, err := e.get("/debug/pprof/heap?gc=1"); err != nil {
		t.Fatal(err)
	}
	p, err := e.scrape("/-/metrics")
	if err != nil {
		t.Fatal(err)
	}
	heap, _ := p.value("go_memstats_heap_alloc_bytes")
	return held{e.resources(t), int(heap) >> 20, e.memory(t, "VmRSS")}
}
