package simulator_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cbr-exporter/cbr_exporter/simulator"
)

const fixedToken = "fixed-token"

// A clock stands still until it is set.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func newClock(now time.Time) *clock { return &clock{now: now} }

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) set(now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = now
}

func (c *clock) advance(d time.Duration) { c.set(c.Now().Add(d)) }

func someDay() time.Time { return time.Date(2026, 3, 14, 9, 26, 53, 0, time.UTC) }

// newCloud returns a cloud that accepts fixedToken, and its clock.
func newCloud(seed uint64) (*simulator.Simulator, *clock) {
	c := newClock(someDay())
	return simulator.New(simulator.Options{Now: c.Now, Seed: seed, Tokens: []string{fixedToken}}), c
}

// scriptedCloud returns an empty cloud with n tasks of a minute each, created a
// minute apart, the latest now.
func scriptedCloud(n int) (*simulator.Simulator, *clock) {
	c := newClock(someDay())
	cloud := simulator.New(simulator.Options{Now: c.Now, Seed: 1, Tokens: []string{fixedToken}, Empty: true})
	for i := range n {
		at := c.Now().Add(-time.Duration(n-1-i) * time.Minute)
		cloud.Add(simulator.Task{
			OperationType: "backup",
			Created:       at, Started: at, Ended: at.Add(time.Minute),
		})
	}
	return cloud, c
}

// A response is a whole response.
type response struct {
	status int
	header http.Header
	body   string
}

func do(h http.Handler, r *http.Request) response {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return response{w.Code, w.Header(), w.Body.String()}
}

func get(h http.Handler, path, token string) response {
	r := httptest.NewRequest(http.MethodGet, path, nil)
	if token != "" {
		r.Header.Set("X-Auth-Token", token)
	}
	return do(h, r)
}

func taskPath(id string) string {
	return "/v3/" + simulator.DefaultProjectID + "/operation-logs/" + id
}

func show(h http.Handler, id string) response { return get(h, taskPath(id), fixedToken) }

// object is decoded JSON.
type object = map[string]any

func decode(t *testing.T, text string) object {
	t.Helper()
	var o object
	if err := json.Unmarshal([]byte(text), &o); err != nil {
		t.Fatalf("%v in %q", err, text)
	}
	return o
}

// A task is the part of an operation log that most tests check.
type task struct {
	ID            string                         `json:"id"`
	Status        string                         `json:"status"`
	OperationType string                         `json:"operation_type"`
	ProviderID    string                         `json:"provider_id"`
	VaultID       string                         `json:"vault_id"`
	VaultName     string                         `json:"vault_name"`
	PolicyID      string                         `json:"policy_id"`
	CreatedAt     string                         `json:"created_at"`
	StartedAt     *string                        `json:"started_at"`
	UpdatedAt     string                         `json:"updated_at"`
	EndedAt       *string                        `json:"ended_at"`
	ErrorInfo     struct{ Code, Message string } `json:"error_info"`
	ExtraInfo     struct {
		Common   struct{ Progress int }
		Resource struct{ ID, Name, Type string }
		Backup   struct {
			Code string `json:"app_consistency_error_code"`
		}
		Sync struct {
			Failed int `json:"err_sync_backup_num"`
		}
	} `json:"extra_info"`
}

func (t task) progress() int { return t.ExtraInfo.Common.Progress }

func (t task) finished() bool { return t.Status != "waiting" && t.Status != "running" }

func showTask(t *testing.T, h http.Handler, id string) task {
	t.Helper()
	r := show(h, id)
	if r.status != http.StatusOK {
		t.Fatalf("task %s: got %d %s", id, r.status, r.body)
	}
	var body struct {
		OperationLog task `json:"operation_log"`
	}
	if err := json.Unmarshal([]byte(r.body), &body); err != nil {
		t.Fatalf("task %s: %v in %s", id, err, r.body)
	}
	return body.OperationLog
}

func parseTime(t *testing.T, text string) time.Time {
	t.Helper()
	for _, layout := range []string{"2006-01-02T15:04:05.000-07:00", "2006-01-02T15:04:05.000000-07:00", "2006-01-02T15:04:05.000000"} {
		if at, err := time.Parse(layout, text); err == nil {
			return at
		}
	}
	t.Fatalf("time %q has none of the layouts", text)
	return time.Time{}
}

func TestSample(t *testing.T) {
	t.Parallel()
	cloud, _ := newCloud(1)
	want, err := os.ReadFile("sample.json")
	if err != nil {
		t.Fatal(err)
	}
	got := show(cloud, "4827f2da-b008-4507-ab7d-42d0df5ed912")
	if got.status != http.StatusOK {
		t.Fatalf("got %d", got.status)
	}
	if diff := cmp.Diff(string(want), got.body); diff != "" {
		t.Error(diff)
	}
	// Two facts from the page itself, so that a change of the file is noticed.
	log := decode(t, got.body)["operation_log"].(object)
	if log["ended_at"] != "2019-05-23T14:35:23.511+00:00" || len(log) != 12 {
		t.Errorf("not the published sample: %v", log)
	}
}

func TestErrors(t *testing.T) {
	t.Parallel()
	cloud, _ := newCloud(1)
	for name, test := range map[string]struct {
		method, path string
		status       int
		code         string
		gateway      bool
	}{
		"unknown id":      {http.MethodGet, taskPath("11111111-2222-4333-8444-555555555555"), 404, "BackupService.6500", false},
		"not a UUID":      {http.MethodGet, taskPath("abc"), 400, "BackupService.9900", false},
		"UUID, no hyphen": {http.MethodGet, taskPath("4827f2dab0084507ab7d42d0df5ed912"), 400, "BackupService.9900", false},
		"escaped slash":   {http.MethodGet, taskPath("a%2Fb"), 400, "BackupService.9900", false},
		"unknown path":    {http.MethodGet, "/v4/nothing", 404, "APIGW.0101", true},
		"root":            {http.MethodGet, "/", 404, "APIGW.0101", true},
		"trailing slash":  {http.MethodGet, taskPath("abc") + "/", 404, "APIGW.0101", true},
		"double slash":    {http.MethodGet, "/" + taskPath("abc"), 404, "APIGW.0101", true},
		"wrong method":    {http.MethodDelete, taskPath(simulator.SampleTaskID), 404, "APIGW.0101", true},
		"login with GET":  {http.MethodGet, "/v3/auth/tokens", 404, "APIGW.0101", true},
	} {
		t.Run(name, func(t *testing.T) {
			r := httptest.NewRequest(test.method, test.path, nil)
			r.Header.Set("X-Auth-Token", fixedToken)
			got := do(cloud, r)
			body := decode(t, got.body)
			if got.status != test.status || body["error_code"] != test.code || body["error_msg"] == "" {
				t.Errorf("got %d %s, want %d %s", got.status, got.body, test.status, test.code)
			}
			id, inBody := body["request_id"]
			if inBody != test.gateway || inBody && id != got.header.Get("X-Request-Id") {
				t.Errorf("request id: %v in the body, %q in the header", id, got.header.Get("X-Request-Id"))
			}
		})
	}
}

func TestHeaders(t *testing.T) {
	t.Parallel()
	cloud, clock := newCloud(1)
	first, second := show(cloud, simulator.SampleTaskID), show(cloud, simulator.SampleTaskID)
	if got := first.header.Get("Content-Type"); got != "application/json" {
		t.Errorf("Content-Type: got %q", got)
	}
	if got, want := first.header.Get("Date"), clock.Now().Format(http.TimeFormat); got != want {
		t.Errorf("Date: got %q, want the cloud's clock, %q", got, want)
	}
	a, b := first.header.Get("X-Request-Id"), second.header.Get("X-Request-Id")
	if len(a) != 32 || a == b {
		t.Errorf("request ids: got %q and %q", a, b)
	}
}

func TestOverHTTP(t *testing.T) {
	t.Parallel()
	cloud, clock := newCloud(1)
	server := httptest.NewServer(cloud)
	defer server.Close()

	var wg sync.WaitGroup
	for _, id := range recordIDs(cloud.Tasks()[:20]) {
		wg.Go(func() {
			r, err := http.NewRequest(http.MethodGet, server.URL+taskPath(strings.ToUpper(id)), nil)
			if err != nil {
				t.Error(err)
				return
			}
			r.Header.Set("X-Auth-Token", fixedToken)
			resp, err := server.Client().Do(r)
			if err != nil {
				t.Error(err)
				return
			}
			defer resp.Body.Close()
			var body struct {
				OperationLog task `json:"operation_log"`
			}
			if err := json.NewDecoder(resp.Body).Decode(&body); err != nil || body.OperationLog.ID != id {
				t.Errorf("task %s: got %d, task %s, error %v", id, resp.StatusCode, body.OperationLog.ID, err)
			}
			if got, want := resp.Header["Date"], []string{clock.Now().Format(http.TimeFormat)}; !cmp.Equal(got, want) {
				t.Errorf("Date: got %q, want %q", got, want)
			}
		})
	}
	wg.Wait()
}

func TestNewWithoutClock(t *testing.T) {
	t.Parallel()
	defer func() {
		if recover() == nil {
			t.Error("got a simulator without a clock")
		}
	}()
	simulator.New(simulator.Options{})
}

// The race detector judges this test.
func TestConcurrentUse(t *testing.T) {
	t.Parallel()
	clock := newClock(someDay())
	cloud := simulator.New(simulator.Options{Now: clock.Now, Tokens: []string{fixedToken}, Retention: 6 * time.Hour})
	vault := cloud.Vaults()[0].ID
	var wg sync.WaitGroup
	for n := range 8 {
		wg.Go(func() {
			for i := range 10 {
				clock.advance(time.Minute)
				cloud.Add(simulator.Task{OperationType: "backup", VaultID: vault, VaultName: "added"})
				cloud.SetListing(simulator.Listing{Order: simulator.Order(i % 3), Lag: time.Duration(n) * time.Minute})
				cloud.SetFault(func(*http.Request) (f simulator.Fault) {
					if i%4 == 1 {
						f.Status = http.StatusServiceUnavailable
					}
					return f
				})
				for _, path := range []string{fmt.Sprintf("%s?limit=50&offset=%d", listPath, i), taskPath(simulator.SampleTaskID), vaultsPath, policiesPath, backupsPath + "?limit=50", protectablesPath("server")} {
					if got := get(cloud, path, fixedToken); got.status != http.StatusOK && got.status != http.StatusServiceUnavailable {
						t.Errorf("%s: got %d %s", path, got.status, got.body)
					}
				}
				post(cloud, loginPath, loginBody(simulator.DemoAccount(), byName))
				cloud.RevokeTokens()
				cloud.RenameVault(vault, fmt.Sprint("name ", n, i))
				cloud.Remove(cloud.Tasks()[0].ID)
				cloud.Requests()
			}
		})
	}
	wg.Wait()
}

func TestRequests(t *testing.T) {
	t.Parallel()
	cloud, _ := scriptedCloud(3)
	for _, path := range []string{listPath, listPath, taskPath(simulator.SampleTaskID), vaultsPath, policiesPath, backupsPath, protectablesPath("disk"), "/v3/auth/projects"} {
		get(cloud, path, fixedToken)
	}
	get(cloud, listPath, "MIIunknown")
	get(cloud, "/v3/nothing", "")
	want := simulator.Requests{Seen: 10, Refused: 1, Listed: 3, Shown: 1, Vaults: 1, Policies: 1, Backups: 1, Protectables: 1}
	if got := cloud.Requests(); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

// BenchmarkList requests a page of about 9,500 tasks, while the clock advances. Its
// target is 3 ms, and 6 ms if they are shuffled.
func BenchmarkList(b *testing.B) {
	for name, test := range map[string]struct {
		query   string
		listing simulator.Listing
	}{
		"page":     {query: "limit=1000&offset=3000"},
		"filtered": {query: "limit=1000&status=failed"},
		"shuffled": {"limit=1000&offset=3000", simulator.Listing{Order: simulator.Shuffled}},
	} {
		b.Run(name, func(b *testing.B) {
			cloud, clock := newCloud(1)
			cloud.SetListing(test.listing)
			ask := func() {
				r := httptest.NewRequest(http.MethodGet, listPath+"?"+test.query, nil)
				r.Header.Set("X-Auth-Token", fixedToken)
				w := httptest.NewRecorder()
				if cloud.ServeHTTP(w, r); w.Code != http.StatusOK {
					b.Fatal(w.Code)
				}
			}
			ask()
			b.ReportAllocs()
			for b.Loop() {
				ask()
				clock.advance(100 * time.Millisecond)
			}
		})
	}
}

// BenchmarkFirstList requests all pages of a new cloud. Its target is 0.5 s.
func BenchmarkFirstList(b *testing.B) {
	for b.Loop() {
		cloud, _ := newCloud(1)
		for offset := 0; offset < 10000; offset += 1000 {
			if got := get(cloud, fmt.Sprint(listPath, "?offset=", offset), fixedToken); got.status != http.StatusOK {
				b.Fatal(got.status)
			}
		}
	}
}
