package cbrapi_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
)

// history is a service that lists tasks, with the manners of one test. The zero
// value has no task and does what the API documents.
type history struct {
	mu   sync.Mutex
	list string   // what is listed instead: vaults
	rows []string // JSON, in the order of the list

	most   func(offset int) int                     // rows that a page has at most; nil: as many as asked for
	count  func(total, offset, rows int) string     // the member count; nil: the total
	before func(request int)                        // what happens before a request is answered
	fault  func(limit, offset int) http.HandlerFunc // answers instead, where it is not nil

	asked []string // limit@offset
}

// idOf returns the id of the nth task.
func idOf(n int) string { return fmt.Sprintf("30000000-0000-4000-8000-%012d", n) }

func rowOf(id string) string { return `{"id":"` + id + `","status":"success"}` }

// rowsOf returns the rows of n tasks.
func rowsOf(n int) []string {
	rows := make([]string, n)
	for i := range rows {
		rows[i] = rowOf(idOf(i))
	}
	return rows
}

// sampleRow returns the task of an answer in testdata as a row.
func sampleRow(t testing.TB, file string) string {
	t.Helper()
	body, _ := testdata(t, file)
	var answer struct {
		Task json.RawMessage `json:"operation_log"`
	}
	if err := json.Unmarshal([]byte(body), &answer); err != nil {
		t.Fatal(err)
	}
	var row bytes.Buffer
	if err := json.Compact(&row, answer.Task); err != nil {
		t.Fatal(err)
	}
	return row.String()
}

// atMost returns a limit of the service's own, for all pages.
func atMost(n int) func(int) int { return func(int) int { return n } }

func (h *history) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.before != nil {
		h.before(len(h.asked))
	}
	segment, list := "operation-logs", "operation_logs"
	if h.list != "" {
		segment, list = h.list, h.list
	}
	limit, limitErr := strconv.Atoi(r.FormValue("limit"))
	offset, offsetErr := strconv.Atoi(r.FormValue("offset"))
	if r.Method != http.MethodGet || r.URL.Path != "/v3/"+projectID+"/"+segment || limitErr != nil || offsetErr != nil {
		http.Error(w, "no such list", http.StatusNotFound)
		return
	}
	h.asked = append(h.asked, fmt.Sprintf("%d@%d", limit, offset))
	if h.fault != nil {
		if answer := h.fault(limit, offset); answer != nil {
			answer(w, r)
			return
		}
	}
	if h.most != nil {
		limit = min(limit, h.most(offset))
	}
	first := min(offset, len(h.rows))
	page := h.rows[first:min(first+limit, len(h.rows))]
	count := fmt.Sprintf(`,"count":%d`, len(h.rows))
	if h.count != nil {
		count = h.count(len(h.rows), offset, len(page))
	}
	reply(http.StatusOK, "application/json", `{"`+list+`":[`+strings.Join(page, ",")+`]`+count+`}`)(w, r)
}

// takeAsked returns what was asked for since the last call.
func (h *history) takeAsked() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	asked := h.asked
	h.asked = nil
	return asked
}

// readAll returns the ids of all tasks that a listing returns.
func readAll(ctx context.Context, l *cbrapi.Listing) ([]string, error) {
	var ids []string
	for !l.Done() {
		page, err := l.Next(ctx)
		if err != nil {
			return ids, err
		}
		for _, task := range page {
			ids = append(ids, task.ID)
		}
		if len(ids) > 100_000 {
			return ids, fmt.Errorf("the listing does not end")
		}
	}
	return ids, nil
}

// idsOf returns the ids of the first n tasks.
func idsOf(n int) []string {
	var all []string
	for i := range n {
		all = append(all, idOf(i))
	}
	return all
}

func mustReadAll(t *testing.T, l *cbrapi.Listing) []string {
	t.Helper()
	got, err := readAll(t.Context(), l)
	if err != nil {
		t.Fatal(err)
	}
	return got
}
