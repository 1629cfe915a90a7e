package cbrapi_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

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
			row := sampleRow(t, test.file)
			if id := test.want.ProjectID; id != "" { // or it would be another project's
				row = strings.ReplaceAll(row, id, projectID)
				test.want.ProjectID = projectID
			}
			h := &history{rows: []string{row}}
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
