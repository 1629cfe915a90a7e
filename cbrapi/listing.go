package cbrapi

import (
	"context"
	"slices"
	"strings"
	"time"
)

// Listing reads a list of tasks page by page. It is not safe for concurrent use.
//
// A page has at most 1000 rows. One of more than 16 MiB is asked for again with
// half the limit, which is doubled again after some pages, and with which the
// listings after it begin; a row that is too large alone is left out, and the limit
// is then doubled with every page that fits.
//
// The API documents no order, and new tasks shift the pages. A task that comes
// again is not returned again, one of another project is left out, and one that is
// not in a listing may still exist.
//
// A listing ends at an empty page, or at one that brings nothing new; where that
// shows that the service gives no more of its list, whatever the offset, Next fails.
// A page with fewer rows than were asked for ends it where the Client has learned
// from earlier listings what the count means, or that such pages are the last ones,
// and asks on until then: a list of fewer than 1000 rows costs one request, and a
// Client's first one two.
type Listing struct {
	pages     *pages
	texts     interned
	projectID string
	foreign   []InvalidField // the ids of other projects
}

// List returns a listing of the tasks of the project. It sends nothing yet.
//
// See https://support.huaweicloud.com/intl/en-us/api-cbr/ListOpLogs.html.
func (c *Client) List(f ListFilter) *Listing {
	query := f.query()
	c.addEnterpriseProject(query)
	get := c.get("ListOpLogs", "operation-logs", query)
	return &Listing{
		pages:     newPages(c.service, &c.paging, get, "operation_logs"),
		texts:     interned{},
		projectID: c.projectID,
	}
}

// ListToEnd returns a listing that asks on until a page is empty, or brings nothing
// new, whatever the count and the pages of earlier listings say: it costs one request
// more, and misses nothing where they are wrong.
func (c *Client) ListToEnd(f ListFilter) *Listing {
	l := c.List(f)
	l.pages.toTheEnd = true
	return l
}

// Next returns the tasks of the next page that the listing has not returned yet,
// which may be none. After an error, the next call asks for the same page again;
// ReasonOf classifies it. When the listing is done, Next does nothing.
func (l *Listing) Next(ctx context.Context) ([]*OperationLog, error) {
	return l.tasks(ctx, l.pages.next)
}

// Try is Next with a single request: a page that is too large is an error, and not
// asked for again in parts.
func (l *Listing) Try(ctx context.Context) ([]*OperationLog, error) {
	return l.tasks(ctx, l.pages.once)
}

func (l *Listing) tasks(ctx context.Context, read func(context.Context, func(object) bool) error) ([]*OperationLog, error) {
	var (
		tasks   []*OperationLog
		foreign []InvalidField
	)
	err := read(ctx, func(row object) bool {
		task := readOperationLog(row)
		if task.ProjectID != "" && !strings.EqualFold(task.ProjectID, l.projectID) {
			foreign = append(foreign, InvalidField{Field: "project_id", Value: task.ProjectID})
			return false
		}
		l.texts.task(task)
		tasks = append(tasks, task)
		return !task.undated()
	})
	if err != nil {
		return nil, err
	}
	l.foreign = append(l.foreign, foreign...)
	return tasks, nil
}

// Done reports whether the list has ended.
func (l *Listing) Done() bool { return l.pages.done }

// More reports whether the newest page looks as if there were more behind it: it is
// as large as was asked for, or the count says so. Only reading on until Done shows
// whether there is.
func (l *Listing) More() bool { return l.pages.more }

// Date returns the time by the API's clock of the answer with the first page. It
// is zero before, and where the answer did not say.
func (l *Listing) Date() time.Time { return l.pages.date }

// Rows returns how many rows have been received, those included that came again
// or could not be read.
func (l *Listing) Rows() int { return l.pages.rows }

// Invalid returns what could not be read of the pages since the last call: rows
// that are no task of the project with an id, and the count. What could not be read of a task is
// in OperationLog.Invalid.
func (l *Listing) Invalid() []InvalidField {
	invalid := slices.Concat(l.pages.invalid, l.foreign)
	l.pages.invalid, l.foreign = nil, nil
	return invalid
}
