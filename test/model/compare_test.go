package model_test

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/google/go-cmp/cmp"
)

// compareActive compares the tasks that are shown individually.
func (s *story) compareActive(want *truth, p page) {
	of := func(id, status string, progress float64) string {
		return fmt.Sprintf("%s %s %.2f", id, status, progress)
	}
	progress := map[string]float64{}
	for _, r := range s.cloud.Tasks() {
		progress[r.ID] = float64(r.Progress) / 100
	}
	expected, got := map[string]bool{}, map[string]bool{}
	for _, l := range want.all {
		if !l.finished(want.now) && s.settings.followsVault(l.vault(want.bound)) {
			expected[of(l.ID, l.status(want.now), progress[l.ID])] = true
		}
	}
	for _, id := range s.settings.taskIDs {
		if l := s.byID[id]; l != nil && s.exists(l, want.now) {
			expected[of(l.ID, l.status(want.now), progress[l.ID])] = true
		}
	}
	shown := map[string]float64{}
	for _, one := range p.all("cbr_task_progress_ratio") {
		shown[one.labels["task_id"]] = one.value
	}
	for _, one := range p.ones("cbr_task_status") {
		id := one.labels["task_id"]
		if l := s.byID[id]; l != nil && !s.exists(l, want.now) && l.finished(want.now) {
			continue // a configured one may still be shown
		}
		got[of(id, one.labels["status"], shown[id])] = true
	}
	if diff := cmp.Diff(expected, got); diff != "" {
		s.errorf("the shown tasks differ (-truth +page):\n%s", diff)
	}
}

// compareNames compares the names of resources and vaults.
func (s *story) compareNames(want *truth, p page) {
	oldest := want.ledger.Add(-s.settings.lookback)
	expected, got := map[string]string{}, map[string]string{}
	latestOf := func(tasks []*task, id string) time.Time {
		l := latest(tasks, func(l *task) bool {
			return !l.Created.Before(oldest) && (l.VaultID == id || slices.Contains(l.resources(), id))
		})
		if l == nil {
			return time.Time{}
		}
		return l.Created
	}
	for _, l := range want.all {
		if l.Created.Before(oldest) {
			continue
		}
		for _, id := range l.resources() {
			expected[id] = s.name(id, l.Created)
		}
		if l.VaultID != "" {
			expected[l.VaultID] = s.name(l.VaultID, l.Created)
		}
	}
	for _, one := range p.all("cbr_resource_info") {
		got[one.labels["resource_id"]] = one.labels["resource_name"]
	}
	for _, family := range []string{"cbr_tasks", "cbr_vault_last_finished_task_info"} {
		for _, one := range p.all(family) {
			if id := one.labels["vault_id"]; id != "" {
				got[id] = one.labels["vault"]
			}
		}
	}
	if s.settings.refresh > 0 { // the list of vaults has the latest names
		for _, v := range s.state().vaults {
			expected[v.id] = s.latestName(v.id)
			for _, b := range v.bound {
				expected[b.id] = s.latestName(b.id)
			}
		}
		for _, one := range p.all("cbr_vault_info") {
			got[one.labels["vault_id"]] = one.labels["vault"]
		}
	}
	for _, id := range append(s.vaults, s.resources...) {
		if latestOf(want.gone, id).After(latestOf(want.all, id)) {
			delete(expected, id)
			delete(got, id)
		}
	}
	for id := range maps.Clone(expected) {
		// The tasks of a vault are before the window, and their resources have moved, or it
		// is not followed.
		if _, ok := got[id]; !ok && (slices.Contains(s.vaults, id) || len(s.settings.vaults) > 0) {
			delete(expected, id)
		}
	}
	if diff := cmp.Diff(expected, got); diff != "" {
		s.errorf("names differ (-truth +page):\n%s", diff)
	}
}

// compareVaultTasks compares the last finished tasks that name no resource.
func (s *story) compareVaultTasks(want *truth, p page) {
	oldest := want.ledger.Add(-s.settings.lookback)
	of := func(tasks []*task) map[vaultKey]*task {
		last := map[vaultKey]*task{}
		for _, l := range tasks {
			if k := l.vaultKey(); l.finished(want.now) && s.settings.followsVault(l.VaultID) && len(l.resources()) == 0 && !l.Created.Before(oldest) &&
				(last[k] == nil || compareTasks(l, last[k]) > 0) {
				last[k] = l
			}
		}
		return last
	}
	expected, gone, got := of(want.all), of(want.gone), map[vaultKey]*task{}
	for _, one := range p.all("cbr_vault_last_finished_task_info") {
		got[vaultKeyOf(one)] = s.byID[one.labels["task_id"]]
	}
	for k, l := range expected {
		if got[k] != l && (got[k] == nil || compareTasks(got[k], l) < 0) {
			s.errorf("%v: the last finished task is %v, want %+v", k, got[k], l)
		}
	}
	for k, l := range got {
		aged := l != nil && l.Created.Before(oldest) && slices.ContainsFunc(want.all, func(newer *task) bool {
			return newer.vaultKey() == k && len(newer.resources()) == 0 && !newer.Created.Before(oldest)
		})
		if l != expected[k] && gone[k] == nil && !aged {
			s.errorf("%v: the last finished task is %+v, want %v", k, l, expected[k])
		}
	}
}

// compareWindow compares the counts of the window.
func (s *story) compareWindow(want *truth, p page) {
	from := want.ledger.Add(-s.settings.window)
	type counted struct {
		vaultKey
		status string
	}
	countOf := func(l *task) vaultKey { return vaultKey{l.vault(want.bound), l.operation()} }
	expected, got := map[counted]float64{}, map[counted]float64{}
	maybe := map[vaultKey]float64{} // deleted tasks may be counted or not
	for _, l := range want.gone {
		if !l.Created.Before(from) {
			maybe[countOf(l)]++
		}
	}
	for _, l := range want.all {
		if l.Created.Before(from) {
			continue
		}
		if of := countOf(l); s.settings.followsVault(of.vault) {
			expected[counted{of, l.status(want.now)}]++
		}
	}
	for _, one := range p.all("cbr_tasks") {
		c := counted{vaultKeyOf(one), one.labels["status"]}
		got[c] = one.value
		expected[c] += 0 // every status has a series
	}
	for c, n := range expected {
		if got[c] < n || got[c] > n+maybe[c.vaultKey] {
			s.errorf("%v: %v counted, want %v to %v more", c, got[c], n, maybe[c.vaultKey])
		}
	}
}

// compareVaults compares the bound resources and whether policies cover them.
func (s *story) compareVaults(_ *truth, p page) {
	type binding struct{ vault, resource string }
	bound, shown := map[binding]bool{}, map[binding]bool{}
	covered, got := map[binding]bool{}, map[binding]bool{}
	if s.settings.refresh > 0 {
		for _, v := range s.state().vaults {
			bound[binding{vault: v.id}] = true
			for _, b := range v.bound {
				bound[binding{v.id, b.id}] = true
			}
			for id, is := range s.state().covers(&v) {
				covered[binding{v.id, id}] = is
			}
		}
	}
	for _, one := range append(p.all("cbr_vault_info"), p.all("cbr_vault_resource_status")...) {
		shown[binding{one.labels["vault_id"], one.labels["resource_id"]}] = true
	}
	for _, one := range p.all("cbr_resource_covered") {
		got[binding{one.labels["vault_id"], one.labels["resource_id"]}] = one.value == 1
	}
	if diff := cmp.Diff(bound, shown); diff != "" {
		s.errorf("the bound resources differ (-truth +page):\n%s", diff)
	}
	if diff := cmp.Diff(covered, got); diff != "" {
		s.errorf("the covered resources differ (-truth +page):\n%s", diff)
	}
	if v, _ := p.value("cbr_scrape_collector_success", "collector", "vaults"); (v == 1) != (s.settings.refresh > 0) {
		s.errorf("at the end the success of vaults is %v", v)
	}
}
