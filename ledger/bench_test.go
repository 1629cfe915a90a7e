package ledger_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
	"github.com/cbr-exporter/cbr_exporter/ledger"
)

// BenchmarkSteadyScrape does with a ledger what a scrape without news does, at the
// bound of what is counted: 100,000 tasks in the window, of 10,000 resources. The
// target is 100 ms.
func BenchmarkSteadyScrape(b *testing.B) {
	const tasks, resources = 100_000, 10_000
	o := monthly()
	o.MaxTasks = tasks
	l := ledger.New(o)
	now := noon()
	l.Advance(now)
	for n := range tasks {
		log := record(fmt.Sprintf("%d", n), cbrapi.StatusSuccess, 1)
		log.CreatedAt = now.Add(-time.Duration(n) * 800 * time.Millisecond)
		log.ExtraInfo.Resource.ID = fmt.Sprintf("r%d", n%resources)
		log.VaultID = fmt.Sprintf("v%d", n%resources/100)
		l.Add(log)
	}
	b.ReportAllocs()
	for b.Loop() {
		for range 3 { // lists
			now = now.Add(time.Second)
			l.Advance(now)
		}
		if len(l.Standings()) != resources || len(l.Tallies()) != resources/100 || len(l.Resources()) != resources {
			b.Fatal("something is missing")
		}
	}
}
