//go:build unix

package performance_test

import (
	"strings"
	"testing"
	"time"
)

// BenchmarkFirstPage reports how long after the first list of tasks has been sent a new
// exporter has sent its first page, which has the running ones of 50,000 tasks.
func BenchmarkFirstPage(b *testing.B) {
	c := newCloud(b, 25, 2000)
	before := start(b, c, ", vaults: {}")
	before.sync(b) // so that the lists are in memory
	before.stop()
	var waited time.Duration
	for b.Loop() {
		e := start(b, c, ", vaults: {}")
		c.firstListing()
		page := e.page(b)
		waited += time.Since(c.firstListing())
		if !strings.Contains(page, `cbr_up{project="production"} 1`) || strings.Count(page, "\ncbr_task_info{") != active {
			b.Fatal("the first page lacks something:\n", page)
		}
		<-e.syncs
		e.stop()
	}
	b.ReportMetric(waited.Seconds()*1e3/float64(b.N), "ms-after-list")
}
