package cbrapi_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
)

// TestPaging has one client list several times: what it asks for, listing after
// listing. Whatever the service does, no task may be missed.
func TestPaging(t *testing.T) {
	type listing struct {
		tasks int
		asked []string
	}
	none := func(int, int, int) string { return "" }
	for name, test := range map[string]struct {
		most     func(offset int) int
		count    func(total, offset, rows int) string
		listings []listing
	}{
		"count": {listings: []listing{
			{0, []string{"1000@0"}},
			{3, []string{"1000@0", "1000@3"}}, // the second page says what the count is
			{3, []string{"1000@0"}},
			{0, []string{"1000@0"}},
			{999, []string{"1000@0"}},
			{1000, []string{"1000@0", "1000@1000"}},
			{1001, []string{"1000@0", "1000@1000"}},
			{2500, []string{"1000@0", "1000@1000", "1000@2000"}},
		}},
		"count, first listing of many pages": {listings: []listing{
			{2500, []string{"1000@0", "1000@1000", "1000@2000", "1000@2500"}},
			{2500, []string{"1000@0", "1000@1000", "1000@2000"}},
			{999, []string{"1000@0"}},
		}},
		"count, small pages": {most: atMost(100), listings: []listing{
			{100, []string{"1000@0", "1000@100"}},
			{250, []string{"1000@0", "1000@100", "1000@200"}},
			{100, []string{"1000@0"}},
			{50, []string{"1000@0"}},
		}},
		"no count": {count: none, listings: []listing{
			{0, []string{"1000@0"}},
			{3, []string{"1000@0", "1000@3"}},
			{2, []string{"1000@0"}},
			{0, []string{"1000@0"}},
			{3, []string{"1000@0", "1000@3"}}, // may be the largest page of all
			{4, []string{"1000@0", "1000@4"}},
			{3, []string{"1000@0"}},
			{1500, []string{"1000@0", "1000@1000"}},
			{999, []string{"1000@0"}},
			{1000, []string{"1000@0", "1000@1000"}},
		}},
		"no count, small pages": {most: atMost(100), count: none, listings: []listing{
			{100, []string{"1000@0", "1000@100"}},
			{99, []string{"1000@0"}},
			{250, []string{"1000@0", "1000@100", "1000@200", "1000@250"}},
			{50, []string{"1000@0", "1000@50"}},
			{100, []string{"1000@0", "1000@100"}},
		}},
		"no count, a small page in the middle": {
			most: func(offset int) int {
				if offset == 1000 {
					return 998
				}
				return 1000
			},
			count: none,
			listings: []listing{
				{2500, []string{"1000@0", "1000@1000", "1000@1998", "1000@2500"}},
				{3, []string{"1000@0", "1000@3"}},
				{3, []string{"1000@0", "1000@3"}},
				{2500, []string{"1000@0", "1000@1000", "1000@1998", "1000@2500"}},
			},
		},
		"null for the count": {
			count: func(int, int, int) string { return `,"count":null` },
			listings: []listing{
				{3, []string{"1000@0", "1000@3"}},
				{2, []string{"1000@0"}},
			},
		},
		"count of the page": {
			count: func(_, _, rows int) string { return fmt.Sprintf(`,"count":%d`, rows) },
			listings: []listing{
				{3, []string{"1000@0", "1000@3"}},
				{3, []string{"1000@0", "1000@3"}},
				{2, []string{"1000@0"}},
			},
		},
		"count of the page, small pages": {
			most:  atMost(100),
			count: func(_, _, rows int) string { return fmt.Sprintf(`,"count":%d`, rows) },
			listings: []listing{
				{100, []string{"1000@0", "1000@100"}},
				{250, []string{"1000@0", "1000@100", "1000@200", "1000@250"}},
				{200, []string{"1000@0", "1000@100", "1000@200"}},
			},
		},
		"count of the rows left, small pages": {
			most:  atMost(100),
			count: func(total, offset, _ int) string { return fmt.Sprintf(`,"count":%d`, max(total-offset, 0)) },
			listings: []listing{
				{300, []string{"1000@0", "1000@100", "1000@200", "1000@300"}},
				{300, []string{"1000@0", "1000@100", "1000@200", "1000@300"}},
				{200, []string{"1000@0", "1000@100", "1000@200"}},
			},
		},
		"count of all tasks, whatever the filter": {
			count: func(total, _, _ int) string { return fmt.Sprintf(`,"count":%d`, total+100) },
			listings: []listing{
				{3, []string{"1000@0", "1000@3"}},
				{2, []string{"1000@0"}},
			},
		},
		"count of nothing": {
			count: func(int, int, int) string { return `,"count":0` },
			listings: []listing{
				{3, []string{"1000@0", "1000@3"}},
				{2, []string{"1000@0"}},
				{3, []string{"1000@0", "1000@3"}},
			},
		},
		"count with a bound": {
			most:  atMost(100),
			count: func(total, _, _ int) string { return fmt.Sprintf(`,"count":%d`, min(total, 150)) },
			listings: []listing{
				{120, []string{"1000@0", "1000@100", "1000@120"}},
				{250, []string{"1000@0", "1000@100", "1000@200", "1000@250"}},
				{120, []string{"1000@0", "1000@100", "1000@120"}}, // believed no longer
			},
		},
		"count as text": {
			count: func(total, _, _ int) string { return fmt.Sprintf(`,"count":"%d"`, total) },
			listings: []listing{
				{3, []string{"1000@0", "1000@3"}},
				{4, []string{"1000@0"}},
			},
		},
		"a count that cannot be read": {
			count: func(int, int, int) string { return `,"count":"many"` },
			listings: []listing{
				{3, []string{"1000@0", "1000@3"}},
				{4, []string{"1000@0", "1000@4"}},
				{3, []string{"1000@0"}},
			},
		},
		"one row at a time": {most: atMost(1), listings: []listing{
			{3, []string{"1000@0", "1000@1", "1000@2", "1000@3"}},
			{3, []string{"1000@0", "1000@1", "1000@2"}},
		}},
	} {
		t.Run(name, func(t *testing.T) {
			h := &history{most: test.most, count: test.count}
			client := newClient(t, serve(t, h.ServeHTTP))
			for i, listing := range test.listings {
				h.rows = rowsOf(listing.tasks)
				l := client.List(cbrapi.ListFilter{})
				if diff := cmp.Diff(idsOf(listing.tasks), mustReadAll(t, l)); diff != "" {
					t.Errorf("listing %d: the tasks differ (-want +got):\n%s", i, diff)
				}
				if diff := cmp.Diff(listing.asked, h.takeAsked()); diff != "" {
					t.Errorf("listing %d of %d tasks: the requests differ (-want +got):\n%s", i, listing.tasks, diff)
				}
				if l.Rows() != listing.tasks {
					t.Errorf("listing %d: %d rows, want %d", i, l.Rows(), listing.tasks)
				}
			}
		})
	}
}

// A task that is over leaves the running list while that is read, and the count
// with it: that says nothing about what the count is.
func TestPagingOfAShrinkingList(t *testing.T) {
	h := &history{rows: rowsOf(5)}
	h.before = func(request int) { h.rows = rowsOf(5 - request) }
	client := newClient(t, serve(t, h.ServeHTTP))
	for i, want := range [][]string{
		{"1000@0", "1000@5"}, // empty, with a count of 4
		{"1000@0", "1000@5"}, // empty, with a count of 5
		{"1000@0"},
	} {
		if got := mustReadAll(t, client.List(cbrapi.ListFilter{})); len(got) != 5 {
			t.Errorf("listing %d: %d tasks, want 5", i, len(got))
		}
		if diff := cmp.Diff(want, h.takeAsked()); diff != "" {
			t.Errorf("listing %d: the requests differ (-want +got):\n%s", i, diff)
		}
		h.before, h.rows = nil, rowsOf(5)
	}
}

// Rows that come again, page after page, do not stand for those that are still to come.
func TestRepeatedRowsAndACount(t *testing.T) {
	h := &history{rows: rowsOf(25), most: atMost(10)}
	client := newClient(t, serve(t, h.ServeHTTP))
	mustReadAll(t, client.List(cbrapi.ListFilter{})) // the count is that of all
	h.fault = func(_, offset int) http.HandlerFunc {
		from := min(offset-3*(offset/10), len(h.rows))
		page := h.rows[from:min(from+10, len(h.rows))]
		return reply(http.StatusOK, "application/json", `{"operation_logs":[`+strings.Join(page, ",")+`],"count":25}`)
	}
	if diff := cmp.Diff(idsOf(25), mustReadAll(t, client.List(cbrapi.ListFilter{}))); diff != "" {
		t.Errorf("the tasks differ (-want +got):\n%s", diff)
	}
}

// Whoever ignores limit or offset must not keep a listing going, and what it keeps back
// must not seem to be all.
func TestIgnoredOffset(t *testing.T) {
	for name, test := range map[string]struct {
		tasks int    // at every offset
		count string // what is said of them
		asked []string
		stuck bool
	}{
		"a short list":               {3, ``, []string{"1000@0", "1000@3"}, false},
		"a short list, counted":      {3, `,"count":3`, []string{"1000@0", "1000@3"}, false},
		"one page":                   {1000, ``, []string{"1000@0", "1000@1000"}, true},
		"one page, counted":          {1000, `,"count":1000`, []string{"1000@0", "1000@1000"}, false},
		"the first of many, counted": {1000, `,"count":1001`, []string{"1000@0", "1000@1000"}, true},
		"and the limit":              {1500, ``, []string{"1000@0", "1000@1500"}, false},
		"a small page of a longer list": {
			400, `,"count":401`, []string{"1000@0", "1000@400", "1000@800", "1000@1200"}, true,
		},
	} {
		t.Run(name, func(t *testing.T) {
			h := &history{fault: func(int, int) http.HandlerFunc {
				return reply(http.StatusOK, "application/json",
					`{"operation_logs":[`+strings.Join(rowsOf(test.tasks), ",")+`]`+test.count+`}`)
			}}
			got, err := readAll(t.Context(), newClient(t, serve(t, h.ServeHTTP)).List(cbrapi.ListFilter{}))
			if diff := cmp.Diff(idsOf(test.tasks), got); diff != "" {
				t.Errorf("the tasks differ (-want +got):\n%s", diff)
			}
			if (err != nil) != test.stuck || err != nil && cbrapi.ReasonOf(err) != cbrapi.ReasonUpstream {
				t.Errorf("got the error %v; stuck %t is wanted", err, test.stuck)
			}
			if diff := cmp.Diff(test.asked, h.takeAsked()); diff != "" {
				t.Errorf("the requests differ (-want +got):\n%s", diff)
			}
		})
	}
}

// A listing that is to be read to its end asks on, though the listing before it has shown
// where that must be.
func TestListToEnd(t *testing.T) {
	none := func(int, int, int) string { return "" }
	for name, count := range map[string]func(int, int, int) string{"count": nil, "no count": none} {
		t.Run(name, func(t *testing.T) {
			h := &history{rows: rowsOf(9), count: count}
			client := newClient(t, serve(t, h.ServeHTTP))
			mustReadAll(t, client.List(cbrapi.ListFilter{}))
			h.takeAsked()
			h.rows, h.most = rowsOf(8), atMost(7)
			if diff := cmp.Diff(idsOf(8), mustReadAll(t, client.ListToEnd(cbrapi.ListFilter{}))); diff != "" {
				t.Errorf("the tasks differ (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff([]string{"1000@0", "1000@7", "1000@8"}, h.takeAsked()); diff != "" {
				t.Errorf("the requests differ (-want +got):\n%s", diff)
			}
		})
	}
}

// An empty page in the middle of a list is asked for again by a listing that is to be read
// to its end, where the count says that there is more; one that stays empty is the end.
func TestEmptyPageInTheMiddle(t *testing.T) {
	for name, test := range map[string]struct {
		empty int // answers
		tasks int
		asked []string
	}{
		"once":   {1, 1500, []string{"1000@0", "1000@1000", "1000@1000", "1000@1500"}},
		"always": {9, 1000, []string{"1000@0", "1000@1000", "1000@1000"}},
	} {
		t.Run(name, func(t *testing.T) {
			h := &history{rows: rowsOf(1500)}
			empty := test.empty
			h.fault = func(_, offset int) http.HandlerFunc {
				if offset != 1000 || empty == 0 {
					return nil
				}
				empty--
				return reply(http.StatusOK, "application/json", `{"operation_logs":[],"count":1500}`)
			}
			l := newClient(t, serve(t, h.ServeHTTP)).ListToEnd(cbrapi.ListFilter{})
			if got := mustReadAll(t, l); len(got) != test.tasks {
				t.Errorf("got %d tasks, want %d", len(got), test.tasks)
			}
			if diff := cmp.Diff(test.asked, h.takeAsked()); diff != "" {
				t.Errorf("the requests differ (-want +got):\n%s", diff)
			}
		})
	}
}

// A page of nothing but other things is no list of tasks.
func TestPageWithoutTasks(t *testing.T) {
	foreign := func(n int) string {
		return fmt.Sprintf(`{"id":%q,"project_id":"another"}`, idOf(n))
	}
	undated := func(n int) string {
		return fmt.Sprintf(`{"id":%q,"status":"failed","created_at":"26/11/2026 07:00"}`, idOf(n))
	}
	for name, test := range map[string]struct {
		rows    []string
		tasks   int
		invalid int
		fails   bool
	}{
		"one of another project":         {[]string{rowOf(idOf(0)), foreign(1)}, 1, 1, false},
		"three of another project alone": {[]string{foreign(1), foreign(2), foreign(3)}, 0, 3, false},
		"all of another project":         {[]string{foreign(1), foreign(2), foreign(3), foreign(4)}, 0, 0, true},
		"none with a time":               {[]string{undated(1), undated(2), undated(3), undated(4)}, 0, 0, true},
		"one with a time":                {[]string{undated(1), undated(2), undated(3), undated(4), rowOf(idOf(5))}, 5, 0, false},
		"none with an id":                {[]string{`{"a":1}`, `{"a":2}`, `{"a":3}`, `{"a":4}`}, 0, 0, true},
	} {
		t.Run(name, func(t *testing.T) {
			h := &history{rows: test.rows}
			l := newClient(t, serve(t, h.ServeHTTP)).List(cbrapi.ListFilter{})
			got, err := readAll(t.Context(), l)
			if len(got) != test.tasks || (err != nil) != test.fails {
				t.Errorf("got %d tasks and the error %v; want %d, and an error %t", len(got), err, test.tasks, test.fails)
			}
			if invalid := l.Invalid(); len(invalid) != test.invalid {
				t.Errorf("got %v, want %d invalid", invalid, test.invalid)
			}
		})
	}
}

// Two listings take turns, of a service whose first pages are shorter than the others,
// after one that had a single row: that a page is small ends neither.
func TestSmallPagesInTurns(t *testing.T) {
	h := &history{rows: rowsOf(1), count: func(int, int, int) string { return "" }}
	client := newClient(t, serve(t, h.ServeHTTP))
	mustReadAll(t, client.List(cbrapi.ListFilter{}))
	one, other := client.List(cbrapi.ListFilter{}), client.List(cbrapi.ListFilter{})
	next := func(l *cbrapi.Listing, most, want int) {
		t.Helper()
		h.most = atMost(most)
		tasks, err := l.Next(t.Context())
		if err != nil || len(tasks) != want {
			t.Errorf("got %d tasks, want %d; error %v", len(tasks), want, err)
		}
	}
	h.rows = rowsOf(4)
	next(one, 2, 2)
	next(other, 1, 1)
	next(other, 1000, 3)
	next(one, 1000, 2)
}

func TestConcurrentListings(t *testing.T) {
	h := &history{rows: rowsOf(250), most: atMost(100)}
	client := newClient(t, serve(t, h.ServeHTTP))
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			got, err := readAll(t.Context(), client.List(cbrapi.ListFilter{}))
			if diff := cmp.Diff(idsOf(250), got); err != nil || diff != "" {
				t.Errorf("the tasks differ (-want +got), with the error %v:\n%s", err, diff)
			}
		})
	}
	all.Wait()
}
