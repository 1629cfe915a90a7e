package cbrapi_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"
	"unsafe"

	"github.com/google/go-cmp/cmp"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
)

func TestListQuery(t *testing.T) {
	beijing := time.FixedZone("", 8*60*60)
	for name, test := range map[string]struct {
		filter            cbrapi.ListFilter
		enterpriseProject string
		want              string
	}{
		"everything":         {cbrapi.ListFilter{}, "", "limit=1000&offset=0"},
		"status":             {cbrapi.ListFilter{Status: cbrapi.StatusRunning}, "", "limit=1000&offset=0&status=running"},
		"operation type":     {cbrapi.ListFilter{OperationType: cbrapi.OperationVaultDelete}, "", "limit=1000&offset=0&operation_type=vault_delete"},
		"vault":              {cbrapi.ListFilter{VaultID: otherID}, "", "limit=1000&offset=0&vault_id=" + otherID},
		"start time":         {cbrapi.ListFilter{StartTime: at("01:02:03")}, "", "limit=1000&offset=0&start_time=2024-03-12T01%3A02%3A03Z"},
		"rounded down":       {cbrapi.ListFilter{StartTime: at("01:02:03.999999999")}, "", "limit=1000&offset=0&start_time=2024-03-12T01%3A02%3A03Z"},
		"in another zone":    {cbrapi.ListFilter{StartTime: at("23:02:03").In(beijing)}, "", "limit=1000&offset=0&start_time=2024-03-12T23%3A02%3A03Z"},
		"enterprise project": {cbrapi.ListFilter{}, "all_granted_eps", "enterprise_project_id=all_granted_eps&limit=1000&offset=0"},
		"all": {
			cbrapi.ListFilter{Status: "a&b", OperationType: cbrapi.OperationBackup, VaultID: taskID, StartTime: at("01:02:03")},
			"0",
			"enterprise_project_id=0&limit=1000&offset=0&operation_type=backup&start_time=2024-03-12T01%3A02%3A03Z&status=a%26b&vault_id=" + taskID,
		},
	} {
		t.Run(name, func(t *testing.T) {
			got := ""
			o := serve(t, func(w http.ResponseWriter, r *http.Request) {
				got = r.Method + " " + r.URL.Path + "?" + r.URL.RawQuery
				reply(http.StatusOK, "application/json", `{"operation_logs":[]}`)(w, r)
			})
			o.EnterpriseProjectID = test.enterpriseProject
			mustReadAll(t, newClient(t, o).List(test.filter))
			if want := "GET /v3/" + projectID + "/operation-logs?" + test.want; got != want {
				t.Errorf("asked\n%s\nwant\n%s", got, want)
			}
		})
	}
}

// A task of a list is read as one that is asked for alone.
func TestListedOperationLogs(t *testing.T) {
	for _, test := range answers() {
		t.Run(test.file, func(t *testing.T) {
			h := &history{rows: []string{sampleRow(t, test.file)}}
			got, err := newClient(t, serve(t, h.ServeHTTP)).List(cbrapi.ListFilter{}).Next(t.Context())
			if diff := cmp.Diff([]*cbrapi.OperationLog{&test.want}, got); err != nil || diff != "" {
				t.Errorf("the tasks differ (-want +got), with the error %v:\n%s", err, diff)
			}
		})
	}
}

// New tasks come first or last, and shift what the next page has.
func TestShiftedPages(t *testing.T) {
	const known = 2500
	for name, arrive := range map[string]func(rows []string, n int) []string{
		"newest first": func(rows []string, n int) []string { return append([]string{rowOf(idOf(n))}, rows...) },
		"oldest first": func(rows []string, n int) []string { return append(rows, rowOf(idOf(n))) },
	} {
		for _, count := range []func(int, int, int) string{nil, func(int, int, int) string { return "" }} {
			t.Run(fmt.Sprintf("%s/count %v", name, count == nil), func(t *testing.T) {
				h := &history{rows: rowsOf(known), count: count}
				h.before = func(request int) {
					if request == 0 || request > 4 {
						return
					}
					for n := range 3 {
						h.rows = arrive(h.rows, known+10*request+n)
					}
				}
				client := newClient(t, serve(t, h.ServeHTTP))
				for range 3 {
					before := len(h.rows)
					l := client.List(cbrapi.ListFilter{})
					times := map[string]int{}
					for _, id := range mustReadAll(t, l) {
						times[id]++
					}
					for _, id := range idsOf(known) {
						if times[id] != 1 {
							t.Errorf("the task %s came %d times, want once", id, times[id])
						}
					}
					if l.Rows() < before {
						t.Errorf("%d rows, want at least the %d that there were", l.Rows(), before)
					}
					h.takeAsked()
					h.before = nil
				}
			})
		}
	}
}

func TestRowsThatAreNoTask(t *testing.T) {
	const upper, lower = "1ABCDEF0-0000-4000-8000-00000000ABCD", "1abcdef0-0000-4000-8000-00000000abcd"
	type invalid = []cbrapi.InvalidField
	for name, test := range map[string]struct {
		rows    []string
		want    []string
		invalid invalid
	}{
		"null":                  {[]string{`null`, rowOf(lower)}, []string{lower}, invalid{{"operation_logs", "<nil>"}}},
		"text":                  {[]string{rowOf(lower), `"` + upper + `"`}, []string{lower}, invalid{{"operation_logs", upper}}},
		"the id alone, first":   {[]string{`"` + lower + `"`, rowOf(lower)}, []string{lower}, invalid{{"operation_logs", lower}}},
		"a list":                {[]string{`[` + rowOf(lower) + `]`}, nil, invalid{{"operation_logs", "[map[id:" + lower + " status:success]]"}}},
		"no id":                 {[]string{`{"status":"failed"}`, rowOf(lower)}, []string{lower}, invalid{{"id", "<nil>"}}},
		"an id that is none":    {[]string{rowOf("7"), rowOf(lower)}, []string{lower}, invalid{{"id", "7"}}},
		"an id of another type": {[]string{`{"id":{}}`, `{"id":7}`, rowOf(lower)}, []string{lower}, invalid{{"id", "map[]"}, {"id", "7"}}},
		"a long id":             {[]string{rowOf(strings.Repeat("x", 2000))}, nil, invalid{{"id", strings.Repeat("x", 64) + "…"}}},
		"the same bad row":      {[]string{`7`, `7`, `8`}, nil, invalid{{"operation_logs", "7"}, {"operation_logs", "8"}}},
		"upper case":            {[]string{rowOf(upper)}, []string{lower}, nil},
		"both cases":            {[]string{rowOf(upper), rowOf(lower)}, []string{lower}, nil},
		"twice":                 {[]string{rowOf(lower), `{"id":"` + lower + `","status":"failed"}`}, []string{lower}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			h := &history{rows: test.rows}
			l := newClient(t, serve(t, h.ServeHTTP)).List(cbrapi.ListFilter{})
			if diff := cmp.Diff(test.want, mustReadAll(t, l)); diff != "" {
				t.Errorf("the tasks differ (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(test.invalid, l.Invalid()); diff != "" {
				t.Errorf("what is invalid differs (-want +got):\n%s", diff)
			}
			if again := l.Invalid(); again != nil {
				t.Errorf("Invalid() says again %v", again)
			}
			if l.Rows() != len(test.rows) {
				t.Errorf("%d rows, want %d", l.Rows(), len(test.rows))
			}
		})
	}
}

func TestInvalidCount(t *testing.T) {
	h := &history{rows: rowsOf(1), count: func(int, int, int) string { return `,"count":-1` }}
	l := newClient(t, serve(t, h.ServeHTTP)).List(cbrapi.ListFilter{})
	if _, err := l.Next(t.Context()); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]cbrapi.InvalidField{{Field: "count", Value: "-1"}}, l.Invalid()); diff != "" {
		t.Errorf("what is invalid differs (-want +got):\n%s", diff)
	}
}

// A page of rows that are no tasks is no end.
func TestPageOfBadRows(t *testing.T) {
	h := &history{rows: rowsOf(12), most: atMost(3)}
	for i := 3; i < 6; i++ {
		h.rows[i] = fmt.Sprintf(`{"id":null,"vault_name":"%d"}`, i)
	}
	l := newClient(t, serve(t, h.ServeHTTP)).List(cbrapi.ListFilter{})
	got := mustReadAll(t, l)
	if want := append(idsOf(3), idsOf(12)[6:]...); !cmp.Equal(want, got) {
		t.Errorf("the tasks are %v, want %v", got, want)
	}
	if n := len(l.Invalid()); n != 3 {
		t.Errorf("%d invalid rows, want 3", n)
	}
}

// Field errors stay with their task.
func TestInvalidFieldsOfAListedTask(t *testing.T) {
	h := &history{rows: []string{`{"id":"` + taskID + `","status":"failed","started_at":"yesterday"}`}}
	l := newClient(t, serve(t, h.ServeHTTP)).List(cbrapi.ListFilter{})
	got, err := l.Next(t.Context())
	want := []*cbrapi.OperationLog{{
		ID: taskID, Status: cbrapi.StatusFailed,
		Invalid: []cbrapi.InvalidField{{Field: "started_at", Value: "yesterday"}},
	}}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("the tasks differ (-want +got), with the error %v:\n%s", err, diff)
	}
	if invalid := l.Invalid(); invalid != nil {
		t.Errorf("the page is said to be invalid: %v", invalid)
	}
}

func TestMalformedLists(t *testing.T) {
	const (
		noObject = "the answer is broken JSON, or JSON of another shape"
		noList   = "the answer has no list called operation_logs"
	)
	sample, _ := testdata(t, "sample.json")
	for name, test := range map[string]struct{ body, want string }{
		"empty":                  {"", "the answer is empty"},
		"a page":                 {"<html></html>", "the answer is a page of HTML or XML; a proxy or load balancer may have sent it"},
		"text":                   {"ok", noObject},
		"null":                   {`null`, noObject},
		"a list":                 {`[]`, noObject},
		"one task":               {sample, noList},
		"an error":               {`{"error_code":"APIGW.0301","error_msg":"m"}`, noList},
		"an object for the list": {`{"operation_logs":{}}`, noList},
		"text for the list":      {`{"operation_logs":"[]"}`, noList},
		"another case":           {`{"Operation_Logs":[]}`, noList},
		"two lists":              {`{"operation_logs":[],"operation_logs":[]}`, "the answer has two lists called operation_logs"},
		"half a row":             {`{"operation_logs":[{"id":"` + taskID + `"},{"id":`, noObject},
		"half a list":            {`{"operation_logs":[{"id":"` + taskID + `"}`, noObject},
		"half an object":         {`{"operation_logs":[{"id":"` + taskID + `"}],"count":`, noObject},
		"no end":                 {`{"operation_logs":[{"id":"` + taskID + `"}]`, noObject},
		"a comma too many":       {`{"operation_logs":[{"id":"` + taskID + `"},]}`, noObject},
		"no comma":               {`{"operation_logs":[{"id":"` + taskID + `"}{}]}`, noObject},
		"another bracket":        {`{"operation_logs":[{"id":"` + taskID + `"}}`, noObject},
		"a name without quotes":  {`{operation_logs:[]}`, noObject},
		"a number for a name":    {`{1:[],"operation_logs":[]}`, noObject},
		"two lists in a row":     {`{"operation_logs":[]}{"operation_logs":[]}`, "the answer goes on after its JSON object"},
		"garbage behind":         {`{"operation_logs":[]}}`, "the answer goes on after its JSON object"},
	} {
		t.Run(name, func(t *testing.T) {
			h := &history{rows: []string{rowOf(taskID)}}
			h.fault = func(int, int) http.HandlerFunc { return reply(http.StatusOK, "application/json", test.body) }
			l := newClient(t, serve(t, h.ServeHTTP)).List(cbrapi.ListFilter{})
			got, err := l.Next(t.Context())
			var e *cbrapi.Error
			if got != nil || !errors.As(err, &e) {
				t.Fatalf("Next() = %v, %v, want a *cbrapi.Error alone", got, err)
			}
			want := &cbrapi.Error{Operation: "ListOpLogs", StatusCode: http.StatusOK, Message: test.want}
			if diff := cmp.Diff(want, e); diff != "" {
				t.Errorf("the error differs (-want +got):\n%s", diff)
			}
			if cbrapi.ReasonOf(err) != cbrapi.ReasonUpstream {
				t.Errorf("ReasonOf(%v) = %q", err, cbrapi.ReasonOf(err))
			}
			if l.Rows() != 0 || l.Done() || !l.Date().IsZero() || l.Invalid() != nil {
				t.Errorf("something of the page was taken over: %d rows", l.Rows())
			}
			h.fault = nil
			if got := mustReadAll(t, l); !cmp.Equal([]string{taskID}, got) {
				t.Errorf("then the tasks are %v, want the one", got)
			}
		})
	}
}

func TestEmptyLists(t *testing.T) {
	for name, body := range map[string]string{
		"null":        `{"operation_logs":null}`,
		"with a body": ` { "count": 0, "operation_logs": [ ], "limit": 1000, "offset": 0, "more": {"x": [1]} } `,
		"a count":     `{"operation_logs":[],"count":7}`,
	} {
		t.Run(name, func(t *testing.T) {
			l := newClient(t, serve(t, reply(http.StatusOK, "application/json", body))).List(cbrapi.ListFilter{})
			got, err := l.Next(t.Context())
			if got != nil || err != nil || !l.Done() {
				t.Errorf("Next() = %v, %v, want nothing, and the end", got, err)
			}
		})
	}
}

// TestResume has each request of a listing fail once.
func TestResume(t *testing.T) {
	for name, fault := range map[string]http.HandlerFunc{
		"out of order": reply(http.StatusServiceUnavailable, "text/html", "<html>"),
		"throttled":    reply(http.StatusTooManyRequests, "application/json", `{"error_code":"APIGW.0308","error_msg":"m"}`),
		"half a page":  reply(http.StatusOK, "application/json", `{"operation_logs":[`+strings.Join(rowsOf(2500), ",")),
		"broken off": func(http.ResponseWriter, *http.Request) {
			panic(http.ErrAbortHandler)
		},
	} {
		t.Run(name, func(t *testing.T) {
			h := &history{rows: rowsOf(2500)}
			failed := map[int]bool{}
			h.fault = func(_, offset int) http.HandlerFunc {
				if failed[offset] {
					return nil
				}
				failed[offset] = true
				return fault
			}
			l := newClient(t, serve(t, h.ServeHTTP)).List(cbrapi.ListFilter{})
			var got []string
			failures := 0
			for !l.Done() && failures < 10 {
				page, err := readAll(t.Context(), l)
				got = append(got, page...)
				if err != nil {
					failures++
				}
			}
			if diff := cmp.Diff(idsOf(2500), got); diff != "" {
				t.Errorf("the tasks differ (-want +got):\n%s", diff)
			}
			want := []string{"1000@0", "1000@0", "1000@1000", "1000@1000", "1000@2000", "1000@2000", "1000@2500", "1000@2500"}
			if diff := cmp.Diff(want, h.takeAsked()); diff != "" {
				t.Errorf("the requests differ (-want +got):\n%s", diff)
			}
		})
	}
}

func TestNothingIsAskedBehindTheEnd(t *testing.T) {
	h := &history{}
	l := newClient(t, serve(t, h.ServeHTTP)).List(cbrapi.ListFilter{})
	if l.Done() {
		t.Error("a listing is done before it has begun")
	}
	for range 3 {
		if got, err := l.Next(t.Context()); got != nil || err != nil || !l.Done() {
			t.Errorf("Next() = %v, %v, want nothing, and the end", got, err)
		}
	}
	if got := h.takeAsked(); len(got) != 1 {
		t.Errorf("asked %v, want once", got)
	}
}

func TestListDate(t *testing.T) {
	const first, second = "Thu, 12 Mar 2026 01:02:03 GMT", "Thu, 12 Mar 2026 01:02:04 GMT"
	want := time.Date(2026, 3, 12, 1, 2, 3, 0, time.UTC)
	for name, test := range map[string]struct {
		dates []string // of a failure and the pages behind it
		want  time.Time
	}{
		"of the first page":     {[]string{second, first, second}, want},
		"none with the failure": {[]string{"", first, second}, want},
		"none":                  {[]string{first, "", second}, time.Time{}},
		"not a date":            {[]string{first, "yesterday", second}, time.Time{}},
		"before every task":     {[]string{first, "Thu, 01 Jan 1970 00:00:00 GMT", second}, time.Time{}},
	} {
		t.Run(name, func(t *testing.T) {
			h := &history{rows: rowsOf(1)}
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
			l := client.List(cbrapi.ListFilter{})
			for i, want := range []time.Time{{}, test.want, test.want} {
				_, _ = l.Next(t.Context())
				if got := l.Date(); !got.Equal(want) || got.Location() != time.UTC {
					t.Errorf("after request %d: Date() = %v, want %v", i, got, want)
				}
			}
			if !l.Done() {
				t.Error("not done")
			}
		})
	}
}

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
		tasks int
		large func(limit, offset int) bool
		want  []string
		huge  int // rows left out
		asked []string

		chunked bool
	}{
		"more than 250 rows": {
			600, func(limit, _ int) bool { return limit > 250 },
			idsOf(600), 0,
			[]string{"1000@0", "500@0", "250@0", "250@250", "250@500", "250@600"}, false,
		},
		"their size not announced": {
			600, func(limit, _ int) bool { return limit > 250 },
			idsOf(600), 0,
			[]string{"1000@0", "500@0", "250@0", "250@250", "250@500", "250@600"}, true,
		},
		"in the middle": {
			1600, func(limit, offset int) bool { return limit > 500 && offset > 0 },
			idsOf(1600), 0,
			[]string{"1000@0", "1000@1000", "500@1000", "500@1500", "500@1600"}, false,
		},
		"one huge row": {
			20, func(limit, offset int) bool { return offset <= 5 && offset+limit > 5 },
			append(idsOf(5), idsOf(20)[6:]...), 1,
			[]string{
				"1000@0", "500@0", "250@0", "125@0", "62@0", "31@0", "15@0", "7@0", "3@0",
				"3@3", "1@3", "1@4", "1@5", "1@6", "2@7", "4@9", "8@13", "16@20",
			}, false,
		},
		"three huge rows": {
			5, func(limit, offset int) bool { return offset <= 3 && offset+limit > 1 },
			append(idsOf(1), idsOf(5)[4:]...), 3,
			[]string{
				"1000@0", "500@0", "250@0", "125@0", "62@0", "31@0", "15@0", "7@0", "3@0",
				"1@0", "1@1", "1@2", "1@3", "1@4", "2@5",
			}, false,
		},
		"a huge row and large pages": {
			9, func(limit, offset int) bool { return offset == 0 || limit > 2 },
			idsOf(9)[1:], 1,
			[]string{
				"1000@0", "500@0", "250@0", "125@0", "62@0", "31@0", "15@0", "7@0", "3@0", "1@0",
				"1@1", "2@2", "4@4", "2@4", "2@6", "2@8", "2@9",
			}, false,
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

// What tasks have in common is in memory once, also over several pages.
func TestSharedTexts(t *testing.T) {
	task := sampleRow(t, "backup.json")
	h := &history{rows: []string{task, strings.Replace(task, taskID, idOf(2), 1)}, most: atMost(1)}
	l := newClient(t, serve(t, h.ServeHTTP)).List(cbrapi.ListFilter{})
	var got []*cbrapi.OperationLog
	for !l.Done() {
		page, err := l.Next(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, page...)
	}
	if len(got) != 2 {
		t.Fatalf("%d tasks, want 2", len(got))
	}
	for name, text := range map[string]func(*cbrapi.OperationLog) string{
		"project id":    func(l *cbrapi.OperationLog) string { return l.ProjectID },
		"status":        func(l *cbrapi.OperationLog) string { return string(l.Status) },
		"type":          func(l *cbrapi.OperationLog) string { return string(l.OperationType) },
		"policy id":     func(l *cbrapi.OperationLog) string { return l.PolicyID },
		"provider id":   func(l *cbrapi.OperationLog) string { return l.ProviderID },
		"vault id":      func(l *cbrapi.OperationLog) string { return l.VaultID },
		"vault name":    func(l *cbrapi.OperationLog) string { return l.VaultName },
		"code":          func(l *cbrapi.OperationLog) string { return l.ErrorInfo.Code },
		"message":       func(l *cbrapi.OperationLog) string { return l.ErrorInfo.Message },
		"resource id":   func(l *cbrapi.OperationLog) string { return l.ExtraInfo.Resource.ID },
		"resource type": func(l *cbrapi.OperationLog) string { return l.ExtraInfo.Resource.Type },
		"resource name": func(l *cbrapi.OperationLog) string { return l.ExtraInfo.Resource.Name },
		"volume":        func(l *cbrapi.OperationLog) string { return l.ExtraInfo.Resource.ExcludeVolumes[0] },
	} {
		a, b := text(got[0]), text(got[1])
		if a == "" || a != b || unsafe.StringData(a) != unsafe.StringData(b) {
			t.Errorf("%s: %q and %q are not one text", name, a, b)
		}
	}
}

// A row may repeat what the request was sent with.
func TestNoCredentialsInLists(t *testing.T) {
	h := &history{rows: []string{
		`{"id":"` + taskID + `","vault_name":"` + token + `"}`, `{"id":"` + token + `"}`, `"` + token + `"`,
	}}
	o := serve(t, h.ServeHTTP)
	o.Transport = withToken(o.Transport)
	l := newClient(t, o).List(cbrapi.ListFilter{})
	got, err := l.Next(t.Context())
	if err != nil || len(got) != 1 || got[0].VaultName != "<secret>" {
		t.Errorf("Next() = %+v, %v, want one task with a redacted name", got, err)
	}
	want := []cbrapi.InvalidField{{Field: "id", Value: "<secret>"}, {Field: "operation_logs", Value: "<secret>"}}
	if diff := cmp.Diff(want, l.Invalid()); diff != "" {
		t.Errorf("what is invalid differs (-want +got):\n%s", diff)
	}
}
