package model_test

import (
	"slices"
	"time"

	"github.com/google/go-cmp/cmp"
)

// resourceState is the state of a resource key.
type resourceState struct {
	Last             string
	Success, Failure float64
	Failures         float64
}

// compareResources compares the states of the resources.
func (s *story) compareResources(want *truth, p page) {
	oldest := want.ledger.Add(-s.settings.lookback)
	expected, byKey, gone := map[key]resourceState{}, map[key][]*task{}, map[key][]*task{}
	for _, l := range want.gone {
		for _, k := range l.keys() {
			if !l.Created.Before(oldest) {
				gone[k] = append(gone[k], l)
			}
		}
	}
	for _, l := range want.all {
		for _, k := range l.keys() {
			if !l.Created.Before(oldest) {
				byKey[k] = append(byKey[k], l)
			}
		}
	}
	got := map[key]resourceState{}
	for k, n := range p.byKey("cbr_resource_consecutive_failures") {
		got[k] = resourceState{Failures: n, Success: p.byKey("cbr_resource_last_success_timestamp_seconds")[k], Failure: p.byKey("cbr_resource_last_failure_timestamp_seconds")[k]}
	}
	for _, one := range p.all("cbr_resource_last_finished_task_info") {
		g := got[keyOf(one)]
		g.Last = one.labels["task_id"]
		got[keyOf(one)] = g
	}
	for k, tasks := range byKey {
		vault, known := s.vaultOf(k, want, tasks, gone[k])
		switch st, ok := stateOf(tasks, want.now); {
		case !known && len(s.settings.vaults) > 0:
			delete(got, k)
		case ok && s.settings.followsVault(vault):
			expected[k] = st
		case !s.settings.followsVault(vault):
			delete(byKey, k)
		}
	}
	for k, g := range got { // tasks that the service has deleted may stay
		if len(gone[k]) > 0 && s.possible(g, byKey[k], gone[k], want.now) {
			delete(got, k)
			delete(expected, k)
		}
	}
	if diff := cmp.Diff(expected, got); diff != "" {
		s.errorf("the states of resources differ (-truth +page):\n%s", diff)
	}
	start, _ := p.value("cbr_tasks_history_start_timestamp_seconds")
	if timeOf(start).Before(oldest.Add(-time.Microsecond)) {
		s.errorf("the history starts at %v, before the lookback", timeOf(start))
	}
	if len(want.all) > 0 {
		if first := want.all[0].Created; first.After(oldest) && timeOf(start).After(first.Add(time.Second)) && len(s.settings.operations)+len(s.settings.vaults) == 0 {
			s.errorf("the history starts at %v, but %v is known", timeOf(start), first)
		}
	}
}

// vaultOf returns the vault of a resource: the one to which it is bound or, if it is bound to
// none, that of its latest task that names one. It is not known if a past task may count.
func (s *story) vaultOf(k key, want *truth, present, past []*task) (vault string, known bool) {
	if vault, ok := want.bound[k.resource]; ok {
		return vault, true
	}
	names := func(l *task) bool { return l.VaultID != "" }
	sure, maybe := latest(present, names), latest(past, names)
	if maybe != nil && (sure == nil || compareTasks(maybe, sure) > 0) {
		return "", false
	}
	if sure == nil {
		return "", true
	}
	return sure.VaultID, true
}

// the service has deleted: which of them the exporter has seen is not known.
func (s *story) possible(g resourceState, present, past []*task, now time.Time) bool {
	all := sorted(append(slices.Clone(past), present...))
	// latest returns the latest ended task of a kind; nil if there is none.
	latest := func(tasks []*task, kind func(*task) bool) *task {
		var found *task
		for _, l := range tasks {
			if l.finished(now) && kind(l) && (found == nil || compareTasks(l, found) > 0) {
				found = l
			}
		}
		return found
	}
	// find returns the task of a kind that is on the page. It is not ok if a present one is
	// later.
	find := func(kind, onPage func(*task) bool) (l *task, ok bool) {
		sure := latest(present, kind)
		l = latest(all, func(l *task) bool { return kind(l) && onPage(l) })
		return l, l != nil && (sure == nil || compareTasks(sure, l) <= 0)
	}
	success := func(l *task) bool { return l.Outcome == "success" }
	if _, ok := find(func(*task) bool { return true }, func(l *task) bool { return l.ID == g.Last }); !ok {
		return false
	}
	if _, ok := find((*task).failure, func(l *task) bool { return seconds(l.Ended) == g.Failure }); !ok &&
		(g.Failure != 0 || latest(present, (*task).failure) != nil) {
		return false
	}
	good, ok := find(success, func(l *task) bool { return seconds(l.Ended) == g.Success })
	if !ok && (g.Success != 0 || latest(present, success) != nil) {
		return false
	}
	since := func(tasks []*task) (n float64) {
		for _, l := range tasks {
			if l.finished(now) && l.failure() && (good == nil || compareTasks(l, good) > 0) {
				n++
			}
		}
		return n
	}
	return since(present) <= g.Failures && g.Failures <= since(all)
}

// stateOf returns the state of a key from its tasks, in their order.
func stateOf(tasks []*task, now time.Time) (st resourceState, ok bool) {
	for _, l := range tasks {
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
