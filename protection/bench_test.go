package protection_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
	"github.com/cbr-exporter/cbr_exporter/inventory"
	"github.com/cbr-exporter/cbr_exporter/protection"
	"github.com/cbr-exporter/cbr_exporter/schedule"
	"github.com/cbr-exporter/cbr_exporter/tasks"
	"github.com/cbr-exporter/cbr_exporter/tasks/ledger"
)

// BenchmarkNewSnapshot judges 10,000 resources with a daily backup, as each scrape does: by
// their tasks, and by their restore points too. The target is 50 ms, a tenth of what their page
// takes.
func BenchmarkNewSnapshot(b *testing.B) {
	for _, bench := range []struct {
		name    string
		backups bool
	}{{"tasks", false}, {"backups", true}} {
		b.Run(bench.name, func(b *testing.B) { benchmarkNewSnapshot(b, bench.backups) })
	}
}

func benchmarkNewSnapshot(b *testing.B, backups bool) {
	b.Helper()
	const resources = 10_000
	daily, _ := schedule.New([]string{daily}, time.Time{})
	plan := &inventory.Plan{Policies: []inventory.PlannedPolicy{{Schedule: daily}}}
	vault := &cbrapi.Vault{ID: "v"}
	l := ledger.New(ledger.Options{Lookback: 30 * day})
	l.Advance(noon())
	var expected []inventory.Expectation
	for n := range resources {
		id := fmt.Sprintf("%05d", n)
		log := ofResource(success(at("2026-11-20 02:00")), id)
		log.ID = id
		l.Add(log)
		vault.Resources = append(vault.Resources, cbrapi.VaultResource{ID: id, Name: "server-" + id})
		expected = append(expected, inventory.Expectation{ResourceKey: key(id), VaultID: "v", Plan: plan})
	}
	vaults := listed(vault)
	vaults.Expected = expected
	if backups {
		vaults.Backups = &inventory.Backups{FullAt: noon(), Resources: map[string]inventory.RestorePoints{}}
		for _, e := range expected {
			vaults.Backups.Resources[e.ResourceID] = points(at("2026-11-20 02:00"))
		}
	}
	known := tasks.Snapshot{
		Discovered:     &tasks.Discovered{Synced: true, KnownUntil: noon(), HistoryStart: noon().Add(-30 * day)},
		ResourceStates: l.ResourceStates(),
		Resources:      l.Resources(),
	}
	b.ReportAllocs()
	for b.Loop() {
		s := protection.NewSnapshot(known, vaults, protection.Options{Grace: 6 * time.Hour, Backups: backups})
		if len(s.Verdicts) != resources || (len(s.RestorePoints) == resources) != backups {
			b.Fatalf("got %d verdicts and %d resources with restore points", len(s.Verdicts), len(s.RestorePoints))
		}
	}
}

// BenchmarkDays finds the days of the rows of one page, 200. The target is 20 ms where each
// has a daily plan of its own, and 50 ms where all have the same hourly one.
func BenchmarkDays(b *testing.B) {
	for _, bench := range []struct {
		name, pattern string
		every         time.Duration
		shared        bool
		missed        int // of each resource
	}{
		{name: "daily", pattern: daily, every: day, missed: 4},
		{name: "hourly", pattern: hourly, every: time.Hour, shared: true, missed: 113},
	} {
		b.Run(bench.name, func(b *testing.B) {
			const resources = 200
			runs, _ := schedule.New([]string{bench.pattern}, time.Time{})
			newPlan := func() *inventory.Plan {
				return &inventory.Plan{Policies: []inventory.PlannedPolicy{{Schedule: runs}}}
			}
			plan, vault := newPlan(), &cbrapi.Vault{ID: "v"}
			l := ledger.New(ledger.Options{Lookback: 30 * day})
			l.Advance(noon())
			var expected []inventory.Expectation
			for n := range resources {
				id := fmt.Sprintf("%05d", n)
				number := 0
				for created := at("2026-10-22 02:00"); created.Before(noon()); created = created.Add(bench.every) {
					status := cbrapi.StatusSuccess
					if number++; number%7 == 0 {
						status = cbrapi.StatusFailed
					}
					l.Add(ofResource(task(fmt.Sprintf("%s-%03d", id, number), status, created), id))
				}
				vault.Resources = append(vault.Resources, cbrapi.VaultResource{ID: id})
				if !bench.shared {
					plan = newPlan()
				}
				expected = append(expected, inventory.Expectation{ResourceKey: key(id), VaultID: "v", Plan: plan})
			}
			known := tasks.Snapshot{
				Discovered:     &tasks.Discovered{Synced: true, KnownUntil: noon(), HistoryStart: noon().Add(-30 * day)},
				ResourceStates: l.ResourceStates(),
			}
			vaults := listed(vault)
			vaults.Expected = expected
			s := protection.NewSnapshot(known, vaults, protection.Options{Grace: 6 * time.Hour, Lookback: 30 * day})
			b.ReportAllocs()
			for b.Loop() {
				calendar, missed := s.Calendar(), 0
				for _, e := range expected {
					for _, day := range calendar.Days(e.ResourceKey) {
						missed += day.Missed
					}
				}
				if missed != bench.missed*resources {
					b.Fatalf("got %d missed runs", missed)
				}
			}
		})
	}
}
