package model_test

import (
	"fmt"
	"slices"
	"time"
)

// maxSkew is how far the two clocks may differ.
const maxSkew = 15 * time.Minute

// checkVerdicts checks what the page says is failing, due, overdue and stuck. What it must say
// is compared at the end.
func (l *checker) checkVerdicts() {
	last, known := l.value("cbr_scrape_collector_last_success_timestamp_seconds", "collector", "discovery")
	l.checkFailing(known)
	l.checkStuck()
	due := l.byKey("cbr_resource_due_timestamp_seconds")
	for k, at := range due {
		if !known || !l.ran(k, l.bound[k.resource], timeOf(at)) || l.now.Sub(timeOf(at)) < 30*time.Minute {
			l.errorf("%v is due at %v, when no policy ran", k, timeOf(at))
		}
	}
	must := l.mustByKey()
	read := timeOf(last).Add(-maxSkew - l.settings.timeout) // what was active since then was perhaps seen
	for k, overdue := range l.byKey("cbr_resource_overdue") {
		at, ok := due[k]
		oldest, tolerance := timeOf(at), 2*day // a quarter of a week, at most
		if l.settings.refresh == 0 {
			ok = l.settings.expected > 0 && k.operation == "backup"
			oldest, tolerance = l.now.Add(-l.settings.expected*3/2), l.now.Sub(read)
		}
		success := latest(must[k], func(t *task) bool {
			return t.Outcome == "success" && !t.Created.Before(oldest) && !l.old(t, time.Minute)
		})
		inTime := slices.ContainsFunc(l.tasks, func(t *task) bool {
			return slices.Contains(t.keys(), k) && !t.Created.After(l.now) && !t.Created.Before(oldest.Add(-tolerance)) &&
				(t.finished(l.now) && t.Outcome == "success" || !t.finished(read))
		})
		switch {
		case !known || !ok:
			l.errorf("%v is judged, but nothing is due", k)
		case l.settings.readsBackups() && k.operation == "backup" && l.checkRestorable(k, overdue == 1, oldest, oldest.Add(-tolerance), must[k], read):
		case overdue == 1 && success != nil:
			l.errorf("%v is overdue since %v, but %s was created at %v", k, oldest, success.ID, success.Created)
		case overdue == 0 && !inTime:
			l.errorf("%v is not overdue, but has no success since %v", k, oldest)
		}
	}
}

// checkRestorable checks whether a key is overdue by the restore points that the exporter
// knows and the tasks that ended since. It reports whether the tasks alone do not decide.
func (l *checker) checkRestorable(k key, overdue bool, oldest, tolerated time.Time, must []*task, read time.Time) bool {
	_, known := l.value("cbr_scrape_collector_last_success_timestamp_seconds", "collector", "backups")
	_, failures := l.cloud.readingsOf("backups")
	switch {
	case !known && failures == 0 && l.settings.rate == 0:
		l.errorf("%v is judged before its backups are read", k)
		return true
	case !known:
		return false
	}
	var wrong string
	for _, v := range l.views {
		if v.vague {
			return true
		}
		sure, maybe := latestCreated(v.seen[k.resource])
		earliest, until := l.unlisted(v)
		success := latest(must, func(t *task) bool { return t.Outcome == "success" && !l.old(t, time.Minute) })
		counts := success != nil && !success.Created.Before(oldest) && !slices.ContainsFunc(l.tasks, func(t *task) bool {
			return t.Outcome == "success" && slices.Contains(t.keys(), k) && t.finished(l.now) && compareTasks(t, success) >= 0 && !t.Ended.After(until)
		})
		inTime := slices.ContainsFunc(l.tasks, func(t *task) bool {
			return slices.Contains(t.keys(), k) && !t.Created.After(l.now) && !t.Created.Before(tolerated) &&
				(t.finished(l.now) && t.Outcome == "success" && t.Ended.After(earliest) || !t.finished(read))
		})
		switch {
		case overdue && (counts || !sure.Before(oldest)):
			wrong = fmt.Sprintf("%v is overdue since %v, but has a restore point of %v, and the latest success is %+v", k, oldest, sure, success)
		case !overdue && !inTime && maybe.Before(tolerated):
			wrong = fmt.Sprintf("%v is not overdue, but has neither a restore point nor a recent success since %v", k, oldest)
		default:
			return true
		}
	}
	if wrong != "" {
		l.errorf("%s", wrong)
	}
	return true
}

// unlisted returns between which moments the end of a task was after which its backup may not
// have been listed when all backups were last read: the API has a quarter of an hour for that.
func (s *story) unlisted(v view) (earliest, latest time.Time) {
	earliest, latest = s.fullAt(v)
	return earliest.Add(-overlap), latest.Add(-overlap)
}

// fullAt returns between which moments all backups were last read.
func (s *story) fullAt(v view) (earliest, latest time.Time) {
	earliest, latest = v.full.sent.Add(-s.settings.timeout), v.full.sent
	if from, to := s.startOf(v.full); !s.cloud.noDate {
		if from.Before(earliest) {
			earliest = from
		}
		if to.Before(latest) {
			latest = to
		}
	}
	return earliest, latest
}

// ran reports whether a policy ran an operation in a vault at a moment, in any state.
func (l *checker) ran(k key, vault string, at time.Time) bool {
	return at.Equal(at.Truncate(time.Hour)) && slices.ContainsFunc(l.states, func(s *state) bool {
		return s.planOf(vault, k.operation).runs(at)
	})
}

// checkFailing checks that a key is failing if it has failed since its last success. The
// other series about that are checked elsewhere.
func (l *checker) checkFailing(known bool) {
	gone := map[string]bool{}
	for _, s := range l.ones("cbr_vault_resource_status") {
		gone[s.labels["resource_id"]] = s.labels["status"] == "deleted"
	}
	_, read := l.value("cbr_scrape_collector_last_success_timestamp_seconds", "collector", "vaults")
	vaults := len(l.all("cbr_vault_info")) > 0 || read
	successes, failures := l.byKey("cbr_resource_last_success_timestamp_seconds"), l.byKey("cbr_resource_last_failure_timestamp_seconds")
	failing, failed := l.byKey("cbr_resource_failing"), l.byKey("cbr_resource_consecutive_failures")
	for k, n := range failed {
		_, success := successes[k]
		_, failure := failures[k]
		_, bound := l.bound[k.resource]
		want := known && (success || failure) && (vaults || l.settings.refresh == 0)
		if slices.Contains([]string{"backup", "replication", "sync"}, k.operation) {
			want = want && (!vaults || bound && !gone[k.resource])
		}
		if value, shown := failing[k]; shown != want || shown && (value == 1) != (n > 0) {
			l.errorf("%v: failing is %v, on the page %t, want %t; %v failures since the last success", k, value, shown, want, n)
		}
	}
	for k := range failing {
		if _, ok := failed[k]; !ok {
			l.errorf("%v is failing, but has no last task", k)
		}
	}
}

// checkStuck checks that active tasks are stuck only if they have run or waited for too
// long.
func (l *checker) checkStuck() {
	judged := map[string]bool{}
	for _, s := range l.all("cbr_task_stuck") {
		id := s.labels["task_id"]
		judged[id] = true
		t := l.byID[id]
		if t == nil || t.Created.After(l.now) {
			l.errorf("task %s does not exist, but stuck is %v", id, s.value)
			continue
		}
		started := t.Started
		if started.IsZero() {
			started = l.now
		}
		waited, ran := started.Sub(t.Created)+maxSkew, l.now.Sub(started)+maxSkew
		if s.value == 1 && waited < l.settings.stuckAfter/3 && ran < l.settings.stuckAfter {
			l.errorf("task %s is stuck, but has waited for %v and run for %v", id, waited, ran)
		}
	}
	for _, s := range l.ones("cbr_task_status") {
		if status := s.labels["status"]; (status == "running" || status == "waiting") && !judged[s.labels["task_id"]] {
			l.errorf("task %s is %s, but not judged", s.labels["task_id"], status)
		}
	}
}
