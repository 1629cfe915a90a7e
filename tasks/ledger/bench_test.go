package ledger_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
	"github.com/cbr-exporter/cbr_exporter/tasks/ledger"
)

// BenchmarkSteadyScrape does what a scrape without new tasks does to a ledger with
// 100,000 tasks of 10,000 resources in the window. The target is 100 ms, whether the
// tasks name their vault or not.
func BenchmarkSteadyScrape(b *testing.B) {
	const tasks, resources = 100_000, 10_000
	for name, counts := range map[string]int{"vault": resources / 100, "no vault": resources} {
		b.Run(name, func(b *testing.B) {
			l := ledger.New(options())
			now := noon()
			l.Advance(now)
			for n := range tasks {
				log := record(fmt.Sprintf("%d", n), cbrapi.StatusSuccess, 1)
				log.CreatedAt = now.Add(-time.Duration(n) * 800 * time.Millisecond)
				log.ExtraInfo.Resource.ID = fmt.Sprintf("r%d", n%resources)
				log.VaultID = fmt.Sprintf("v%d", n%resources/100)
				if name == "no vault" {
					log.VaultID = ""
				}
				l.Add(log)
			}
			b.ReportAllocs()
			for b.Loop() {
				for range 3 { // lists
					now = now.Add(time.Second)
					l.Advance(now)
				}
				if len(l.ResourceStates()) != resources || len(lastDay(l)) != counts || len(l.Resources()) != resources {
					b.Fatal("something is missing")
				}
			}
		})
	}
}
