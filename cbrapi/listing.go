package cbrapi

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	// maxPageRows is the largest page that the API documents.
	maxPageRows = 1000
	// maxPageBytes bounds a page, of which a row takes about 1.2 KB.
	maxPageBytes = 16 << 20
	// maxHugeRows bounds how many rows one behind the other may be too large for a
	// page by themselves: then it is not the rows, but the service ignores the limit.
	maxHugeRows = 3
)

// Listing reads a list of tasks page by page. It is not safe for concurrent use.
//
// A page has at most 1000 rows. One of more than 16 MiB is asked for again with
// half the limit, which holds for the rest of the listing; a row that is too large
// alone is left out, and the limit is then doubled with every page that fits.
//
// The API documents no order, and new tasks shift the pages. A task that comes
// again is not returned again, and one that is not in a listing may still exist.
// A listing ends at an empty page, or at one that brings nothing new. A page with
// fewer rows than were asked for ends it where the Client has learned from earlier
// listings what the count means, or that such pages are the last ones, and asks on
// until then: a list of fewer than 1000 rows costs one request, and a Client's
// first one two.
type Listing struct {
	client *Client
	filter ListFilter
	limit  int
	widen  bool // a row, not the size of all, was too large for the limit
	huge   int  // rows that were too large, one behind the other
	again  int  // rows since the last page that brought something new
	rows   int  // received, and thus the next offset
	small  int  // rows of the newest page, if they were fewer than were asked for
	begun  bool
	done   bool
	date   time.Time

	seen    map[rowKey]struct{}
	texts   interned
	invalid []InvalidField
}

// rowKey tells rows apart without keeping them.
type rowKey [16]byte

func newRowKey(text string) rowKey {
	sum := sha256.Sum256([]byte(text))
	return rowKey(sum[:len(rowKey{})])
}

// List returns a listing of the tasks of the project. It sends nothing yet.
//
// See https://support.huaweicloud.com/intl/en-us/api-cbr/ListOpLogs.html.
func (c *Client) List(f ListFilter) *Listing {
	return &Listing{client: c, filter: f, limit: maxPageRows, seen: map[rowKey]struct{}{}, texts: interned{}}
}

// Next returns the tasks of the next page that the listing has not returned yet,
// which may be none. After an error, the next call asks for the same page again;
// ReasonOf classifies it. When the listing is done, Next does nothing.
func (l *Listing) Next(ctx context.Context) ([]*OperationLog, error) {
	for !l.done {
		answer, err := l.client.service.do(ctx, l.call())
		var tooLarge *tooLargeError
		switch {
		case errors.As(err, &tooLarge) && l.limit > 1:
			l.limit /= 2
			l.widen = false
		case errors.As(err, &tooLarge) && l.huge < maxHugeRows:
			l.leaveOut()
			return nil, nil
		case err != nil:
			return nil, err
		default:
			return l.read(answer)
		}
	}
	return nil, nil
}

// Done reports whether the list has ended.
func (l *Listing) Done() bool { return l.done }

// Date returns the time by the API's clock of the answer with the first page. It
// is zero before, and where the answer did not say.
func (l *Listing) Date() time.Time { return l.date }

// Rows returns how many rows have been received, those included that came again
// or could not be read.
func (l *Listing) Rows() int { return l.rows }

// Invalid returns what could not be read of the pages since the last call: rows
// that are no task with an id, and the count. What could not be read of a task is
// in OperationLog.Invalid.
func (l *Listing) Invalid() []InvalidField {
	invalid := l.invalid
	l.invalid = nil
	return invalid
}

func (l *Listing) call() call {
	query := l.filter.query()
	if id := l.client.enterpriseProjectID; id != "" {
		query.Set("enterprise_project_id", id)
	}
	query.Set("limit", strconv.Itoa(l.limit))
	query.Set("offset", strconv.Itoa(l.rows))
	return call{
		operation: "ListOpLogs",
		method:    http.MethodGet,
		path:      []string{"v3", l.client.projectID, "operation-logs"},
		query:     query,
		maxBytes:  maxPageBytes,
	}
}

// leaveOut goes on behind a row that is too large for a page.
func (l *Listing) leaveOut() {
	l.invalid = append(l.invalid, InvalidField{
		Field: "operation_logs",
		Value: fmt.Sprintf("larger than %d KiB", maxPageBytes>>10),
	})
	l.rows++
	l.huge++
	l.widen = true
	l.small = 0
}

// read takes over the page in a, or nothing of it where it cannot be read whole.
func (l *Listing) read(a *answer) ([]*OperationLog, error) {
	var (
		tasks []*OperationLog
		fresh []rowKey
		notes = newObject(nil)
		rows  int
	)
	root, err := a.list("operation_logs", func(row any) {
		rows++
		values, isObject := row.(map[string]any)
		id, _ := scalar(values["id"])
		valid := isUUID(id)
		key := newRowKey("id " + strings.ToLower(id))
		if !valid {
			// Its text is all it has: without, a page of such rows would look like the end.
			key = newRowKey("row " + fmt.Sprint(row))
		}
		if _, again := l.seen[key]; again {
			return
		}
		l.seen[key] = struct{}{}
		fresh = append(fresh, key)
		switch {
		case !isObject:
			notes.invalid("operation_logs", row)
		case !valid:
			notes.invalid("id", values["id"])
		default:
			task := readOperationLog(newObject(values))
			l.texts.task(task)
			tasks = append(tasks, task)
		}
	})
	if err != nil {
		for _, key := range fresh {
			delete(l.seen, key)
		}
		return nil, err
	}
	l.again += rows
	if len(fresh) > 0 {
		l.again = 0
	}
	o := observation{
		limit: l.limit, offset: l.rows, rows: rows, fresh: len(fresh), again: l.again,
		count: root.count("count"), behind: l.small,
	}
	l.done = l.client.paging.last(o)
	l.invalid = slices.Concat(l.invalid, *notes.found, *root.found)
	if !l.begun {
		l.begun = true
		l.date = date(a.header)
	}
	l.rows += rows
	l.huge = 0
	l.small = 0
	if o.small() {
		l.small = rows
	}
	if l.widen {
		l.limit = min(2*l.limit, maxPageRows)
	}
	return tasks, nil
}

// date returns the time at which an answer was sent, by the clock of the sender;
// zero where it does not say.
func date(h http.Header) time.Time {
	t, err := http.ParseTime(h.Get("Date"))
	if err != nil || t.Unix() <= 0 {
		return time.Time{}
	}
	return t.UTC()
}
