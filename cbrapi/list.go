package cbrapi

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

const (
	// maxPageRows is the largest page that the API documents.
	maxPageRows = 1000
	// A task or a backup takes about 1.2 KB, a vault with hundreds of resources about
	// 100 KB, and so does a protectable resource in such a vault.
	maxPageBytes = 16 << 20

	// A list with more rows fails, or one without an end would take all memory. All are well
	// above what any project has, and the larger, the less callers keep of a row.
	maxSummed = 1_000_000 // all tasks and all backups, of which they keep sums
	maxKept   = 50_000    // active and new tasks, and protectable resources of a kind
	maxVaults = 10_000    // with their resources; and policies

	// maxBadPage is how many rows a later page may have if none of them can be read. A list
	// may end with a bad row, which costs no more than that row.
	maxBadPage = 3
)

// List reads a list page by page. It is not safe for concurrent use.
//
// The API documents an order of backups only, and rows that come and go shift the pages.
// Next returns no row twice, but a row that is missing from a list may still exist.
//
// A list ends at a page without rows, or with more known ones than were asked for again. It
// also ends once it has as many rows as the count says, if an earlier list of the same kind
// has shown that the count is right.
type List[T any] struct {
	client  *Client
	request listRequest
	read    func(object) *T

	limit      int
	seen       map[string]bool
	offset     int    // of the next page
	repeats    int    // rows of the latest page that the next one asks for again
	firstCount *int64 // of the first page
	trust      trust  // in the count, as of the latest page
	date       time.Time
	done       bool
	invalid    []InvalidField
}

type listRequest struct {
	operation string
	segments  []string // of the URL's path
	name      string   // of the list in the response
	path      string   // in front of the names of a row's fields
	query     url.Values
	// overlap is how many rows of a page the next one repeats: as many rows may vanish
	// between the two requests without another one being missed.
	overlap int
	most    int // rows; a list with more is an error
}

// kind returns what all lists of the same operation with the same filters share.
func (r listRequest) kind() string {
	return r.operation + " " + strings.Join(slices.Sorted(maps.Keys(r.query)), " ")
}

func newList[T any](c *Client, r listRequest, read func(object) *T) *List[T] {
	if c.enterpriseProjectID != "" {
		r.query.Set("enterprise_project_id", c.enterpriseProjectID)
	}
	return &List[T]{client: c, request: r, read: read, limit: maxPageRows, seen: map[string]bool{}}
}

// Next requests the next page and returns its rows, without those of earlier pages. It
// may return none. It requests a page of more than 16 MiB again with a tenth of the limit.
//
// After an error, which ReasonOf classifies, the next call requests the same page again.
func (l *List[T]) Next(ctx context.Context) ([]*T, error) {
	if l.done {
		return nil, nil
	}
	response, err := l.get(ctx)
	if err != nil {
		return nil, err
	}
	p, err := l.decode(response)
	if err != nil {
		return nil, err
	}
	if err := l.add(p, response); err != nil {
		return nil, err
	}
	return p.entries, nil
}

func (l *List[T]) get(ctx context.Context) (*response, error) {
	for {
		query := maps.Clone(l.request.query)
		query.Set("limit", strconv.Itoa(l.limit))
		query.Set("offset", strconv.Itoa(l.offset))
		response, err := l.client.service.do(ctx, request{
			operation: l.request.operation,
			method:    http.MethodGet,
			path:      l.request.segments,
			query:     query,
			maxBytes:  maxPageBytes,
		})
		var tooLarge tooLargeError
		if !errors.As(err, &tooLarge) || l.limit == 1 {
			return response, err
		}
		l.limit = max(1, l.limit/10)
	}
}

type page[T any] struct {
	entries []*T
	rows    int
	usable  int             // rows with an id, known or not
	fresh   map[string]bool // rows that are new to the list, usable or not
	count   *int64
	invalid []InvalidField
}

func (l *List[T]) decode(response *response) (*page[T], error) {
	p := &page[T]{fresh: map[string]bool{}}
	root, rows, err := response.list(l.request.name)
	if err != nil {
		return nil, err
	}
	for row := range rows.elements() {
		l.decodeRow(p, row)
		switch {
		case len(p.invalid) > maxPageRows:
			return nil, response.malformed(fmt.Sprintf("more than %d rows of %s cannot be read", maxPageRows, l.request.name))
		case len(l.seen)+len(p.fresh) > l.request.most:
			return nil, response.malformed(fmt.Sprintf("the list has more than %d rows, the most that the exporter reads of it", l.request.most))
		}
	}
	readable := len(p.entries) > 0 || p.usable > l.repeats
	if !readable && len(p.invalid) > 0 && (l.offset == 0 || p.rows-l.repeats > maxBadPage) { // it may list something else
		bad := p.invalid[0]
		return nil, response.malformed(fmt.Sprintf("no row of %s can be read: %s is %s", l.request.name, bad.Field, bad.Value))
	}
	p.count = root.count("count")
	p.invalid = append(p.invalid, *root.found...)
	return p, nil
}

func (l *List[T]) decodeRow(p *page[T], row raw) {
	p.rows++
	o := newObject(row)
	o.path = l.request.path
	id, ok := scalar(o.value("id"))
	valid := ok && uuid.MatchString(id)
	key := []byte(strings.ToLower(id))
	if valid {
		p.usable++
	} else { // it may have megabytes
		sum := sha256.Sum256(row)
		key = sum[:]
	}
	if l.seen[string(key)] || p.fresh[string(key)] {
		return
	}
	p.fresh[string(key)] = true
	switch {
	case !row.isObject():
		p.invalid = append(p.invalid, l.invalidRow(p, l.request.name, row, nil))
	case !valid:
		p.invalid = append(p.invalid, l.invalidRow(p, l.request.path+"id", o.value("id"), o.value("name")))
	default:
		p.entries = append(p.entries, l.read(o))
	}
}

// invalidRow returns the field that costs the latest row of p. Its value says where to
// find the row: at which place of the list, and by which name if it has one.
func (l *List[T]) invalidRow(p *page[T], field string, value, name raw) InvalidField {
	f := newInvalidField(field, value)
	f.Value += fmt.Sprintf(" in row %d", l.offset+p.rows)
	if text, ok := scalar(name); ok && text != "" {
		f.Value += ", " + oneLine(text, maxToken)
	}
	return f
}

// add takes over a page and decides whether the list ends with it.
func (l *List[T]) add(p *page[T], response *response) error {
	if l.offset == 0 {
		l.firstCount = p.count
		if date, err := http.ParseTime(response.header.Get("Date")); err == nil {
			l.date = date
		}
	}
	seen := int64(len(l.seen) + len(p.fresh))
	l.trust = l.client.counts.learn(l.request.kind(), p.count, seen, p.rows == 0)
	repeated := len(p.fresh) == 0 && p.rows > l.repeats
	// New rows shift the pages, so that the last page may repeat rows. The list is still
	// complete as of its first page, unless the service ignores the offset.
	if repeated && l.trust != disproved && l.firstCount != nil && *l.firstCount > seen {
		return response.malformed(fmt.Sprintf("the page at offset %d repeats earlier ones, and %d of %d rows are missing", l.offset, *l.firstCount-seen, *l.firstCount))
	}
	maps.Copy(l.seen, p.fresh)
	l.offset += p.rows
	l.repeats = 0
	if p.rows == l.limit && len(p.fresh) > 0 { // a shorter page is likely to be the last one
		l.repeats = min(l.request.overlap, p.rows-1)
		l.offset -= l.repeats
	}
	l.invalid = append(l.invalid, p.invalid...)
	l.done = p.rows == 0 || repeated || l.trust == confirmed && p.count != nil && *p.count <= seen
	return nil
}

// Done reports whether the list has ended.
func (l *List[T]) Done() bool { return l.done }

// Date returns the time of the first page by the API's clock, if known.
func (l *List[T]) Date() time.Time { return l.date }

// Invalid returns what could not be read since the last call: the count, and rows
// without an id, which are left out. Each other row has its own list of invalid fields.
func (l *List[T]) Invalid() []InvalidField {
	invalid := l.invalid
	l.invalid = nil
	return invalid
}

// trust is what is known about the count of a kind of list.
type trust int

const (
	untested  trust = iota
	confirmed       // it is the number of rows in the whole list
	disproved
)

// counts records for each kind of list whether its count can be trusted, which the API
// does not document. It is safe for concurrent use.
type counts struct {
	mu    sync.Mutex
	kinds map[string]trust
}

// learn compares a count with the rows seen so far, of which there are no more if the
// page is empty. A count that was wrong once stays disproved.
func (c *counts) learn(kind string, count *int64, seen int64, emptyPage bool) trust {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.kinds == nil {
		c.kinds = map[string]trust{}
	}
	switch {
	case count == nil:
	case emptyPage && *count > seen, !emptyPage && *count < seen:
		c.kinds[kind] = disproved
	case emptyPage && *count == seen && seen > 0 && c.kinds[kind] == untested:
		c.kinds[kind] = confirmed
	}
	return c.kinds[kind]
}
