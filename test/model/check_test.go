package model_test

import (
	"slices"
	"strings"
	"time"

	"github.com/cbr-exporter/cbr_exporter/simulator"
)

// checker compares a page with the truth at its time.
type checker struct {
	*story
	page
	bound map[string]string // the vault of each bound resource, on the page
	views []view            // of the backups

	// knowledge is from this page and those that were complete before its scrape began.
	knowledge *knowledge

	scraped  time.Time // when the scrape began, by the exporter's clock
	now      time.Time // by the cloud's clock
	begun    time.Time // when the pass of the page began
	complete bool      // the pass is over, and nothing can be missing
	// seen is the moment whose state the page must contain: lists lag. It is zero if there
	// is none.
	seen time.Time
}

// check compares the page of a scrape with the truth and returns the knowledge
// including it.
func (s *story) check(scraped time.Time, text string) *knowledge {
	s.t.Helper()
	p, err := parsePage(text)
	if err != nil {
		s.errorf("%v", err)
		return s.knowledge
	}
	k := s.knowledge.clone()
	l := &checker{story: s, page: p, bound: p.bindings(), views: s.viewsOf(p), knowledge: k, scraped: scraped, now: s.cloud.now()}
	duration, _ := p.value("cbr_scrape_duration_seconds")
	l.begun = l.now.Add(-time.Duration(duration * float64(time.Second)))
	// Otherwise the page shows the previous pass, or it has waited for vaults since.
	success, _ := p.value("cbr_scrape_collector_last_success_timestamp_seconds", "collector", "discovery")
	l.complete = p.complete() && !timeOf(success).Before(l.now.Add(-l.cloud.skew()-time.Millisecond))
	lag := s.cloud.lag()
	s.cloud.mu.Lock()
	undisturbed := !s.cloud.listing.IgnoreOffset && s.cloud.troubled.Before(l.begun)
	s.cloud.mu.Unlock()
	switch {
	case !l.complete || !undisturbed:
	case duration == 0:
		l.seen = l.begun.Add(-lag)
	case !k.begun.IsZero():
		// Rows may have moved while the lists were read, but not twice in the same way.
		l.seen = k.begun.Add(-lag)
	}
	s.pages++
	if l.complete {
		s.completes++
	}
	l.learn()
	l.checkScrape()
	l.checkPrevious()
	l.checkActive(lag)
	l.checkConfigured()
	l.checkLastFinished()
	l.checkOutcomes()
	l.checkVaultTasks()
	l.checkNames()
	l.checkWindow()
	l.checkInventory()
	l.checkVerdicts()
	l.checkRestorePoints()
	l.checkProtectables()

	if l.complete && undisturbed {
		k.begun = l.begun
	}
	return k
}

// ours returns when the pass of the page began, by the exporter's clock and as precise
// as the page.
func (l *checker) ours() time.Time { return l.begun.Add(-l.cloud.skew() - time.Millisecond) }

// learn records the ended tasks that the exporter must know by now.
func (l *checker) learn() {
	if l.seen.IsZero() {
		return
	}
	k, c := l.knowledge, l.cloud
	c.mu.Lock()
	synced, incremental := c.synced, c.incremental
	c.mu.Unlock()
	if synced != nil && !synced.ended.Before(l.now) {
		synced = synced.before // the page may be from just before its end
	}
	for synced != nil && (l.shrank(synced) || l.grew(synced)) {
		synced = synced.before
	}
	if synced == nil {
		return
	}
	for _, t := range l.existing() {
		if k.must[t.ID] != nil || !l.settings.follows(t) || !t.finished(l.seen) || l.old(t, time.Minute) {
			continue
		}
		switch {
		case t.finished(synced.began.Add(-synced.lag)): // the full sync has it
		case !t.Started.IsZero(): // an incremental list has it, or it was active before
		case k.active[t.ID]: // it was read by its id
		case incremental.timeOf != simulator.StartedAt && !t.Created.Before(incremental.since) && l.seen.Add(l.cloud.lag()).Equal(l.begun):
		default:
			continue // it never started, and ended between two scrapes
		}
		k.must[t.ID] = t
	}
}

// shrank reports whether a task got too old for the service during a full sync, so that
// rows after it moved up. With the latest first, there are none.
func (l *checker) shrank(s *fullSync) bool {
	return s.order != simulator.LatestFirst && slices.ContainsFunc(l.tasks, func(t *task) bool {
		return l.exists(t, s.began) && !l.exists(t, s.ended)
	})
}

// grew reports whether tasks were created while a full sync read short pages. One of them may
// then have repeated rows alone, which ends the list.
func (l *checker) grew(s *fullSync) bool {
	return l.cloud.listing.ShortPages && slices.ContainsFunc(l.tasks, func(t *task) bool {
		return t.Created.After(s.began.Add(-s.lag)) && !t.Created.After(s.ended)
	})
}

// old reports whether a task was created before the lookback, or less than a margin
// after its start.
func (l *checker) old(t *task, margin time.Duration) bool {
	return t.Created.Before(l.now.Add(margin - l.settings.lookback))
}

// checkScrape checks the series about the scrape.
func (l *checker) checkScrape() {
	k := l.knowledge
	_, synced := l.value("cbr_tasks_history_start_timestamp_seconds")
	l.cloud.mu.Lock()
	syncs := l.cloud.syncs
	l.cloud.mu.Unlock()
	if synced && syncs == 0 {
		l.errorf("the window is on the page before a full sync")
	}
	if k.synced && !synced {
		l.errorf("the window is gone from the page")
	}
	k.synced = k.synced || synced
	if !synced {
		for family := range l.page {
			ofVaults := family == "cbr_resource_info" || family == "cbr_resource_covered" || slices.Contains(restoreFamilies(), family)
			if strings.HasPrefix(family, "cbr_resource_") && !ofVaults || strings.HasPrefix(family, "cbr_tasks") || strings.HasPrefix(family, "cbr_vault_last_") {
				l.errorf("%s is on the page before a full sync", family)
			}
		}
		if l.complete {
			l.errorf("discovery succeeds before a full sync")
		}
	}
	success, has := l.value("cbr_scrape_collector_last_success_timestamp_seconds", "collector", "discovery")
	if k.hasSuccess && !has || success < k.success {
		l.errorf("the last success went back from %v to %v", timeOf(k.success), timeOf(success))
	}
	up, _ := l.value("cbr_up")
	deadline, _ := l.value("cbr_scrape_error", "reason", "deadline")
	if up == 0 && deadline == 0 {
		for _, a := range l.ones("cbr_task_status") {
			if !slices.Contains(l.settings.taskIDs, a.labels["task_id"]) {
				l.errorf("task %s is shown although nothing could be read", a.labels["task_id"])
			}
		}
		// A pass that continued after the previous scrape may have succeeded, not this one.
		if l.complete || has && timeOf(success).After(l.ours().Add(2*time.Millisecond)) {
			l.errorf("success at %v although nothing could be read since %v", timeOf(success), l.ours())
		}
	}
	k.success, k.hasSuccess = max(success, k.success), has || k.hasSuccess
}

// checkPrevious checks how long the result of a pass is shown once the next one has
// sent a request.
func (l *checker) checkPrevious() {
	l.cloud.mu.Lock()
	next := l.cloud.pass
	l.cloud.mu.Unlock()
	success, _ := l.value("cbr_scrape_collector_last_success_timestamp_seconds", "collector", "discovery")
	ended := timeOf(success)
	if !l.page.complete() || !ended.Before(next.Add(-time.Millisecond)) {
		return
	}
	duration, _ := l.value("cbr_scrape_duration_seconds")
	limit := min(max(2*time.Duration(duration*float64(time.Second)), 10*time.Second), l.settings.timeout) + time.Millisecond
	if runs := time.Since(next); runs > limit || time.Since(ended) > 5*time.Minute {
		l.errorf("the result of a pass of %v s is shown %v after the next one began, and %v after its end", duration, runs, time.Since(ended))
	}
}

// checkActive checks the tasks that are shown individually.
func (l *checker) checkActive(lag time.Duration) {
	// The result of the previous pass may be shown.
	from := l.now.Add(-5*time.Minute - l.settings.timeout)
	if l.begun.Before(from) {
		from = l.begun
	}
	if l.complete {
		from = l.begun
	}
	shown := map[string]bool{}
	infos := map[string]map[string]string{} // labels
	for _, s := range l.all("cbr_task_info") {
		infos[s.labels["task_id"]] = s.labels
	}
	progress := map[string]float64{}
	for _, s := range l.all("cbr_task_progress_ratio") {
		progress[s.labels["task_id"]] = s.value
	}
	for _, s := range l.ones("cbr_task_status") {
		id, status := s.labels["task_id"], s.labels["status"]
		shown[id] = true
		t := l.byID[id]
		configured := slices.Contains(l.settings.taskIDs, id)
		earliest := from.Add(-lag)
		switch {
		case t == nil || t.Created.After(l.now):
			l.errorf("task %s does not exist", id)
			continue
		case t.finished(l.now) && status == t.Outcome:
			if !configured {
				l.errorf("task %s is shown as %s, but is not configured", id, status)
			}
		case l.knowledge.ended[id]:
			l.errorf("task %s was shown as ended, now as %s", id, status)
		case configured && !t.had(status, l.now.Add(-5*time.Minute-l.settings.timeout-lag), l.now),
			!configured && !t.had(status, earliest, l.now):
			l.errorf("task %s is shown as %s, but has been %s for %v", id, status, t.status(l.now), l.now.Sub(lastChange(t, l.now)))
		case !configured && !l.exists(t, earliest) && t.Created.Before(earliest):
			l.errorf("task %s is shown as %s, but does not exist anymore", id, status)
		}
		if t.finished(l.now) && status == t.Outcome {
			l.knowledge.ended[id] = true
		} else {
			l.knowledge.active[id] = true
		}
		if s.labels["vault"] != infos[id]["vault"] || s.labels["operation_type"] != t.OperationType {
			l.errorf("task %s has the labels %v, but its info has the vault %s", id, s.labels, infos[id]["vault"])
		}
		vault := infos[id]["vault_id"]
		if vault != t.vault(l.bound) {
			l.errorf("task %s is in vault %s, want %s", id, vault, t.vault(l.bound))
		}
		if !configured && !l.settings.followsVault(vault) {
			l.errorf("task %s is in vault %s, which is not followed", id, vault)
		}
		if p := progress[id]; p < 0 || p > 1 || status == "success" && p != 1 {
			l.errorf("task %s is %s with progress %v", id, status, p)
		}
	}
	if l.seen.IsZero() {
		return
	}
	for _, t := range l.existing() {
		followed := l.settings.follows(t) && l.settings.followsVault(t.vault(l.bound))
		if followed && !t.Created.After(l.seen) && !t.finished(l.now) && !shown[t.ID] {
			l.errorf("task %s is %s, but not shown", t.ID, t.status(l.now))
		}
	}
}

// lastChange returns when a task last changed.
func lastChange(t *task, now time.Time) time.Time {
	last := t.Created
	for _, moment := range []time.Time{t.Started, t.Ended} {
		if moment.After(last) && !moment.After(now) {
			last = moment
		}
	}
	return last
}

// checkConfigured checks the configured ids.
func (l *checker) checkConfigured() {
	from := l.now.Add(-2*l.settings.ttl - 6*time.Minute - l.settings.timeout - l.cloud.lag()) // a list may still contain it
	for _, s := range l.all("cbr_task_found") {
		t := l.byID[s.labels["task_id"]]
		exists := t != nil && (l.exists(t, l.now) || l.exists(t, from) || !t.Created.Before(from) && t.Created.Before(l.now))
		always := t != nil && l.exists(t, l.now) && l.exists(t, from)
		if s.value == 1 && !exists || s.value == 0 && always {
			l.errorf("task %s: found is %v, exists is %t", s.labels["task_id"], s.value, exists)
		}
	}
	found := map[string]bool{}
	for _, s := range l.all("cbr_task_found") {
		found[s.labels["task_id"]] = true
	}
	success, configured := l.value("cbr_scrape_collector_success", "collector", "tasks")
	if configured != (len(l.settings.taskIDs) > 0) {
		l.errorf("the collector tasks is on the page: %t", configured)
	}
	for _, s := range l.all("cbr_task_scrape_success") {
		if (s.value == 1) != found[s.labels["task_id"]] {
			l.errorf("task %s: scrape success is %v, but found is on the page: %t", s.labels["task_id"], s.value, found[s.labels["task_id"]])
		}
		if t := l.byID[s.labels["task_id"]]; success == 1 && s.value == 0 && (t == nil || l.exists(t, l.now)) {
			l.errorf("task %s has no scrape success, but the collector tasks has", s.labels["task_id"])
		}
	}
}

// checkNames checks the names of vaults and resources.
func (l *checker) checkNames() {
	vaults := map[string]string{}
	for _, family := range append(slices.Concat(vaultFamilies(), restoreFamilies()), "cbr_task_info", "cbr_vault_last_finished_task_info", "cbr_resource_last_finished_task_info", "cbr_resource_consecutive_failures", "cbr_tasks",
		"cbr_vault_resource_status", "cbr_resource_overdue", "cbr_resource_failing", "cbr_resource_due_timestamp_seconds", "cbr_resource_covered") {
		for _, s := range l.all(family) {
			id, name := s.labels["vault_id"], s.labels["vault"]
			if before, ok := vaults[id]; ok && before != name {
				l.errorf("vault %s has the names %q and %q", id, before, name)
			}
			vaults[id] = name
			unknown := id == name && slices.Contains(restoreFamilies(), family) // backups do not name their vaults
			if id == "" && name != "" || id != "" && !l.named(id, name) && !unknown {
				l.errorf("vault %s has the name %q", id, name)
			}
		}
	}
	resources, described := map[string]int{}, map[string]string{}
	for _, s := range l.all("cbr_resource_info") {
		resources[s.labels["resource_id"]]++
		described[s.labels["resource_id"]] = s.labels["resource_name"]
		if !l.named(s.labels["resource_id"], s.labels["resource_name"]) || s.labels["resource_type"] != "OS::Nova::Server" {
			l.errorf("wrong description of a resource: %v", s.labels)
		}
	}
	for _, s := range l.all("cbr_task_info") {
		if name, ok := described[s.labels["resource_id"]]; ok && name != s.labels["resource_name"] {
			l.errorf("resource %s has the names %q and %q", s.labels["resource_id"], name, s.labels["resource_name"])
		}
	}
	for _, s := range l.all("cbr_resource_consecutive_failures") {
		if n := resources[s.labels["resource_id"]]; n != 1 {
			l.errorf("%d descriptions of resource %s, want 1", n, s.labels["resource_id"])
		}
	}
}

// checkWindow checks the counts of tasks.
func (l *checker) checkWindow() {
	if !l.complete {
		return
	}
	most, least := map[vaultKey]int{}, map[vaultKey]int{}
	from := l.now.Add(-l.settings.window)
	for _, t := range l.tasks {
		if l.settings.follows(t) && !t.Created.After(l.now) && !t.Created.Before(from.Add(-31*time.Minute)) {
			most[vaultKey{t.vault(l.bound), t.operation()}]++
		}
	}
	for _, t := range l.knowledge.must {
		if t.Created.Before(from.Add(time.Minute)) {
			continue
		}
		if vault := t.vault(l.bound); l.settings.followsVault(vault) {
			least[vaultKey{vault, t.operation()}]++
		}
	}
	counted := map[vaultKey]int{}
	for _, s := range l.all("cbr_tasks") {
		if !l.settings.followsVault(s.labels["vault_id"]) {
			l.errorf("tasks of vault %s are counted, which is not followed", s.labels["vault_id"])
		}
		counted[vaultKeyOf(s)] += int(s.value)
	}
	for of, n := range counted {
		if n > most[of] || n < least[of] {
			l.errorf("%d tasks of %v, want %d to %d", n, of, least[of], most[of])
		}
	}
}
