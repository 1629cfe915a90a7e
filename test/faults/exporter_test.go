//go:build linux

package faults

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"github.com/cbr-exporter/cbr_exporter/test/process"
)

// exporter is a running exporter.
type exporter struct {
	*process.Process
	url    string
	limit  time.Duration // of a page but a scrape, of a reload and of the end
	config string        // the file
}

var seriousLine = regexp.MustCompile(`(?m)^.*level=(warn|error).*$`)

// serious returns the number of warnings and errors in the log so far.
func (e *exporter) serious() int { return len(seriousLine.FindAllString(e.Output(), -1)) }

// startExporter starts the exporter with a configuration.
func startExporter(t *testing.T, configuration string, args ...string) *exporter {
	t.Helper()
	if program, err := os.Open("../.."); err == nil { // a cached result is not valid once its files have changed
		_ = program.Close()
	}
	e := &exporter{limit: newPlan().moment, config: filepath.Join(t.TempDir(), "config.yml")}
	e.write(t, configuration)
	cmd := exec.Command(exporterBinary, append(args, "--config.file="+e.config, "--web.listen-address=127.0.0.1:0")...)
	cmd.Env = []string{}
	e.Process = process.Start(t, cmd)
	e.url = "http://" + e.Address(t)
	e.Eventually(t, func() error {
		_, err := e.get("/-/ready")
		return err
	})
	return e
}

func (e *exporter) write(t *testing.T, configuration string) {
	t.Helper()
	if err := os.WriteFile(e.config, []byte(configuration), 0o600); err != nil {
		t.Fatal(err)
	}
}

// reload has the exporter use a configuration.
func (e *exporter) reload(t *testing.T, configuration string) {
	t.Helper()
	e.write(t, configuration)
	start := time.Now()
	if _, err := process.Post(e.url + "/-/reload"); err != nil {
		t.Fatal(err)
	}
	if took := time.Since(start); took > e.limit {
		t.Errorf("a reload takes %s", took)
	}
}

// get returns a page. Any status but 200 is an error.
func (e *exporter) get(path string) (string, error) { return process.Get(e.url + path) }

// page is a page of metrics.
type page map[string]*dto.MetricFamily

// scrape returns a page of metrics, which must be one that Prometheus can read.
func (e *exporter) scrape(path string) (page, error) {
	text, err := e.get(path)
	if err != nil {
		return nil, err
	}
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(strings.NewReader(text))
	if err != nil {
		return nil, fmt.Errorf("%s cannot be parsed: %w", path, err)
	}
	return families, nil
}

// value returns the sum of the samples of a family that have the labels, which are names
// and values in turn, and whether there are any.
func (p page) value(family string, labels ...string) (sum float64, ok bool) {
	for _, m := range p[family].GetMetric() {
		if has(m, labels) {
			ok = true
			sum += m.GetGauge().GetValue() + m.GetCounter().GetValue() + m.GetUntyped().GetValue()
		}
	}
	return sum, ok
}

func has(m *dto.Metric, labels []string) bool {
	for i := 0; i+1 < len(labels); i += 2 {
		if label(m, labels[i]) != labels[i+1] {
			return false
		}
	}
	return true
}

func label(m *dto.Metric, name string) string {
	for _, pair := range m.GetLabel() {
		if pair.GetName() == name {
			return pair.GetValue()
		}
	}
	return ""
}

// having returns the values of a label of those samples of a project that have a value,
// sorted, with a blank between them.
func (p page) having(family, project, name string, value float64) string {
	var all []string
	for _, m := range p[family].GetMetric() {
		if label(m, "project") == project && m.GetGauge().GetValue() == value {
			all = append(all, label(m, name))
		}
	}
	slices.Sort(all)
	return strings.Join(all, " ")
}

// state is what a page says about a project.
type state struct {
	up      float64
	fails   string // the collectors
	reasons string
}

func (p page) state(project string) state {
	up, ok := p.value("cbr_up", "project", project)
	if !ok {
		up = -1
	}
	return state{
		up:      up,
		fails:   p.having("cbr_scrape_collector_success", project, "collector", 0),
		reasons: p.having("cbr_scrape_error", project, "reason", 1),
	}
}

// healthy is the state of a project whose cloud is healthy.
func healthy() state { return state{up: 1} }

// untilHealthy scrapes until all projects are healthy.
func (e *exporter) untilHealthy(t *testing.T, timeout, interval time.Duration) {
	t.Helper()
	deadline := time.Now().Add(timeout)
	for {
		p, err := e.scrape("/metrics")
		if err != nil {
			t.Fatal(err)
		}
		one, other := p.state(faultyProject), p.state(healthyProject)
		if one == healthy() && other == healthy() {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("not healthy after %s: %s is %+v, %s is %+v", timeout, faultyProject, one, healthyProject, other)
		}
		time.Sleep(interval)
	}
}

// resources is what the process holds.
type resources struct{ goroutines, descriptors float64 }

func (e *exporter) resources(t *testing.T) resources {
	t.Helper()
	p, err := e.scrape("/-/metrics")
	if err != nil {
		t.Fatal(err)
	}
	goroutines, _ := p.value("go_goroutines")
	descriptors, _ := p.value("process_open_fds")
	return resources{goroutines, descriptors}
}

// memory returns a field of /proc/PID/status in MiB.
func (e *exporter) memory(t *testing.T, field string) int {
	t.Helper()
	return e.Memory(t, field) >> 20
}

// stop sends SIGTERM, and waits until the process has ended.
func (e *exporter) stop(t *testing.T) {
	t.Helper()
	start := time.Now()
	if code := e.Stop(t); code != 0 {
		t.Errorf("it ends with the code %d", code)
	}
	if took := time.Since(start); took > e.limit {
		t.Errorf("SIGTERM takes %s", took)
	}
}
