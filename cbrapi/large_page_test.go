package cbrapi_test

import (
	"errors"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
)

// tooLarge is an answer of more than 16 MiB, whose size may be announced.
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

func TestLargePages(t *testing.T) {
	for name, test := range map[string]struct {
		tasks   int
		large   func(limit, offset int) bool
		chunked bool // its size is not announced
		want    []string
		huge    int // rows left out
		asked   []string
	}{
		"more than 250 rows": {
			tasks: 600,
			large: func(limit, _ int) bool { return limit > 250 },
			want:  idsOf(600),
			asked: []string{"1000@0", "500@0", "250@0", "250@250", "250@500", "250@600"},
		},
		"their size not announced": {
			tasks:   600,
			large:   func(limit, _ int) bool { return limit > 250 },
			chunked: true,
			want:    idsOf(600),
			asked:   []string{"1000@0", "500@0", "250@0", "250@250", "250@500", "250@600"},
		},
		"in the middle": {
			tasks: 1600,
			large: func(limit, offset int) bool { return limit > 500 && offset > 0 },
			want:  idsOf(1600),
			asked: []string{"1000@0", "1000@1000", "500@1000", "500@1500", "500@1600"},
		},
		"one huge row": {
			tasks: 20,
			large: func(limit, offset int) bool { return offset <= 5 && offset+limit > 5 },
			want:  append(idsOf(5), idsOf(20)[6:]...),
			huge:  1,
			asked: []string{
				"1000@0", "500@0", "250@0", "125@0", "62@0", "31@0", "15@0", "7@0", "3@0",
				"3@3", "1@3", "1@4", "1@5", "1@6", "2@7", "4@9", "8@13", "16@20",
			},
		},
		"three huge rows": {
			tasks: 5,
			large: func(limit, offset int) bool { return offset <= 3 && offset+limit > 1 },
			want:  append(idsOf(1), idsOf(5)[4:]...),
			huge:  3,
			asked: []string{
				"1000@0", "500@0", "250@0", "125@0", "62@0", "31@0", "15@0", "7@0", "3@0",
				"1@0", "1@1", "1@2", "1@3", "1@4", "2@5",
			},
		},
		"every other row, four in all": {
			tasks: 8,
			large: func(limit, offset int) bool { return offset < 8 && (limit > 1 || offset%2 == 0) },
			want:  []string{idOf(1), idOf(3), idOf(5), idOf(7)},
			huge:  4,
			asked: []string{
				"1000@0", "500@0", "250@0", "125@0", "62@0", "31@0", "15@0", "7@0", "3@0", "1@0",
				"1@1", "2@2", "1@2", "1@3", "2@4", "1@4", "1@5", "2@6", "1@6", "1@7", "2@8",
			},
		},
		"a huge row and large pages": {
			tasks: 9,
			large: func(limit, offset int) bool { return offset == 0 || limit > 2 },
			want:  idsOf(9)[1:],
			huge:  1,
			asked: []string{
				"1000@0", "500@0", "250@0", "125@0", "62@0", "31@0", "15@0", "7@0", "3@0", "1@0",
				"1@1", "2@2", "4@4", "2@4", "2@6", "2@8", "2@9",
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			h := &history{rows: rowsOf(test.tasks)}
			h.fault = func(limit, offset int) http.HandlerFunc {
				if test.large(limit, offset) {
					return tooLarge(!test.chunked)
				}
				return nil
			}
			l := newClient(t, serve(t, h.ServeHTTP)).List(cbrapi.ListFilter{})
			if diff := cmp.Diff(test.want, mustReadAll(t, l)); diff != "" {
				t.Errorf("the tasks differ (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(test.asked, h.takeAsked()); diff != "" {
				t.Errorf("the requests differ (-want +got):\n%s", diff)
			}
			var huge []cbrapi.InvalidField
			for range test.huge {
				huge = append(huge, cbrapi.InvalidField{Field: "operation_logs", Value: "larger than 16384 KiB"})
			}
			if diff := cmp.Diff(huge, l.Invalid()); diff != "" {
				t.Errorf("what is invalid differs (-want +got):\n%s", diff)
			}
			if l.Rows() != test.tasks {
				t.Errorf("%d rows, want %d", l.Rows(), test.tasks)
			}
		})
	}
}

// Behind a small page there was a huge row, so that it was not the last one.
func TestHugeRowBehindASmallPage(t *testing.T) {
	h := &history{rows: rowsOf(4), most: atMost(3), count: func(int, int, int) string { return "" }}
	h.fault = func(_, offset int) http.HandlerFunc {
		if offset == 3 {
			return tooLarge(true)
		}
		return nil
	}
	client := newClient(t, serve(t, h.ServeHTTP))
	if diff := cmp.Diff(idsOf(3), mustReadAll(t, client.List(cbrapi.ListFilter{}))); diff != "" {
		t.Errorf("the tasks differ (-want +got):\n%s", diff)
	}
	h.takeAsked()
	h.rows = rowsOf(2)
	mustReadAll(t, client.List(cbrapi.ListFilter{}))
	if diff := cmp.Diff([]string{"1000@0", "1000@2"}, h.takeAsked()); diff != "" {
		t.Errorf("the requests differ (-want +got):\n%s", diff)
	}
}

// A new task shifts what the next page has: that may be all of a page of one row.
func TestShiftedPageOfOneRow(t *testing.T) {
	h := &history{rows: rowsOf(20)}
	huge := idOf(3)
	h.before = func(int) {
		if n := len(h.asked); n > 0 && h.asked[n-1] == "3@0" {
			h.rows = append([]string{rowOf(idOf(90)), rowOf(idOf(91))}, h.rows...)
		}
	}
	h.fault = func(limit, offset int) http.HandlerFunc {
		page := h.rows[min(offset, len(h.rows)):min(offset+limit, len(h.rows))]
		if slices.Contains(page, rowOf(huge)) {
			return tooLarge(true)
		}
		return nil
	}
	got := mustReadAll(t, newClient(t, serve(t, h.ServeHTTP)).List(cbrapi.ListFilter{}))
	if diff := cmp.Diff(append(idsOf(3), idsOf(20)[4:]...), got); diff != "" {
		t.Errorf("the tasks differ (-want +got):\n%s\nasked %v", diff, h.takeAsked())
	}
}

// With small pages, a service that ignores the offset is found out later, and says the
// same again when it is asked again.
func TestIgnoredOffsetOfSmallPages(t *testing.T) {
	h := &history{rows: rowsOf(9)}
	h.fault = func(limit, _ int) http.HandlerFunc {
		if limit > 5 {
			return tooLarge(true)
		}
		return reply(http.StatusOK, "application/json", `{"operation_logs":[`+strings.Join(rowsOf(limit), ",")+`]}`)
	}
	client := newClient(t, serve(t, h.ServeHTTP))
	l := client.List(cbrapi.ListFilter{})
	got, err := readAll(t.Context(), l)
	if diff := cmp.Diff(idsOf(3), got); diff != "" {
		t.Errorf("the tasks differ (-want +got):\n%s", diff)
	}
	const stuck = "ListOpLogs: HTTP status 200: the service gives no more than 3 rows of the list, whatever the offset"
	if err == nil || err.Error() != stuck || l.Done() {
		t.Errorf("got the error %v, done %t, want %s", err, l.Done(), stuck)
	}
	// The next listing begins near where this one was not too large.
	if _, err := readAll(t.Context(), client.List(cbrapi.ListFilter{})); err == nil {
		t.Error("the second listing is not stuck")
	}
	want := []string{
		"1000@0", "500@0", "250@0", "125@0", "62@0", "31@0", "15@0", "7@0",
		"3@0", "3@3", "3@6", "3@9", "3@12", "3@15", "3@18",
		"6@0", "3@0", "3@3", "3@6", "3@9", "3@12", "3@15", "3@18",
	}
	if diff := cmp.Diff(want, h.takeAsked()); diff != "" {
		t.Errorf("the requests differ (-want +got):\n%s", diff)
	}
}

// A service that ignores the limit has no rows to leave out one by one.
func TestIgnoredLimitOfALargeList(t *testing.T) {
	endlessly := func(req *http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: http.StatusOK, ContentLength: 1 << 40, Body: io.NopCloser(endless{}), Request: req}, nil
	}
	h := &history{rows: rowsOf(9)}
	o := serve(t, h.ServeHTTP)
	next, large := o.Transport, true
	o.Transport = roundTripper(func(req *http.Request) (*http.Response, error) {
		if large {
			return endlessly(req)
		}
		return next.RoundTrip(req)
	})
	l := newClient(t, o).List(cbrapi.ListFilter{})
	for range 2 {
		_, err := readAll(t.Context(), l)
		if want := "ListOpLogs: HTTP status 200: the answer is larger than 16384 KiB"; err == nil || err.Error() != want {
			t.Errorf("the error is %v, want %s", err, want)
		}
		if _, is := errors.AsType[*cbrapi.Error](err); !is || cbrapi.ReasonOf(err) != cbrapi.ReasonUpstream {
			t.Errorf("the error is a %T, for the reason %q", err, cbrapi.ReasonOf(err))
		}
		if l.Done() || l.Rows() != 3 {
			t.Errorf("%d rows, done: %v; want 3, and no end", l.Rows(), l.Done())
		}
	}
	large = false
	if diff := cmp.Diff(idsOf(9)[3:], mustReadAll(t, l)); diff != "" {
		t.Errorf("then the tasks differ (-want +got):\n%s", diff)
	}
}

// Where a page was too large, larger ones are tried again after some, and the next
// listing begins with twice what fitted.
func TestLimitGrowsAgain(t *testing.T) {
	h := &history{rows: rowsOf(60)}
	large := 10 // rows
	h.fault = func(limit, _ int) http.HandlerFunc {
		if limit > large {
			return tooLarge(true)
		}
		return nil
	}
	client := newClient(t, serve(t, h.ServeHTTP))
	mustReadAll(t, client.List(cbrapi.ListFilter{}))
	want := []string{
		"1000@0", "500@0", "250@0", "125@0", "62@0", "31@0", "15@0",
		"7@0", "7@7", "7@14", "7@21", "7@28", "7@35", "7@42", "7@49", // eight that fit
		"14@56", "7@56", "7@60",
	}
	if diff := cmp.Diff(want, h.takeAsked()); diff != "" {
		t.Errorf("the requests differ (-want +got):\n%s", diff)
	}
	large = 1000
	mustReadAll(t, client.List(cbrapi.ListFilter{}))
	if diff := cmp.Diff([]string{"14@0", "14@14", "14@28", "14@42", "14@56"}, h.takeAsked()); diff != "" {
		t.Errorf("the second listing: the requests differ (-want +got):\n%s", diff)
	}
}

// Nothing fits of a service that ignores the limit: that is not found out anew by each
// listing.
func TestNothingFits(t *testing.T) {
	h := &history{fault: func(int, int) http.HandlerFunc { return tooLarge(true) }}
	client := newClient(t, serve(t, h.ServeHTTP))
	for i, most := range []int{13, 5} {
		if _, err := readAll(t.Context(), client.List(cbrapi.ListFilter{})); err == nil {
			t.Error("a list was read")
		}
		if asked := h.takeAsked(); len(asked) > most {
			t.Errorf("listing %d: asked for %v, want %d at the most", i, asked, most)
		}
	}
}
