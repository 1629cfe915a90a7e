package sdkcompat

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/huaweicloud/huaweicloud-sdk-go-v3/services/cbr/v1/model"
	"golang.org/x/sync/errgroup"

	"github.com/cbr-exporter/cbr_exporter/simulator"
)

// BenchmarkTasks reads 200 tasks one by one from a cloud that takes 20 ms for each response:
// with the SDK in a loop, with the SDK in 16 goroutines, and with our client in as many. The
// target is 1.1 times the latter.
func BenchmarkTasks(b *testing.B) {
	b.Setenv("HOME", b.TempDir())
	now := time.Now()
	key := simulator.AccessKey{Access: "AKPERMANENT", Secret: "secret-of-permanent"}
	cloud := simulator.New(simulator.Options{
		Now:        func() time.Time { return now }, // the tasks stay as they are
		AccessKeys: []simulator.AccessKey{key},
		Latency:    func(*http.Request) time.Duration { return 20 * time.Millisecond },
	})
	server := httptest.NewServer(cloud)
	defer server.Close()
	theirs, ours := sdkClient(b, server.URL, key), ourClient(b, server.URL, key)
	tasks := cloud.Tasks()[:200]

	withSDK := func(id string) error {
		_, err := theirs.ShowOpLog(&model.ShowOpLogRequest{OperationLogId: id})
		return err
	}
	withOurs := func(id string) error {
		_, err := ours.OperationLog(b.Context(), id)
		return err
	}
	for _, bench := range []struct {
		name       string
		goroutines int
		read       func(id string) error
	}{
		{"sdk-loop", 1, withSDK},
		{"sdk-16", 16, withSDK},
		{"client-16", 16, withOurs},
	} {
		b.Run(bench.name, func(b *testing.B) {
			for b.Loop() {
				var group errgroup.Group
				group.SetLimit(bench.goroutines)
				for _, task := range tasks {
					group.Go(func() error { return bench.read(task.ID) })
				}
				if err := group.Wait(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
