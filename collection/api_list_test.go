package collection_test

import (
	"context"
	"time"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
	"github.com/cbr-exporter/cbr_exporter/collection"
)

// list is a list of the fake API, with all in one page.
type list struct {
	api    *api
	filter cbrapi.ListFilter
	date   time.Time
	done   bool
}

func (a *api) List(f cbrapi.ListFilter) collection.List { return &list{api: a, filter: f} }

func (a *api) ListToEnd(f cbrapi.ListFilter) collection.List { return a.List(f) }

func (l *list) Next(ctx context.Context) ([]*cbrapi.OperationLog, error) {
	a := l.api
	a.mu.Lock()
	a.listed = append(a.listed, l.filter)
	answer, latency := a.list, a.latency
	a.mu.Unlock()
	select {
	case <-time.After(latency):
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if answer == nil {
		return nil, &cbrapi.Error{Operation: "ListOpLogs", StatusCode: 403}
	}
	logs, err := answer(l.filter)
	if err != nil {
		return nil, err
	}
	l.done, l.date = true, time.Now()
	return logs, nil
}

func (l *list) Done() bool                     { return l.done }
func (l *list) Date() time.Time                { return l.date }
func (l *list) Invalid() []cbrapi.InvalidField { return nil }
