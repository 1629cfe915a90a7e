package cbrapi

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"time"
)

const (
	// maxPageRows is the largest page that the API documents.
	maxPageRows = 1000
	// maxPageBytes bounds a page, of which a task takes about 1.2 KB and a vault
	// with hundreds of resources some 100 KB.
	maxPageBytes = 16 << 20
	// maxRows bounds a list: one that goes on has no end, and what was read of it
	// is kept in memory.
	maxRows = 2_000_000
	// maxHugeRows bounds how many rows one behind the other may be too large for a
	// page by themselves: then it is not the rows, but the service ignores the limit.
	maxHugeRows = 3
	// maxBadRows bounds how many rows a page may have of which none is what was asked
	// for: then they are something else.
	maxBadRows = 3
	// pagesToWiden is after how many full pages a larger one is tried again, where
	// one was too large.
	pagesToWiden = 8
)

// pages reads a list of objects with UUIDs page by page, in the way that Listing
// describes. It is not safe for concurrent use.
type pages struct {
	service *service
	paging  *paging
	call    call   // for any page: the limit and the offset are added
	list    string // the name of the list in an answer
	path    string // in front of the places in a row, with a dot behind it

	toTheEnd bool // as ListToEnd says

	limit int
	widen bool // a row, not the size of all, was too large for the limit
	full  int  // full pages since the limit has changed
	huge  int  // rows that were too large, one behind the other
	again int  // rows since the last page that brought something new
	doubt bool // that the list has ended at an empty page
	rows  int  // received, and thus the next offset
	small int  // rows of the newest page, if they were fewer than were asked for
	begun bool
	done  bool
	more  bool // the newest page looks as if there were more behind it
	date  time.Time

	seen    map[rowKey]struct{}
	invalid []InvalidField // rows and counts that could not be read
}

// newPages returns the pages of the list that c asks for. It sends nothing yet.
func newPages(s *service, p *paging, c call, list string) *pages {
	c.maxBytes = maxPageBytes
	return &pages{service: s, paging: p, call: c, list: list, limit: p.firstLimit(), seen: map[rowKey]struct{}{}}
}

// next asks for the next page and calls row for each of its rows that is new to the
// listing and has a proper id; row reports whether it is one that was asked for.
// Where next fails, those rows are worth nothing, and the next call asks for the same
// page again.
func (p *pages) next(ctx context.Context, row func(object) bool) error {
	for !p.done {
		if p.rows >= maxRows {
			return p.fault("the list goes on after %d rows; it is taken to have no end", p.rows)
		}
		answer, err := p.service.do(ctx, p.page())
		var tooLarge *tooLargeError
		switch {
		case errors.As(err, &tooLarge) && p.limit > 1:
			p.limit /= 2
			p.widen, p.full = false, 0
		case errors.As(err, &tooLarge) && p.huge < maxHugeRows:
			p.leaveOut()
			return nil
		case tooLarge != nil:
			p.paging.fits(p.limit) // or the next listing would find that out again
			return err
		case err != nil:
			return err
		default:
			return p.read(answer, row)
		}
	}
	return nil
}

// once is next with a single request: a page that is too large is an error.
func (p *pages) once(ctx context.Context, row func(object) bool) error {
	answer, err := p.service.do(ctx, p.page())
	if err != nil {
		return err
	}
	return p.read(answer, row)
}

func (p *pages) page() call {
	c := p.call
	c.query = maps.Clone(c.query)
	c.query.Set("limit", strconv.Itoa(p.limit))
	c.query.Set("offset", strconv.Itoa(p.rows))
	return c
}

// leaveOut goes on behind a row that is too large for a page.
func (p *pages) leaveOut() {
	p.invalid = append(p.invalid, InvalidField{
		Field: p.list,
		Value: fmt.Sprintf("larger than %d KiB", maxPageBytes>>10),
	})
	p.rows++
	p.huge++
	p.widen = true
	p.small = 0
}

// fault is the error for pages that are well formed each, and no list together.
func (p *pages) fault(format string, args ...any) error {
	return &Error{Operation: p.call.operation, StatusCode: http.StatusOK, Message: fmt.Sprintf(format, args...)}
}

// read takes over the page in a, or nothing of it where it cannot be read whole.
func (p *pages) read(a *answer, take func(object) bool) error {
	page := pageRows{pages: p, notes: newObject(nil), take: take}
	root, err := a.list(p.list, page.read)
	if err == nil && page.usable == 0 && page.fresh() > maxBadRows {
		err = a.malformed(fmt.Sprintf("of %d rows none is one of %s of this project with an id and a time that can be read", page.rows, p.list))
	}
	if err != nil {
		page.undo()
		return err
	}
	p.again += page.rows
	if page.fresh() > 0 {
		p.again = 0
	}
	o := observation{
		limit: p.limit, offset: p.rows, rows: page.rows, fresh: page.fresh(), again: p.again, seen: len(p.seen),
		count: root.count("count"), behind: p.small, toTheEnd: p.toTheEnd, doubted: p.doubt,
	}
	p.doubt = page.rows == 0
	verdict := p.paging.judge(o)
	if verdict == stuck {
		return a.malformed(fmt.Sprintf("the service gives no more than %d rows of the list, whatever the offset", o.seen))
	}
	p.done = verdict == ended
	p.invalid = slices.Concat(p.invalid, *page.notes.found, *root.found)
	if !p.begun {
		p.begun = true
		p.date = date(a.header)
	}
	p.rows += page.rows
	p.more = page.rows > 0 && !o.small() || o.count != nil && *o.count > int64(o.seen)
	p.huge = 0
	p.small = 0
	if o.small() {
		p.small = page.rows
	} else {
		p.full++
		if !p.widen {
			p.paging.fits(p.limit)
		}
	}
	p.adaptLimit()
	return nil
}

// adaptLimit asks for more where a page was too large some pages ago.
func (p *pages) adaptLimit() {
	if p.widen || p.full >= pagesToWiden {
		p.limit, p.full = min(2*p.limit, maxPageRows), 0
	}
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
