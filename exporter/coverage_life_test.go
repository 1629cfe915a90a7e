package exporter_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cbr-exporter/cbr_exporter/simulator"
)

// gaps returns what the alerts say that go by the schedules, sorted:
//
//	overdue    CBRBackupStale
//	never      CBRNeverSucceeded
//	uncovered  CBRResourceNotCovered
func (s samples) gaps() []string {
	value := func(all []sample) float64 {
		if len(all) == 0 {
			return 0
		}
		return all[0].value
	}
	asOf := value(s.where("cbr_scrape_collector_last_success_timestamp_seconds", func(one sample) bool { return one.labels["collector"] == "discovery" }))
	history := asOf - value(s["cbr_tasks_history_start_timestamp_seconds"])
	var found []string
	expected := s["cbr_resource_expected_interval_seconds"]
	lately := func(e sample) bool { // without the record, which outlives an exporter
		for _, since := range s["cbr_resource_expected_since_timestamp_seconds"] {
			if e.on(keyLabels()...) == since.on(keyLabels()...) {
				return asOf-since.value <= 1.5*e.value+3600
			}
		}
		return false
	}
	for _, success := range s["cbr_resource_last_success_timestamp_seconds"] {
		for _, e := range expected {
			// The name of the vault as well: the rule has it on both sides.
			if e.on(append(keyLabels(), "vault")...) == success.on(append(keyLabels(), "vault")...) && asOf-success.value > 1.5*e.value+3600 && !lately(e) {
				found = append(found, "overdue "+e.on("resource_id"))
			}
		}
	}
	for _, e := range unless(expected, s["cbr_resource_last_success_timestamp_seconds"], keyLabels()...) {
		if 1.5*e.value+3600 < history && !lately(e) {
			found = append(found, "never "+e.on("resource_id"))
		}
	}
	bound := s.where("cbr_vault_resource_status", func(one sample) bool { return one.labels["status"] == "available" })
	for _, b := range unless(bound, expected, "vault_id", "resource_id") {
		found = append(found, "uncovered "+b.on("resource_id"))
	}
	for n := range found {
		found[n] = strings.ReplaceAll(found[n], resourceID("")[:35], "")
	}
	slices.Sort(found)
	return found
}

// TestCoverageLife scrapes every minute while resources are bound and unbound, a
// policy is disabled, and the API fails. What is missing has to be right at each
// scrape. Vaults are read every five minutes.
func TestCoverageLife(t *testing.T) {
	atNoon(t, func(t *testing.T) {
		cloud := simulator.New(simulator.Options{Now: time.Now, Empty: true, Tokens: []string{token}, Latency: unlikeVaults})
		cloud.Add(
			backup("1", "success", -29*24*60, -29*24*60+10),
			backup("2", "success", -20, 0),
			backup("3", "failed", 60, 61),
			backup("4", "success", 330, 340),
		)
		hourly := func(changes ...func(*simulator.Policy)) simulator.Policy {
			return policyOf("1", "hourly", "1", append([]func(*simulator.Policy){func(p *simulator.Policy) {
				p.Patterns = []string{"FREQ=DAILY;BYHOUR=0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23;BYMINUTE=00"}
			}}, changes...)...)
		}
		cloud.SetVaults(vault("1", "vault-db", bound("1")))
		cloud.SetPolicies(hourly())
		e := startQuiet(t, hosts{"cbr.test": cloud}, followed+"    discovery: {}\n    vaults: {}\n")
		steps := []struct {
			minute int
			do     func()
			want   []string
		}{
			{minute: 1},
			{minute: 20, do: func() { cloud.SetVaults(vault("1", "vault-db", bound("1"), bound("2"))) }},
			{minute: 27}, // the next reading has noticed it, but it has two and a half hours
			{minute: 100, do: func() { cloud.SetFault(faultOf(http.StatusInternalServerError, "")) }},
			// The success of resource 1 is five hours old, but nobody can ask for a newer one.
			{minute: 300, do: func() { cloud.SetFault(nil) }},
			{minute: 301, want: []string{"never 2", "overdue 1"}}, // the whole list has been read again
			{minute: 340, want: []string{"never 2"}},
			{minute: 350, do: func() { cloud.SetVaults(vault("1", "vault-db", bound("1"))) }, want: []string{"never 2"}},
			{minute: 357},
			{minute: 400, do: func() { cloud.SetPolicies(hourly(func(p *simulator.Policy) { p.Enabled = false })) }},
			{minute: 407, want: []string{"uncovered 1"}},
			{minute: 600, want: []string{"uncovered 1"}}, // and no longer overdue
		}
		var want []string
		for minute := 0; minute <= 600; minute++ {
			time.Sleep(time.Until(minutes(float64(minute))))
			changing := false // the next reading has not been yet
			for n, s := range steps {
				if s.minute == minute {
					want = s.want
					if s.do != nil {
						s.do()
					}
				}
				before := steps[max(n-1, 0)]
				changing = changing || before.do != nil && minute > before.minute && minute < s.minute && s.minute-before.minute <= 7
			}
			page := samplesOf(t, e.scrape(t))
			page.checkShape(t, minutes(float64(minute)).Format(time.TimeOnly))
			if minute > 0 && !changing { // the whole list is read after the first
				if diff := cmp.Diff(want, page.gaps()); diff != "" {
					t.Errorf("minute %d: what is missing differs (-want +got):\n%s", minute, diff)
				}
			}
		}
	})
}
