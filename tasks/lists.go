package tasks

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
)

const (
	// maxClockSkew is the largest difference between clocks at which the API accepts
	// a signature. See
	// https://support.huaweicloud.com/intl/en-us/devg-apisign/api-sign-algorithm-002.html.
	maxClockSkew = 15 * time.Minute
	// maxDateOffset is the difference from our clock at which the date of a list is
	// not used: a wrong one would age everything that is known.
	maxDateOffset = 24 * time.Hour
)

// readLists reads the lists of a pass. Running and waiting tasks are listed whatever
// their age: a task may wait for hours without a start, and then run for hours. The
// incremental list has the tasks that start and end between two passes.
func (t *Tracker) readLists(ctx context.Context, p *pass) {
	d := t.options.Discovery
	running, waiting := d.filter(), d.filter()
	running.Status, waiting.Status = cbrapi.StatusRunning, cbrapi.StatusWaiting
	t.parallel(
		func() { t.readList(ctx, p, "running", running) },
		func() { t.readList(ctx, p, "waiting", waiting) },
		func() { t.readIncremental(ctx, p) },
	)
}

func (t *Tracker) readIncremental(ctx context.Context, p *pass) {
	t.mu.Lock()
	now := t.options.Now()
	filter := t.discovered.filter()
	filter.StartTime = cmp.Or(t.discovered.readUntil, now).Add(-listLag)
	t.mu.Unlock()

	date, ok := t.readList(ctx, p, "incremental", filter)
	if !ok {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.discovered.readUntil = earlier(date, now)
}

// readList reads a list to its end and returns its dateOf. If it fails, it records
// that, and ok is false. Of a part it records nothing: the API orders lists as it likes, so
// the rest may have the success after a failure.
func (t *Tracker) readList(ctx context.Context, p *pass, name string, filter cbrapi.ListFilter) (date time.Time, ok bool) {
	var all []*cbrapi.OperationLog
	list := t.api.OperationLogs(filter)
	for !list.Done() {
		logs, err := list.Next(ctx)
		t.reportInvalid("", list.Invalid())
		if err != nil {
			t.recordListFailure(p, name, t.stopFor(ctx, p, err))
			return time.Time{}, false
		}
		all = append(all, logs...)
		t.recordTasks(p) // the API responds
	}
	t.recordTasks(p, all...)
	date, err := t.dateOf(list)
	if err != nil { // it is not known what the incremental list lacks
		t.recordListFailure(p, name, err)
		return time.Time{}, false
	}
	return date, true
}

// dateOf returns when the reading of a list began, by the API's clock. If the date is
// missing or wrong, that is our time less maxClockSkew.
func (t *Tracker) dateOf(list *cbrapi.List[cbrapi.OperationLog]) (time.Time, error) {
	now, date := t.options.Now(), list.Date()
	if date.IsZero() {
		return now.Add(-maxClockSkew), nil
	}
	if date.Sub(now).Abs() >= maxDateOffset {
		return now.Add(-maxClockSkew), fmt.Errorf("%w: this machine's clock says %s, the response of the API or a proxy is dated %s",
			cbrapi.ErrClock, now.UTC().Format(time.RFC3339), date.UTC().Format(time.RFC3339))
	}
	return date, nil
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}
