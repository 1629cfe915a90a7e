package simulator

import (
	"bytes"
	"cmp"
	"net/url"
	"slices"
	"strconv"
	"time"
)

// A Listing is how the service lists tasks. Little of it is documented, so clients
// have to cope with all of it. The zero Listing returns all matching tasks, latest
// first, as they are now.
//
// Pages, filters, counts and enterprise projects apply to vaults and backups too; orders
// do not, as backups are the latest first. Of the times, NoTime applies to backups.
// Protectable resources have pages, counts and enterprise projects, policies counts and
// enterprise projects alone.
type Listing struct {
	Order Order
	// MaxLimit is the maximum length of a page, whatever limit is requested; zero:
	// 1000.
	MaxLimit int
	// ShortPages makes pages shorter than requested although more rows follow: the
	// first page always, later ones perhaps.
	ShortPages bool
	// Repeat is the number of rows that each page has in common with the previous
	// one, as when tasks are created meanwhile. It must be less than the limit.
	Repeat int
	// Lag is the age of lists of tasks, and of backups unless they are given. Single tasks
	// are always up to date.
	Lag time.Duration

	// IgnoreFilters ignores all filters but start_time and end_time.
	IgnoreFilters bool
	// IgnoreOffset always returns the first page.
	IgnoreOffset bool
	// TimeOf is the time that start_time and end_time are compared with.
	TimeOf TimeOf

	// NoCount leaves out the count.
	NoCount bool
	// WrongCount counts the rows of the page instead of all matching rows.
	WrongCount bool
	// OverCount is added to the count, as recorded of vaults: 4 for 3 rows on one page.
	OverCount int

	// EnterpriseProject is the only one of which the user may list anything. A request
	// must name it, or all_granted_eps. If empty, the parameter selects vaults, and
	// backups by their vault, and is otherwise ignored. Tasks, policies and protectable
	// resources do not name their enterprise project: all belong to this one.
	EnterpriseProject string
}

// Order is the order of the tasks of a list. The API has no parameter for it.
type Order int

// Shuffled tasks are sorted by id.
const (
	LatestFirst Order = iota
	OldestFirst
	Shuffled
)

// TimeOf is the time of a task that start_time and end_time are compared with. The
// documentation calls them "task start time" and "task end time", which may mean
// anything. Both bounds are inclusive.
type TimeOf int

// Tasks that wait or were skipped have no started_at.
const (
	CreatedAt       TimeOf = iota
	StartedAt              // tasks without it do not match
	StartedAtOrNone        // tasks without it match
	NoTime                 // start_time and end_time are ignored
)

// SetListing changes how the service lists tasks, from now on.
func (s *Simulator) SetListing(l Listing) { s.listing.Store(&l) }

// allGrantedProjects stands for all enterprise projects that the user may see.
const allGrantedProjects = "all_granted_eps"

// permits reports whether a user who is restricted to an enterprise project may
// request a list.
func (l Listing) permits(params url.Values) bool {
	named := params.Get("enterprise_project_id")
	return l.EnterpriseProject == "" || named == l.EnterpriseProject || named == allGrantedProjects
}

// sort puts tasks, which are in the order of their creation, into the order of the
// listing.
func (l Listing) sort(tasks []*entry) {
	switch l.Order {
	case LatestFirst:
		slices.Reverse(tasks)
	case Shuffled:
		slices.SortFunc(tasks, func(a, b *entry) int { return bytes.Compare(a.id[:], b.id[:]) })
	}
}

// A pageRequest is which page of a list is requested.
type pageRequest struct{ limit, offset int }

// maxLimit is the largest page, and the default one, see
// https://support.huaweicloud.com/intl/zh-cn/api-cbr/ListOpLogs.html.
const maxLimit = 1000

// parsePage is not ok if the service refuses a parameter.
func parsePage(params url.Values) (p pageRequest, ok bool) {
	limit, err1 := strconv.Atoi(cmp.Or(params.Get("limit"), strconv.Itoa(maxLimit)))
	offset, err2 := strconv.Atoi(cmp.Or(params.Get("offset"), "0"))
	return pageRequest{limit, offset}, err1 == nil && err2 == nil && limit >= 1 && limit <= maxLimit && offset >= 0
}

// page returns which of all rows are on a page.
func (l Listing) page(p pageRequest, rows int, s seed) (from, to int) {
	from = p.offset
	if l.IgnoreOffset {
		from = 0
	}
	limit := p.limit
	if l.MaxLimit > 0 {
		limit = min(limit, l.MaxLimit)
	}
	pages := (from + limit - 1) / limit // that a client has read before
	from = min(max(0, from-l.Repeat*pages), rows)
	to = min(from+limit, rows)
	if length := to - from; l.ShortPages && length > 1 {
		chance := s.rand("short page", from)
		if from == 0 || oneIn(chance, 2) {
			to = from + 1 + chance.IntN(length-1)
		}
	}
	return from, to
}

// count returns the count in a response.
func (l Listing) count(all, page int) *int {
	switch {
	case l.NoCount:
		return nil
	case l.WrongCount:
		all = page
	}
	all += l.OverCount
	return &all
}
