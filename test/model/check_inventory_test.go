package model_test

import (
	"maps"
	"slices"
	"strings"
	"time"
)

// vaultFamilies are those that every vault has.
func vaultFamilies() []string {
	return []string{"cbr_vault_info", "cbr_vault_status", "cbr_vault_capacity_bytes", "cbr_vault_allocated_bytes", "cbr_vault_used_bytes", "cbr_vault_resources"}
}

// checkInventory checks what is said of vaults and policies, and what follows from
// both.
func (l *look) checkInventory() {
	ours := time.Now()
	success, configured := l.value("cbr_scrape_collector_success", "collector", "vaults")
	last, known := l.value("cbr_scrape_collector_last_success_timestamp_seconds", "collector", "vaults")
	switch {
	case configured != (l.settings.refresh > 0):
		l.errorf("the collector of the vaults is there: %t", configured)
		return
	case !configured:
		for family := range l.page {
			if strings.HasPrefix(family, "cbr_vault_") || strings.HasPrefix(family, "cbr_policy_") || strings.HasPrefix(family, "cbr_resource_expected_") {
				l.errorf("%s is there, and nobody reads vaults", family)
			}
		}
		return
	}
	i := l.inventory
	if last < i.before {
		l.errorf("vaults were read at %v, and now at %v", timeOf(i.before), timeOf(last))
	}
	i.last = max(i.last, last)
	if !known {
		if success == 1 || len(l.all("cbr_resource_expected_interval_seconds")) > 0 {
			l.errorf("vaults and policies have not both been read, and success is %v", success)
		}
		return
	}
	l.checkReading(success == 1, timeOf(last), ours)
	if l.cloud.partial(timeOf(last).Add(-l.settings.timeout - time.Second)) {
		return // nobody can know that there is more than the first page
	}
	l.checkStock(timeOf(last).Add(-l.settings.timeout-time.Second), ours)
}

// checkReading checks when both lists were read, as the page has it.
func (l *look) checkReading(success bool, last, ours time.Time) {
	vaults, policies := l.cloud.answered()
	tolerance := time.Millisecond
	if last.After(vaults.Add(tolerance)) || last.After(policies.Add(tolerance)) {
		l.errorf("both lists are said to be from %v, but the vaults are from %v and the policies from %v", last, vaults, policies)
	}
	if !success {
		return
	}
	// A scrape has begun a reading where it was due, and it was over when the one of the
	// page began: that takes what is known then, and may wait for tasks afterwards. Each
	// of the two lists may take the timeout.
	for _, began := range slices.Backward(l.inventory.scrapes) {
		if over := began.Add(2*l.settings.timeout + 2*time.Second); over.After(l.scraped) {
			continue
		}
		if oldest := began.Add(-l.settings.refresh - l.settings.timeout - 2*time.Second); last.Before(oldest) {
			l.errorf("all of the vaults is from %v ago, and it is to be read every %v", ours.Sub(last), l.settings.refresh)
		}
		break
	}
}

// checkStock checks that vaults and policies are on the page as they were at some
// moment between two.
func (l *look) checkStock(from, to time.Time) {
	var stocks []*stock
	for n, s := range l.stocks {
		if !s.at.After(to) && (n+1 == len(l.stocks) || !l.stocks[n+1].at.Before(from)) {
			stocks = append(stocks, s)
		}
	}
	bound, expected, since := map[string][]string{}, map[string]map[key]float64{}, l.byKey("cbr_resource_expected_since_timestamp_seconds")
	for _, s := range l.ones("cbr_vault_info") {
		id := s.labels["vault_id"]
		if bound[id] != nil {
			l.errorf("the vault %s is there twice", id)
		}
		bound[id], expected[id] = []string{}, map[key]float64{}
	}
	for _, s := range l.ones("cbr_vault_resource_status") {
		id := s.labels["vault_id"]
		bound[id] = append(bound[id], s.labels["resource_id"])
	}
	for k, interval := range l.byKey("cbr_resource_expected_interval_seconds") {
		if expected[k.vault] == nil {
			l.errorf("%v is expected in a vault that is not there", k)
			return
		}
		expected[k.vault][k] = interval
	}
	for k, at := range since {
		if timeOf(at).After(to.Add(time.Millisecond)) || expected[k.vault][k] == 0 {
			l.errorf("%v is expected since %v, every %v s", k, timeOf(at), expected[k.vault][k])
		}
	}
	for id, resources := range bound {
		slices.Sort(resources)
		if !possible(id, resources, expected[id], stocks) {
			l.errorf("the vault %s has %v, and %v are expected; now it is %+v, with %+v", id, resources, expected[id], l.stock().shelf(id), l.stock().plans)
		}
	}
	for _, v := range stocks[0].shelves {
		always := !slices.ContainsFunc(stocks, func(s *stock) bool { return s.shelf(v.id) == nil })
		// Where one before it has gone meanwhile, its row may have moved to a page that
		// had been read.
		shrunk := slices.ContainsFunc(stocks, func(s *stock) bool { return len(s.shelves) < len(stocks[0].shelves) })
		if always && !shrunk && bound[v.id] == nil {
			l.errorf("the vault %s is missing", v.id)
		}
	}
	l.checkVaultFamilies(bound)
	l.checkPolicies(stocks)
}

// possible reports whether a vault was so, and policies were so that these intervals
// follow: the two lists are not read at the same time.
func possible(id string, resources []string, intervals map[key]float64, stocks []*stock) bool {
	for _, a := range stocks {
		v := a.shelf(id)
		if v == nil {
			continue
		}
		var ids []string
		for _, b := range v.bound {
			ids = append(ids, b.id)
		}
		slices.Sort(ids)
		for _, b := range stocks {
			if slices.Equal(ids, resources) && maps.Equal(v.intervals(b.plans), intervals) {
				return true
			}
		}
	}
	return false
}

// checkVaultFamilies checks that each vault has all of its series, and each resource
// a description.
func (l *look) checkVaultFamilies(bound map[string][]string) {
	for _, family := range vaultFamilies() {
		vaults := map[string]bool{}
		for _, s := range l.all(family) {
			vaults[s.labels["vault_id"]] = true
			if n := len(bound[s.labels["vault_id"]]); family == "cbr_vault_resources" && int(s.value) != n {
				l.errorf("the vault %s has %v resources, and shows %d", s.labels["vault_id"], s.value, n)
			}
		}
		if len(vaults) != len(bound) {
			l.errorf("%d vaults have the family %s, want %d", len(vaults), family, len(bound))
		}
	}
	described := map[string]int{}
	for _, s := range l.all("cbr_resource_info") {
		described[s.labels["resource_id"]]++
	}
	for _, resources := range bound {
		for _, id := range resources {
			if described[id] != 1 {
				l.errorf("%d descriptions of the resource %s, which is bound", described[id], id)
			}
		}
	}
}

// checkPolicies checks that policies are as they were all at one moment.
func (l *look) checkPolicies(stocks []*stock) {
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
	for _, s := range stocks {
		want := map[string]policy{}
		for _, p := range s.plans {
			want[p.id] = policy{p.operation, sorted(p.vaults), p.enabled}
		}
		if maps.Equal(want, got) {
			return
		}
	}
	l.errorf("policies are %v; now they are %+v", got, l.stock().plans)
}
