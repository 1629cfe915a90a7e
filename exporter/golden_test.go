package exporter_test

import (
	"flag"
	"net/http"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the golden files anew")

// TestMetricsPage compares whole pages of metrics, from the answers of the API
// through the real client, collector and HTTP handler.
func TestMetricsPage(t *testing.T) {
	const second = "11111111-1111-4111-8111-000000000002"
	cases := []struct {
		name string
		// tasks names the file with what the API holds; the name of the case if
		// there is none.
		tasks string
		// faults replaces the answers about some tasks, everyFault all of them.
		faults     map[string]http.HandlerFunc
		everyFault http.HandlerFunc
		timeout    string // of the scrape, in seconds, as Prometheus sends it
	}{
		{name: "vendor_sample"},
		{name: "statuses"},
		{name: "operation_types"},
		{name: "no_vault"},
		{name: "unknown_status"},
		{name: "odd_field_types"},
		{name: "unreadable_time"},
		{name: "last_finished"},
		{
			name: "one_missing", tasks: "three_tasks",
			faults: map[string]http.HandlerFunc{second: answer(http.StatusNotFound,
				`{"error_code":"BackupService.6500","error_msg":"Operation log does not exist."}`)},
		},
		{
			name: "one_failing", tasks: "three_tasks",
			faults: map[string]http.HandlerFunc{second: answer(http.StatusBadGateway, `<html>bad gateway</html>`)},
		},
		{
			name: "deadline", tasks: "three_tasks", timeout: "1",
			faults: map[string]http.HandlerFunc{second: hang},
		},
		{
			name: "unauthorized", tasks: "three_tasks",
			everyFault: answer(http.StatusUnauthorized,
				`{"error_code":"APIGW.0301","error_msg":"Incorrect IAM authentication information: decrypt token fail","request_id":"r-1"}`),
		},
		{
			name: "all_failing", tasks: "three_tasks",
			everyFault: answer(http.StatusServiceUnavailable, ""),
		},
		{
			name: "wrong_path", tasks: "three_tasks",
			everyFault: answer(http.StatusNotFound, `{"error_code":"APIGW.0101","error_msg":"The API does not exist or has not been published"}`),
		},
		{
			name: "not_the_api", tasks: "three_tasks",
			everyFault: answer(http.StatusOK, `<html>please log in</html>`),
		},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			file := c.tasks
			if file == "" {
				file = c.name
			}
			api := newAPI(t, filepath.Join("testdata", file+".json"))
			api.faults, api.everyFault = c.faults, c.everyFault
			e := start(t, api.project())

			got := e.scrape(t, c.timeout)
			lint(t, got)
			compare(t, filepath.Join("testdata", c.name+".prom"), got)
		})
	}
}

// compare fails the test where got is not what the golden file holds.
func compare(t *testing.T, file, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatalf("%v; go test ./exporter -update writes it", err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s differs (-want +got); go test ./exporter -update writes it anew:\n%s", file, diff)
	}
}
