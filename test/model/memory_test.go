package model_test

import (
	"runtime"
	"testing"
	"time"
)

// BenchmarkHistory scrapes 50,000 tasks of history and 2,000 keys. It reports the cost
// of a steady scrape, and the memory in use without the simulated cloud.
func BenchmarkHistory(b *testing.B) {
	s := newSite(b, "requests_per_second: 0", "discovery: {}", history(50_000, 2000)...)
	for p, _ := s.scrape(); !p.complete(); p, _ = s.scrape() {
		time.Sleep(10 * time.Millisecond) // the full sync takes longer than the scrape
	}
	for b.Loop() {
		s.scrape()
	}
	s.cloud = nil // which has all the history
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	b.ReportMetric(float64(m.HeapAlloc)/1e6, "alloc-MB")
	b.ReportMetric(float64(m.HeapInuse)/1e6, "inuse-MB")
	runtime.KeepAlive(s)
}
