package cbrapi_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
)

func noCount(int, int, int) string { return "" }

// A client reads several lists. Every list must be complete, whatever its count and
// however small its pages are.
func TestListRequests(t *testing.T) {
	t.Parallel()
	type list struct {
		tasks    int
		requests []string
	}
	for name, test := range map[string]struct {
		most  func(offset int) int
		count func(total, offset, rows int) string
		lists []list
	}{
		"count": {lists: []list{
			{0, []string{"1000@0"}},
			{3, []string{"1000@0", "1000@3"}}, // the empty page confirms the count
			{3, []string{"1000@0"}},
			{0, []string{"1000@0"}},
			{999, []string{"1000@0"}},
			{1000, []string{"1000@0"}},
			{1001, []string{"1000@0", "1000@1000"}},
			{2500, []string{"1000@0", "1000@1000", "1000@2000"}},
		}},
		"count, small pages": {most: atMost(100), lists: []list{
			{250, []string{"1000@0", "1000@100", "1000@200", "1000@250"}},
			{250, []string{"1000@0", "1000@100", "1000@200"}},
			{100, []string{"1000@0"}},
		}},
		"no count": {count: noCount, lists: []list{
			{0, []string{"1000@0"}},
			{3, []string{"1000@0", "1000@3"}},
			{1500, []string{"1000@0", "1000@1000", "1000@1500"}},
		}},
		"no count, a small page in the middle": {
			most: func(offset int) int {
				if offset == 1000 {
					return 998
				}
				return 1000
			},
			count: noCount,
			lists: []list{{2500, []string{"1000@0", "1000@1000", "1000@1998", "1000@2500"}}},
		},
		"null for the count": {
			count: func(int, int, int) string { return `,"count":null` },
			lists: []list{{3, []string{"1000@0", "1000@3"}}, {3, []string{"1000@0", "1000@3"}}},
		},
		"count of the page": {
			most:  atMost(100),
			count: func(_, _, rows int) string { return fmt.Sprintf(`,"count":%d`, rows) },
			lists: []list{
				{3, []string{"1000@0", "1000@3"}},
				{250, []string{"1000@0", "1000@100", "1000@200", "1000@250"}},
				{200, []string{"1000@0", "1000@100", "1000@200"}},
				{100, []string{"1000@0", "1000@100"}},
			},
		},
		"count of the rows left": {
			most:  atMost(100),
			count: func(total, offset, _ int) string { return fmt.Sprintf(`,"count":%d`, max(total-offset, 0)) },
			lists: []list{
				{300, []string{"1000@0", "1000@100", "1000@200", "1000@300"}},
				{200, []string{"1000@0", "1000@100", "1000@200"}},
			},
		},
		"count of all tasks, whatever the filter": {
			count: func(total, _, _ int) string { return fmt.Sprintf(`,"count":%d`, total+100) },
			lists: []list{{3, []string{"1000@0", "1000@3"}}, {2, []string{"1000@0", "1000@2"}}},
		},
		"count of nothing": {
			count: func(int, int, int) string { return `,"count":0` },
			lists: []list{{3, []string{"1000@0", "1000@3"}}, {2, []string{"1000@0", "1000@2"}}},
		},
		"count with a maximum": {
			most:  atMost(100),
			count: func(total, _, _ int) string { return fmt.Sprintf(`,"count":%d`, min(total, 150)) },
			lists: []list{
				{120, []string{"1000@0", "1000@100", "1000@120"}},
				{120, []string{"1000@0", "1000@100"}},
				{250, []string{"1000@0", "1000@100", "1000@200", "1000@250"}}, // disproves it
				{120, []string{"1000@0", "1000@100", "1000@120"}},
			},
		},
		"count as text": {
			count: func(total, _, _ int) string { return fmt.Sprintf(`,"count":"%d"`, total) },
			lists: []list{{3, []string{"1000@0", "1000@3"}}, {4, []string{"1000@0"}}},
		},
		"invalid count": {
			count: func(int, int, int) string { return `,"count":"many"` },
			lists: []list{{3, []string{"1000@0", "1000@3"}}, {4, []string{"1000@0", "1000@4"}}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := &fakeList{most: test.most, count: test.count}
			client := newClient(t, serve(t, h.ServeHTTP))
			for i, list := range test.lists {
				h.rows = rowsOf(list.tasks)
				l := client.OperationLogs(cbrapi.ListFilter{})
				if diff := cmp.Diff(idsOf(list.tasks), mustReadAll(t, l)); diff != "" {
					t.Errorf("list %d: tasks differ (-want +got):\n%s", i, diff)
				}
				if diff := cmp.Diff(list.requests, h.takeRequests()); diff != "" {
					t.Errorf("list %d of %d tasks: requests differ (-want +got):\n%s", i, list.tasks, diff)
				}
				if l.Rows() != list.tasks {
					t.Errorf("list %d: got %d rows, want %d", i, l.Rows(), list.tasks)
				}
			}
		})
	}
}

// A count that is right for one kind of list says nothing about another.
func TestCountIsConfirmedPerKindOfList(t *testing.T) {
	t.Parallel()
	h := &fakeList{rows: rowsOf(3)}
	client := newClient(t, serve(t, h.ServeHTTP))
	for _, test := range []struct {
		name     string
		filter   cbrapi.ListFilter
		requests int
	}{
		{"running, first list", cbrapi.ListFilter{Status: cbrapi.StatusRunning}, 2},
		{"running, second list", cbrapi.ListFilter{Status: cbrapi.StatusRunning}, 1},
		{"waiting", cbrapi.ListFilter{Status: cbrapi.StatusWaiting}, 1},
		{"by time, first list", cbrapi.ListFilter{StartTime: at("01:00:00")}, 2},
		{"by time, second list", cbrapi.ListFilter{StartTime: at("02:00:00")}, 1},
		{"all", cbrapi.ListFilter{}, 2},
	} {
		mustReadAll(t, client.OperationLogs(test.filter))
		if got := h.takeRequests(); len(got) != test.requests {
			t.Errorf("%s: got the requests %v, want %d", test.name, got, test.requests)
		}
	}
}

// A task that finishes leaves the list of running tasks while the client reads it. That
// neither confirms nor disproves the count.
func TestCountOfShrinkingList(t *testing.T) {
	t.Parallel()
	h := &fakeList{rows: rowsOf(5)}
	h.before = func(request int) { h.rows = rowsOf(5 - request) }
	client := newClient(t, serve(t, h.ServeHTTP))
	for i, want := range [][]string{
		{"1000@0", "1000@5"}, // empty, with a count of 4
		{"1000@0", "1000@5"}, // empty, with a count of 5
		{"1000@0"},
	} {
		if got := mustReadAll(t, client.OperationLogs(cbrapi.ListFilter{})); len(got) != 5 {
			t.Errorf("list %d: got %d tasks, want 5", i, len(got))
		}
		if diff := cmp.Diff(want, h.takeRequests()); diff != "" {
			t.Errorf("list %d: requests differ (-want +got):\n%s", i, diff)
		}
		h.before, h.rows = nil, rowsOf(5)
	}
}

// Repeated rows do not count as rows of the list.
func TestRepeatedRowsDoNotEndList(t *testing.T) {
	t.Parallel()
	h := &fakeList{rows: rowsOf(25), most: atMost(10)}
	client := newClient(t, serve(t, h.ServeHTTP))
	mustReadAll(t, client.OperationLogs(cbrapi.ListFilter{})) // confirms the count
	h.fault = func(_, offset int) http.HandlerFunc {
		from := min(offset-3*(offset/10), len(h.rows))
		page := h.rows[from:min(from+10, len(h.rows))]
		return reply(http.StatusOK, "application/json", `{"operation_logs":[`+strings.Join(page, ",")+`],"count":25}`)
	}
	if diff := cmp.Diff(idsOf(25), mustReadAll(t, client.OperationLogs(cbrapi.ListFilter{}))); diff != "" {
		t.Errorf("tasks differ (-want +got):\n%s", diff)
	}
}

// A service that ignores the offset must neither keep a list going nor make a part of it
// look complete.
func TestIgnoredOffset(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		tasks    int // at every offset
		count    string
		requests []string
		err      string
	}{
		"short list":                {3, ``, []string{"1000@0", "1000@3"}, ""},
		"short list with a count":   {3, `,"count":3`, []string{"1000@0", "1000@3"}, ""},
		"full page":                 {1000, ``, []string{"1000@0", "1000@1000"}, ""},
		"full page with a count":    {1000, `,"count":1000`, []string{"1000@0", "1000@1000"}, ""},
		"limit is ignored, too":     {1500, ``, []string{"1000@0", "1000@1500"}, ""},
		"full page of a long list":  {1000, `,"count":1001`, []string{"1000@0", "1000@1000"}, "the page at offset 1000 repeats earlier ones, and 1 of 1001 rows are missing"},
		"small page of a long list": {400, `,"count":900`, []string{"1000@0", "1000@400"}, "the page at offset 400 repeats earlier ones, and 500 of 900 rows are missing"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := &fakeList{fault: func(int, int) http.HandlerFunc {
				return reply(http.StatusOK, "application/json",
					`{"operation_logs":[`+strings.Join(rowsOf(test.tasks), ",")+`]`+test.count+`}`)
			}}
			l := newClient(t, serve(t, h.ServeHTTP)).OperationLogs(cbrapi.ListFilter{})
			got, err := readAll(t.Context(), l)
			if diff := cmp.Diff(idsOf(test.tasks), got); diff != "" {
				t.Errorf("tasks differ (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(test.requests, h.takeRequests()); diff != "" {
				t.Errorf("requests differ (-want +got):\n%s", diff)
			}
			if test.err == "" {
				if err != nil {
					t.Errorf("got the error %v", err)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), test.err) || cbrapi.ReasonOf(err) != cbrapi.ReasonUpstream {
				t.Errorf("got the error %v, want %q", err, test.err)
			}
			if l.Done() {
				t.Error("the list is done")
			}
		})
	}
}

// Only pages of known counts can be checked against them: the vendor's sample has a
// count of 50 with a single row.
func TestCountHigherThanList(t *testing.T) {
	t.Parallel()
	h := &fakeList{rows: rowsOf(1), count: func(int, int, int) string { return `,"count":50` }}
	client := newClient(t, serve(t, h.ServeHTTP))
	for range 2 {
		l := client.OperationLogs(cbrapi.ListFilter{})
		if _, err := l.Next(t.Context()); err != nil || l.Done() {
			t.Errorf("after the first page: error %v, done %t; want more", err, l.Done())
		}
		if got, err := l.Next(t.Context()); err != nil || got != nil || !l.Done() {
			t.Errorf("after the second page: %d tasks, error %v, done %t; want the end", len(got), err, l.Done())
		}
	}
}

func TestLargePages(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		tasks    int
		large    func(limit, offset int) bool
		chunked  bool // its size is not announced
		requests []string
	}{
		"more than 200 rows": {
			tasks:    250,
			large:    func(limit, _ int) bool { return limit > 200 },
			requests: []string{"1000@0", "100@0", "100@100", "100@200", "100@250"},
		},
		"size not announced": {
			tasks:    250,
			large:    func(limit, _ int) bool { return limit > 200 },
			chunked:  true,
			requests: []string{"1000@0", "100@0", "100@100", "100@200", "100@250"},
		},
		"in the middle": {
			tasks:    1150,
			large:    func(limit, offset int) bool { return limit > 100 && offset > 0 },
			requests: []string{"1000@0", "1000@1000", "100@1000", "100@1100", "100@1150"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := &fakeList{rows: rowsOf(test.tasks)}
			h.fault = func(limit, offset int) http.HandlerFunc {
				if test.large(limit, offset) {
					return tooLarge(!test.chunked)
				}
				return nil
			}
			l := newClient(t, serve(t, h.ServeHTTP)).OperationLogs(cbrapi.ListFilter{})
			if diff := cmp.Diff(idsOf(test.tasks), mustReadAll(t, l)); diff != "" {
				t.Errorf("tasks differ (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(test.requests, h.takeRequests()); diff != "" {
				t.Errorf("requests differ (-want +got):\n%s", diff)
			}
		})
	}
}

// tooLarge returns a response of more than 16 MiB, whose size may be announced.
func tooLarge(announced bool) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		if announced {
			w.Header().Set("Content-Length", strconv.Itoa(16<<20+1))
		}
		spaces := strings.Repeat(" ", 1<<20)
		for range 16 {
			_, _ = io.WriteString(w, spaces)
		}
		_, _ = io.WriteString(w, " ")
	}
}

// tooLargeAbove returns the fault of a list whose pages of more than limit rows are too
// large; none if limit is 0.
func tooLargeAbove(limit int) func(limit, offset int) http.HandlerFunc {
	return func(requested, _ int) http.HandlerFunc {
		if limit == 0 || requested <= limit {
			return nil
		}
		return tooLarge(true)
	}
}

// A row that is too large by itself is an error.
func TestLargeRow(t *testing.T) {
	t.Parallel()
	h := &fakeList{fault: func(int, int) http.HandlerFunc { return tooLarge(true) }}
	l := newClient(t, serve(t, h.ServeHTTP)).OperationLogs(cbrapi.ListFilter{})
	_, err := l.Next(t.Context())
	if want := "ListOpLogs: HTTP status 200: the response is larger than 16384 KiB"; err == nil || err.Error() != want {
		t.Errorf("got the error %v, want %s", err, want)
	}
	if cbrapi.ReasonOf(err) != cbrapi.ReasonUpstream {
		t.Errorf("got the reason %q, want upstream", cbrapi.ReasonOf(err))
	}
	if l.Done() || l.Rows() != 0 {
		t.Errorf("got %d rows, done %t, want none", l.Rows(), l.Done())
	}
	if got := h.takeRequests(); !slices.Equal(got, []string{"1000@0", "100@0", "10@0", "1@0"}) {
		t.Errorf("got the requests %v", got)
	}
}

// New tasks come first or last, and shift the pages.
func TestShiftedPages(t *testing.T) {
	t.Parallel()
	const known = 2500
	for name, insert := range map[string]func(rows []string, n int) []string{
		"latest first": func(rows []string, n int) []string { return append([]string{rowOf(idOf(n))}, rows...) },
		"oldest first": func(rows []string, n int) []string { return append(rows, rowOf(idOf(n))) },
	} {
		for _, count := range []func(int, int, int) string{nil, noCount} {
			t.Run(fmt.Sprintf("%s/count %t", name, count == nil), func(t *testing.T) {
				t.Parallel()
				h := &fakeList{rows: rowsOf(known), count: count}
				h.before = func(request int) {
					if request == 0 || request > 4 {
						return
					}
					for n := range 3 {
						h.rows = insert(h.rows, known+10*request+n)
					}
				}
				client := newClient(t, serve(t, h.ServeHTTP))
				for range 3 {
					times := map[string]int{}
					for _, id := range mustReadAll(t, client.OperationLogs(cbrapi.ListFilter{})) {
						times[id]++
					}
					for _, id := range idsOf(known) {
						if times[id] != 1 {
							t.Errorf("got the task %s %d times, want once", id, times[id])
						}
					}
					h.takeRequests()
					h.before = nil
				}
			})
		}
	}
}

// TestVanishingBackups deletes backups of pages that have been read: the others are all found.
func TestVanishingBackups(t *testing.T) {
	t.Parallel()
	const known, deleted = 4500, 50
	h := &fakeList{rows: rowsOf(known), list: "backups"}
	h.before = func(request int) {
		if request > 0 && request <= 4 {
			h.rows = h.rows[deleted:]
		}
	}
	client := newClient(t, serve(t, h.ServeHTTP))
	for n := range 2 { // the count of the first list is wrong, and not trusted any more
		list := client.Backups(cbrapi.BackupFilter{})
		found := map[string]bool{}
		for !list.Done() {
			page, err := list.Next(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			for _, b := range page {
				found[b.ID] = true
			}
		}
		for _, id := range idsOf(known)[4*deleted:] {
			if !found[id] {
				t.Fatalf("list %d lacks the backup %s", n, id)
			}
		}
		if got := h.takeRequests(); len(got) != 6 {
			t.Errorf("list %d: got the requests %v, want 6", n, got)
		}
	}
}

// Every request of a list fails once, and is repeated.
func TestListGoesOnAfterFailure(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]http.HandlerFunc{
		"503":         reply(http.StatusServiceUnavailable, "text/html", "<html>"),
		"throttled":   reply(http.StatusTooManyRequests, "application/json", `{"error_code":"APIGW.0308","error_msg":"m"}`),
		"half a page": reply(http.StatusOK, "application/json", `{"operation_logs":[`+strings.Join(rowsOf(2500), ",")),
		"broken off":  func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := &fakeList{rows: rowsOf(2500)}
			failed := map[int]bool{}
			h.fault = func(_, offset int) http.HandlerFunc {
				if failed[offset] {
					return nil
				}
				failed[offset] = true
				return fault
			}
			l := newClient(t, serve(t, h.ServeHTTP)).OperationLogs(cbrapi.ListFilter{})
			var got []string
			for failures := 0; !l.Done() && failures < 10; failures++ {
				page, _ := readAll(t.Context(), l)
				got = append(got, page...)
			}
			if diff := cmp.Diff(idsOf(2500), got); diff != "" {
				t.Errorf("tasks differ (-want +got):\n%s", diff)
			}
			want := []string{"1000@0", "1000@0", "1000@1000", "1000@1000", "1000@2000", "1000@2000", "1000@2500", "1000@2500"}
			if diff := cmp.Diff(want, h.takeRequests()); diff != "" {
				t.Errorf("requests differ (-want +got):\n%s", diff)
			}
		})
	}
}

func TestNextAfterEnd(t *testing.T) {
	t.Parallel()
	h := &fakeList{}
	l := newClient(t, serve(t, h.ServeHTTP)).OperationLogs(cbrapi.ListFilter{})
	if l.Done() {
		t.Error("the list is done before the first page")
	}
	for range 3 {
		if got, err := l.Next(t.Context()); got != nil || err != nil || !l.Done() {
			t.Errorf("Next() = %v, %v, want nothing, and the end", got, err)
		}
	}
	if got := h.takeRequests(); len(got) != 1 {
		t.Errorf("got the requests %v, want one", got)
	}
}

func TestListDate(t *testing.T) {
	t.Parallel()
	const first, second = "Thu, 12 Mar 2026 01:02:03 GMT", "Thu, 12 Mar 2026 01:02:04 GMT"
	want := time.Date(2026, 3, 12, 1, 2, 3, 0, time.UTC)
	for name, test := range map[string]struct {
		dates []string // of a failure and the pages after it
		want  time.Time
	}{
		"first page": {[]string{second, first, second}, want},
		"none":       {[]string{first, "", second}, time.Time{}},
		"invalid":    {[]string{first, "yesterday", second}, time.Time{}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := &fakeList{rows: rowsOf(1)}
			request := 0
			client := newClient(t, serve(t, func(w http.ResponseWriter, r *http.Request) {
				w.Header()["Date"] = []string{test.dates[request]}
				request++
				if request == 1 {
					reply(http.StatusBadGateway, "text/html", "<html>")(w, r)
					return
				}
				h.ServeHTTP(w, r)
			}))
			l := client.OperationLogs(cbrapi.ListFilter{})
			for i, want := range []time.Time{{}, test.want, test.want} {
				_, _ = l.Next(t.Context())
				if got := l.Date(); !got.Equal(want) || got.Location() != time.UTC {
					t.Errorf("after request %d: Date() = %v, want %v", i, got, want)
				}
			}
			if !l.Done() {
				t.Error("the list is not done")
			}
		})
	}
}

func TestInvalidRows(t *testing.T) {
	t.Parallel()
	const upper, lower = "1ABCDEF0-0000-4000-8000-00000000ABCD", "1abcdef0-0000-4000-8000-00000000abcd"
	type invalid = []cbrapi.InvalidField
	for name, test := range map[string]struct {
		rows    []string
		want    []string
		invalid invalid
	}{
		"null":                  {[]string{`null`, rowOf(lower)}, []string{lower}, invalid{{"operation_logs", "null in row 1"}}},
		"text":                  {[]string{rowOf(lower), `"` + upper + `"`}, []string{lower}, invalid{{"operation_logs", upper + " in row 2"}}},
		"the id alone, first":   {[]string{`"` + lower + `"`, rowOf(lower)}, []string{lower}, invalid{{"operation_logs", lower + " in row 1"}}},
		"no id":                 {[]string{`{"status":"failed"}`, rowOf(lower)}, []string{lower}, invalid{{"id", "null in row 1"}}},
		"an id that is none":    {[]string{rowOf("7"), rowOf(lower)}, []string{lower}, invalid{{"id", "7 in row 1"}}},
		"an id of another type": {[]string{`{"id":{}}`, `{"id":7}`, rowOf(lower)}, []string{lower}, invalid{{"id", "{} in row 1"}, {"id", "7 in row 2"}}},
		"the same bad row":      {[]string{`7`, `7`, `8`, rowOf(lower)}, []string{lower}, invalid{{"operation_logs", "7 in row 1"}, {"operation_logs", "8 in row 3"}}},
		"upper case":            {[]string{rowOf(upper)}, []string{lower}, nil},
		"both cases":            {[]string{rowOf(upper), rowOf(lower)}, []string{lower}, nil},
		"twice":                 {[]string{rowOf(lower), `{"id":"` + lower + `","status":"failed"}`}, []string{lower}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			h := &fakeList{rows: test.rows}
			l := newClient(t, serve(t, h.ServeHTTP)).OperationLogs(cbrapi.ListFilter{})
			if diff := cmp.Diff(test.want, mustReadAll(t, l)); diff != "" {
				t.Errorf("tasks differ (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(test.invalid, l.Invalid()); diff != "" {
				t.Errorf("invalid fields differ (-want +got):\n%s", diff)
			}
			if again := l.Invalid(); again != nil {
				t.Errorf("the second Invalid() = %v", again)
			}
			if l.Rows() != len(test.rows) {
				t.Errorf("%d rows, want %d", l.Rows(), len(test.rows))
			}
		})
	}
}

func TestInvalidCount(t *testing.T) {
	t.Parallel()
	h := &fakeList{rows: rowsOf(1), count: func(int, int, int) string { return `,"count":-1` }}
	l := newClient(t, serve(t, h.ServeHTTP)).OperationLogs(cbrapi.ListFilter{})
	if _, err := l.Next(t.Context()); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]cbrapi.InvalidField{{Field: "count", Value: "-1"}}, l.Invalid()); diff != "" {
		t.Errorf("invalid fields differ (-want +got):\n%s", diff)
	}
}

// A page of a few invalid rows does not end a list, or one bad row could.
func TestPageOfInvalidRows(t *testing.T) {
	t.Parallel()
	h := &fakeList{rows: rowsOf(12), most: atMost(3)}
	for i := 3; i < 6; i++ {
		h.rows[i] = fmt.Sprintf(`{"id":null,"vault_name":"%d"}`, i)
	}
	l := newClient(t, serve(t, h.ServeHTTP)).OperationLogs(cbrapi.ListFilter{})
	got := mustReadAll(t, l)
	if want := append(idsOf(3), idsOf(12)[6:]...); !cmp.Equal(want, got) {
		t.Errorf("the tasks are %v, want %v", got, want)
	}
	if n := len(l.Invalid()); n != 3 {
		t.Errorf("%d invalid rows, want 3", n)
	}
}

// A later page of which no row can be read is an error as well, or the tasks that it stands
// for would vanish. The same page is requested again.
func TestLaterPageWithoutReadableRows(t *testing.T) {
	t.Parallel()
	for name, bad := range map[string]func(n int) string{
		"different rows": func(n int) string { return fmt.Sprintf(`{"name":"%d"}`, n) },
		"equal rows":     func(int) string { return `{}` },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := &fakeList{rows: rowsOf(1900)}
			for n := range 900 {
				h.rows[1000+n] = bad(n)
			}
			l := newClient(t, serve(t, h.ServeHTTP)).OperationLogs(cbrapi.ListFilter{})
			got, err := readAll(t.Context(), l)
			const want = "no row of operation_logs can be read: id is null in row 1001"
			if len(got) != 1000 || l.Done() || err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%d tasks, done %t, error %v, want %q", len(got), l.Done(), err, want)
			}
			h.rows = rowsOf(1900)
			if more := mustReadAll(t, l); !slices.Equal(more, idsOf(1900)[1000:]) {
				t.Errorf("%d tasks after that, want 900", len(more))
			}
		})
	}
}

// The list does not report the invalid fields of its tasks.
func TestInvalidFieldsOfListedTask(t *testing.T) {
	t.Parallel()
	h := &fakeList{rows: []string{`{"id":"` + taskID + `","status":"failed","started_at":"yesterday"}`}}
	l := newClient(t, serve(t, h.ServeHTTP)).OperationLogs(cbrapi.ListFilter{})
	got, err := l.Next(t.Context())
	want := []*cbrapi.OperationLog{{
		ID: taskID, Status: cbrapi.StatusFailed,
		Invalid: []cbrapi.InvalidField{{Field: "started_at", Value: "yesterday"}},
	}}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("tasks differ (-want +got), error %v:\n%s", err, diff)
	}
	if invalid := l.Invalid(); invalid != nil {
		t.Errorf("got the invalid rows %v", invalid)
	}
}

// A list of which no row can be read is an error: it may be another list.
func TestListWithoutReadableRows(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ rows, want string }{
		"null":            {`null`, "operation_logs is null in row 1"},
		"a list":          {`[` + rowOf(taskID) + `]`, `operation_logs is [{"id":"` + taskID + `","status":"success"… in row 1`},
		"a long id":       {rowOf(strings.Repeat("x", 2000)), "id is " + strings.Repeat("x", 64) + "… in row 1"},
		"the same twice":  {`7,7,8`, "operation_logs is 7 in row 1"},
		"none with an id": {`{"name":"a"},{"name":"b"},{"name":"c"},{"name":"d"}`, "id is null in row 1, a"},
	} {
		t.Run(name, func(t *testing.T) {
			l := newClient(t, inMemory(http.StatusOK, "application/json", `{"operation_logs":[`+test.rows+`]}`)).OperationLogs(cbrapi.ListFilter{})
			_, err := l.Next(t.Context())
			want := "ListOpLogs: HTTP status 200: no row of operation_logs can be read: " + test.want
			if err == nil || err.Error() != want || l.Invalid() != nil {
				t.Errorf("got the error %v, want %s", err, want)
			}
		})
	}
}

// A list that never ends fails at some length, whatever its pages are.
func TestEndlessLists(t *testing.T) {
	t.Parallel()
	const pageRows = 2500
	client := newClient(t, cbrapi.Options{Endpoint: "https://cbr.example.com", Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
		offset, err := strconv.Atoi(r.FormValue("offset"))
		if err != nil {
			return nil, err
		}
		rows := make([]string, pageRows)
		for n := range rows {
			rows[n] = rowOf(idOf(offset + n))
		}
		page := strings.Join(rows, ",")
		body := `{"operation_logs":[` + page + `],"vaults":[` + page + `]}`
		return &http.Response{StatusCode: http.StatusOK, Body: io.NopCloser(strings.NewReader(body)), Request: r}, nil
	})})
	if _, _, err := all(t.Context(), client.OperationLogs(cbrapi.ListFilter{Status: cbrapi.StatusRunning})); err == nil || !strings.Contains(err.Error(), "more than 50000 rows") {
		t.Errorf("running tasks: got the error %v", err)
	}
	if _, _, err := all(t.Context(), client.Vaults()); err == nil || !strings.Contains(err.Error(), "more than 10000 rows") {
		t.Errorf("vaults: got the error %v", err)
	}
}

// BenchmarkList reads a page of 1000 tasks, of 1.4 KB and with every field of a
// backup, from memory.
//
// The target is 30 ms, 8 MB and 65,000 allocations on a shared core: a history of 50,000
// tasks then takes less than 2 seconds of work, once an hour at most.
func BenchmarkList(b *testing.B) {
	task := sampleRow(b, "backup.json")
	rows := make([]string, 1000)
	for i := range rows {
		rows[i] = strings.Replace(task, taskID, idOf(i), 1)
	}
	body := []byte(`{"operation_logs":[` + strings.Join(rows, ",") + `],"count":50000}`)
	client := newClient(b, cbrapi.Options{Endpoint: "https://cbr.example.com", Transport: roundTripper(
		func(req *http.Request) (*http.Response, error) {
			return &http.Response{StatusCode: http.StatusOK, Body: io.NopCloser(bytes.NewReader(body)), Request: req}, nil
		})})
	b.ReportAllocs()
	b.SetBytes(int64(len(body)))
	for b.Loop() {
		tasks, err := client.OperationLogs(cbrapi.ListFilter{}).Next(b.Context())
		if err != nil || len(tasks) != len(rows) {
			b.Fatalf("Next() = %d tasks, %v", len(tasks), err)
		}
	}
}
