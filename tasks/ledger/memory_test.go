package ledger_test

import (
	"fmt"
	"runtime"
	"testing"
	"time"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
	"github.com/cbr-exporter/cbr_exporter/tasks/ledger"
)

// BenchmarkHistory reads 50,000 tasks of 2,000 keys, the latest first as a full sync does,
// and reports what the ledger then holds. The target is 8 MB: the process is to stay below
// 60 MB resident, and the garbage collector lets a heap grow to twice what is in use.
func BenchmarkHistory(b *testing.B) {
	const tasks, keys = 50_000, 2000
	for b.Loop() {
		before := heap()
		l := ledger.New(options())
		l.Advance(noon())
		for n := range tasks {
			l.Add(historical(n, keys))
		}
		if len(l.ResourceStates()) != keys {
			b.Fatal("something is missing")
		}
		grown := float64(heap() - before)
		b.ReportMetric(grown/1e6, "MB")
		b.ReportMetric(grown/tasks, "B/task")
		runtime.KeepAlive(l)
	}
}

// historical returns the n-th latest task. One in ten failed.
func historical(n, keys int) *cbrapi.OperationLog {
	log := record(fmt.Sprintf("11111111-1111-4111-8111-%012d", n), cbrapi.StatusSuccess, 1)
	log.CreatedAt = noon().Add(-time.Duration(n) * 50 * time.Second)
	log.StartedAt = log.CreatedAt.Add(time.Minute)
	log.EndedAt = log.StartedAt.Add(time.Duration(n%100) * time.Second)
	log.UpdatedAt = log.EndedAt
	log.ExtraInfo.Resource.ID = fmt.Sprintf("22222222-2222-4222-8222-%012d", n%keys)
	if n%10 == n/keys%10 {
		log.Status = cbrapi.StatusFailed
		log.ErrorInfo = cbrapi.ErrorInfo{Code: "BackupService.6114", Message: fmt.Sprintf("The vault %d is full.", n%20)}
	}
	return log
}

// heap returns the number of bytes in use.
func heap() uint64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
