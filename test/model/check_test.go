package model_test

import (
	"slices"
	"strings"
	"time"

	"github.com/cbr-exporter/cbr_exporter/simulator"
)

// look is a page beside the truth at its time.
type look struct {
	*story
	page
	// knowledge is from the pages that were over before the scrape began, and from
	// this one.
	knowledge *knowledge

	scraped  time.Time // when the scrape began, by our clock
	now      time.Time // by the clock of the cloud
	begun    time.Time // when the pass of the page began
	complete bool      // that pass is over, and nothing can be missing
	// seen is the time of which everything has to be on the page: lists lag. It is
	// zero where that cannot be said.
	seen time.Time
}

// check compares the page of a scrape that began at that time with the truth, and
// returns what is known from it besides.
func (s *story) check(scraped time.Time, text string) *knowledge {
	s.t.Helper()
	p, err := parsePage(text)
	if err != nil {
		s.errorf("%v", err)
		return s.knowledge
	}
	k := s.knowledge.clone()
	l := &look{story: s, page: p, knowledge: k, scraped: scraped, now: s.cloud.now()}
	duration, _ := p.value("cbr_scrape_duration_seconds")
	l.begun = l.now.Add(-time.Duration(duration * float64(time.Second)))
	// Or the pass before it, which may have ended in the instant in which this one began,
	// speaks for the one of the page, or the page has waited for vaults since.
	success, _ := p.value("cbr_scrape_collector_last_success_timestamp_seconds", "collector", "discovery")
	l.complete = p.complete() && !timeOf(success).Before(l.now.Add(-l.cloud.skew()-time.Millisecond))
	lag := s.cloud.lag()
	s.cloud.mu.Lock()
	calm := !s.cloud.listing.IgnoreOffset && s.cloud.troubled.Before(l.begun)
	s.cloud.mu.Unlock()
	switch {
	case !l.complete || !calm:
	case duration == 0:
		l.seen = l.begun.Add(-lag)
	case !k.begun.IsZero():
		// Its lists may have moved while they were read, but not twice in the same way.
		l.seen = k.begun.Add(-lag)
	}
	s.pages++
	if l.complete {
		s.completes++
	}
	l.learn()
	l.checkScrape()
	l.checkActive(lag)
	l.checkConfigured()
	l.checkLastFinished()
	l.checkOutcomes()
	l.checkNames()
	l.checkWindow()
	l.checkInventory()

	if l.complete && calm {
		k.begun = l.begun
	}
	return k
}

// ours returns when the pass of the page began, by the clock of the exporter and as
// exactly as the page tells.
func (l *look) ours() time.Time { return l.begun.Add(-l.cloud.skew() - time.Millisecond) }

// learn takes note of the ended tasks that the exporter has to know by now.
func (l *look) learn() {
	if l.seen.IsZero() {
		return
	}
	k, c := l.knowledge, l.cloud
	c.mu.Lock()
	swept, news := c.swept, c.news
	c.mu.Unlock()
	if swept != nil && !swept.ended.Before(l.now) {
		swept = swept.before // the page may be from the moment before its end
	}
	for swept != nil && l.shrank(swept) {
		swept = swept.before
	}
	if swept == nil {
		return
	}
	for _, t := range l.existing() {
		if k.must[t.ID] != nil || !l.settings.follows(t) || !t.finished(l.seen) || l.old(t, time.Minute) {
			continue
		}
		switch {
		case t.finished(swept.began.Add(-swept.lag)): // the sweep has it
		case !t.Started.IsZero(): // the news have it, or it was active before
		case k.active[t.ID]: // it was asked for
		case news.timeOf != simulator.StartedAt && !t.Created.Before(news.since) && l.seen.Add(l.cloud.lag()).Equal(l.begun):
		default:
			continue // it never began, and ended between two scrapes
		}
		k.must[t.ID] = t
	}
}

// shrank reports whether a task got too old for the service while the whole list was
// read, and rows behind it moved up. Where the newest come first, none is behind it.
func (l *look) shrank(s *sweep) bool {
	return s.order != simulator.NewestFirst && slices.ContainsFunc(l.lives, func(t *life) bool {
		return l.exists(t, s.began) && !l.exists(t, s.ended)
	})
}

// old reports whether a task was created before the lookback, or not long enough
// after it.
func (l *look) old(t *life, margin time.Duration) bool {
	return t.Created.Before(l.now.Add(margin - l.settings.lookback))
}

// checkScrape checks what the page says of itself.
func (l *look) checkScrape() {
	k := l.knowledge
	_, swept := l.value("cbr_tasks_window_seconds")
	l.cloud.mu.Lock()
	sweeps := l.cloud.sweeps
	l.cloud.mu.Unlock()
	if swept && sweeps == 0 {
		l.errorf("the page tells of the whole list before that was read")
	}
	if k.swept && !swept {
		l.errorf("what was known of the whole list is gone")
	}
	k.swept = k.swept || swept
	if !swept {
		for family := range l.page {
			ofVaults := family == "cbr_resource_info" || strings.HasPrefix(family, "cbr_resource_expected_")
			if strings.HasPrefix(family, "cbr_resource_") && !ofVaults || strings.HasPrefix(family, "cbr_tasks") {
				l.errorf("%s is there before the whole list was read", family)
			}
		}
		if l.complete {
			l.errorf("success before the whole list was read")
		}
	}
	success, has := l.value("cbr_scrape_collector_last_success_timestamp_seconds", "collector", "discovery")
	if k.hasSuccess && !has || success < k.success {
		l.errorf("the last success was at %v, and is now at %v", timeOf(k.success), timeOf(success))
	}
	up, _ := l.value("cbr_up")
	deadline, _ := l.value("cbr_scrape_error", "reason", "deadline")
	if up == 0 && deadline == 0 {
		for _, a := range l.ones("cbr_task_status") {
			if !slices.Contains(l.settings.taskIDs, a.labels["task_id"]) {
				l.errorf("task %s is shown though nothing could be read", a.labels["task_id"])
			}
		}
		// A pass that went on behind the scrape before may have succeeded, this one has not.
		if l.complete || has && timeOf(success).After(l.ours().Add(2*time.Millisecond)) {
			l.errorf("success at %v though nothing could be read since %v", timeOf(success), l.ours())
		}
	}
	k.success, k.hasSuccess = max(success, k.success), has || k.hasSuccess
}

// checkActive checks the tasks that are shown one by one.
func (l *look) checkActive(lag time.Duration) {
	// A pass that is not over vouches for what the one before it has read lately.
	from := l.now.Add(-5*time.Minute - l.settings.timeout)
	if l.begun.Before(from) {
		from = l.begun
	}
	if l.complete {
		from = l.begun
	}
	shown := map[string]bool{}
	progress := map[string]float64{}
	for _, s := range l.all("cbr_task_progress_ratio") {
		progress[s.labels["task_id"]] = s.value
	}
	for _, s := range l.ones("cbr_task_status") {
		id, status := s.labels["task_id"], s.labels["status"]
		shown[id] = true
		t := l.byID[id]
		configured := slices.Contains(l.settings.taskIDs, id)
		vague := from.Add(-lag)
		switch {
		case t == nil || t.Created.After(l.now):
			l.errorf("task %s does not exist", id)
			continue
		case t.finished(l.now) && status == t.Outcome:
			if !configured {
				l.errorf("task %s is shown as %s among the active ones", id, status)
			}
		case l.knowledge.ended[id]:
			l.errorf("task %s has ended, and is shown as %s", id, status)
		case configured && !t.had(status, l.now.Add(-5*time.Minute-l.settings.timeout-lag), l.now),
			!configured && !t.had(status, vague, l.now):
			l.errorf("task %s is shown as %s; it is %s, since %v ago", id, status, t.status(l.now), l.now.Sub(latest(t, l.now)))
		case !configured && !l.exists(t, vague) && t.Created.Before(vague):
			l.errorf("task %s is shown as %s, and does not exist any more", id, status)
		}
		if t.finished(l.now) && status == t.Outcome {
			l.knowledge.ended[id] = true
		} else {
			l.knowledge.active[id] = true
		}
		if want := l.vaultLabel(t); s.labels["vault"] != want || s.labels["operation_type"] != t.OperationType {
			l.errorf("task %s has the labels %v, want the vault %s", id, s.labels, want)
		}
		if p := progress[id]; p < 0 || p > 1 || status == "success" && p != 1 {
			l.errorf("task %s is %s at %v", id, status, p)
		}
	}
	if l.seen.IsZero() {
		return
	}
	for _, t := range l.existing() {
		if l.settings.follows(t) && !t.Created.After(l.seen) && !t.finished(l.now) && !shown[t.ID] {
			l.errorf("task %s is %s and not shown", t.ID, t.status(l.now))
		}
	}
}

// latest returns when a task changed last.
func latest(t *life, now time.Time) time.Time {
	last := t.Created
	for _, turn := range []time.Time{t.Started, t.Ended} {
		if turn.After(last) && !turn.After(now) {
			last = turn
		}
	}
	return last
}

// vaultLabel is the name of the vault that is told with a task.
func (s *story) vaultLabel(t *life) string {
	if t.VaultID == "" {
		return ""
	}
	return s.name(t.VaultID, t.Created)
}

// checkConfigured checks what is said of the configured ids.
func (l *look) checkConfigured() {
	from := l.now.Add(-2*l.settings.ttl - 6*time.Minute - l.settings.timeout - l.cloud.lag()) // a list may have it still
	for _, s := range l.all("cbr_task_found") {
		t := l.byID[s.labels["task_id"]]
		exists := t != nil && (l.exists(t, l.now) || l.exists(t, from) || !t.Created.Before(from) && t.Created.Before(l.now))
		always := t != nil && l.exists(t, l.now) && l.exists(t, from)
		if s.value == 1 && !exists || s.value == 0 && always {
			l.errorf("%s is found: %v; it exists: %t", s.labels["task_id"], s.value, exists)
		}
	}
	found := map[string]bool{}
	for _, s := range l.all("cbr_task_found") {
		found[s.labels["task_id"]] = true
	}
	success, configured := l.value("cbr_scrape_collector_success", "collector", "tasks")
	if configured != (len(l.settings.taskIDs) > 0) {
		l.errorf("the collector of the configured ids is there: %t", configured)
	}
	for _, s := range l.all("cbr_task_scrape_success") {
		if (s.value == 1) != found[s.labels["task_id"]] {
			l.errorf("%s is known: %v, and found or not: %t", s.labels["task_id"], s.value, found[s.labels["task_id"]])
		}
		if t := l.byID[s.labels["task_id"]]; success == 1 && s.value == 0 && (t == nil || l.exists(t, l.now)) {
			l.errorf("%s is not known, and the collector says that all is", s.labels["task_id"])
		}
	}
}

// checkNames checks what vaults and resources are called.
func (l *look) checkNames() {
	vaults := map[string]string{}
	for _, family := range append(vaultFamilies(), "cbr_resource_last_finished_task_info", "cbr_resource_consecutive_failures", "cbr_tasks",
		"cbr_vault_resource_status", "cbr_resource_expected_interval_seconds", "cbr_resource_expected_since_timestamp_seconds") {
		for _, s := range l.all(family) {
			id, name := s.labels["vault_id"], s.labels["vault"]
			if before, ok := vaults[id]; ok && before != name {
				l.errorf("the vault %s is called %q and %q", id, before, name)
			}
			vaults[id] = name
			if id == "" && name != "" || id != "" && !l.named(id, name) {
				l.errorf("the vault %s is called %q", id, name)
			}
		}
	}
	resources := map[string]int{}
	for _, s := range l.all("cbr_resource_info") {
		resources[s.labels["resource_id"]]++
		if !l.named(s.labels["resource_id"], s.labels["resource_name"]) || s.labels["resource_type"] != "OS::Nova::Server" {
			l.errorf("a resource is described as %v", s.labels)
		}
	}
	for _, s := range l.all("cbr_resource_consecutive_failures") {
		if n := resources[s.labels["resource_id"]]; n != 1 {
			l.errorf("%d descriptions of the resource %s, want one", n, s.labels["resource_id"])
		}
	}
}

// tally is what cbr_tasks counts apart.
type tally struct{ vault, operation string }

func tallyOf(t *life) tally { return tally{t.VaultID, t.operation()} }

// checkWindow checks how many tasks are counted.
func (l *look) checkWindow() {
	if !l.complete {
		return
	}
	most, least := map[tally]int{}, map[tally]int{}
	from := l.now.Add(-l.settings.window)
	for _, t := range l.lives {
		if l.settings.follows(t) && !t.Created.After(l.now) && !t.Created.Before(from.Add(-31*time.Minute)) {
			most[tallyOf(t)]++
		}
	}
	known := 0
	for _, t := range l.knowledge.must {
		if !t.Created.Before(from.Add(time.Minute)) {
			least[tallyOf(t)]++
			known++
		}
	}
	counted, ended := map[tally]int{}, 0
	for _, s := range l.all("cbr_tasks") {
		counted[tally{s.labels["vault_id"], s.labels["operation_type"]}] += int(s.value)
		if status := s.labels["status"]; status != "running" && status != "waiting" {
			ended += int(s.value)
		}
	}
	dropped, _ := l.value("cbr_tasks_dropped")
	for of, n := range counted {
		if n > most[of] || dropped == 0 && n < least[of] {
			l.errorf("%d tasks of %v, want %d to %d", n, of, least[of], most[of])
		}
	}
	if dropped > 0 && ended != l.settings.maxTasks || ended > l.settings.maxTasks || ended+int(dropped) < known {
		l.errorf("%d tasks that have ended are counted and %v dropped, of %d or more; max_tasks is %d", ended, dropped, known, l.settings.maxTasks)
	}
}
