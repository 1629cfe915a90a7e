package simulator

import (
	"net/url"
	"strconv"
	"time"
)

// maxLimit is the most rows that may be asked for, and what is answered where
// limit is not given, see
// https://support.huaweicloud.com/intl/zh-cn/api-cbr/ListOpLogs.html.
const maxLimit = 1000

// A listQuery is what a list is asked for.
type listQuery struct {
	limit   int
	offset  int       // rows
	from    time.Time // start_time; zero: not given
	to      time.Time // end_time; zero: not given
	filters []filter
}

// A filter wants a field of a task to be exactly so.
type filter struct {
	of    func(e *entry, at time.Time) string
	value string
}

// fieldOf returns what each filter looks at. No page tells whether one may be
// given twice; the first counts.
func fieldOf() map[string]func(e *entry, at time.Time) string {
	return map[string]func(e *entry, at time.Time) string{
		"status":         func(e *entry, at time.Time) string { return e.status(at) },
		"operation_type": func(e *entry, _ time.Time) string { return e.schedule.operation },
		"resource_id":    func(e *entry, _ time.Time) string { return e.resourceID() },
		"resource_name":  func(e *entry, _ time.Time) string { return e.resourceName() },
		"vault_id":       func(e *entry, _ time.Time) string { return e.vaultID() },
		"vault_name":     func(e *entry, _ time.Time) string { return e.vaultName() },
		"provider_id":    func(e *entry, _ time.Time) string { return e.provider().id },
	}
}

// parseListQuery is not ok where the service refuses a parameter.
func parseListQuery(params url.Values) (q listQuery, ok bool) {
	numbersOK := parsePage(params, &q.limit, &q.offset)
	timesOK := parseBound(params.Get("start_time"), &q.from) && parseBound(params.Get("end_time"), &q.to)
	for name, of := range fieldOf() {
		if value := params.Get(name); value != "" {
			q.filters = append(q.filters, filter{of, value})
		}
	}
	return q, numbersOK && timesOK
}

// parsePage reads which page is asked for. It reports false where the service
// refuses it.
func parsePage(params url.Values, limit, offset *int) bool {
	return parseRows(params.Get("limit"), limit, 1, maxLimit, maxLimit) &&
		parseRows(params.Get("offset"), offset, 0, 0, 1<<31-1)
}

// parseRows reads a number of rows. It reports false where that is no number, or
// out of range.
func parseRows(text string, rows *int, least, otherwise, most int) bool {
	*rows = otherwise
	if text == "" {
		return true
	}
	n, err := strconv.Atoi(text)
	*rows = n
	return err == nil && least <= n && n <= most
}

// parseBound reads a time in the only format that the page has.
func parseBound(text string, bound *time.Time) bool {
	const layout = "2006-01-02T15:04:05Z"
	if text == "" {
		return true
	}
	at, err := time.Parse(layout, text)
	*bound = at
	return err == nil && len(text) == len(layout) // Parse would take a fraction too
}

func (q listQuery) matches(e *entry, at time.Time, l Listing) bool {
	if !q.contains(e, at, l.TimeOf) {
		return false
	}
	if l.IgnoreFilters {
		return true
	}
	for _, f := range q.filters {
		if f.of(e, at) != f.value {
			return false
		}
	}
	return true
}

// contains reports whether a task is between start_time and end_time.
func (q listQuery) contains(e *entry, at time.Time, of TimeOf) bool {
	if of == NoTime || q.from.IsZero() && q.to.IsZero() {
		return true
	}
	when := e.created
	if of == StartedAt || of == StartedAtOrNone {
		if !e.hasStarted(at) {
			return of == StartedAtOrNone
		}
		when = e.started
	}
	return !when.Before(q.from) && (q.to.IsZero() || !when.After(q.to))
}
