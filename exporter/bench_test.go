package exporter_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"
)

// BenchmarkThousandActiveTasks scrapes 1,000 tasks that all run, through an API
// that takes 20 ms for each answer. 63 rounds of 16 requests take 1.26 s; the
// target for collecting is 1.15 of that, 1.45 s. The page comes on top of it.
func BenchmarkThousandActiveTasks(b *testing.B) {
	const tasks, latency = 1000, 20 * time.Millisecond
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		time.Sleep(latency)
		id := r.URL.Path[strings.LastIndex(r.URL.Path, "/")+1:]
		_, _ = fmt.Fprintf(w, `{"operation_log":{"id":%q,"status":"running","operation_type":"backup",`+
			`"created_at":"2026-11-20T02:00:00Z","started_at":"2026-11-20T02:00:05Z","extra_info":{"common":{"progress":42}}}}`, id)
	}))
	defer server.Close()
	ids := make([]string, tasks)
	for i := range ids {
		ids[i] = fmt.Sprintf("11111111-1111-4111-8111-%012d", i)
	}
	e := startAt(b, time.Now, fmt.Sprintf(`
  - name: test
    project_id: %s
    endpoint: %s
    credentials: {token: %s}
    task_ids: [%s]
`, projectID, server.URL, token, strings.Join(ids, ", ")))
	var collecting float64
	for b.Loop() {
		page := e.scrape(b, "10")
		_, after, _ := strings.Cut(page, `cbr_scrape_duration_seconds{project="test"} `)
		line, _, _ := strings.Cut(after, "\n")
		seconds, err := strconv.ParseFloat(line, 64)
		if err != nil {
			b.Fatal(err)
		}
		collecting += seconds
	}
	b.ReportMetric(collecting/float64(b.N), "s-collecting/op")
}
