package model_test

import (
	"maps"
	"slices"
	"strings"
	"time"
)

// vaultFamilies returns the families that every vault has.
func vaultFamilies() []string {
	return []string{
		"cbr_vault_info", "cbr_vault_status", "cbr_vault_capacity_bytes", "cbr_vault_allocated_bytes", "cbr_vault_used_bytes", "cbr_vault_resources",
		"cbr_vault_available", "cbr_vault_full", "cbr_vault_nearly_full",
	}
}

// checkInventory checks vaults, policies and what follows from them.
func (l *checker) checkInventory() {
	ours := time.Now()
	success, configured := l.value("cbr_scrape_collector_success", "collector", "vaults")
	last, known := l.value("cbr_scrape_collector_last_success_timestamp_seconds", "collector", "vaults")
	switch {
	case configured != (l.settings.refresh > 0):
		l.errorf("the collector vaults is on the page: %t", configured)
		return
	case !configured:
		for family := range l.page {
			ofTasks := strings.HasPrefix(family, "cbr_vault_last_finished_task_")
			if strings.HasPrefix(family, "cbr_vault_") && !ofTasks || strings.HasPrefix(family, "cbr_policy_") || family == "cbr_resource_covered" || family == "cbr_resource_due_timestamp_seconds" {
				l.errorf("%s is on the page without vaults configured", family)
			}
		}
		return
	}
	i := l.inventory
	if last < i.before {
		l.errorf("the last success of vaults went back from %v to %v", timeOf(i.before), timeOf(last))
	}
	if last > i.last {
		i.last, i.reads = last, append(i.reads, read{timeOf(last), ours})
	}
	if !known {
		if success == 1 || len(l.all("cbr_resource_covered")) > 0 && len(l.losses) == 0 {
			l.errorf("vaults and policies have not both been read, but success is %v", success)
		}
		return
	}
	l.checkReading(success == 1, timeOf(last), ours)
	if l.cloud.partial(timeOf(last).Add(-l.settings.timeout - time.Second)) {
		return // vaults beyond the first page are unknown
	}
	l.checkVaults(timeOf(last).Add(-l.settings.timeout-time.Second), ours)
}

// checkReading checks the time of the last success.
func (l *checker) checkReading(success bool, last, ours time.Time) {
	vaults, policies := l.cloud.lastResponses()
	tolerance := time.Millisecond
	if last.After(vaults.Add(tolerance)) || last.After(policies.Add(tolerance)) {
		l.errorf("the last success is %v, but the vaults are from %v and the policies from %v", last, vaults, policies)
	}
	if !success {
		return
	}
	// A scrape starts a reading if it is due. The page has the readings that were over when
	// its scrape began. Each of the two lists may take the timeout.
	for _, began := range slices.Backward(l.inventory.scrapes) {
		if over := began.Add(2*l.settings.timeout + 2*time.Second); over.After(l.scraped) {
			continue
		}
		if oldest := began.Add(-l.settings.refresh - l.settings.timeout - 2*time.Second); last.Before(oldest) {
			l.errorf("the vaults were read %v ago, want every %v", ours.Sub(last), l.settings.refresh)
		}
		break
	}
}

// checkVaults checks that vaults and policies are as they were at some moment between
// two.
func (l *checker) checkVaults(from, to time.Time) {
	var states []*state
	for n, s := range l.states {
		if !s.at.After(to) && (n+1 == len(l.states) || !l.states[n+1].at.Before(from)) {
			states = append(states, s)
		}
	}
	bound, covered := map[string][]string{}, map[string]map[string]bool{}
	for _, s := range l.ones("cbr_vault_info") {
		id := s.labels["vault_id"]
		if bound[id] != nil {
			l.errorf("vault %s is on the page twice", id)
		}
		bound[id], covered[id] = []string{}, map[string]bool{}
	}
	for _, s := range l.ones("cbr_vault_resource_status") {
		id := s.labels["vault_id"]
		bound[id] = append(bound[id], s.labels["resource_id"])
	}
	for _, s := range l.all("cbr_resource_covered") {
		id := s.labels["vault_id"]
		if covered[id] == nil {
			l.errorf("%s is covered in vault %s, which is not on the page", s.labels["resource_id"], id)
			return
		}
		covered[id][s.labels["resource_id"]] = s.value == 1
	}
	for id, resources := range bound {
		slices.Sort(resources)
		if !l.possible(id, resources, covered[id], states, from) {
			l.errorf("vault %s has resources %v, covered %v; the truth is %+v, with policies %+v", id, resources, covered[id], l.state().vault(id), l.state().policies)
		}
	}
	for _, v := range states[0].vaults {
		always := !slices.ContainsFunc(states, func(s *state) bool { return s.vault(v.id) == nil })
		// If one before it was deleted meanwhile, its row may have moved to a page that was
		// already read.
		shrunk := slices.ContainsFunc(states, func(s *state) bool { return len(s.vaults) < len(states[0].vaults) })
		if always && !shrunk && bound[v.id] == nil && !l.wasLost(v.id, from) {
			l.errorf("vault %s is missing", v.id)
		}
	}
	l.checkVaultFamilies(bound)
	l.checkPolicies(states, from)
}

// possible reports whether a vault was as on the page at some moment, and the policies
// covered these resources at some moment: the two lists are not read at the same time.
func (l *checker) possible(id string, resources []string, covered map[string]bool, states []*state, from time.Time) bool {
	shown := map[string]bool{} // policies
	for _, s := range l.all("cbr_policy_info") {
		shown[s.labels["policy_id"]] = true
	}
	is := func(family string, want bool) bool {
		v, _ := l.value(family, "vault_id", id)
		return (v == 1) == want
	}
	for _, a := range states {
		v := a.vault(id)
		if v == nil {
			continue
		}
		if available, full, nearly := v.verdicts(); !is("cbr_vault_available", available) || !is("cbr_vault_full", full) || !is("cbr_vault_nearly_full", nearly) {
			continue
		}
		var ids []string
		for _, b := range v.bound {
			ids = append(ids, b.id)
		}
		slices.Sort(ids)
		for _, b := range states {
			readable := &state{policies: slices.DeleteFunc(slices.Clone(b.policies), func(p policy) bool { return !shown[p.id] && l.wasLost(p.id, from) })}
			truth := readable.covers(v)
			for resource := range truth {
				if l.bound[resource] != id { // it has moved, and the other vault decides
					truth[resource] = covered[resource]
				}
			}
			if slices.Equal(ids, resources) && maps.Equal(truth, covered) {
				return true
			}
		}
	}
	return false
}

// deleting counts the vaults that are being deleted. Whether one of them is available is of
// no interest.
func (l *checker) deleting() (n int) {
	for _, s := range l.ones("cbr_vault_status") {
		if frozen, _ := l.value("cbr_vault_frozen", "vault_id", s.labels["vault_id"]); s.labels["status"] == "deleting" && frozen != 1 {
			n++
		}
	}
	return n
}

// checkVaultFamilies checks that each vault has all its series, and each resource a
// description.
func (l *checker) checkVaultFamilies(bound map[string][]string) {
	for _, family := range vaultFamilies() {
		vaults := map[string]bool{}
		for _, s := range l.all(family) {
			vaults[s.labels["vault_id"]] = true
			if n := len(bound[s.labels["vault_id"]]); family == "cbr_vault_resources" && int(s.value) != n {
				l.errorf("vault %s has %v resources, but shows %d", s.labels["vault_id"], s.value, n)
			}
		}
		want := len(bound)
		if family == "cbr_vault_available" {
			want -= l.deleting()
		}
		if len(vaults) != want {
			l.errorf("%d vaults have the family %s, want %d", len(vaults), family, want)
		}
	}
	described := map[string]int{}
	for _, s := range l.all("cbr_resource_info") {
		described[s.labels["resource_id"]]++
	}
	for _, resources := range bound {
		for _, id := range resources {
			if described[id] != 1 {
				l.errorf("%d descriptions of the bound resource %s, want 1", described[id], id)
			}
		}
	}
}

// checkPolicies checks that all policies are from one moment, but those that could not be
// read.
func (l *checker) checkPolicies(states []*state, from time.Time) {
	type policy struct {
		operation, vaults string
		enabled           bool
	}
	got, vaults := map[string]policy{}, map[string][]string{}
	for _, s := range l.all("cbr_policy_vault_info") {
		vaults[s.labels["policy_id"]] = append(vaults[s.labels["policy_id"]], s.labels["vault_id"])
	}
	enabled := map[string]bool{}
	for _, s := range l.ones("cbr_policy_enabled") {
		enabled[s.labels["policy_id"]] = true
	}
	sorted := func(ids []string) string { return strings.Join(slices.Sorted(slices.Values(ids)), " ") }
	for _, s := range l.all("cbr_policy_info") {
		id := s.labels["policy_id"]
		got[id] = policy{s.labels["operation_type"], sorted(vaults[id]), enabled[id]}
	}
	for _, s := range states {
		want := map[string]policy{}
		for _, p := range s.policies {
			if _, ok := got[p.id]; !ok && l.wasLost(p.id, from) {
				continue
			}
			want[p.id] = policy{p.operation, sorted(p.vaults), p.enabled}
		}
		if maps.Equal(want, got) {
			return
		}
	}
	l.errorf("policies are %v; the truth is %+v", got, l.state().policies)
}
