// Package performance measures what the exporter costs, and writes docs/performance.md:
//
//	go test ./test/performance -run TestReport -count=1 -timeout 30m -performance.report ../../docs/performance.md
//
// A benchmark has beside it what the same work costs without the exporter. Most times are CPU
// times of the benchmark's process, so that what else runs on the machine counts little. The
// cloud is part of that process, with its lists in memory.
package performance_test
