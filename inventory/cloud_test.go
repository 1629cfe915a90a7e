package inventory_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"path"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cbr-exporter/cbr_exporter/test/pause"

	"github.com/go-kit/log"
	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/goleak"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
	"github.com/cbr-exporter/cbr_exporter/inventory"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	day  = 24 * time.Hour
	week = 7 * day

	refresh = 5 * time.Minute

	backupsRefresh = 15 * time.Minute
	timeout        = 30 * time.Second
	retry          = 30 * time.Second       // a list that failed is left alone for as long
	latency        = 100 * time.Millisecond // of a page, of the first one of the vaults
)

// cloud is the API of a project. It is the transport of its client.
type cloud struct {
	mu       sync.Mutex
	vaults   []object
	policies []object
	count    any // of the vaults; nil: the right one

	backups       []object
	ignoresFilter bool                // of the time at which backups were created
	protectables  map[string][]object // by kind
	pageRows      int                 // of a page of these lists; 0: all

	clock    func() time.Time // of the header Date; nil: there is none
	requests []string
	// fault returns the error of a request for the list; nil: there is none.
	fault func(ctx context.Context, list string) error
}

// statusError has the cloud respond with the HTTP status.
type statusError int

func (e statusError) Error() string { return http.StatusText(int(e)) }

// fails returns a fault of the list, or of both if list is "".
func fails(list string, err error) func(context.Context, string) error {
	return func(_ context.Context, requested string) error {
		if list == "" || list == requested {
			return err
		}
		return nil
	}
}

// hang is a fault: the cloud does not respond.
func hang(ctx context.Context, _ string) error {
	<-ctx.Done()
	return ctx.Err()
}

// set changes the cloud between two requests.
func (c *cloud) set(change func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	change()
}

// takeRequests returns the lists that were requested since the last call.
func (c *cloud) takeRequests() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	requests := c.requests
	c.requests = nil
	return requests
}

func (c *cloud) expectRequests(t *testing.T, when string, want ...string) {
	t.Helper()
	if diff := cmp.Diff(want, c.takeRequests()); diff != "" {
		t.Errorf("%s: requests differ (-want +got):\n%s", when, diff)
	}
}

// RoundTrip implements http.RoundTripper.
func (c *cloud) RoundTrip(req *http.Request) (*http.Response, error) {
	list, offset := requested(req)
	c.mu.Lock()
	fault := c.fault
	if offset == 0 || list != "vaults" {
		c.requests = append(c.requests, list)
		c.mu.Unlock()
		if err := pause.For(req.Context(), latency); err != nil {
			return nil, err
		}
		c.mu.Lock()
	}
	c.mu.Unlock()
	if fault != nil {
		err := fault(req.Context(), list)
		if status, ok := err.(statusError); ok { //nolint:errorlint // it is not wrapped
			return &http.Response{StatusCode: int(status), Body: http.NoBody, Request: req}, nil
		}
		if err != nil {
			return nil, err
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	body, err := json.Marshal(c.respond(req, offset))
	if err != nil {
		return nil, err
	}
	header := http.Header{"Content-Type": {"application/json"}}
	if c.clock != nil {
		header.Set("Date", c.clock().UTC().Format(http.TimeFormat))
	}
	return &http.Response{StatusCode: http.StatusOK, Header: header, Body: io.NopCloser(bytes.NewReader(body)), Request: req}, nil
}

// requested returns what a request asks for, such as vaults, server, or
// "backups since 2000-01-01T00:45:00Z from 2" for its third row, and the offset.
func requested(req *http.Request) (list string, offset int) {
	query := req.URL.Query()
	offset, _ = strconv.Atoi(query.Get("offset"))
	list = path.Base(req.URL.Path)
	if list == "instances" {
		list = path.Base(path.Dir(req.URL.Path))
	}
	if since := query.Get("start_time"); since != "" {
		list += " since " + since
	}
	if offset > 0 && list != "vaults" {
		list += fmt.Sprintf(" from %d", offset)
	}
	return list, offset
}

// respond returns a page of a list. The caller holds the mutex.
func (c *cloud) respond(req *http.Request, offset int) object {
	var (
		name  = path.Base(req.URL.Path)
		rows  []object
		count any
		limit = c.pageRows
	)
	switch name {
	case "vaults":
		rows, count, limit = c.vaults, c.count, 0
	case "policies":
		rows, limit = c.policies, 0
	case "backups":
		since := req.URL.Query().Get("start_time")
		for _, b := range c.backups {
			if created, ok := b["created_at"].(string); c.ignoresFilter || !ok || created >= strings.TrimSuffix(since, "Z") {
				rows = append(rows, b)
			}
		}
	case "instances":
		rows = c.protectables[path.Base(path.Dir(req.URL.Path))]
	}
	if count == nil {
		count = len(rows)
	}
	page := rows[min(offset, len(rows)):]
	if limit > 0 {
		page = page[:min(limit, len(page))]
	}
	return object{name: slices.Concat([]object{}, page), "count": count}
}

// object is a JSON object of the API.
type object map[string]any

// with returns a copy of o with another value.
func (o object) with(name string, value any) object {
	o = maps.Clone(o)
	o[name] = value
	return o
}

// uuid returns the id of what the tests call by one letter.
func uuid(letter string) string { return fmt.Sprintf("%08x-0000-4000-8000-000000000000", letter[0]) }

// letter is the inverse of uuid.
func letter(id string) string {
	code, _ := strconv.ParseUint(id[:8], 16, 8)
	return string(rune(code))
}

func vault(id string, resources ...string) object {
	bound := []object{}
	for _, r := range resources {
		bound = append(bound, object{"id": uuid(r)})
	}
	return object{"id": uuid(id), "name": id, "resources": bound}
}

// policy returns a daily backup policy of the vaults.
func policy(id string, vaults ...string) object {
	associated := []object{}
	for _, v := range vaults {
		associated = append(associated, object{"vault_id": uuid(v)})
	}
	p := object{"id": uuid(id), "enabled": true, "operation_type": "backup", "associated_vaults": associated}
	return p.runs("FREQ=DAILY;BYHOUR=2")
}

// id returns the id of a backup.
func id(number int) string { return fmt.Sprintf("bbbbbbbb-0000-4000-8000-%012d", number) }

// backup returns an available backup of the resource in the vault v, which was created at
// a time.
func backup(number int, resource string, created time.Time) object {
	return object{
		"id": id(number), "name": fmt.Sprint("backup-", number), "status": "available", "image_type": "backup", "vault_id": uuid("v"),
		"resource_id": uuid(resource), "resource_type": "OS::Nova::Server", "resource_name": resource, "created_at": stamp(created),
	}
}

// stamp returns a time as the API sends it.
func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000000") }

// runs returns a copy of a policy with other patterns.
func (o object) runs(patterns ...string) object {
	return o.with("trigger", object{"properties": object{"pattern": patterns}})
}

// starts returns a copy of a policy with the start of its patterns.
func (o object) starts(at time.Time) object {
	properties := o["trigger"].(object)["properties"].(object)
	return o.with("trigger", object{"properties": properties.with("start_time", at.Format(time.DateTime))})
}

// project is an inventory with its log and its counter.
type project struct {
	*inventory.Inventory
	log     *bytes.Buffer
	invalid *prometheus.CounterVec
}

// reads returns options that have all lists be read.
func reads(o *inventory.Options) {
	o.BackupsRefresh = backupsRefresh
	o.ProtectableTypes, o.ProtectablesRefresh = []cbrapi.ProtectableType{cbrapi.ProtectableServer, cbrapi.ProtectableDisk}, time.Hour
}

// readsBackups has the backups be read.
func readsBackups(o *inventory.Options) { o.BackupsRefresh = backupsRefresh }

func start(t *testing.T, c *cloud, change ...func(*inventory.Options)) *project {
	t.Helper()
	client, err := cbrapi.New(cbrapi.Options{Endpoint: "https://cbr.example.com", Transport: c}, "project")
	if err != nil {
		t.Fatal(err)
	}
	p := &project{log: &bytes.Buffer{}, invalid: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "invalid_fields_total", Help: "Invalid fields."}, []string{"field"})}
	o := inventory.Options{
		Project: "test", Refresh: refresh, Timeout: timeout,
		Now: time.Now, Logger: log.NewLogfmtLogger(log.NewSyncWriter(p.log)), InvalidFields: p.invalid,
	}
	for _, f := range change {
		f(&o)
	}
	p.Inventory = inventory.New(client, o)
	t.Cleanup(p.Close)
	return p
}

// scrape collects with a timeout, and returns how long that took.
func (p *project) scrape(timeout time.Duration) (inventory.Snapshot, time.Duration) {
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	began := time.Now()
	s := p.Collect(ctx)
	return s, time.Since(began)
}

// settle scrapes and returns the state after the reading that the scrape started.
func (p *project) settle() inventory.Snapshot {
	p.scrape(time.Hour)
	time.Sleep(time.Second)
	synctest.Wait()
	return p.Last()
}

func (p *project) warnings() int { return strings.Count(p.log.String(), "level=warn") }

func (p *project) expectLog(t *testing.T, want string) {
	t.Helper()
	if !strings.Contains(p.log.String(), want) {
		t.Errorf("log lacks %s:\n%s", want, p.log)
	}
}

func names(s inventory.Snapshot) string {
	var all []string
	for _, v := range s.Vaults {
		all = append(all, v.Name)
	}
	return strings.Join(all, " ")
}

// gaps returns the longest time between two runs, such as of backup v/r.
func gaps(s inventory.Snapshot) map[string]time.Duration {
	all := map[string]time.Duration{}
	for _, e := range s.Expected {
		gap, _ := e.Plan.Schedule().LongestGap()
		all[fmt.Sprintf("%s %s/%s", e.OperationType, letter(e.VaultID), letter(e.ResourceID))] = gap
	}
	return all
}
