package tasks_test

import (
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"path"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cbr-exporter/cbr_exporter/test/pause"

	"github.com/go-kit/log"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
	"github.com/cbr-exporter/cbr_exporter/tasks"
)

// cloud is a fake CBR API with the tasks of one project. It is the http.RoundTripper
// of a cbrapi.Client.
type cloud struct {
	mu      sync.Mutex
	tasks   map[string]*cbrapi.OperationLog // by UUID
	listed  map[string]*cbrapi.OperationLog // what lists show instead; nil: nothing
	latency time.Duration
	pageMax int // rows

	counts         bool // lists tell their count
	ignoresFilters bool
	clock          time.Duration // how far dates are ahead
	noDate         bool

	fault func(request) *fault // nil: none

	requests []request
	inFlight int
	most     int // requests at a time
}

// request is one request that the cloud received: for the task with the id, or for a
// page of a list.
type request struct {
	id     string // "" for a list
	list   string // running, waiting, incremental or all
	offset int
}

// fault is what the cloud sends instead of a response.
type fault struct {
	status int
	code   string
	err    error // of the transport
	hangs  bool
	delay  time.Duration // before the response, which is then good unless one of the others is set
}

func newCloud() *cloud {
	return &cloud{
		tasks:   map[string]*cbrapi.OperationLog{},
		listed:  map[string]*cbrapi.OperationLog{},
		latency: 10 * time.Millisecond,
		pageMax: 1000,
	}
}

// always fails all requests; lists those for lists, and list those for one list.
func always(f fault) func(request) *fault { return func(request) *fault { return &f } }

func lists(f fault) func(request) *fault {
	return func(r request) *fault {
		if r.id == "" {
			return &f
		}
		return nil
	}
}

func list(name string, f fault) func(request) *fault {
	return func(r request) *fault {
		if r.list == name {
			return &f
		}
		return nil
	}
}

// uuid returns the UUID for a short name, and short the name for a UUID.
func uuid(name string) string {
	if len(name) == 36 {
		return name
	}
	return fmt.Sprintf("00000000-0000-4000-8000-%012s", hex.EncodeToString([]byte(name)))
}

func short(id string) string {
	name, _ := hex.DecodeString(strings.TrimLeft(id[24:], "0"))
	return string(name)
}

// ids returns the UUIDs of n configured tasks.
func ids(n int) []string {
	all := make([]string, n)
	for i := range all {
		all[i] = fmt.Sprintf("11111111-1111-4111-8111-%012d", i)
	}
	return all
}

// put adds or changes a backup, as of now.
func (c *cloud) put(name string, s cbrapi.Status, change ...func(*cbrapi.OperationLog)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	id, now := uuid(name), time.Now()
	l := &cbrapi.OperationLog{
		ID: id, OperationType: cbrapi.OperationBackup, VaultID: "v", CreatedAt: now,
		ExtraInfo: cbrapi.ExtraInfo{Resource: &cbrapi.Resource{ID: "r"}},
	}
	if old := c.tasks[id]; old != nil {
		copied := *old
		l = &copied
	}
	l.Status, l.UpdatedAt = s, now
	if s != cbrapi.StatusWaiting && s != cbrapi.StatusSkipped && l.StartedAt.IsZero() {
		l.StartedAt = now
	}
	if s.Finished() {
		l.EndedAt = now
	}
	for _, f := range change {
		f(l)
	}
	c.tasks[id] = l
}

// putAll puts configured tasks.
func (c *cloud) putAll(n int, s cbrapi.Status) {
	for _, id := range ids(n) {
		c.put(id, s)
	}
}

// change changes the cloud while requests may be in flight.
func (c *cloud) change(f func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	f()
}

func (c *cloud) setFault(f func(request) *fault) { c.change(func() { c.fault = f }) }

// takeRequests returns the requests since the last call.
func (c *cloud) takeRequests() []request {
	c.mu.Lock()
	defer c.mu.Unlock()
	all := c.requests
	c.requests = nil
	return all
}

// take returns the number of lists and tasks that were requested since the last call.
func (c *cloud) take() (lists, tasks int) {
	for _, r := range c.takeRequests() {
		switch {
		case r.id != "":
			tasks++
		case r.offset == 0:
			lists++
		}
	}
	return lists, tasks
}

// RoundTrip implements http.RoundTripper.
func (c *cloud) RoundTrip(r *http.Request) (*http.Response, error) {
	received := readRequest(r)
	c.mu.Lock()
	c.requests = append(c.requests, received)
	c.inFlight++
	c.most = max(c.most, c.inFlight)
	f, latency := fault{}, c.latency
	if c.fault != nil {
		if found := c.fault(received); found != nil {
			f = *found
		}
	}
	c.mu.Unlock()
	defer c.change(func() { c.inFlight-- })
	if f.hangs {
		<-r.Context().Done()
	}
	if err := pause.For(r.Context(), latency+f.delay); err != nil {
		return nil, err
	}
	if f.err != nil {
		return nil, f.err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	status, body := c.respond(r, received)
	if f.status != 0 {
		status, body = f.status, map[string]any{"error_code": f.code, "error_msg": "failed"}
	}
	header := http.Header{"Content-Type": {"application/json"}}
	if !c.noDate {
		header.Set("Date", time.Now().Add(c.clock).UTC().Format(http.TimeFormat))
	}
	text, err := json.Marshal(body)
	return &http.Response{StatusCode: status, Header: header, Body: io.NopCloser(bytes.NewReader(text)), Request: r}, err
}

func readRequest(r *http.Request) request {
	query := r.URL.Query()
	offset, _ := strconv.Atoi(query.Get("offset"))
	switch {
	case path.Base(r.URL.Path) != "operation-logs":
		return request{id: path.Base(r.URL.Path)}
	case query.Get("status") != "":
		return request{list: query.Get("status"), offset: offset}
	case query.Get("start_time") != "":
		return request{list: "incremental", offset: offset}
	default:
		return request{list: "all", offset: offset}
	}
}

func (c *cloud) respond(r *http.Request, received request) (int, map[string]any) {
	if received.id != "" {
		if l := c.tasks[received.id]; l != nil {
			return http.StatusOK, map[string]any{"operation_log": row(l)}
		}
		return http.StatusNotFound, map[string]any{"error_code": "BackupService.6500"}
	}
	query := r.URL.Query()
	start, _ := time.Parse(time.RFC3339, query.Get("start_time"))
	matches := func(name, value string) bool { return !query.Has(name) || query.Get(name) == value }
	rows := []any{}
	for _, l := range c.inOrder() {
		ok := matches("status", string(l.Status)) && matches("vault_id", l.VaultID) && matches("operation_type", string(l.OperationType)) &&
			(start.IsZero() || !l.StartedAt.IsZero() && !l.StartedAt.Before(start))
		if ok || c.ignoresFilters {
			rows = append(rows, row(l))
		}
	}
	page := rows[min(received.offset, len(rows)):]
	body := map[string]any{"operation_logs": page[:min(c.pageMax, len(page))]}
	if c.counts {
		body["count"] = len(rows)
	}
	return http.StatusOK, body
}

// inOrder returns what lists show, by UUID.
func (c *cloud) inOrder() []*cbrapi.OperationLog {
	var all []*cbrapi.OperationLog
	for id, l := range c.tasks {
		if instead, ok := c.listed[id]; ok {
			l = instead
		}
		if l != nil {
			all = append(all, l)
		}
	}
	slices.SortFunc(all, func(a, b *cbrapi.OperationLog) int { return strings.Compare(a.ID, b.ID) })
	return all
}

// row returns the API's form of a task.
func row(l *cbrapi.OperationLog) map[string]any {
	fields := map[string]any{
		"id": l.ID, "status": l.Status, "operation_type": l.OperationType, "vault_id": l.VaultID, "vault_name": l.VaultName,
		"extra_info": map[string]any{"resource": map[string]any{"id": l.ExtraInfo.Resource.ID, "name": l.ExtraInfo.Resource.Name}},
	}
	for name, t := range map[string]time.Time{
		"created_at": l.CreatedAt, "started_at": l.StartedAt, "ended_at": l.EndedAt, "updated_at": l.UpdatedAt,
	} {
		if !t.IsZero() {
			fields[name] = t.UTC().Format(time.RFC3339Nano)
		}
	}
	return fields
}

// newTracker tracks n configured tasks until the end of the test, with the default
// settings unless change sets others.
func newTracker(t *testing.T, c *cloud, n int, change func(*tasks.Options)) *tasks.Tracker {
	t.Helper()
	client, err := cbrapi.New(cbrapi.Options{Endpoint: "https://cbr.test", Transport: c}, "p")
	if err != nil {
		t.Fatal(err)
	}
	o := tasks.Options{
		Project:         "test",
		TaskIDs:         ids(n),
		Timeout:         30 * time.Second,
		Concurrency:     16,
		FinishedTaskTTL: 15 * time.Minute,
		Now:             time.Now,
		Logger:          log.NewNopLogger(),
		InvalidFields:   prometheus.NewCounterVec(prometheus.CounterOpts{Name: "invalid_fields_total", Help: "Unreadable fields."}, []string{"field"}),
	}
	if change != nil {
		change(&o)
	}
	tracker := tasks.New(client, o)
	t.Cleanup(tracker.Close)
	return tracker
}

func oneAtATime(o *tasks.Options) { o.Concurrency = 1 }

// month turns discovery on.
func month(o *tasks.Options) {
	o.Discovery = &tasks.Discovery{Lookback: 720 * time.Hour, Window: 24 * time.Hour}
}

// synced returns a tracker with discovery that has completed its first full sync.
func synced(t *testing.T, c *cloud, n int, change func(*tasks.Options)) *tasks.Tracker {
	t.Helper()
	tracker := newTracker(t, c, n, func(o *tasks.Options) {
		month(o)
		if change != nil {
			change(o)
		}
	})
	collect(tracker, 0)
	time.Sleep(time.Minute)
	c.take()
	return tracker
}

// collect is a scrape that leaves after timeout; 0: it waits for the end of the pass.
func collect(tracker *tasks.Tracker, timeout time.Duration) tasks.Snapshot {
	ctx := context.Background()
	if timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, timeout)
		defer cancel()
	}
	return tracker.Collect(ctx)
}

// last returns the result of the last finished pass.
func last(tracker *tasks.Tracker) tasks.Snapshot {
	s, _ := tracker.Last()
	return s
}

// known counts the tasks of a snapshot that are known, and those that are shown.
func known(s tasks.Snapshot) (known, shown int) {
	for _, t := range s.Tasks {
		if t.Known {
			known++
		}
		if t.Log != nil {
			shown++
		}
	}
	return known, shown
}

// active returns the names of the discovered active tasks.
func active(s tasks.Snapshot) []string {
	var names []string
	for _, l := range s.Discovered.Listed {
		names = append(names, short(l.ID))
	}
	return names
}

// latest returns the name of the last finished task of the only resource.
func latest(s tasks.Snapshot) string {
	if len(s.ResourceStates) != 1 {
		return fmt.Sprintf("%d resources", len(s.ResourceStates))
	}
	return short(s.ResourceStates[0].LastFinished.ID)
}
