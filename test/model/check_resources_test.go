package model_test

import (
	"time"
)

// checkLastFinished checks which task of each resource is said to be the newest that
// has ended.
func (l *look) checkLastFinished() {
	statuses := map[key]string{}
	for _, s := range l.ones("cbr_resource_last_finished_task_status") {
		statuses[keyOf(s)] = s.labels["status"]
	}
	created := l.byKey("cbr_resource_last_finished_task_created_timestamp_seconds")
	ended := l.byKey("cbr_resource_last_finished_task_ended_timestamp_seconds")
	durations := l.byKey("cbr_resource_last_finished_task_duration_seconds")
	last := l.lastFinished()
	for k, t := range last {
		if t == nil {
			l.errorf("%v: the last finished task is none that exists", k)
			continue
		}
		l.knowledge.ended[t.ID] = true
		of, _ := t.key()
		duration, has := durations[k]
		switch {
		case of != k || !l.settings.follows(t):
			l.errorf("%v: task %s is of %v", k, t.ID, of)
		case !t.finished(l.now) || statuses[k] != t.Outcome:
			l.errorf("%v: task %s is said to be %s, and is %s", k, t.ID, statuses[k], t.status(l.now))
		case created[k] != seconds(t.Created) || ended[k] != seconds(t.Ended):
			l.errorf("%v: task %s was created at %v and ended at %v, want %v and %v", k, t.ID, timeOf(created[k]), timeOf(ended[k]), t.Created, t.Ended)
		case has == t.Started.IsZero(), has && duration != t.Ended.Sub(t.Started).Seconds():
			l.errorf("%v: task %s took %v", k, t.ID, duration)
		}
	}
	if !l.knowledge.swept {
		return
	}
	for k, lives := range l.mustByKey() {
		if want := newest(lives, func(t *life) bool { return !l.old(t, time.Minute) }); want != nil {
			if got := last[k]; got == nil {
				l.errorf("%v: nothing is known, but %s (%s) has ended %v ago", k, want.ID, want.Outcome, l.now.Sub(want.Ended))
			} else if compareLives(got, want) < 0 {
				l.errorf("%v: the last finished task is %s, but %s (%s) has ended %v ago", k, got.ID, want.ID, want.Outcome, l.now.Sub(want.Ended))
			}
		}
	}
}

// lastFinished returns for each resource the task that is said to be the newest; nil
// where there is no such task.
func (l *look) lastFinished() map[key]*life {
	last := map[key]*life{}
	for _, s := range l.all("cbr_resource_last_finished_task_info") {
		t := l.byID[s.labels["task_id"]]
		if t != nil && (s.labels["policy_id"] != t.PolicyID || s.labels["error_code"] != t.ErrorCode) {
			l.errorf("task %s has the labels %v", t.ID, s.labels)
		}
		last[keyOf(s)] = t
	}
	return last
}

func (l *look) mustByKey() map[key][]*life {
	by := map[key][]*life{}
	for _, t := range l.knowledge.must {
		if k, ok := t.key(); ok {
			by[k] = append(by[k], t)
		}
	}
	return by
}

// checkOutcomes checks the newest success and failure of each resource, and how many
// failures there were in a row.
func (l *look) checkOutcomes() {
	all := map[key][]*life{}
	for _, t := range l.lives {
		if k, ok := t.key(); ok && l.settings.follows(t) && t.finished(l.now) {
			all[k] = append(all[k], t)
		}
	}
	must, last := l.mustByKey(), l.lastFinished()
	successes, failures := l.byKey("cbr_resource_last_success_timestamp_seconds"), l.byKey("cbr_resource_last_failure_timestamp_seconds")
	durations := l.byKey("cbr_resource_last_success_duration_seconds")
	inARow := l.byKey("cbr_resource_consecutive_failures")
	if len(inARow) != len(last) {
		l.errorf("%d resources have a last finished task, and %d failures in a row", len(last), len(inARow))
	}
	for k, n := range inARow {
		success := l.outcome("success", k, successes, all[k], must[k], func(t *life) bool { return t.Outcome == "success" })
		failure := l.outcome("failure", k, failures, all[k], must[k], (*life).failure)
		if success != nil && durations[k] != success.Ended.Sub(success.Started).Seconds() {
			l.errorf("%v: the last success took %v", k, durations[k])
		}
		after := func(t *life) bool { return t.failure() && (success == nil || compareLives(t, success) > 0) }
		least := count(must[k], func(t *life) bool { return after(t) && !l.old(t, time.Minute) })
		most := count(all[k], func(t *life) bool { return after(t) && (!l.complete || !l.old(t, -31*time.Minute)) })
		if int(n) < least || int(n) > most {
			l.errorf("%v: %v failures in a row, want %d to %d", k, n, least, most)
		}
		t := last[k]
		switch {
		case t == nil:
		case n > 0 && failure == nil:
			l.errorf("%v: %v failures in a row, and none known", k, n)
		case t.Outcome == "success" && (n != 0 || success != t):
			l.errorf("%v: the last has succeeded, but %v failures in a row, or another success", k, n)
		case t.failure() && (failure != t || n == 0 && !l.old(t, time.Minute)):
			l.errorf("%v: the last has failed, but %v failures in a row, or another failure", k, n)
		}
	}
}

// outcome returns the task of which an end is told, nil for none.
func (l *look) outcome(what string, k key, ends map[key]float64, all, must []*life, of func(*life) bool) *life {
	end, told := ends[k]
	known := newest(must, func(t *life) bool { return of(t) && !l.old(t, time.Minute) })
	if !told {
		if known != nil {
			l.errorf("%v: no %s is told, but %s has ended %v ago", k, what, known.ID, l.now.Sub(known.Ended))
		}
		return nil
	}
	t := newest(all, func(t *life) bool { return of(t) && seconds(t.Ended) == end })
	switch {
	case t == nil:
		l.errorf("%v: the last %s was at %v, when there was none", k, what, timeOf(end))
	case known != nil && compareLives(t, known) < 0:
		l.errorf("%v: the last %s is %s, but %s has ended %v ago", k, what, t.ID, known.ID, l.now.Sub(known.Ended))
	}
	return t
}
