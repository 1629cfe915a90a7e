package collection_test

import (
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
	"github.com/cbr-exporter/cbr_exporter/collection"
)

// cloud has tasks that a test adds, changes and removes. It is an api whose lists
// are filtered as the service may filter them.
type cloud struct {
	api
	state   sync.Mutex
	tasks   map[string]*cbrapi.OperationLog
	hidden  map[string]bool // not in lists
	lists   error           // what the lists fail with
	ignores bool            // all filters
}

func newCloud() *cloud {
	c := &cloud{tasks: map[string]*cbrapi.OperationLog{}, hidden: map[string]bool{}}
	c.latency = 10 * time.Millisecond
	c.answer = func(id string) (*cbrapi.OperationLog, error) {
		c.state.Lock()
		defer c.state.Unlock()
		if l := c.tasks[id]; l != nil {
			return l, nil
		}
		return nil, &cbrapi.Error{Operation: "ShowOpLog", StatusCode: http.StatusNotFound, Code: "BackupService.6500"}
	}
	c.list = func(f cbrapi.ListFilter) ([]*cbrapi.OperationLog, error) {
		c.state.Lock()
		defer c.state.Unlock()
		var logs []*cbrapi.OperationLog
		for id, l := range c.tasks {
			matches := (f.Status == "" || l.Status == f.Status) &&
				(f.StartTime.IsZero() || !l.StartedAt.IsZero() && !l.StartedAt.Before(f.StartTime)) &&
				(f.VaultID == "" || l.VaultID == f.VaultID) && (f.OperationType == "" || l.OperationType == f.OperationType)
			if (matches || c.ignores) && !c.hidden[id] {
				logs = append(logs, l)
			}
		}
		return logs, c.lists
	}
	return c
}

// put adds a backup of the resource with the id as it is now, or changes it.
func (c *cloud) put(id string, s cbrapi.Status, change ...func(*cbrapi.OperationLog)) {
	c.state.Lock()
	defer c.state.Unlock()
	l := &cbrapi.OperationLog{
		ID: id, Status: s, OperationType: cbrapi.OperationBackup, VaultID: "v", CreatedAt: time.Now(),
		ExtraInfo: cbrapi.ExtraInfo{Resource: &cbrapi.Resource{ID: "r"}},
	}
	if old := c.tasks[id]; old != nil {
		copied := *old
		l = &copied
		l.Status = s
	}
	l.UpdatedAt = time.Now()
	if s != cbrapi.StatusWaiting && s != cbrapi.StatusSkipped && l.StartedAt.IsZero() {
		l.StartedAt = time.Now()
	}
	if s.Finished() {
		l.EndedAt = time.Now()
	}
	for _, f := range change {
		f(l)
	}
	c.tasks[id] = l
}

// change changes what the cloud has in another way.
func (c *cloud) change(f func()) {
	c.state.Lock()
	defer c.state.Unlock()
	f()
}

func month(o *collection.Options) {
	o.Discovery = &collection.Discovery{Lookback: 720 * time.Hour, Window: 24 * time.Hour, MaxTasks: 1000}
}

// follow has a collection find the tasks of the cloud, and read the whole list.
func follow(t *testing.T, c *cloud, configured int, change func(*collection.Options)) *collection.Collection {
	t.Helper()
	col := newCollection(t, c, configured, func(o *collection.Options) {
		month(o)
		if change != nil {
			change(o)
		}
	})
	collect(col, 0)
	time.Sleep(time.Minute)
	return col
}

// active returns the ids of the tasks that were found and are active.
func active(s collection.Snapshot) []string {
	var ids []string
	for _, l := range s.Found.Active {
		ids = append(ids, l.ID)
	}
	return ids
}

// requests returns how many there were since the last call, for lists and for tasks.
func (c *cloud) requestsSince() (lists, tasks int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	lists, tasks = len(c.listed), len(c.requests)
	c.listed, c.requests = nil, nil
	return lists, tasks
}
