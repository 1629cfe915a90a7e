package cbrapi

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	// maxPageRows is the largest page that the API documents.
	maxPageRows = 1000
	// maxPageBytes bounds a page, of which a task takes about 1.2 KB and a vault
	// with hundreds of resources some 100 KB.
	maxPageBytes = 16 << 20
	// maxHugeRows bounds how many rows one behind the other may be too large for a
	// page by themselves: then it is not the rows, but the service ignores the limit.
	maxHugeRows = 3
)

// pages reads a list of objects with UUIDs page by page, in the way that Listing
// describes. It is not safe for concurrent use.
type pages struct {
	service *service
	paging  *paging
	call    call   // for any page: the limit and the offset are added
	list    string // the name of the list in an answer
	path    string // in front of the places in a row, with a dot behind it

	limit int
	widen bool // a row, not the size of all, was too large for the limit
	huge  int  // rows that were too large, one behind the other
	again int  // rows since the last page that brought something new
	rows  int  // received, and thus the next offset
	small int  // rows of the newest page, if they were fewer than were asked for
	begun bool
	done  bool
	date  time.Time

	seen    map[rowKey]struct{}
	invalid []InvalidField // rows and counts that could not be read
}

// rowKey tells rows apart without keeping them.
type rowKey [16]byte

func newRowKey(text string) rowKey {
	sum := sha256.Sum256([]byte(text))
	return rowKey(sum[:len(rowKey{})])
}

// newPages returns the pages of the list that c asks for. It sends nothing yet.
func newPages(s *service, p *paging, c call, list string) *pages {
	c.maxBytes = maxPageBytes
	return &pages{service: s, paging: p, call: c, list: list, limit: maxPageRows, seen: map[rowKey]struct{}{}}
}

// next asks for the next page and calls row for each of its rows that is new to the
// listing and has a proper id. Where it fails, those rows are worth nothing, and
// the next call asks for the same page again.
func (p *pages) next(ctx context.Context, row func(object)) error {
	for !p.done {
		answer, err := p.service.do(ctx, p.page())
		var tooLarge *tooLargeError
		switch {
		case errors.As(err, &tooLarge) && p.limit > 1:
			p.limit /= 2
			p.widen = false
		case errors.As(err, &tooLarge) && p.huge < maxHugeRows:
			p.leaveOut()
			return nil
		case err != nil:
			return err
		default:
			return p.read(answer, row)
		}
	}
	return nil
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

// read takes over the page in a, or nothing of it where it cannot be read whole.
func (p *pages) read(a *answer, take func(object)) error {
	var (
		fresh []rowKey
		notes = newObject(nil)
		rows  int
	)
	root, err := a.list(p.list, func(row any) {
		rows++
		values, isObject := row.(map[string]any)
		id, _ := scalar(values["id"])
		valid := isUUID(id)
		key := newRowKey("id " + strings.ToLower(id))
		if !valid {
			// Its text is all it has: without, a page of such rows would look like the end.
			key = newRowKey("row " + fmt.Sprint(row))
		}
		if _, again := p.seen[key]; again {
			return
		}
		p.seen[key] = struct{}{}
		fresh = append(fresh, key)
		switch {
		case !isObject:
			notes.invalid(p.list, row)
		case !valid:
			notes.invalid(p.path+"id", values["id"])
		default:
			o := newObject(values)
			o.path = p.path
			take(o)
		}
	})
	if err != nil {
		for _, key := range fresh {
			delete(p.seen, key)
		}
		return err
	}
	p.again += rows
	if len(fresh) > 0 {
		p.again = 0
	}
	o := observation{
		limit: p.limit, offset: p.rows, rows: rows, fresh: len(fresh), again: p.again,
		count: root.count("count"), behind: p.small,
	}
	p.done = p.paging.last(o)
	p.invalid = slices.Concat(p.invalid, *notes.found, *root.found)
	if !p.begun {
		p.begun = true
		p.date = date(a.header)
	}
	p.rows += rows
	p.huge = 0
	p.small = 0
	if o.small() {
		p.small = rows
	}
	if p.widen {
		p.limit = min(2*p.limit, maxPageRows)
	}
	return nil
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
