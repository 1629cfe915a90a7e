package exporter_test

import (
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
)

// TestEchoedSecrets has the API repeat the token where it should say something
// else, in answers that are well and in some that are not HTTP.
func TestEchoedSecrets(t *testing.T) {
	cases := map[string]http.HandlerFunc{
		"in a name": func(w http.ResponseWriter, r *http.Request) {
			_, _ = fmt.Fprintf(w, `{"operation_log":{"id":%q,"status":"success","vault_name":%q,"created_at":%q}}`,
				r.PathValue("id"), r.Header.Get("X-Auth-Token"), "at "+r.Header.Get("X-Auth-Token"))
		},
		"as a status line": func(w http.ResponseWriter, r *http.Request) {
			c, buffer, err := http.NewResponseController(w).Hijack()
			if err != nil {
				return
			}
			_, _ = fmt.Fprintf(buffer, "HTTP/1.1 %s OK\r\n\r\n", r.Header.Get("X-Auth-Token"))
			_ = buffer.Flush()
			_ = c.Close()
		},
	}
	for name, fault := range cases {
		t.Run(name, func(t *testing.T) {
			api := newAPI(t, filepath.Join("testdata", "three_tasks.json"))
			api.everyFault = fault
			e := start(t, api.project())
			seen := e.scrape(t, "")
			_, page := e.do(t, http.MethodGet, "/", nil)
			seen += page + e.log.String()
			if strings.Contains(seen, token) {
				t.Errorf("the token is shown in\n%s", seen)
			}
			if !strings.Contains(seen, "<secret>") && !strings.Contains(seen, "&lt;secret&gt;") {
				t.Errorf("the echo is nowhere to be seen, so this test proves nothing:\n%s", seen)
			}
		})
	}
}

// TestFarFuture has a task be created in the year 2999, and reads the page for
// people.
func TestFarFuture(t *testing.T) {
	api := newAPI(t, filepath.Join("testdata", "vendor_sample.json"))
	for id, task := range api.tasks {
		api.tasks[id] = []byte(strings.ReplaceAll(string(task), "2019-05", "2999-05"))
	}
	e := start(t, api.project())
	if page := e.scrape(t, ""); !strings.Contains(page, `cbr_exporter_invalid_fields_total{field="created_at",project="test"} 1`) {
		t.Errorf("the odd time is not counted:\n%s", page)
	}
	if status, _ := e.do(t, http.MethodGet, "/", nil); status != http.StatusOK {
		t.Errorf("the page for people: got status %d", status)
	}
}
