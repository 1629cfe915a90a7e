package exporter_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync/atomic"
	"testing"
)

// api is a CBR endpoint that answers from a file and goes wrong where a test
// wants it to.
type api struct {
	server     *httptest.Server
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

// newAPI serves the operation logs in the file.
func newAPI(t *testing.T, file string) *api {
	t.Helper()
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var tasks []json.RawMessage
	if err := json.Unmarshal(content, &tasks); err != nil {
		t.Fatal(err)
	}
	a := &api{tasks: map[string]json.RawMessage{}}
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
	a.server = httptest.NewServer(mux)
	t.Cleanup(a.server.Close)
	return a
}

func (a *api) show(w http.ResponseWriter, r *http.Request) {
	a.requests.Add(1)
	id := r.PathValue("id")
	switch task, exists := a.tasks[id]; {
	case a.everyFault != nil:
		a.everyFault(w, r)
	case a.faults[id] != nil:
		a.faults[id](w, r)
	case r.Header.Get("X-Auth-Token") != token:
		answer(http.StatusUnauthorized, `{"error_code":"APIGW.0301"}`)(w, r)
	case !exists:
		answer(http.StatusNotFound, `{"error_code":"BackupService.6500"}`)(w, r)
	default:
		answer(http.StatusOK, fmt.Sprintf(`{"operation_log": %s}`, task))(w, r)
	}
}

// project returns the configuration of a project that watches all tasks.
func (a *api) project() string {
	return fmt.Sprintf(`
  - name: test
    project_id: %s
    endpoint: %s
    credentials: {token: %s}
    task_ids: [%s]
`, projectID, a.server.URL, token, strings.Join(a.ids, ", "))
}

func answer(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

// hang answers when the client has given up.
func hang(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }
