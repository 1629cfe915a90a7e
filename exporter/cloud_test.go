package exporter_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cbr-exporter/cbr_exporter/simulator"
)

// atNoon runs a test in a bubble of package synctest in which it is noon, in parallel
// with other tests. Time passes when all goroutines wait.
func atNoon(t *testing.T, test func(*testing.T)) {
	t.Helper()
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Until(noon()))
		test(t)
	})
}

// hosts is a transport without a network: it calls the handler of the host.
type hosts map[string]http.Handler

// RoundTrip implements http.RoundTripper.
func (h hosts) RoundTrip(req *http.Request) (*http.Response, error) {
	handler := h[req.URL.Host]
	if handler == nil {
		return nil, &net.OpError{Op: "dial", Net: "tcp", Err: syscall.ECONNREFUSED}
	}
	received := req.Clone(req.Context())
	if received.Body == nil {
		received.Body = http.NoBody
	}
	recorder := httptest.NewRecorder()
	handler.ServeHTTP(recorder, received)
	if err := req.Context().Err(); err != nil {
		return nil, err
	}
	resp := recorder.Result()
	resp.Request = req
	return resp, nil
}

// api is the CBR API with the tasks of a JSON file. A test can replace its responses.
type api struct {
	http.Handler
	host       string
	tasks      map[string]json.RawMessage
	ids        []string // in the order of the file
	faults     map[string]http.HandlerFunc
	everyFault http.HandlerFunc
	requests   atomic.Int64
}

const (
	projectID = "04f1829c788037ac2fb8c01eb2b04b95"
	token     = "a-token-that-must-not-be-seen"
)

// loadAPI returns an API with the tasks in testdata/NAME.json, for hosts.
func loadAPI(t *testing.T, name string) *api {
	t.Helper()
	content, err := os.ReadFile(filepath.Join("testdata", name+".json"))
	if err != nil {
		t.Fatal(err)
	}
	var tasks []json.RawMessage
	if err := json.Unmarshal(content, &tasks); err != nil {
		t.Fatal(err)
	}
	a := &api{host: strings.ReplaceAll(name, "_", "-") + ".test", tasks: map[string]json.RawMessage{}}
	for _, raw := range tasks {
		var task struct {
			ID string `json:"id"`
		}
		if err := json.Unmarshal(raw, &task); err != nil {
			t.Fatal(err)
		}
		a.tasks[task.ID] = raw
		a.ids = append(a.ids, task.ID)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /v3/"+projectID+"/operation-logs/{id}", a.show)
	a.Handler = mux
	return a
}

// startAPI runs an exporter that reaches the APIs, always at noon.
func startAPI(t *testing.T, configuration string, apis ...*api) *running {
	t.Helper()
	h := hosts{}
	for _, a := range apis {
		h[a.host] = a
	}
	return start(t, h, configuration, alwaysNoon)
}

// configuration returns a configuration with the projects and without a rate limit.
func configuration(projects ...string) string {
	return "projects:" + strings.Join(projects, "") + "\nscrape: {requests_per_second: 0}\n"
}

func (a *api) show(w http.ResponseWriter, r *http.Request) {
	a.requests.Add(1)
	switch fault := a.faults[r.PathValue("id")]; {
	case a.everyFault != nil:
		a.everyFault(w, r)
	case fault != nil:
		fault(w, r)
	default:
		a.respond(w, r)
	}
}

// respond is the response without faults.
func (a *api) respond(w http.ResponseWriter, r *http.Request) {
	switch task, exists := a.tasks[r.PathValue("id")]; {
	case r.Header.Get("X-Auth-Token") != token:
		answer(http.StatusUnauthorized, `{"error_code":"APIGW.0301"}`)(w, r)
	case !exists:
		answer(http.StatusNotFound, `{"error_code":"BackupService.6500"}`)(w, r)
	default:
		answer(http.StatusOK, fmt.Sprintf(`{"operation_log": %s}`, task))(w, r)
	}
}

// project returns the configuration of a project named test with all tasks.
func (a *api) project() string {
	return fmt.Sprintf(`
  - name: test
    project_id: %s
    endpoint: https://%s
    credentials: {token: %s}
    task_ids: [%s]
`, projectID, a.host, token, strings.Join(a.ids, ", "))
}

// named returns the configuration of a project with another name.
func named(project, name string) string {
	quoted, err := json.Marshal(name)
	if err != nil {
		panic(err)
	}
	return strings.Replace(project, "name: test", "name: "+string(quoted), 1)
}

func answer(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

// hang never responds.
func hang(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }

const (
	accessKey = "AKTEST0123456789ABCD"
	secretKey = "secret-key-that-must-not-be-seen"
	someKey   = "{access_key: " + accessKey + ", secret_key: " + secretKey + "}"
)

// newCloud returns a simulated cloud that accepts someKey and the token, and the tasks
// in it: the sample, which has ended, and a running one.
func newCloud(o simulator.Options) (cloud *simulator.Simulator, ids []string) {
	o.Empty = true
	o.AccessKeys = []simulator.AccessKey{{Access: accessKey, Secret: secretKey}}
	o.Tokens = []string{token}
	cloud = simulator.New(o)
	running := backup("1", "", -10, -20)
	cloud.Add(running)
	return cloud, []string{simulator.SampleTaskID, running.ID}
}

// expectScrape scrapes and checks lines of the page, the number of requests and of
// refused ones, and that no page and no log shows a secret.
func expectScrape(t *testing.T, when string, e *running, cloud *simulator.Simulator, requests, refused int, lines ...string) {
	t.Helper()
	before := cloud.Requests()
	page := e.scrape(t)
	after := cloud.Requests()
	expectLines(t, when, page, lines...)
	if seen, failed := int(after.Seen-before.Seen), int(after.Refused-before.Refused); seen != requests || failed != refused {
		t.Errorf("%s: %d requests, of which %d were refused, want %d and %d; the log is\n%s", when, seen, failed, requests, refused, e.log)
	}
	shown := page + e.log.String() + e.get(t, "/", "") + e.get(t, "/config", "")
	if strings.Contains(shown, "must-not-be-seen") {
		t.Errorf("%s: a page or the log shows a secret:\n%s", when, shown)
	}
}

// accepted returns lines of the page of a project that can be read.
func accepted() []string {
	return []string{
		`cbr_up{project="test"} 1`,
		`cbr_scrape_error{project="test",reason="credentials"} 0`,
		`cbr_scrape_collector_success{collector="tasks",project="test"} 1`,
		`cbr_task_found{project="test",task_id="4827f2da-b008-4507-ab7d-42d0df5ed912"} 1`,
	}
}

// refused returns lines of the page of a project whose credentials are refused.
func refused() []string {
	return []string{
		`cbr_up{project="test"} 0`,
		`cbr_scrape_error{project="test",reason="credentials"} 1`,
		`cbr_scrape_collector_success{collector="tasks",project="test"} 0`,
	}
}

// resourceID, vaultID and taskID return the id with a number.
func resourceID(n string) string { return "22222222-2222-4222-8222-00000000000" + n }

func vaultID(n string) string { return "33333333-3333-4333-8333-00000000000" + n }

func taskID(n string) string { return "11111111-1111-4111-8111-000000000000"[:36-len(n)] + n }

// policy is the id of the policy that starts tasks.
const policy = "44444444-4444-4444-8444-000000000001"

// minutes returns the time n minutes after noon.
func minutes(n float64) time.Time { return noon().Add(time.Duration(n * float64(time.Minute))) }

// backup returns a backup of resource 1 in vault 1 that a policy started. It starts and
// ends the given minutes after noon; it never ends if to is before from.
func backup(n, outcome string, from, to float64) simulator.Task {
	task := simulator.Task{
		ID: taskID(n), OperationType: "backup", Outcome: outcome, PolicyID: policy,
		VaultID: vaultID("1"), VaultName: "vault-db",
		ResourceID: resourceID("1"), ResourceName: "ecs-1", ResourceType: "OS::Nova::Server",
		Created: minutes(from), Started: minutes(from), Ended: minutes(to),
	}
	switch {
	case to < from:
		task.Ended = time.Time{}
	case outcome == "failed":
		task.ErrorCode, task.ErrorMessage = "BackupService.6114", "The vault is full."
	case outcome == "skipped":
		task.Started = time.Time{}
		task.ErrorCode, task.ErrorMessage = "BackupService.7102", "The server has stopped."
	}
	return task
}

// with returns a changed task.
func with(task simulator.Task, changes ...func(*simulator.Task)) simulator.Task {
	for _, change := range changes {
		change(&task)
	}
	return task
}

func inVault(n, name string) func(*simulator.Task) {
	return func(task *simulator.Task) { task.VaultID, task.VaultName = vaultID(n), name }
}

func ofResource(n, name, kind string) func(*simulator.Task) {
	return func(task *simulator.Task) {
		task.ResourceID, task.ResourceName, task.ResourceType = resourceID(n), name, kind
	}
}

func doing(operation string) func(*simulator.Task) {
	return func(task *simulator.Task) { task.OperationType = operation }
}

func byHand(task *simulator.Task) { task.PolicyID = "" }
