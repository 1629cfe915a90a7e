package tasks_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-kit/log"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
	"github.com/cbr-exporter/cbr_exporter/tasks"
)

// TestLeftOut has an API bring ever new tasks and resources.
func TestLeftOut(t *testing.T) {
	ofResource := func(n int) func(*cbrapi.OperationLog) {
		return func(l *cbrapi.OperationLog) { l.ExtraInfo.Resource = &cbrapi.Resource{ID: fmt.Sprintf("r%d", n)} }
	}
	for name, test := range map[string]struct {
		status       cbrapi.Status
		resources    int
		active, keys int           // that are known
		forgotten    time.Duration // after which there is room again
	}{
		"active tasks":  {cbrapi.StatusRunning, 5, 10, 0, 2 * time.Minute},
		"resource keys": {cbrapi.StatusSuccess, 15, 0, 12, 721 * time.Hour},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c, logged := newCloud(), &bytes.Buffer{}
				tracker := synced(t, c, 0, func(o *tasks.Options) {
					o.Discovery.MaxActive, o.Discovery.MaxKeys = 10, 12
					o.Logger = log.NewLogfmtLogger(log.NewSyncWriter(logged))
				})
				for n := range 15 {
					c.put(fmt.Sprintf("t%02d", n), test.status, ofResource(n%test.resources))
				}
				for range 3 {
					s := collect(tracker, 0)
					if len(s.Active) != test.active || len(s.ResourceStates) != test.keys || s.Discovered.LeftOut == 0 || s.Discovered.Complete || !s.Up {
						t.Errorf("got %d active, %d keys, %d left out, complete %t", len(s.Active), len(s.ResourceStates), s.Discovered.LeftOut, s.Discovered.Complete)
					}
					if len(s.Problems) != 1 || !strings.Contains(s.Problems[0].Err.Error(), "records are left out") {
						t.Errorf("got the problems %v", s.Problems)
					}
					time.Sleep(time.Minute)
				}
				if n := strings.Count(logged.String(), "level=warn"); n != 1 {
					t.Errorf("got %d warnings, want one:\n%s", n, logged)
				}
				for n := range 15 {
					c.put(fmt.Sprintf("t%02d", n), cbrapi.StatusSuccess)
				}
				time.Sleep(test.forgotten)
				for range 3 {
					collect(tracker, 0)
					time.Sleep(time.Minute)
				}
				if s := collect(tracker, 0); s.Discovered.LeftOut != 0 || !s.Discovered.Complete {
					t.Errorf("later: %d left out, complete %t, problems %v", s.Discovered.LeftOut, s.Discovered.Complete, s.Problems)
				}
			})
		})
	}
}
