package model_test

import (
	"slices"
)

// checkProtectables checks what the page says nobody protects.
func (l *checker) checkProtectables() {
	families := []string{"cbr_unprotected_resource_info", "cbr_protectable_resources", "cbr_unprotected_resources_excluded"}
	if !l.checkCollector("protectables", l.settings.readsProtectables(), l.settings.protectables, families) {
		return
	}
	shown := map[string]series{}
	for _, s := range l.ones("cbr_unprotected_resource_info") {
		if _, twice := shown[s.labels["resource_id"]]; twice {
			l.errorf("%s is unprotected twice", s.labels["resource_id"])
		}
		shown[s.labels["resource_id"]] = s
	}
	for _, kind := range l.settings.kinds {
		r, ok := l.latestOf(kind)
		if !ok {
			continue
		}
		l.compareKind(kind, r, shown)
		for id, s := range shown {
			if s.labels["resource_type"] == typeOf(kind) {
				delete(shown, id)
			}
		}
	}
	if len(shown) > 0 && !slices.ContainsFunc(l.settings.kinds, func(kind string) bool { _, ok := l.latestOf(kind); return !ok }) {
		l.errorf("unprotected resources of other types: %v", shown)
	}
}

// latestOf returns the latest reading of a list that the page may have, and is not ok if rows
// may be missing in it.
func (l *checker) latestOf(kind string) (latest reading, ok bool) {
	success, _ := l.value("cbr_scrape_collector_last_success_timestamp_seconds", "collector", "protectables")
	all, _ := l.cloud.readingsOf(kind)
	for _, r := range all {
		switch {
		case r.last.IsZero() || r.sent.Before(l.inventory.started):
		case !r.last.After(timeOf(success)) || near(r.last, timeOf(success)) || !ok:
			latest, ok = r, true
		default: // a reading that succeeded, but another list did not, or it is too recent for the page
			latest.to, latest.over, latest.pages, latest.partial = r.to, r.over, 2, latest.partial || r.partial
		}
	}
	if !ok || latest.partial {
		return latest, false
	}
	if latest.pages == 1 {
		return latest, true
	}
	states := l.statesBetween(latest)
	return latest, !slices.ContainsFunc(states, func(s *state) bool { return len(s.listed(kind)) < len(states[0].listed(kind)) })
}

// statesBetween returns the states at the time of a reading.
func (l *checker) statesBetween(r reading) (states []*state) {
	for n, s := range l.states {
		if !s.at.After(r.to) && (n+1 == len(l.states) || !l.states[n+1].at.Before(r.from)) {
			states = append(states, s)
		}
	}
	return states
}

// listed returns the rows of a list.
func (s *state) listed(kind string) (all []server) {
	for _, v := range s.servers {
		if b := s.binding(v.id); v.kind == kind && (b == nil || !b.gone) {
			all = append(all, v)
		}
	}
	return all
}

// compareKind compares the resources of a list with the truth at the time of its reading.
func (l *checker) compareKind(kind string, r reading, shown map[string]series) {
	states := l.statesBetween(r)
	rows := map[string][]server{}
	bound, unbound := map[string]bool{}, map[string]bool{} // in some state
	for _, s := range states {
		for _, v := range s.listed(kind) {
			if !v.listed() {
				continue
			}
			rows[v.id] = append(rows[v.id], v)
			b := s.binding(v.id)
			bound[v.id] = bound[v.id] || b != nil
			unbound[v.id] = unbound[v.id] || b == nil || l.wasLost(s.bindings()[v.id], r.from)
		}
	}
	var protected, free, excluded span // free with the excluded ones
	for id, all := range rows {
		names := l.namesBetween(id, r.began, r.over)
		meant := func(name string) bool { return l.settings.excludes(id, name) }
		mayBeMeant := slices.ContainsFunc(names, meant)
		mayBeOpen := slices.ContainsFunc(names, func(name string) bool { return !meant(name) })
		always := len(all) == len(states)
		_, held := l.bound[id] // by the list of vaults, which is fresher
		mayBeFree := unbound[id] && !held
		mayBeHeld := bound[id] || held
		count := func(n *span, may, must bool) {
			if may {
				n.most++
			}
			if may && must && always {
				n.least++
			}
		}
		count(&protected, mayBeHeld, !mayBeFree)
		count(&free, mayBeFree, !mayBeHeld)
		count(&excluded, mayBeFree && mayBeMeant, !mayBeHeld && !mayBeOpen)
		s, ok := shown[id]
		switch {
		case ok && (!mayBeFree || !mayBeOpen):
			l.errorf("%s %s is unprotected, but bound %t, excluded %t", kind, id, mayBeHeld, mayBeMeant)
		case !ok && always && !mayBeHeld && !mayBeMeant:
			l.errorf("%s %s is in no vault, but not unprotected", kind, id)
		case ok && (!slices.ContainsFunc(all, func(v server) bool { return v.code == s.labels["error_code"] }) || !l.named(id, s.labels["resource_name"])):
			l.errorf("%s %s is unprotected with the labels %v, want one of %v", kind, id, s.labels, all)
		}
		if ok {
			l.judged["unprotected"]++
		}
	}
	for id, s := range shown {
		if s.labels["resource_type"] == typeOf(kind) && rows[id] == nil {
			l.errorf("%s %s is unprotected, but does not exist", kind, id)
		}
	}
	of := func(family, protected string) float64 {
		for _, s := range l.all(family) {
			if s.labels["resource_type"] == typeOf(kind) && s.labels["protected"] == protected {
				return s.value
			}
		}
		return -1
	}
	if n := of("cbr_protectable_resources", "true"); !protected.has(n) {
		l.errorf("%v of the list %s are protected, want %+v", n, kind, protected)
	}
	if n := of("cbr_protectable_resources", "false"); !free.has(n) {
		l.errorf("%v of the list %s are unprotected, want %+v", n, kind, free)
	}
	if n := of("cbr_unprotected_resources_excluded", ""); !excluded.has(n) {
		l.errorf("%v of the list %s are excluded, want %+v", n, kind, excluded)
	}
}
