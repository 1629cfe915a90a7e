//go:build unix

package performance_test

import (
	"fmt"
	"net/http"
	"path"
	"testing"
)

// BenchmarkScrape scrapes an exporter that knows the tasks of as many resources as there are
// keys, and their vaults. Without the exporter, a bare client repeats its requests, and
// client_golang's own handler serves the same series as prebuilt metrics.
func BenchmarkScrape(b *testing.B) {
	for _, keys := range []int{100, 1000, 2000, 10_000, 36_000} {
		b.Run(fmt.Sprint("keys=", keys), func(b *testing.B) {
			c := newCloud(b, 1, keys)
			e := start(b, c, ", vaults: {tags: [team]}")
			defer e.stop()
			e.sync(b)
			scrape(b, e.url) // reads the vaults, too
			c.takeRequests()
			scrape(b, e.url)
			requests := c.takeRequests()

			b.Run("exporter", func(b *testing.B) {
				began := cpu(b)
				for b.Loop() {
					scrape(b, e.url)
				}
				reportCPU(b, began)
				lists := requestsOf(c.takeRequests())
				b.ReportMetric(float64(lists["operation-logs"])/float64(b.N), "task-requests/op")
				b.ReportMetric(float64(lists["vaults"]+lists["policies"])/float64(b.N), "vault-requests/op")
			})
			b.Run("without", func(b *testing.B) {
				url := prebuilt(b, e.page(b))
				began := cpu(b)
				for b.Loop() {
					repeat(b, c.url, requests)
					scrape(b, url)
				}
				reportCPU(b, began)
			})
		})
	}
}

// requestsOf returns the number of requests for each list.
func requestsOf(requests []*http.Request) map[string]int {
	lists := map[string]int{}
	for _, r := range requests {
		lists[path.Base(r.URL.Path)]++
	}
	return lists
}
