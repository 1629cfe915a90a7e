package cbrapi_test

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cbr-exporter/cbr_exporter/test/pause"

	"go.uber.org/goleak"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	taskID    = "10000000-0000-4000-8000-000000000001"
	projectID = "20000000000040008000000000000001"
	userAgent = "cbr_exporter/test"
	token     = "MIIsecret/token+with/40+characters/and+more=="
)

// pathPrefix is the path of the endpoint. Requests must keep it.
const pathPrefix = "/cloud/api"

// serve starts an API at pathPrefix, which h does not see.
func serve(t *testing.T, h http.HandlerFunc) cbrapi.Options {
	t.Helper()
	mux := http.NewServeMux()
	mux.Handle(pathPrefix+"/", http.StripPrefix(pathPrefix, h))
	mux.HandleFunc("/", func(_ http.ResponseWriter, r *http.Request) {
		t.Errorf("request outside of the endpoint: %s %s", r.Method, r.URL)
	})
	server := httptest.NewServer(mux)
	transport := &http.Transport{}
	t.Cleanup(func() {
		transport.CloseIdleConnections()
		server.Close()
	})
	return cbrapi.Options{Endpoint: server.URL + pathPrefix, Transport: transport, UserAgent: userAgent}
}

func newClient(t testing.TB, o cbrapi.Options) *cbrapi.Client {
	t.Helper()
	client, err := cbrapi.New(o, projectID)
	if err != nil {
		t.Fatal(err)
	}
	return client
}

// reply returns a handler that sends the same response to every request.
func reply(status int, contentType, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", contentType)
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }

// withToken adds credentials like package credentials.
func withToken(next http.RoundTripper) http.RoundTripper {
	return roundTripper(func(req *http.Request) (*http.Response, error) {
		req = req.Clone(req.Context())
		req.Header.Set("X-Auth-Token", token)
		return next.RoundTrip(req)
	})
}

// inMemory responds to every request without a network.
func inMemory(status int, contentType, body string) cbrapi.Options {
	return cbrapi.Options{
		Endpoint: "https://cbr.example.com",
		Transport: withToken(roundTripper(func(req *http.Request) (*http.Response, error) {
			return &http.Response{
				StatusCode: status,
				Header:     http.Header{"Content-Type": {contentType}},
				Body:       io.NopCloser(strings.NewReader(body)),
				Request:    req,
			}, nil
		})),
	}
}

// fakeList is a service with one list. The zero value has no rows and behaves as the API
// documents.
type fakeList struct {
	mu   sync.Mutex
	list string   // its name in the response; "": operation logs
	path string   // below the project; "": the name of the list
	rows []string // JSON, in the order of the list

	most   func(offset int) int                     // rows that a page has at most; nil: as many as requested
	count  func(total, offset, rows int) string     // the member count; nil: the total
	before func(request int)                        // called before each response
	fault  func(limit, offset int) http.HandlerFunc // the response instead, if not nil

	requests []string // limit@offset
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

// sampleRow returns the task of a response in testdata as a row of a list.
func sampleRow(t testing.TB, file string) string {
	t.Helper()
	body, _ := testdata(t, file)
	var response struct {
		Task json.RawMessage `json:"operation_log"`
	}
	if err := json.Unmarshal([]byte(body), &response); err != nil {
		t.Fatal(err)
	}
	var row bytes.Buffer
	if err := json.Compact(&row, response.Task); err != nil {
		t.Fatal(err)
	}
	return row.String()
}

// rowsIn returns the rows of the list in a file in testdata.
func rowsIn(t testing.TB, file string) []string {
	t.Helper()
	var compact bytes.Buffer
	if err := json.Compact(&compact, []byte(listTestdata(t, file))); err != nil {
		t.Fatal(err)
	}
	var response map[string]json.RawMessage
	if err := json.Unmarshal(compact.Bytes(), &response); err != nil {
		t.Fatal(err)
	}
	var rows []string
	for _, member := range response {
		var list []json.RawMessage
		if json.Unmarshal(member, &list) != nil {
			continue // the count
		}
		for _, row := range list {
			rows = append(rows, string(row))
		}
	}
	return rows
}

// atMost limits every page to n rows.
func atMost(n int) func(int) int { return func(int) int { return n } }

func (h *fakeList) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.before != nil {
		h.before(len(h.requests))
	}
	path, list := "operation-logs", "operation_logs"
	if h.list != "" {
		path, list = cmp.Or(h.path, h.list), h.list
	}
	limit, limitErr := strconv.Atoi(r.FormValue("limit"))
	offset, offsetErr := strconv.Atoi(r.FormValue("offset"))
	if r.Method != http.MethodGet || r.URL.Path != "/v3/"+projectID+"/"+path || limitErr != nil || offsetErr != nil {
		http.Error(w, "no such list", http.StatusNotFound)
		return
	}
	h.requests = append(h.requests, fmt.Sprintf("%d@%d", limit, offset))
	if h.fault != nil {
		if fault := h.fault(limit, offset); fault != nil {
			fault(w, r)
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

// takeRequests returns the requests since the last call.
func (h *fakeList) takeRequests() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	requests := h.requests
	h.requests = nil
	return requests
}

// onePage sends body as the first page, and empty pages of its list after it.
func onePage(list, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		page := body
		if r.FormValue("offset") != "0" {
			page = `{"` + list + `":[]}`
		}
		reply(http.StatusOK, "application/json", page)(w, r)
	}
}

// requestsOf returns what call sends to a service that responds with body, such as
// ListVault GET /v3/20000000000040008000000000000001/vaults?limit=1000&offset=0.
func requestsOf(t *testing.T, enterpriseProject, body string, call func(*cbrapi.Client) error) []string {
	t.Helper()
	o := serve(t, reply(http.StatusOK, "application/json", body))
	o.EnterpriseProjectID = enterpriseProject
	var got []string
	next := o.Transport
	o.Transport = roundTripper(func(r *http.Request) (*http.Response, error) {
		uri := strings.TrimPrefix(r.URL.RequestURI(), pathPrefix)
		got = append(got, cbrapi.Operation(r.Context())+" "+r.Method+" "+uri)
		return next.RoundTrip(r)
	})
	if err := call(newClient(t, o)); err != nil {
		t.Fatal(err)
	}
	return got
}

// all reads a list to its end, or the first failure.
func all[T any](ctx context.Context, list *cbrapi.List[T]) (entries []*T, invalid []cbrapi.InvalidField, err error) {
	for !list.Done() {
		page, err := list.Next(ctx)
		if err != nil {
			return nil, nil, err
		}
		entries, invalid = append(entries, page...), append(invalid, list.Invalid()...)
	}
	return entries, invalid, nil
}

// readAll returns the ids of the remaining tasks of a list.
func readAll(ctx context.Context, l *cbrapi.List[cbrapi.OperationLog]) ([]string, error) {
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
			return ids, fmt.Errorf("the list does not end")
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

func mustReadAll(t *testing.T, l *cbrapi.List[cbrapi.OperationLog]) []string {
	t.Helper()
	got, err := readAll(t.Context(), l)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

const ms = time.Millisecond

// outcome is what a request comes to: a response, or an error of the transport.
type outcome struct {
	status     int
	code       string // error_code in the body
	retryAfter int    // in seconds; 0: the header is absent
	err        error
}

func status(code int) outcome { return outcome{status: code} }

func broken(err error) outcome { return outcome{err: err} }

func throttledFor(seconds int) outcome {
	return outcome{status: http.StatusTooManyRequests, retryAfter: seconds}
}

// limitedAPI is an API in memory that is used through a Limiter, and records when
// requests arrive.
type limitedAPI struct {
	latency time.Duration
	outcome func(n int) outcome // of the nth request, from 1
	began   time.Time

	mu   sync.Mutex
	sent []time.Duration // since it began
}

// newLimitedAPI responds with the outcomes in their order, and goes on with the last.
// Without outcomes all requests succeed.
func newLimitedAPI(outcomes ...outcome) *limitedAPI {
	a := &limitedAPI{began: time.Now()}
	a.then(outcomes...)
	return a
}

// then replaces the outcomes.
func (a *limitedAPI) then(outcomes ...outcome) {
	if len(outcomes) == 0 {
		outcomes = []outcome{status(200)}
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	before := len(a.sent)
	a.outcome = func(n int) outcome { return outcomes[min(n-before, len(outcomes))-1] }
}

// RoundTrip implements http.RoundTripper.
func (a *limitedAPI) RoundTrip(req *http.Request) (*http.Response, error) {
	a.mu.Lock()
	a.sent = append(a.sent, time.Since(a.began))
	o := a.outcome(len(a.sent))
	latency := a.latency
	a.mu.Unlock()
	if err := pause.For(req.Context(), latency); err != nil {
		return nil, err
	}
	if o.err != nil {
		return nil, o.err
	}
	body := fmt.Sprintf(`{"error_code":%q}`, o.code)
	if o.status == http.StatusOK {
		body = fmt.Sprintf(`{"operation_log":{"id":%q}}`, taskID)
	}
	header := http.Header{}
	if o.retryAfter != 0 {
		header.Set("Retry-After", fmt.Sprint(o.retryAfter))
	}
	return &http.Response{StatusCode: o.status, Header: header, Body: io.NopCloser(strings.NewReader(body)), Request: req}, nil
}

// client returns a client of the API that uses the limiter.
func (a *limitedAPI) client(t *testing.T, l *cbrapi.Limiter) *cbrapi.Client {
	t.Helper()
	return newClient(t, cbrapi.Options{Endpoint: "https://cbr.example.com", Transport: a, Limiter: l})
}

// expectSent checks when requests were sent, to the millisecond.
func (a *limitedAPI) expectSent(t *testing.T, want ...time.Duration) {
	t.Helper()
	a.mu.Lock()
	defer a.mu.Unlock()
	var got []time.Duration
	for _, at := range a.sent {
		got = append(got, at.Round(ms))
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("requests were sent after %v, want %v", got, want)
	}
}

// count returns how many requests were sent so far.
func (a *limitedAPI) count() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return len(a.sent)
}

// newLimiter returns a limiter without jitter.
func newLimiter(perSecond float64) *cbrapi.Limiter { return newJitteryLimiter(perSecond, 0.5) }

func newJitteryLimiter(perSecond, jitter float64) *cbrapi.Limiter {
	return cbrapi.NewLimiter(perSecond, func() float64 { return jitter })
}

// get sends a request and returns its error.
func get(ctx context.Context, c *cbrapi.Client) error {
	_, err := c.OperationLog(ctx, taskID)
	return err
}

func mustGet(t *testing.T, c *cbrapi.Client) {
	t.Helper()
	if err := get(t.Context(), c); err != nil {
		t.Error(err)
	}
}

// getWithin sends a request with a deadline and returns its error.
func getWithin(t *testing.T, d time.Duration, c *cbrapi.Client) error {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), d)
	defer cancel()
	return get(ctx, c)
}

// getOnce sends a request that has no time for a retry, and that comes to o.
func getOnce(t *testing.T, a *limitedAPI, c *cbrapi.Client, o outcome) {
	t.Helper()
	a.then(o)
	defer a.then()
	before := a.count()
	_ = getWithin(t, 50*ms, c)
	if got := a.count() - before; got != 1 {
		t.Errorf("%d requests were sent, want 1", got)
	}
}

// rateOf measures how many requests are sent per second once a burst is over; 0 if
// there is no limit.
func rateOf(t *testing.T, c *cbrapi.Client) float64 {
	t.Helper()
	timed := func() time.Duration {
		began := time.Now()
		mustGet(t, c)
		return time.Since(began)
	}
	for range 100 {
		if timed() > 0 {
			return 1 / timed().Seconds()
		}
	}
	return 0
}

func expectRate(t *testing.T, c *cbrapi.Client, when string, want float64) {
	t.Helper()
	if got := rateOf(t, c); got < want-1e-6 || got > want+1e-6 {
		t.Errorf("%s: %v requests per second are sent, want %v", when, got, want)
	}
}

// expectPause checks that no request is sent until d is over.
func expectPause(t *testing.T, c *cbrapi.Client, when string, d time.Duration) {
	t.Helper()
	began := time.Now()
	mustGet(t, c)
	if got := time.Since(began); got != d {
		t.Errorf("%s: the next request is sent after %s, want %s", when, got, d)
	}
}

// expectError checks that err is or wraps want.
func expectError(t *testing.T, err, want error) {
	t.Helper()
	if !errors.Is(err, want) || (want == nil) != (err == nil) {
		t.Errorf("the error is %v, want %v", err, want)
	}
}

// expectStatus checks that err is the response with the status.
func expectStatus(t *testing.T, err error, want int) {
	t.Helper()
	var e *cbrapi.Error
	if !errors.As(err, &e) || e.StatusCode != want {
		t.Errorf("the error is %v, want the status %d", err, want)
	}
}
