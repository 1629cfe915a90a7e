package model_test

import (
	"fmt"
	"math"
	"slices"
	"time"
)

// checkLost checks which resources have lost their restore points: more than half of those
// that a full reading of the last day found, without those that were to expire within 25 hours.
func (l *checker) checkLost(v view) {
	counts := map[string]float64{}
	for _, s := range l.all("cbr_resource_restore_points") {
		counts[s.labels["resource_id"]] = s.value
	}
	lost := map[string]series{}
	for _, s := range l.all("cbr_resource_restore_points_lost") {
		lost[s.labels["resource_id"]] = s
	}
	full := l.fullReadings(v)
	for id, n := range counts {
		s, shown := lost[id]
		delete(lost, id)
		least, most := l.peak(id, v, full)
		switch {
		case 2*int(n) < least && int(n) < l.kept(id) && s.value != 1:
			l.errorf("%s: %v of %d restore points are left, but lost is %v", id, n, least, s.value)
		case 2*int(n) >= most && s.value == 1:
			l.errorf("%s: %v of %d restore points at most are left, but lost is 1", id, n, most)
		}
		if s.value == 1 {
			l.judged["lost"]++
			continue
		}
		first := full[0]
		if i := slices.IndexFunc(full, func(r reading) bool { return l.inventory.backups.observed[r.last] }); i > 0 {
			first = full[i]
		}
		switch calm := l.calm(id); {
		case shown && time.Since(full[0].sent) < day-time.Minute:
			l.errorf("%s: lost is 0, though the backups have been read for %v alone", id, time.Since(full[0].sent))
		case !shown && n > 0 && l.inventory.backups.observed[first.last] && time.Since(later(first.last, calm)) > day+2*time.Hour && v.full.sent.Sub(later(first.last, calm)) > day+time.Minute:
			l.errorf("%s: it is not known whether restore points are lost, though they have been read since %v, without changes since %v", id, first.last, calm)
		}
		if shown {
			l.judged["not lost"]++
		}
	}
	for id := range lost {
		l.errorf("%s: lost is %v, but its restore points are not on the page", id, lost[id].value)
	}
}

// kept returns how many backups of a resource its policies leave at least when they delete some.
func (l *checker) kept(id string) int {
	least := math.MaxInt
	for _, s := range l.states {
		vault, bound := s.bindings()[id]
		for _, p := range s.policies {
			if p.keeps > 0 && (slices.Contains(p.vaults, vault) || !bound) {
				least = min(least, p.keeps)
			}
		}
	}
	return least
}

// fullReadings returns the full readings of the backups up to a view, the earliest first.
func (l *checker) fullReadings(v view) []reading {
	all, _ := l.cloud.readingsOf("backups")
	return slices.DeleteFunc(all, func(r reading) bool {
		return !r.full() || r.last.IsZero() || r.last.After(v.full.last) || r.sent.Before(l.inventory.started)
	})
}

// peak returns between which bounds the highest number of restore points of a resource
// within the last day is.
func (l *checker) peak(id string, v view, full []reading) (least, most int) {
	calm, from := l.calm(id), l.retained(id).Add(day)
	h := l.inventory.backups
	for _, r := range full {
		age := v.full.sent.Sub(r.sent)
		n, misses := l.lasting(r).counts[id], l.lasting(r).misses
		if age < day+10*time.Minute && r.last.After(from) {
			most = max(most, n.most)
		}
		if age < day-10*time.Minute && h.observed[r.last] && !misses && r.sent.After(later(calm, h.since)) {
			least = max(least, n.least)
		}
	}
	return least, most
}

// lasting returns what a full reading found that does not expire within 25 hours of it.
func (l *checker) lasting(r reading) lasting {
	known, ok := l.inventory.backups.lasting[r.last]
	if ok {
		return known
	}
	known = lasting{map[string]span{}, l.missesRows(r)}
	for _, b := range l.cloud.backups {
		one, n := sighting{b, b.between(r.began, r.over)}, known.counts[b.resource]
		if one.always(restorable) && (b.expires.IsZero() || b.expires.After(r.over.Add(day+time.Hour+maxSkew))) {
			n.least++
		}
		if one.maybe(restorable) && (b.expires.IsZero() || b.expires.After(r.began.Add(day-maxSkew))) {
			n.most++
		}
		known.counts[b.resource] = n
	}
	l.inventory.backups.lasting[r.last] = known
	return known
}

// retention returns how many backups of a resource its enabled policies keep, after the vault.
// If it is in no vault, those of its latest backup's vault count: all are returned.
func (s *state) retention(id string) (vault string, policies []string) {
	vault, bound := s.bindings()[id]
	for _, p := range s.policies {
		if p.enabled && p.operation == "backup" && (slices.Contains(p.vaults, vault) || !bound) {
			policies = append(policies, fmt.Sprint(p.id, p.keeps))
		}
	}
	slices.Sort(policies)
	return vault, policies
}

// changesRetention reports whether a state has another retention of a resource than the one
// before.
func (s *state) changesRetention(before *state, id string) bool {
	vault, policies := s.retention(id)
	vaultBefore, policiesBefore := before.retention(id)
	return vault != vaultBefore || !slices.Equal(policies, policiesBefore)
}

// settled returns when policies have deleted what they do not keep, at the latest, after a
// change that was seen at a moment: a day after the next run of each of them since the state,
// and two days after it.
func (l *checker) settled(state int, seen time.Time) time.Time {
	last := seen.Add(day)
	for _, s := range l.states[state:] {
		for _, p := range s.policies {
			if len(p.hours) > 0 {
				last = later(last, plan{p}.next(seen))
			}
		}
	}
	return last.Add(day)
}

// calm returns since when a change of what keeps the backups of a resource has surely deleted
// what it was to delete, as far as the exporter knows.
func (l *checker) calm(id string) time.Time {
	last := l.firstRead(l.inventory.started)
	for n := len(l.states) - 1; n > 0; n-- {
		if l.states[n].changesRetention(l.states[n-1], id) {
			last = later(last, l.settled(n-1, l.firstRead(l.states[n].at)))
		}
	}
	for _, one := range l.losses {
		if one.until.IsZero() {
			return time.Now()
		}
		last = later(last, l.firstRead(one.until))
	}
	if l.cloud.partial(l.inventory.started) {
		return time.Now()
	}
	return last
}

// retained returns when a new retention of a resource began that the exporter has surely seen
// last: it read the vaults and policies before and after that. It is zero if there was none.
func (l *checker) retained(id string) time.Time {
	last, _ := l.value("cbr_scrape_collector_last_success_timestamp_seconds", "collector", "vaults")
	read := func(from, to time.Time) bool { // while something held, and for this page
		return slices.ContainsFunc(l.inventory.reads, func(r read) bool {
			return r.at.Add(-l.took()).After(from) && !r.at.After(to) && !r.at.After(timeOf(last).Add(time.Millisecond))
		})
	}
	if len(l.losses) > 0 || l.cloud.partial(l.inventory.started) {
		return time.Time{}
	}
	until := time.Now()
	for n := len(l.states) - 1; n > 0; n-- {
		if !l.states[n].changesRetention(l.states[n-1], id) {
			continue
		}
		vault, after := l.states[n].retention(id)
		vaultBefore, before := l.states[n-1].retention(id)
		began := n - 1 // of what held before
		for began > 0 && !l.states[began].changesRetention(l.states[began-1], id) {
			began--
		}
		isNew := func(policy string) bool { return !slices.Contains(before, policy) }
		changed := l.states[n].at
		if vault != "" && vault == vaultBefore && slices.ContainsFunc(after, isNew) &&
			read(changed, until) && read(later(l.states[began].at, l.inventory.started), changed) {
			return changed
		}
		until = changed
	}
	return time.Time{}
}
