package collection_test

import (
	"context"
	"sync"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
	"github.com/cbr-exporter/cbr_exporter/collection"
)

// pagedCloud is a cloud whose whole list has many pages, some of which fail.
type pagedCloud struct {
	*cloud
	pages int

	mu      sync.Mutex
	failing map[int]error
	asked   []int
}

func (c *pagedCloud) fail(page int, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.failing[page] = err
}

func (c *pagedCloud) List(f cbrapi.ListFilter) collection.List {
	l := c.cloud.List(f)
	if f != (cbrapi.ListFilter{}) {
		return l
	}
	return &pagedList{List: l, cloud: c}
}

// pagedList has everything in its first page, and nothing new in the others.
type pagedList struct {
	collection.List
	cloud *pagedCloud
	page  int
}

func (l *pagedList) Next(ctx context.Context) ([]*cbrapi.OperationLog, error) {
	l.cloud.mu.Lock()
	l.cloud.asked = append(l.cloud.asked, l.page)
	err := l.cloud.failing[l.page]
	l.cloud.mu.Unlock()
	if err != nil {
		return nil, err
	}
	logs, err := l.List.Next(ctx)
	if err == nil {
		l.page++
	}
	return logs, err
}

func (l *pagedList) Done() bool { return l.page == l.cloud.pages }
