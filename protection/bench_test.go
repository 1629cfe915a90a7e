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

// BenchmarkNewSnapshot judges 10,000 resources with a daily backup, as each scrape does. The
// target is 50 ms, a tenth of what their page takes.
func BenchmarkNewSnapshot(b *testing.B) {
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
	known := tasks.Snapshot{
		Discovered:     &tasks.Discovered{Synced: true, KnownUntil: noon(), HistoryStart: noon().Add(-30 * day)},
		ResourceStates: l.ResourceStates(),
		Resources:      l.Resources(),
	}
	b.ReportAllocs()
	for b.Loop() {
		if s := protection.NewSnapshot(known, vaults, protection.Options{Grace: 6 * time.Hour}); len(s.Verdicts) != resources {
			b.Fatalf("got %d verdicts", len(s.Verdicts))
		}
	}
}
