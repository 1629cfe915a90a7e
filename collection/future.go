package collection

import (
	"slices"
	"time"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
)

// maxAhead is how far ahead of all clocks a time may be that the API tells.
const maxAhead = 24 * time.Hour

// withoutFuture returns log without the times that are after latest. A task that was
// created in years to come would stay the newest of its resource until then, and
// hide every failure.
func withoutFuture(log *cbrapi.OperationLog, latest time.Time) *cbrapi.OperationLog {
	after := func(t time.Time) bool { return t.After(latest) }
	if !after(log.CreatedAt) && !after(log.StartedAt) && !after(log.EndedAt) && !after(log.UpdatedAt) {
		return log // as nearly all, so that they are not copied
	}
	changed := *log
	changed.Invalid = slices.Clip(log.Invalid)
	for _, f := range []struct {
		name string
		time *time.Time
	}{
		{"created_at", &changed.CreatedAt},
		{"started_at", &changed.StartedAt},
		{"ended_at", &changed.EndedAt},
		{"updated_at", &changed.UpdatedAt},
	} {
		if after(*f.time) {
			changed.Invalid = append(changed.Invalid, cbrapi.InvalidField{Field: f.name, Value: f.time.Format(time.RFC3339)})
			*f.time = time.Time{}
		}
	}
	return &changed
}

// latest returns the latest time that the API can tell, if list has come last; nil
// for none. Our clock may be days behind, where nothing is signed: then the dates of
// the lists say so. It must be called with the mutex held.
func (c *Collection) latest(list List) time.Time {
	if list != nil && list.Date().After(c.latestDate) {
		c.latestDate = list.Date()
	}
	latest := c.options.Now()
	if c.latestDate.After(latest) {
		latest = c.latestDate
	}
	return latest.Add(maxAhead)
}
