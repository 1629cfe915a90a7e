package exporter_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
)

// TestLimits has a project with as many tasks and resources as the exporter follows, and with
// one more.
func TestLimits(t *testing.T) {
	const (
		most    = 50_000
		leftOut = "1 records are left out, as there are more than 50000 active tasks, or 50000 resources and vaults by type of operation"
		tooMany = "the vaults have more than 50000 resources, the most that the exporter follows"
	)
	for name, test := range map[string]struct {
		running, waiting int    // tasks
		removed          int    // resources of another task
		inVaults         int    // resources
		leftOut          string // value of cbr_tasks_left_out
		vaults           string // success of the collector
		log              string // part of it
	}{
		"active tasks":          {running: most / 2, waiting: most / 2, leftOut: "0", vaults: "1"},
		"too many active tasks": {running: most/2 + 1, waiting: most / 2, leftOut: "1", vaults: "1", log: leftOut},
		"resources of tasks":    {removed: most, leftOut: "0", vaults: "1"},
		"too many of tasks":     {removed: most + 1, leftOut: "1", vaults: "1", log: leftOut},
		"resources in vaults":   {inVaults: most, leftOut: "0", vaults: "1"},
		"too many in vaults":    {inVaults: most + 1, leftOut: "0", vaults: "0", log: tooMany},
	} {
		t.Run(name, func(t *testing.T) {
			if testing.Short() {
				t.Skip("takes seconds")
			}
			atNoon(t, func(t *testing.T) {
				active := func(n int, status, group string) string {
					return jsonList(n, `{"id":"`+group+`-1111-4111-8111-%012d","status":"`+status+`","operation_type":"backup","created_at":"2026-11-20T11:00:00Z"}`)
				}
				resources := func(n int) string { return jsonList(n, `{"id":"22222222-2222-4222-8222-%012d"}`) }
				removal := `[{"id":"` + taskID("1") + `","status":"success","operation_type":"remove_resource","created_at":"2026-11-20T11:00:00Z",` +
					`"extra_info":{"remove_resources":{"resources":` + resources(test.removed) + `}}}]`
				cloud := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					tasks, vaults := "[]", "[]"
					switch query := r.URL.Query(); {
					case strings.HasSuffix(r.URL.Path, "/vaults"):
						vaults = `[{"id":"` + vaultID("1") + `","resources":` + resources(test.inVaults) + `}]`
					case query.Get("status") == "running":
						tasks = active(test.running, "running", "aaaaaaaa")
					case query.Get("status") == "waiting":
						tasks = active(test.waiting, "waiting", "bbbbbbbb")
					case !query.Has("start_time"):
						tasks = removal
					}
					_, _ = io.WriteString(w, `{"operation_logs":`+tasks+`,"vaults":`+vaults+`,"policies":[]}`)
				})
				e := start(t, hosts{"cbr.test": cloud}, followed+"    discovery: {}\n    vaults: {}\n")
				e.Refresh(t.Context())
				time.Sleep(time.Minute)
				page := e.get(t, "/metrics?name[]=cbr_tasks_left_out&name[]=cbr_scrape_collector_success", "")
				expectLines(t, "the second time", page,
					`cbr_tasks_left_out{project="test"} `+test.leftOut,
					`cbr_scrape_collector_success{collector="vaults",project="test"} `+test.vaults,
				)
				if !strings.Contains(e.log.String(), test.log) {
					t.Errorf("the log lacks %q:\n%s", test.log, e.log)
				}
			})
		})
	}
}

// jsonList returns a list of n rows, each with its number.
func jsonList(n int, row string) string {
	var list strings.Builder
	for i := range n {
		_, _ = fmt.Fprintf(&list, ","+row, i)
	}
	return "[" + strings.TrimPrefix(list.String(), ",") + "]"
}
