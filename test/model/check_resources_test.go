package model_test

import (
	"slices"
	"time"
)

// checkLastFinished checks the last finished task of each resource.
func (l *checker) checkLastFinished() {
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
			l.errorf("%v: the last finished task does not exist", k)
			continue
		}
		l.knowledge.ended[t.ID] = true
		duration, has := durations[k]
		switch {
		case !slices.Contains(t.keys(), k) || !l.settings.follows(t):
			l.errorf("%v: task %s belongs to %v", k, t.ID, t.keys())
		case !t.finished(l.now) || statuses[k] != t.Outcome:
			l.errorf("%v: task %s is shown as %s, want %s", k, t.ID, statuses[k], t.status(l.now))
		case created[k] != seconds(t.Created) || ended[k] != seconds(t.Ended):
			l.errorf("%v: task %s was created at %v and ended at %v, want %v and %v", k, t.ID, timeOf(created[k]), timeOf(ended[k]), t.Created, t.Ended)
		case has == t.Started.IsZero(), has && duration != t.Ended.Sub(t.Started).Seconds():
			l.errorf("%v: task %s took %v", k, t.ID, duration)
		}
	}
	if !l.knowledge.synced {
		return
	}
	must := l.mustByKey()
	l.checkVaultsOfResources(must)
	for k, tasks := range must {
		if last[k] == nil && l.elsewhere(k) {
			continue
		}
		if want := latest(tasks, func(t *task) bool { return !l.old(t, time.Minute) }); want != nil {
			if got := last[k]; got == nil {
				l.errorf("%v: no last finished task, but %s (%s) ended %v ago", k, want.ID, want.Outcome, l.now.Sub(want.Ended))
			} else if compareTasks(got, want) < 0 {
				l.errorf("%v: the last finished task is %s, but %s (%s) ended %v ago", k, got.ID, want.ID, want.Outcome, l.now.Sub(want.Ended))
			}
		}
	}
}

// elsewhere reports whether a resource may be in a vault that is not followed.
func (l *checker) elsewhere(k key) bool {
	if vault, ok := l.bound[k.resource]; ok {
		return !l.settings.followsVault(vault)
	}
	return slices.ContainsFunc(l.tasks, func(t *task) bool {
		return !l.settings.followsVault(t.VaultID) && !t.Created.After(l.now) && slices.Contains(t.keys(), k)
	})
}

// checkVaultsOfResources checks that each resource is in the vault to which it is bound or,
// if it is bound to none, in that of its latest task that names one.
func (l *checker) checkVaultsOfResources(must map[key][]*task) {
	for _, s := range l.all("cbr_resource_last_finished_task_info") {
		k, vault := keyOf(s), s.labels["vault_id"]
		if !l.settings.followsVault(vault) {
			l.errorf("%v is in vault %s, which is not followed", k, vault)
		}
		if bound, ok := l.bound[k.resource]; ok {
			if vault != bound {
				l.errorf("%v is in vault %s, but bound to %s", k, vault, bound)
			}
			continue
		}
		known := latest(must[k], func(t *task) bool { return t.VaultID != "" && !l.old(t, time.Minute) })
		if vault == "" {
			if known != nil {
				l.errorf("%v is in no vault, but task %s names %s", k, known.ID, known.VaultID)
			}
			continue
		}
		named := latest(l.tasks, func(t *task) bool {
			return t.VaultID == vault && !t.Created.After(l.now) && l.settings.follows(t) && slices.Contains(t.keys(), k)
		})
		if named == nil || known != nil && compareTasks(named, known) < 0 {
			l.errorf("%v is in vault %s, which none of its latest tasks names", k, vault)
		}
	}
}

// checkVaultTasks checks the last finished task of each vault that names no resource.
func (l *checker) checkVaultTasks() {
	statuses, ended := map[vaultKey]string{}, map[vaultKey]float64{}
	for _, s := range l.ones("cbr_vault_last_finished_task_status") {
		statuses[vaultKeyOf(s)] = s.labels["status"]
	}
	for _, s := range l.all("cbr_vault_last_finished_task_ended_timestamp_seconds") {
		ended[vaultKeyOf(s)] = s.value
	}
	last := map[vaultKey]*task{}
	for _, s := range l.all("cbr_vault_last_finished_task_info") {
		k, t := vaultKeyOf(s), l.byID[s.labels["task_id"]]
		last[k] = t
		switch {
		case t == nil || !t.finished(l.now) || !l.settings.follows(t) || !l.settings.followsVault(t.VaultID):
			l.errorf("%v: the last finished task is %s", k, s.labels["task_id"])
		case t.vaultKey() != k || len(t.resources()) > 0 || s.labels["error_code"] != t.ErrorCode:
			l.errorf("%v: task %s is of %v with the resources %v and error %s", k, t.ID, t.vaultKey(), t.resources(), t.ErrorCode)
		case statuses[k] != t.Outcome || ended[k] != seconds(t.Ended):
			l.errorf("%v: task %s is %s and ended at %v, want %s and %v", k, t.ID, statuses[k], timeOf(ended[k]), t.Outcome, t.Ended)
		}
	}
	if !l.knowledge.synced {
		return
	}
	for _, t := range l.knowledge.must {
		if len(t.resources()) > 0 || l.old(t, time.Minute) || !l.settings.followsVault(t.VaultID) {
			continue
		}
		if got := last[t.vaultKey()]; got == nil || compareTasks(got, t) < 0 {
			l.errorf("%v: the last finished task is %v, but %s (%s) ended %v ago", t.vaultKey(), got, t.ID, t.Outcome, l.now.Sub(t.Ended))
		}
	}
}

// lastFinished returns the last finished task of each resource on the page; nil if it
// does not exist.
func (l *checker) lastFinished() map[key]*task {
	last := map[key]*task{}
	for _, s := range l.all("cbr_resource_last_finished_task_info") {
		t := l.byID[s.labels["task_id"]]
		if t != nil && (s.labels["policy_id"] != t.PolicyID || s.labels["error_code"] != t.ErrorCode) {
			l.errorf("task %s has the labels %v", t.ID, s.labels)
		}
		last[keyOf(s)] = t
	}
	return last
}

func (l *checker) mustByKey() map[key][]*task {
	by := map[key][]*task{}
	for _, t := range l.knowledge.must {
		for _, k := range t.keys() {
			by[k] = append(by[k], t)
		}
	}
	return by
}

// checkOutcomes checks the last success and failure of each resource and the number of
// consecutive failures.
func (l *checker) checkOutcomes() {
	all := map[key][]*task{}
	for _, t := range l.tasks {
		if l.settings.follows(t) && t.finished(l.now) {
			for _, k := range t.keys() {
				all[k] = append(all[k], t)
			}
		}
	}
	must, last := l.mustByKey(), l.lastFinished()
	successes, failures := l.byKey("cbr_resource_last_success_timestamp_seconds"), l.byKey("cbr_resource_last_failure_timestamp_seconds")
	durations := l.byKey("cbr_resource_last_success_duration_seconds")
	consecutive := l.byKey("cbr_resource_consecutive_failures")
	if len(consecutive) != len(last) {
		l.errorf("%d resources have a last finished task, but %d have consecutive failures", len(last), len(consecutive))
	}
	for k, n := range consecutive {
		success := l.outcome("success", k, successes, all[k], must[k], func(t *task) bool { return t.Outcome == "success" })
		failure := l.outcome("failure", k, failures, all[k], must[k], (*task).failure)
		if success != nil && durations[k] != success.Ended.Sub(success.Started).Seconds() {
			l.errorf("%v: the last success took %v", k, durations[k])
		}
		after := func(t *task) bool { return t.failure() && (success == nil || compareTasks(t, success) > 0) }
		least := count(must[k], func(t *task) bool { return after(t) && !l.old(t, time.Minute) })
		most := count(all[k], func(t *task) bool { return after(t) && (!l.complete || !l.old(t, -31*time.Minute)) })
		if int(n) < least || int(n) > most {
			l.errorf("%v: %v consecutive failures, want %d to %d", k, n, least, most)
		}
		t := last[k]
		switch {
		case t == nil:
		case n > 0 && failure == nil:
			l.errorf("%v: %v consecutive failures, but no last failure", k, n)
		case t.Outcome == "success" && (n != 0 || success != t):
			l.errorf("%v: the last task has succeeded, but there are %v consecutive failures or another last success", k, n)
		case t.failure() && (failure != t || n == 0 && !l.old(t, time.Minute)):
			l.errorf("%v: the last task has failed, but there are %v consecutive failures or another last failure", k, n)
		}
	}
}

// outcome returns the task whose end is on the page; nil if there is none.
func (l *checker) outcome(what string, k key, ends map[key]float64, all, must []*task, of func(*task) bool) *task {
	end, shown := ends[k]
	known := latest(must, func(t *task) bool { return of(t) && !l.old(t, time.Minute) })
	if !shown {
		if known != nil {
			l.errorf("%v: no last %s, but %s ended %v ago", k, what, known.ID, l.now.Sub(known.Ended))
		}
		return nil
	}
	t := latest(all, func(t *task) bool { return of(t) && seconds(t.Ended) == end })
	switch {
	case t == nil:
		l.errorf("%v: the last %s is at %v, when no task ended so", k, what, timeOf(end))
	case known != nil && compareTasks(t, known) < 0:
		l.errorf("%v: the last %s is %s, but %s ended %v ago", k, what, t.ID, known.ID, l.now.Sub(known.Ended))
	}
	return t
}
