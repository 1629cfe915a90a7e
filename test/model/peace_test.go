package model_test

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cbr-exporter/cbr_exporter/simulator"
)

// peace ends the story: the service is as one would have it, the clock is right, and
// after two hours the page is what a plain reading of all tasks gives.
func (s *story) peace() {
	s.cloud.setTrouble(trouble{})
	before := s.settings
	s.settings.rate = 0 // or the truth may move on while a pass waits
	if s.random.IntN(2) == 0 {
		s.settings.maxTasks = 100_000
	}
	if s.random.IntN(3) == 0 {
		s.exporter.Close()
		s.start()
	} else {
		s.reload(before)
	}
	s.cloud.list(simulator.Listing{})
	s.cloud.setClock(0) // which may take time back
	for range 135 {     // the time that is taken back, and two hours
		s.extend(s.cloud.now().Add(time.Hour))
		time.Sleep(time.Minute)
		if s.random.IntN(8) == 0 {
			s.manual()
		}
		s.exporter.Refresh(s.t.Context())
	}
	s.knowledge = newKnowledge()
	s.inventory.scrapes = nil
	var p page
	for range 60 { // until no sweep has kept the pass waiting, and no task is in doubt
		var err error
		if p, err = parsePage(s.scrape("10")); err != nil {
			s.errorf("%v", err)
			return
		}
		if took, _ := p.value("cbr_scrape_duration_seconds"); took == 0 && !s.doubtful() {
			break
		}
		s.extend(s.cloud.now().Add(time.Hour))
		time.Sleep(time.Minute)
	}
	if !p.complete() {
		s.errorf("in peace the page is not complete: %v", p.ones("cbr_scrape_error"))
		return
	}
	for name, compare := range map[string]func(*plain, page){
		"active": s.compareActive, "resources": s.compareResources, "names": s.compareNames, "window": s.compareWindow, "vaults": s.compareVaults,
	} {
		compare(s.read(), p)
		if s.wrong > 0 {
			s.t.Logf("in peace, with %+v, retention %v: %s; took %v", s.settings, s.retention, name, p.all("cbr_scrape_duration_seconds"))
			return
		}
	}
}

// doubtful reports whether a task has vanished that was active when it was read last:
// that it does not exist is believed a quarter of an hour after the first answer that
// says so, and until then nobody knows how it has ended. In peace there is a pass each
// minute, so that this answer comes within one, and only what gets too old vanishes.
func (s *story) doubtful() bool {
	now := s.cloud.now()
	return slices.ContainsFunc(s.lives, func(l *life) bool {
		gone := l.Created.Add(s.retention)
		return s.settings.follows(l) && l.removed.IsZero() && !l.finished(gone.Add(-time.Minute)) &&
			gone.Before(now) && now.Sub(gone) < 16*time.Minute
	})
}

// plain is a plain reading of all tasks.
type plain struct {
	now    time.Time
	ledger time.Time // the time by the last list
	all    []*life   // those that are followed, in their order
	gone   []*life   // those that the service has forgotten, and the exporter need not
}

// read asks the cloud itself, whatever it lists.
func (s *story) read() *plain {
	p := &plain{now: s.cloud.now()}
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
	for _, l := range s.lives {
		if s.settings.follows(l) && !l.Created.After(p.now) && !s.exists(l, p.now) {
			p.gone = append(p.gone, l)
		}
	}
	p.all = sorted(p.all)
	return p
}

// compareActive compares the tasks that are shown one by one.
func (s *story) compareActive(want *plain, p page) {
	of := func(id, status string, progress float64) string {
		return fmt.Sprintf("%s %s %.2f", id, status, progress)
	}
	progress := map[string]float64{}
	for _, r := range s.cloud.Tasks() {
		progress[r.ID] = float64(r.Progress) / 100
	}
	expected, got := map[string]bool{}, map[string]bool{}
	for _, l := range want.all {
		if !l.finished(want.now) {
			expected[of(l.ID, l.status(want.now), progress[l.ID])] = true
		}
	}
	for _, id := range s.settings.taskIDs {
		if l := s.byID[id]; l != nil && s.exists(l, want.now) {
			expected[of(l.ID, l.status(want.now), progress[l.ID])] = true
		}
	}
	shown := map[string]float64{}
	for _, one := range p.all("cbr_task_progress_ratio") {
		shown[one.labels["task_id"]] = one.value
	}
	for _, one := range p.ones("cbr_task_status") {
		id := one.labels["task_id"]
		if l := s.byID[id]; l != nil && !s.exists(l, want.now) && l.finished(want.now) {
			continue // a configured one may be shown for some time yet
		}
		got[of(id, one.labels["status"], shown[id])] = true
	}
	if diff := cmp.Diff(expected, got); diff != "" {
		s.errorf("the tasks shown differ (-truth +page):\n%s", diff)
	}
}

// standing is what is told of a resource.
type standing struct {
	Last             string
	Success, Failure float64
	Failures         float64
}

// compareResources compares how the resources stand.
func (s *story) compareResources(want *plain, p page) {
	oldest := want.ledger.Add(-s.settings.lookback)
	expected, byKey, gone := map[key]standing{}, map[key][]*life{}, map[key][]*life{}
	for _, l := range want.gone {
		if k, ok := l.key(); ok && !l.Created.Before(oldest) {
			gone[k] = append(gone[k], l)
		}
	}
	aged := map[key][]*life{}
	for _, l := range want.all {
		if k, ok := l.key(); ok && !l.Created.Before(oldest) {
			byKey[k] = append(byKey[k], l)
		}
	}
	for _, l := range s.lives {
		if k, ok := l.key(); ok && s.settings.follows(l) && l.Created.Before(oldest) && l.finished(want.now) {
			aged[k] = append(aged[k], l)
		}
	}
	got := map[key]standing{}
	for k, n := range p.byKey("cbr_resource_consecutive_failures") {
		got[k] = standing{Failures: n, Success: p.byKey("cbr_resource_last_success_timestamp_seconds")[k], Failure: p.byKey("cbr_resource_last_failure_timestamp_seconds")[k]}
	}
	for _, one := range p.all("cbr_resource_last_finished_task_info") {
		g := got[keyOf(one)]
		g.Last = one.labels["task_id"]
		got[keyOf(one)] = g
	}
	for k, lives := range byKey {
		if st, ok := plainStanding(lives, want.now); ok {
			expected[k] = st
		}
	}
	// What was known once may stay: of older tasks while the resource has newer ones,
	// and of those whose log the service has deleted.
	for k, g := range got {
		e, known := expected[k]
		if len(gone[k]) > 0 {
			if s.possible(g, byKey[k], append(slices.Clone(aged[k]), gone[k]...), want.now) {
				delete(got, k)
				delete(expected, k)
			}
			continue
		}
		if len(byKey[k]) == 0 {
			continue // an error: the key should have left
		}
		if !known || e.Success == 0 || e.Failure == 0 {
			for _, l := range aged[k] {
				switch {
				case !known && g.Last == l.ID:
					e.Last = l.ID
				case e.Success == 0 && l.Outcome == "success" && seconds(l.Ended) == g.Success:
					e.Success = g.Success
				case e.Failure == 0 && l.failure() && seconds(l.Ended) == g.Failure:
					e.Failure = g.Failure
				}
				if !known && l.Outcome == "success" && seconds(l.Ended) == g.Success {
					e.Success = g.Success
				}
				if !known && l.failure() && seconds(l.Ended) == g.Failure {
					e.Failure = g.Failure
				}
			}
			expected[k] = e
		}
	}
	if diff := cmp.Diff(expected, got); diff != "" {
		s.errorf("how the resources stand differs (-truth +page):\n%s", diff)
	}
	start, _ := p.value("cbr_tasks_history_start_timestamp_seconds")
	if timeOf(start).Before(oldest.Add(-time.Microsecond)) {
		s.errorf("the history is said to start at %v, which is before the lookback", timeOf(start))
	}
	if len(want.all) > 0 {
		if first := want.all[0].Created; first.After(oldest) && timeOf(start).After(first.Add(time.Second)) && len(s.settings.operations)+len(s.settings.vaults) == 0 {
			s.errorf("the history is said to start at %v, but %v is known", timeOf(start), first)
		}
	}
}

// possible reports whether a standing is one of the present tasks and some of those that
// the service has deleted, or that are too old: which of them the exporter has seen
// nobody knows.
func (s *story) possible(g standing, present, past []*life, now time.Time) bool {
	all := sorted(append(slices.Clone(past), present...))
	// newest returns the newest of the tasks that is of a kind; nil for none.
	newest := func(lives []*life, kind func(*life) bool) *life {
		var found *life
		for _, l := range lives {
			if l.finished(now) && kind(l) && (found == nil || compareLives(l, found) > 0) {
				found = l
			}
		}
		return found
	}
	// told reports whether the one that is told is a task of the kind, and none of those
	// that are present is newer.
	told := func(kind, isTold func(*life) bool) (l *life, ok bool) {
		sure := newest(present, kind)
		l = newest(all, func(l *life) bool { return kind(l) && isTold(l) })
		return l, l != nil && (sure == nil || compareLives(sure, l) <= 0)
	}
	success := func(l *life) bool { return l.Outcome == "success" }
	if _, ok := told(func(*life) bool { return true }, func(l *life) bool { return l.ID == g.Last }); !ok {
		return false
	}
	if _, ok := told((*life).failure, func(l *life) bool { return seconds(l.Ended) == g.Failure }); !ok &&
		(g.Failure != 0 || newest(present, (*life).failure) != nil) {
		return false
	}
	good, ok := told(success, func(l *life) bool { return seconds(l.Ended) == g.Success })
	if !ok && (g.Success != 0 || newest(present, success) != nil) {
		return false
	}
	since := func(lives []*life) (n float64) {
		for _, l := range lives {
			if l.finished(now) && l.failure() && (good == nil || compareLives(l, good) > 0) {
				n++
			}
		}
		return n
	}
	return since(present) <= g.Failures && g.Failures <= since(all)
}

// plainStanding reduces the tasks of one key, which are in their order.
func plainStanding(lives []*life, now time.Time) (st standing, ok bool) {
	for _, l := range lives {
		if !l.finished(now) {
			continue
		}
		st.Last, ok = l.ID, true
		switch {
		case l.Outcome == "success":
			st.Success, st.Failures = seconds(l.Ended), 0
		case l.failure():
			st.Failure = seconds(l.Ended)
			st.Failures++
		}
	}
	return st, ok
}

// compareNames compares what the resources and the vaults are called.
func (s *story) compareNames(want *plain, p page) {
	oldest := want.ledger.Add(-s.settings.lookback)
	expected, got := map[string]string{}, map[string]string{}
	newestOf := func(lives []*life, id string) time.Time {
		l := newest(lives, func(l *life) bool { return !l.Created.Before(oldest) && (l.VaultID == id || l.ResourceID == id) })
		if l == nil {
			return time.Time{}
		}
		return l.Created
	}
	for _, l := range want.all {
		if l.Created.Before(oldest) {
			continue
		}
		if l.ResourceID != "" {
			expected[l.ResourceID] = s.name(l.ResourceID, l.Created)
		}
		if l.VaultID != "" {
			expected[l.VaultID] = s.name(l.VaultID, l.Created)
		}
	}
	for _, one := range p.all("cbr_resource_info") {
		got[one.labels["resource_id"]] = one.labels["resource_name"]
	}
	for _, one := range p.all("cbr_tasks") {
		if id := one.labels["vault_id"]; id != "" {
			got[id] = one.labels["vault"]
		}
	}
	if s.settings.refresh > 0 { // the list of vaults has the newest names
		for _, v := range s.stock().shelves {
			expected[v.id] = s.newestName(v.id)
			for _, b := range v.bound {
				expected[b.id] = s.newestName(b.id)
			}
		}
		for _, one := range p.all("cbr_vault_info") {
			got[one.labels["vault_id"]] = one.labels["vault"]
		}
	}
	for _, id := range append(s.vaults, s.resources...) {
		if newestOf(want.gone, id).After(newestOf(want.all, id)) {
			delete(expected, id)
			delete(got, id)
		}
	}
	for id := range maps.Clone(expected) {
		if _, ok := got[id]; !ok && !s.counted(want, id) {
			delete(expected, id) // a vault whose tasks have no resource, and are before the window
		}
	}
	if diff := cmp.Diff(expected, got); diff != "" {
		s.errorf("names differ (-truth +page):\n%s", diff)
	}
}

// counted reports whether there must be a series with the name of a vault or resource.
func (s *story) counted(want *plain, id string) bool {
	from := want.ledger.Add(-s.settings.window)
	return newest(want.all, func(l *life) bool {
		return l.ResourceID == id || l.VaultID == id && (l.ResourceID != "" || !l.Created.Before(from))
	}) != nil
}

// compareWindow compares the counts of the window.
func (s *story) compareWindow(want *plain, p page) {
	from, oldest := want.ledger.Add(-s.settings.window), want.ledger.Add(-s.settings.lookback)
	type counted struct {
		tally
		status string
	}
	expected, got, excess := map[counted]float64{}, map[counted]float64{}, 0
	maybe, gone := map[tally]float64{}, 0 // what is gone may be counted, or not
	for _, l := range want.gone {
		if !l.Created.Before(from) {
			maybe[tallyOf(l)]++
			gone++
		}
	}
	var inWindow []*life
	for _, l := range want.all {
		if l.ResourceID != "" && !l.Created.Before(oldest) {
			expected[counted{tallyOf(l), "success"}] += 0
		}
		if !l.Created.Before(from) {
			inWindow = append(inWindow, l)
		}
	}
	ended := count(inWindow, func(l *life) bool { return l.finished(want.now) })
	if gone > 0 && ended+gone > s.settings.maxTasks {
		return // what is dropped for it may be any
	}
	excess = max(0, ended-s.settings.maxTasks)
	dropped := excess
	for _, l := range inWindow {
		if l.finished(want.now) && excess > 0 {
			excess--
			continue
		}
		expected[counted{tallyOf(l), l.status(want.now)}]++
	}
	for _, one := range p.all("cbr_tasks") {
		c := counted{tally{one.labels["vault_id"], one.labels["operation_type"]}, one.labels["status"]}
		got[c] = one.value
		expected[c] += 0 // zero is there for every status
	}
	for c, n := range expected {
		if got[c] < n || got[c] > n+maybe[c.tally] {
			s.errorf("%v: %v are counted, want %v, or up to %v more", c, got[c], n, maybe[c.tally])
		}
	}
	if n, _ := p.value("cbr_tasks_dropped"); int(n) != dropped {
		s.errorf("%v are dropped, want %d", n, dropped)
	}
}

// compareVaults compares what is bound to vaults, and how often something is expected
// of it.
func (s *story) compareVaults(_ *plain, p page) {
	expected, got := map[key]float64{}, p.byKey("cbr_resource_expected_interval_seconds")
	bound, shown := map[key]bool{}, map[key]bool{}
	if s.settings.refresh > 0 {
		for _, v := range s.stock().shelves {
			bound[key{vault: v.id}] = true
			for _, b := range v.bound {
				bound[key{vault: v.id, resource: b.id}] = true
			}
			maps.Copy(expected, v.intervals(s.stock().plans))
		}
	}
	for _, one := range append(p.all("cbr_vault_info"), p.all("cbr_vault_resource_status")...) {
		shown[keyOf(one)] = true
	}
	if diff := cmp.Diff(bound, shown); diff != "" {
		s.errorf("what is bound differs (-truth +page):\n%s", diff)
	}
	if diff := cmp.Diff(expected, got); diff != "" {
		s.errorf("what is expected differs (-truth +page):\n%s", diff)
	}
	if v, _ := p.value("cbr_scrape_collector_success", "collector", "vaults"); (v == 1) != (s.settings.refresh > 0) {
		s.errorf("in peace the vaults are complete: %v", v)
	}
}
