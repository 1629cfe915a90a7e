package model_test

import (
	"slices"
	"time"

	"github.com/google/go-cmp/cmp"
)

// verdict is what is said of a key.
type verdict struct {
	Due              time.Time // zero: none
	Overdue, Failing string    // 0, 1, or "" if that is not said
}

// oracle judges the truth at the end.
type oracle struct {
	*story
	*truth
	history time.Time // the start of what is known, on the page
	seen    func(holds func(*state) bool, ids ...string) (from, to time.Time)
	views   []view // of the backups, on the page; none: not read
}

// judge returns what is to be said of a key. It is not sure if that depends on what cannot
// be known: which removed tasks the exporter saw, and when it saw a change.
func (o *oracle) judge(k key) (v verdict, sure bool) {
	of := func(tasks []*task) (recent []*task) {
		for _, t := range tasks {
			if slices.Contains(t.keys(), k) && !t.Created.Before(o.ledger.Add(-o.settings.lookback)) {
				recent = append(recent, t)
			}
		}
		return recent
	}
	tasks := of(o.all)
	vault, known := o.vaultOf(k, o.truth, tasks, nil)
	b := o.state().binding(k.resource)
	switch {
	case len(of(o.gone)) > 0 || !known:
		return v, false
	case !o.settings.followsVault(vault), !o.settings.followsOperation(k.operation):
		return v, true
	case o.settings.refresh == 0:
		v.Overdue = o.outdated(k, tasks)
	case b == nil || b.gone:
		if slices.Contains([]string{"backup", "replication", "sync"}, k.operation) {
			return v, true
		}
	case b.follows == nil || *b.follows:
		if v.Due, v.Overdue, sure = o.overdue(k, vault, tasks); !sure {
			return v, false
		}
	}
	if last := latest(tasks, func(t *task) bool { return t.finished(o.now) && t.Outcome != "skipped" }); last != nil {
		v.Failing = digit(last.failure())
	}
	return v, true
}

func digit(is bool) string {
	if is {
		return "1"
	}
	return "0"
}

// binding returns the binding of a resource; nil if there is none.
func (s *state) binding(resource string) *binding {
	for _, v := range s.vaults {
		for i := range v.bound {
			if v.bound[i].id == resource {
				return &v.bound[i]
			}
		}
	}
	return nil
}

// overdue judges a bound resource by the policies.
func (o *oracle) overdue(k key, vault string, tasks []*task) (at time.Time, overdue string, sure bool) {
	plan := o.state().planOf(vault, k.operation)
	sure = true
	due, before := plan.due(o.ledger, o.settings.grace, func(p policy, at time.Time) bool {
		counts := true
		for _, holds := range []func(*state) bool{
			func(s *state) bool {
				b := s.binding(k.resource)
				return b != nil && (b.follows == nil || *b.follows)
			},
			func(s *state) bool {
				return s.vault(vault) != nil && slices.ContainsFunc(s.planOf(vault, k.operation), func(q policy) bool {
					return q.id == p.id
				})
			},
		} {
			first, last := o.seen(holds, vault, p.id)
			if at.Before(last) {
				counts = false
				sure = sure && at.Before(first)
			}
		}
		_, changed := o.seen(func(s *state) bool {
			return slices.ContainsFunc(s.planOf(vault, k.operation), func(q policy) bool { return q.id == p.id && slices.Equal(q.patterns, p.patterns) })
		}, vault, p.id)
		sure = sure && !at.Before(changed) // what it ran before counts as well
		return counts
	})
	if due.at.IsZero() {
		return time.Time{}, "", sure
	}
	succeeded := func(since time.Time) bool {
		return latest(tasks, func(t *task) bool { return t.finished(o.now) && t.Outcome == "success" && !t.Created.Before(since) }) != nil
	}
	met, forgotten := succeeded, func(r run) bool { return r.from.Before(o.history) }
	if o.settings.readsBackups() && k.operation == "backup" {
		met = func(since time.Time) bool {
			is, certain := o.restorable(k, since, tasks)
			sure = sure && certain
			return is
		}
		forgotten = func(r run) bool {
			earliest, latest := o.fullAt(o.views[0])
			sure = sure && (!r.from.Before(o.history) || earliest.After(r.until) == latest.After(r.until))
			return r.from.Before(o.history) && (!earliest.After(r.until) || o.mayBeNew(k, tasks, &sure))
		}
	}
	switch {
	case met(due.from):
		return due.at, "0", sure
	case forgotten(due):
		return due.at, "", sure
	case !before.at.IsZero() && !forgotten(before) && !met(before.from):
		if excused, ok := o.excused(k, before.from, before.until); !excused || !ok {
			return due.at, "1", sure && ok
		}
		fallthrough
	default:
		excused, ok := o.excused(k, due.from, due.until)
		return due.at, digit(!excused), sure && ok
	}
}

// restorable reports whether a restore point exists that was created since a moment, or a
// success since then ended so late that its backup may not be listed.
func (o *oracle) restorable(k key, since time.Time, tasks []*task) (is, sure bool) {
	last := latest(tasks, func(t *task) bool { return t.finished(o.now) && t.Outcome == "success" })
	sure = true
	for n, v := range o.views {
		certain, maybe := latestCreated(v.seen[k.resource])
		earliest, until := o.unlisted(v)
		counts := last != nil && !last.Created.Before(since)
		may := counts && last.Ended.After(earliest) || !maybe.Before(since)
		must := counts && last.Ended.After(until) || !certain.Before(since)
		sure = sure && may == must && (n == 0 || is == must) && !v.vague
		is = must
	}
	return is, sure
}

// mayBeNew reports whether neither a task nor a backup of a resource is known.
func (o *oracle) mayBeNew(k key, tasks []*task, sure *bool) bool {
	if latest(tasks, func(t *task) bool { return t.finished(o.now) }) != nil {
		return false
	}
	v := o.views[0]
	if slices.ContainsFunc(v.seen[k.resource], func(one sighting) bool { return one.always(exists) }) {
		return false
	}
	*sure = *sure && !o.hadBackups(k.resource, v, o.now) // one may have been seen before
	return true
}

// outdated judges a backup without policies.
func (o *oracle) outdated(k key, tasks []*task) string {
	success := latest(tasks, func(t *task) bool { return t.finished(o.now) && t.Outcome == "success" })
	if o.settings.expected == 0 || k.operation != "backup" || success == nil {
		return ""
	}
	oldest := o.ledger.Add(-o.settings.expected * 3 / 2)
	excused, _ := o.excused(k, success.Created, success.Created.Add(o.settings.expected*3/2))
	return digit(success.Created.Before(oldest) && !excused)
}

// excused reports whether a task of a key that was created in time is active and not stuck.
func (o *oracle) excused(k key, from, until time.Time) (excused, sure bool) {
	sure = true
	for _, t := range o.all {
		if t.finished(o.now) || t.Created.Before(from) || t.Created.After(until) || !slices.Contains(t.keys(), k) ||
			!slices.Contains(o.settings.taskIDs, t.ID) && !o.settings.followsVault(t.vault(o.bound)) {
			continue
		}
		stuck, ok := o.stuck(t)
		excused, sure = excused || !stuck, sure && ok
	}
	return excused, sure
}

// stuck reports whether an active task has run or waited for too long.
func (o *oracle) stuck(t *task) (stuck, sure bool) {
	if t.status(o.now) == "waiting" {
		return o.now.Sub(t.Created) > o.settings.stuckAfter/3, true
	}
	limit := o.settings.stuckAfter
	for _, k := range t.keys() {
		of := func(tasks []*task) *task {
			return latest(tasks, func(t *task) bool {
				return slices.Contains(t.keys(), k) && t.finished(o.now) && t.Outcome == "success" && !t.Created.Before(o.ledger.Add(-o.settings.lookback))
			})
		}
		if of(o.gone) != nil || len(o.settings.vaults) > 0 {
			return o.now.Sub(t.Started) > limit, o.now.Sub(t.Started) <= limit
		}
		if last := of(o.all); last != nil {
			limit = max(limit, 3*last.Ended.Sub(last.Started))
		}
	}
	return o.now.Sub(t.Started) > limit, true
}

// compareVerdicts compares what is said of each resource and each active task.
func (o *oracle) compareVerdicts(p page) {
	start, _ := p.value("cbr_tasks_history_start_timestamp_seconds")
	o.history = timeOf(start)
	o.views = o.viewsOf(p)
	got, want := map[key]verdict{}, map[key]verdict{}
	for _, t := range o.tasks {
		for _, k := range t.keys() {
			got[k] = verdict{}
		}
	}
	for _, id := range o.bindable {
		for _, operation := range []string{"backup", "replication"} {
			got[key{id, operation}] = verdict{}
		}
	}
	for k, at := range p.byKey("cbr_resource_due_timestamp_seconds") {
		got[k] = verdict{Due: timeOf(at)}
	}
	for k, n := range p.byKey("cbr_resource_overdue") {
		got[k] = verdict{got[k].Due, digit(n == 1), ""}
	}
	for k, n := range p.byKey("cbr_resource_failing") {
		got[k] = verdict{got[k].Due, got[k].Overdue, digit(n == 1)}
	}
	for k := range got {
		v, sure := o.judge(k)
		if !sure {
			delete(got, k)
			o.judged["not sure"]++
			continue
		}
		want[k] = v
		o.judged[v.Overdue+" "+v.Failing]++
	}
	if diff := cmp.Diff(want, got); diff != "" {
		o.errorf("the verdicts differ (-truth +page):\n%s", diff)
	}
	for _, s := range p.all("cbr_task_stuck") {
		if want, sure := o.stuck(o.byID[s.labels["task_id"]]); sure && want != (s.value == 1) {
			o.errorf("task %+v: stuck is %v, want %t", o.byID[s.labels["task_id"]], s.value, want)
		}
	}
}
