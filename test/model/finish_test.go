package model_test

import (
	"testing/synctest"
	"time"

	"github.com/cbr-exporter/cbr_exporter/exporter"
	"github.com/cbr-exporter/cbr_exporter/simulator"
)

// finish ends the story: the service is ideal, its clock is right, and after two hours the
// page equals a plain reading of all tasks. It does so again as things change, and so does
// the page of an exporter that has just started.
func (s *story) finish() {
	s.cloud.setTrouble(trouble{})
	if s.lost != "" {
		s.lose()
	}
	before := s.settings
	s.settings.rate = 0 // otherwise the truth may change while a pass waits
	if s.random.IntN(3) == 0 {
		s.exporter.Close()
		s.start()
	} else {
		s.reload(before)
	}
	s.cloud.list(simulator.Listing{})
	s.cloud.setClock(0) // which may set it back
	for range 135 {     // the time set back, and two hours
		s.extend(s.cloud.now().Add(time.Hour))
		time.Sleep(time.Minute)
		if s.random.IntN(8) == 0 {
			s.manual()
		}
		s.exporter.Refresh(s.t.Context())
	}
	s.knowledge = newKnowledge()
	s.inventory.scrapes = nil
	s.inventory.reads = append(s.inventory.reads, read{time.Now().Add(-time.Hour), time.Now()}) // within the last hour
	s.compare(s.exporter, s.holding)
	for range 6 {
		if s.wrong > 0 {
			return
		}
		s.runPolicies()
		s.compare(s.exporter, s.holding)
	}
	if s.wrong == 0 { // one that has just started says the same
		e := s.newExporter()
		defer e.Close()
		s.inventory = newInventory()
		s.compare(e, func(func(*state) bool, ...string) (from, to time.Time) { return from, to })
	}
}

// runPolicies changes something, which the exporter sees, and has policies run for hours.
func (s *story) runPolicies() {
	for range 3 {
		s.changeVaultOrPolicy()
		s.manual()
	}
	s.spoil()
	for range 2 { // the first one begins to read
		s.extend(s.cloud.now().Add(s.settings.refresh + time.Hour))
		time.Sleep(s.settings.refresh + time.Minute)
		s.exporter.Refresh(s.t.Context())
	}
	s.inventory.reads = append(s.inventory.reads, read{time.Now(), time.Now()})
	pause := between(s.random, time.Hour, 9*time.Hour)
	s.extend(s.cloud.now().Add(pause + time.Hour))
	time.Sleep(pause)
}

// the exporter first saw what holds now about a vault or a policy.
func (s *story) compare(e *exporter.Exporter, seen func(func(*state) bool, ...string) (from, to time.Time)) {
	s.stale = s.random.IntN(3) == 0
	var p page
	for range 90 { // until no full sync delayed the pass, and no empty list is doubted any more
		var err error
		if p, err = parsePage(s.scrape(e, "10")); err != nil {
			s.errorf("%v", err)
			return
		}
		if took, _ := p.value("cbr_scrape_duration_seconds"); took == 0 && p.complete() && s.fresh(p, "backups", s.settings.readsBackups()) && s.fresh(p, "protectables", s.settings.readsProtectables()) {
			break
		}
		s.extend(s.cloud.now().Add(time.Hour))
		time.Sleep(time.Minute)
	}
	synctest.Wait() // what the last scrape has begun to read is for the next one
	if !p.complete() {
		s.errorf("at the end the page is not complete: %v", p.ones("cbr_scrape_error"))
		return
	}
	for name, compare := range map[string]func(*truth, page){
		"active": s.compareActive, "resources": s.compareResources, "names": s.compareNames, "window": s.compareWindow, "vault tasks": s.compareVaultTasks, "vaults": s.compareVaults,
		"sentence": func(*truth, page) { s.compareCounts(e) },
		"restore points": func(want *truth, p page) {
			l := &checker{story: s, page: p, bound: p.bindings(), views: s.viewsOf(p), scraped: time.Now(), now: want.now}
			l.checkRestorePoints()
			l.checkProtectables()
		},
		"verdicts": func(want *truth, p page) { (&oracle{story: s, truth: want, seen: seen}).compareVerdicts(p) },
	} {
		compare(s.read(), p)
		if s.wrong > 0 {
			s.t.Logf("at the end, with %+v, retention %v: %s; took %v; the exporter has run for long: %t", s.settings, s.retention, name, p.all("cbr_scrape_duration_seconds"), e == s.exporter)
			return
		}
	}
}

// fresh reports whether a list was read for the page, if it is read at all.
func (s *story) fresh(p page, collector string, reads bool) bool {
	last, ok := p.value("cbr_scrape_collector_last_success_timestamp_seconds", "collector", collector)
	return !reads || ok && (collector != "backups" || s.stale || time.Since(timeOf(last)) < s.settings.backups)
}

// truth is a plain reading of all tasks.
type truth struct {
	now    time.Time
	ledger time.Time // the time of the last list
	all    []*task   // followed tasks, in their order
	gone   []*task   // removed by the service, but perhaps known to the exporter
	bound  map[string]string
}

// read returns the truth, whatever the service lists.
func (s *story) read() *truth {
	p := &truth{now: s.cloud.now()}
	p.ledger = p.now.Truncate(time.Second)
	if s.cloud.noDate {
		p.ledger = p.now.Add(-15 * time.Minute)
	}
	for _, record := range s.cloud.Tasks() {
		l := s.byID[record.ID]
		if record.Status != l.status(p.now) {
			panic("the story and the cloud differ")
		}
		if s.settings.follows(l) {
			p.all = append(p.all, l)
		}
	}
	for _, l := range s.tasks {
		if s.settings.follows(l) && !l.Created.After(p.now) && !s.exists(l, p.now) {
			p.gone = append(p.gone, l)
		}
	}
	p.all = sorted(p.all)
	if s.settings.refresh > 0 {
		p.bound = s.state().bindings()
	}
	return p
}
