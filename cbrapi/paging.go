package cbrapi

import "sync"

// maxShift is more than the tasks that begin between two requests for small pages.
const maxShift = 16

// paging is what the listings of a Client have learned of how the service pages,
// which no page of the API's says. It is safe for concurrent use, and never
// forgets: what a service did once it may do again.
//
// A list ends at an empty page, which is asked for once more where a listing is to be
// read to its end and the count says that there is more, and at one of which the listing has had every row:
// that comes at the end of a list that new tasks have shifted, and from a service
// that ignores the offset. The latter has told a part of its list only where the
// page is as large as was asked for, or the count says that there is more: then
// the listing is stuck. Where so little was asked for that a page may be nothing
// but what was shifted, that takes maxShift such rows. A page as large as was asked
// for ends nothing else. A smaller one may be the last, or come from a
// service that allows no larger ones, or lack rows that the caller must not see.
// It ends the list, unless that is to be read to its end, where one of these is
// known:
//
//   - The count is the number of rows in the whole list, and as many different ones
//     have been received. An empty page behind r rows with the count r has shown that, which
//     the number of rows in a page, or of those that are left, cannot do. A count
//     of fewer rows than the list has shown disproves it, and so does an empty page
//     with a count of more.
//   - Small pages are the last, and this one is smaller than the largest page that
//     the service allows, as far as a full page or a last one has shown. A small page
//     with nothing new behind it has shown that small ones are last; one with more
//     behind it disproves it. Until its listing has asked on, a small page shows nothing, not
//     even to other listings that run at the same time.
//
// All that is disproved stays so. Until something is proved, and where nothing can
// be, a listing costs one request more. A count of more rows than were received
// keeps a listing going as long as nothing speaks against it.
type paging struct {
	mu      sync.Mutex
	largest int // rows of the largest page that was full or the last
	fitting int // the limit that was not too large when a page was last; 0: none was

	countTotal, countOther bool // the count is the whole list's, or something else
	smallLast, smallOther  bool // small pages are last, or not always
}

// observation is what a page says about the end of its list.
type observation struct {
	limit, offset int    // asked for
	rows          int    // received
	fresh         int    // rows that the listing has not had before
	again         int    // rows since the last page with a fresh one
	seen          int    // rows that the listing has had, none twice
	count         *int64 // nil where it was not sent
	behind        int    // rows of the page before it, if that was small and had any
	toTheEnd      bool   // nothing but the rows themselves says where the list ends
	doubted       bool   // the page is asked for again, because it was empty
}

// verdict is what follows from a page for its listing.
type verdict int

const (
	goesOn verdict = iota
	ended
	stuck // there is more, but the service does not give it
)

// small reports whether there are fewer rows than were asked for.
func (o observation) small() bool { return o.rows < o.limit }

// judge learns from o and returns what follows from its page.
func (p *paging) judge(o observation) verdict {
	p.mu.Lock()
	defer p.mu.Unlock()
	if o.rows == 0 && o.toTheEnd && !o.doubted && o.count != nil && !p.countOther && *o.count > int64(o.offset) {
		return goesOn // it may have been empty by mistake
	}
	p.learn(o)
	counted := o.count != nil && !p.countOther // the count may be the whole list's
	switch {
	case o.rows == 0:
		return ended
	case o.fresh == 0:
		return judgeRepeated(o, counted)
	case !o.small() || o.toTheEnd || counted && *o.count > int64(o.seen):
		return goesOn // also where rows came again: they are not the others
	case counted && p.countTotal, p.smallLast && !p.smallOther && o.rows < p.largest:
		return ended
	default:
		return goesOn
	}
}

// judgeRepeated is judge for a page with rows of which none is new.
func judgeRepeated(o observation, counted bool) verdict {
	more, all := counted && *o.count > int64(o.seen), counted && *o.count <= int64(o.seen)
	switch {
	case o.small() && more && o.again < maxPageRows, !o.small() && o.again < maxShift:
		return goesOn
	case more, o.rows == o.limit && !all: // and not larger, which would be the whole list
		return stuck
	default:
		return ended
	}
}

func (p *paging) learn(o observation) {
	if !o.small() {
		p.largest = max(p.largest, o.rows)
	}
	switch {
	case o.behind == 0:
	case o.fresh > 0:
		p.smallOther = true
	default:
		p.smallLast = true
		p.largest = max(p.largest, o.behind)
	}
	if o.count == nil {
		return
	}
	if o.rows > 0 {
		p.countOther = p.countOther || *o.count < int64(o.seen)
		return
	}
	if received := int64(o.offset); received > 0 {
		p.countTotal = p.countTotal || *o.count == received
		p.countOther = p.countOther || *o.count > received
	}
}

// fits notes the limit with which a page may be small enough to be read.
func (p *paging) fits(limit int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.fitting = limit
}

// firstLimit returns the limit with which a listing begins: the rows may have become
// smaller since one was too large.
func (p *paging) firstLimit() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.fitting == 0 {
		return maxPageRows
	}
	return min(2*p.fitting, maxPageRows)
}
