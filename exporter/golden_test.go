package exporter_test

import (
	"flag"
	"fmt"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"github.com/cbr-exporter/cbr_exporter/collector"
)

var update = flag.Bool("update", false, "write the golden files")

// familiesFile has HELP and TYPE of all metrics; the golden pages have samples only.
var familiesFile = filepath.Join("testdata", "families.prom")

// compare fails the test if got differs from the golden file. Of a page of metrics it
// compares the samples with the file, and HELP and TYPE with familiesFile.
func compare(t *testing.T, file, got string) {
	t.Helper()
	if filepath.Ext(file) == ".prom" && file != familiesFile {
		comments := regexp.MustCompile(`(?m)^# .*\n`)
		checkFamilies(t, file, comments.FindAllString(got, -1))
		got = comments.ReplaceAllString(got, "")
	}
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
		t.Errorf("%s differs (-want +got); go test ./exporter -update writes it:\n%s", file, diff)
	}
}

// checkFamilies fails the test if a HELP or TYPE line is not in familiesFile.
func checkFamilies(t *testing.T, page string, lines []string) {
	t.Helper()
	if *update {
		return // TestFamilies writes the file
	}
	families, err := os.ReadFile(familiesFile)
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range lines {
		if !strings.Contains(string(families), line) {
			t.Errorf("%s: %s has no line %s", page, familiesFile, line)
		}
	}
}

// TestFamilies compares HELP and TYPE of all metrics that are described.
func TestFamilies(t *testing.T) {
	atNoon(t, func(t *testing.T) {
		api := loadAPI(t, "odd_field_types")
		registry := prometheus.NewRegistry()
		e := start(t, hosts{api.host: api}, configuration(api.project()), exposing(registry))
		e.scrape(t)

		types := map[string]string{} // of metrics with samples; all others are gauges
		families, err := registry.Gather()
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range families {
			types[f.GetName()] = strings.ToLower(f.GetType().String())
		}
		described := map[string]string{}
		collectors := []prometheus.Collector{registry}
		for _, f := range collector.New(nil).Families() {
			collectors = append(collectors, f)
		}
		for _, desc := range describe(collectors...) {
			fields := regexp.MustCompile(`^Desc{fqName: ("\w+"), help: ("(?:[^"\\]|\\.)*"),`).FindStringSubmatch(desc.String())
			if fields == nil {
				t.Fatalf("cannot parse %s", desc)
			}
			name, _ := strconv.Unquote(fields[1])
			help, _ := strconv.Unquote(fields[2])
			kind, known := types[name]
			if !known {
				kind = "gauge"
			}
			described[name] = fmt.Sprintf("# HELP %s %s\n# TYPE %[1]s %[3]s\n", name, help, kind)
		}
		var text strings.Builder
		for _, name := range slices.Sorted(maps.Keys(described)) {
			text.WriteString(described[name])
		}
		compare(t, familiesFile, text.String())
	})
}

func describe(all ...prometheus.Collector) []*prometheus.Desc {
	ch := make(chan *prometheus.Desc, 1000)
	for _, c := range all {
		c.Describe(ch)
	}
	close(ch)
	var descs []*prometheus.Desc
	for desc := range ch {
		descs = append(descs, desc)
	}
	return descs
}

// TestMetricsPage compares whole pages of metrics of configured tasks, from the
// responses of the API through the real client, collector and HTTP handler.
func TestMetricsPage(t *testing.T) {
	const second = "11111111-1111-4111-8111-000000000002"
	cases := []struct {
		name string
		// tasks names the file with the tasks of the API; by default the name of the case.
		tasks string
		// faults replaces the responses for some tasks, everyFault all of them.
		faults     map[string]http.HandlerFunc
		everyFault http.HandlerFunc
		timeout    string // of the scrape, in seconds
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
			name: "deadline", tasks: "three_tasks", timeout: "10",
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
			atNoon(t, func(t *testing.T) {
				api := loadAPI(t, file)
				api.faults, api.everyFault = c.faults, c.everyFault
				e := startAPI(t, configuration(api.project()), api)

				got := e.get(t, "/metrics", c.timeout)
				lint(t, got)
				compare(t, filepath.Join("testdata", c.name+".prom"), got)
			})
		})
	}
}

// TestOwnMetricsPage compares the page of the exporter's own metrics after a scrape of
// two projects. It leaves out the metrics of the process, which depend on the system.
func TestOwnMetricsPage(t *testing.T) {
	atNoon(t, func(t *testing.T) {
		api := loadAPI(t, "odd_field_types")
		e := start(t, hosts{api.host: api}, configuration(api.project(), named(api.project(), "other")), alwaysNoon, exposing(processRegistry()))
		e.scrape(t)
		before := api.requests.Load()
		page := e.get(t, "/-/metrics", "")
		if got := api.requests.Load() - before; got != 0 {
			t.Errorf("the page sent %d requests to the API", got)
		}
		lint(t, page)
		for _, want := range []string{"go_goroutines ", "process_start_time_seconds "} {
			if !strings.Contains(page, "\n"+want) {
				t.Errorf("the page lacks %s:\n%s", want, page)
			}
		}
		ofProcess := regexp.MustCompile(`(?m)^(# (HELP|TYPE) )?(go|process)_.*\n`)
		compare(t, filepath.Join("testdata", "own.prom"), ofProcess.ReplaceAllString(page, ""))

		_, page = e.do(t, http.MethodGet, "/-/metrics", openMetrics)
		if !strings.HasSuffix(page, "# EOF\n") {
			t.Errorf("the page is not in the OpenMetrics format:\n%s", page)
		}
	})
}

var openMetrics = http.Header{"Accept": {"application/openmetrics-text; version=1.0.0"}}

// processRegistry has the collectors of the process, as package main registers them.
func processRegistry() *prometheus.Registry {
	registry := prometheus.NewRegistry()
	registry.MustRegister(
		collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
	)
	return registry
}
