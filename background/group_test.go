package background_test

import (
	"context"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cbr-exporter/cbr_exporter/background"
)

func TestCloseWaits(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := background.NewGroup()
		var ended atomic.Int64
		for range 2 {
			started := g.Go(func(ctx context.Context) {
				<-ctx.Done()
				time.Sleep(time.Second)
				ended.Add(1)
			})
			if !started {
				t.Error("Go() = false for an open group")
			}
		}
		if g.Closed() || ended.Load() != 0 {
			t.Errorf("before Close: Closed() = %t, %d goroutines ended", g.Closed(), ended.Load())
		}
		g.Close()
		if !g.Closed() || ended.Load() != 2 {
			t.Errorf("after Close: Closed() = %t, %d goroutines ended, want 2", g.Closed(), ended.Load())
		}
	})
}

func TestGoAfterClose(t *testing.T) {
	t.Parallel()
	g := background.NewGroup()
	g.Close()
	if g.Go(func(context.Context) { t.Error("function runs in a closed group") }) {
		t.Error("Go() = true for a closed group")
	}
	g.Close() // again
}
