package collection_test

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
	"github.com/cbr-exporter/cbr_exporter/collection"
)

// TestEndlessActiveTasks has the running list go on with ever new tasks for a while: they
// are not kept, and what was known before is.
func TestEndlessActiveTasks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &madeUp{cloud: newCloud()}
		c.put("a", cbrapi.StatusFailed)
		col := newCollection(t, c, 0, month)
		collect(col, 0)
		time.Sleep(time.Minute)
		c.endless = true
		for range 3 {
			s := collect(col, 0)
			if n := len(s.Found.Active); n > 50_000 || s.Found.Complete || !s.Reasons[cbrapi.ReasonUpstream] || len(s.Standings) != 1 {
				t.Errorf("got %d active, complete %t, reasons %v, %d standings; want the standing of before, and upstream",
					n, s.Found.Complete, s.Reasons, len(s.Standings))
			}
			time.Sleep(time.Minute)
		}
		c.endless = false
		if s := collect(col, 0); len(s.Found.Active) != 0 || !s.Found.Complete {
			t.Errorf("afterwards: got %d active, complete %t", len(s.Found.Active), s.Found.Complete)
		}
	})
}

// madeUp is a cloud whose running list may have no end.
type madeUp struct {
	*cloud
	endless bool
	made    int // pages
}

func (c *madeUp) List(f cbrapi.ListFilter) collection.List {
	if c.endless && f.Status == cbrapi.StatusRunning {
		return &endlessList{List: c.cloud.List(f), pages: &c.made}
	}
	return c.cloud.List(f)
}

type endlessList struct {
	collection.List
	pages *int
}

func (l *endlessList) Done() bool { return false }

func (l *endlessList) Next(context.Context) ([]*cbrapi.OperationLog, error) {
	logs := make([]*cbrapi.OperationLog, 1000)
	for i := range logs {
		logs[i] = &cbrapi.OperationLog{
			ID: fmt.Sprintf("%d-%d", *l.pages, i), Status: cbrapi.StatusRunning,
			OperationType: cbrapi.OperationBackup, CreatedAt: time.Now(),
		}
	}
	*l.pages++
	return logs, nil
}
