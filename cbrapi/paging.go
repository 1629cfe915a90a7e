package cbrapi

import "sync"

// maxShift is more than the tasks that begin between two requests for small pages.
const maxShift = 16

// paging is what the listings of a Client have learned of how the service pages,
// which no page of the API's says. It is safe for concurrent use, and never
// forgets: what a service did once it may do again.
//
// A list ends at an empty page, and at one of which the listing has had every
// row: that comes from a service that ignores the offset, and at the end of a
// list that new tasks have shifted. Where so little was asked for that a page may
// be nothing but what was shifted, it takes maxShift such rows. A page as large as
// was asked for ends nothing else. A smaller one may be the last, or come from a
// service that allows no larger ones, or lack rows that the caller must not see.
// It ends the list where one of these is known:
//
//   - The count is the number of rows in the whole list, and as many have been
//     received. An empty page behind r rows with the count r has shown that, which
//     the number of rows in a page, or of those that are left, cannot do. A count
//     of fewer rows than were received disproves it, and so does an empty page
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

	countTotal, countOther bool // the count is the whole list's, or something else
	smallLast, smallOther  bool // small pages are last, or not always
}

// observation is what a page says about the end of its list.
type observation struct {
	limit, offset int    // asked for
	rows          int    // received
	fresh         int    // rows that the listing has not had before
	again         int    // rows since the last page with a fresh one
	count         *int64 // nil where it was not sent
	behind        int    // rows of the page before it, if that was small and had any
}

// small reports whether there are fewer rows than were asked for.
func (o observation) small() bool { return o.rows < o.limit }

// last learns from o and reports whether its page is the last one.
func (p *paging) last(o observation) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	received := int64(o.offset + o.rows)
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
	if o.count != nil && o.offset > 0 && o.rows == 0 {
		p.countTotal = p.countTotal || *o.count == received
		p.countOther = p.countOther || *o.count > received
	}
	if o.count != nil && o.rows > 0 {
		p.countOther = p.countOther || *o.count < received
	}

	switch {
	case o.fresh == 0 && (o.small() || o.again >= maxShift):
		return true
	case !o.small():
		return false
	case o.count != nil && !p.countOther && *o.count > received:
		return false
	case o.count != nil && !p.countOther && p.countTotal:
		return true
	default:
		return p.smallLast && !p.smallOther && o.rows < p.largest
	}
}
