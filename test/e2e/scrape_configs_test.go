//go:build e2e

package e2e

import (
	"errors"
	"fmt"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/common/model"

	"github.com/cbr-exporter/cbr_exporter/simulator"
	"github.com/cbr-exporter/cbr_exporter/test/process"
)

const (
	scrapeConfigs = "../../deploy/prometheus"
	agentFile     = "agent.yml"
)

func TestPromtoolAcceptsScrapeConfigs(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(scrapeConfigs, "*.yml"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no scrape configurations: %v", err)
	}
	for _, file := range files {
		args := []string{"check", "config", file}
		if filepath.Base(file) == agentFile {
			args = append(args, "--agent")
		}
		if out, err := exec.CommandContext(t.Context(), "promtool", args...).CombinedOutput(); err != nil {
			t.Errorf("promtool check config: %v\n%s", err, out)
		}
	}
}

// scrapeConfig returns a shipped configuration for the exporter, with short intervals.
func scrapeConfig(t *testing.T, name string, e exporter) string {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(scrapeConfigs, name))
	if err != nil {
		t.Fatal(err)
	}
	return strings.NewReplacer(
		"localhost:10065", e.address,
		"scrape_interval: 1m", "scrape_interval: 1s",
		"scrape_timeout: 30s", "scrape_timeout: 1s",
	).Replace(string(content))
}

// TestAgent lets a Prometheus that only scrapes send to one that only evaluates the rules.
func TestAgent(t *testing.T) {
	t.Parallel()
	rules := filepath.Join(t.TempDir(), "cbr.rules.yml")
	writeFile(t, rules, hastened(readFile(t, rulesFile)))
	receiver := startPrometheus(t, fmt.Sprintf("rule_files: [%q]", rules), "--web.enable-remote-write-receiver")

	exporter := startExporter(t, "--demo")
	config := filepath.Join(t.TempDir(), agentFile)
	writeFile(t, config, replaced(t, scrapeConfig(t, agentFile, exporter), "https://metrics.example.com", "http://"+receiver.address))
	startServer(t, process.FreeAddress(t), "prometheus", "--agent", "--config.file="+config, "--storage.agent.path="+t.TempDir())

	receiver.Eventually(t, func() error {
		for _, query := range []string{
			`up{job="cbr",instance="` + exporter.address + `"} == 1`,
			`cbr_up{project="demo"} == 1`,
			`ALERTS{alertname="CBRBackupOverdue",alertstate="firing",job="cbr",project="demo"}`,
		} {
			if len(receiver.query(t, query)) == 0 {
				return fmt.Errorf("%s: got nothing", query)
			}
		}
		return nil
	})
}

// projectNames hash to both servers, and contain characters that are special in URLs,
// labels and paths.
var projectNames = []string{"prod", "staging", "a/b c", "100%&=;+", `"quoted" \`, "東京"}

// startExporterOfProjects starts an exporter of projects with these names in one simulated
// cloud.
func startExporterOfProjects(t *testing.T, names []string) exporter {
	t.Helper()
	const token = "a-token"
	cloud := simulator.New(simulator.Options{Now: time.Now, Tokens: []string{token}})
	server := httptest.NewServer(cloud)
	t.Cleanup(server.Close)
	var config strings.Builder
	config.WriteString("projects:\n")
	for _, name := range names {
		fmt.Fprintf(&config, "  - {name: %q, project_id: %s, endpoint: %q, credentials: {token: %s}, task_ids: [%s]}\n",
			name, simulator.DefaultProjectID, server.URL, token, simulator.SampleTaskID)
	}
	file := filepath.Join(t.TempDir(), "config.yml")
	if err := os.WriteFile(file, []byte(config.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	return startExporter(t, "--config.file="+file)
}

// TestServersShareProjects runs two servers with the hashmod configuration: each project,
// and the exporter itself, must be scraped by exactly one of them.
func TestServersShareProjects(t *testing.T) {
	t.Parallel()
	exporter := startExporterOfProjects(t, projectNames)
	config := scrapeConfig(t, "hashmod.yml", exporter)
	other := strings.ReplaceAll(config, "regex: '0'", "regex: '1'")
	servers := []prometheus{startPrometheus(t, config), startPrometheus(t, other)}

	// together returns the samples of both servers.
	together := func(query string) model.Vector {
		return append(servers[0].query(t, query), servers[1].query(t, query)...)
	}
	exporter.Eventually(t, func() error {
		projects, own := len(together(`cbr_up == 1`)), len(together(`cbr_exporter_build_info`))
		if projects < len(projectNames) || own < 1 {
			return fmt.Errorf("%d of %d projects and %d of 1 exporters are scraped", projects, len(projectNames), own)
		}
		return errors.Join(servers[0].allUp(t), servers[1].allUp(t))
	})

	for i, server := range servers {
		if len(server.query(t, `up{job="cbr"}`)) == 0 {
			t.Errorf("server %d scrapes no project; choose other names", i)
		}
	}
	up := map[model.LabelValue]int{}
	for _, sample := range together(`up == 1`) {
		up[sample.Metric["instance"]]++
		if sample.Metric["job"] == "cbr" && sample.Metric["instance"] != model.LabelValue(exporter.address)+"/"+sample.Metric["project"] {
			t.Errorf("up has the labels %v, want the instance to be the exporter's address and the project", sample.Metric)
		}
	}
	for _, name := range projectNames {
		instance := exporter.address + "/" + name
		if got := up[model.LabelValue(instance)]; got != 1 {
			t.Errorf("%s is up in %d servers, want 1", instance, got)
		}
		for _, series := range []string{"cbr_up", "cbr_task_found", "cbr_exporter_credentials_rejected", "cbr_exporter_api_requests_total"} {
			query := fmt.Sprintf("%s{job=%q,instance=%q,project=%q}", series, "cbr", instance, name)
			if got := together(query); len(got) != 1 {
				t.Errorf("%s: got %v, want one series in all", query, got)
			}
		}
	}
	if got, want := len(up), len(projectNames)+1; got != want {
		t.Errorf("got %d targets, want the projects and the exporter itself, %d: %v", got, want, up)
	}

	for _, tt := range []struct{ query, because string }{
		{`{__name__=~"cbr_.+",exported_project=~".+"}`, "honor_labels keeps the exporter's project label"},
		{`{job="cbr-exporter",project=~".+"}`, "the job of the exporter itself does not scrape projects"},
		{`{job="cbr",__name__=~"go_.+|process_.+|cbr_exporter_(build|config)_.+"}`, "the page of a project has nothing about the process"},
	} {
		if got := together(tt.query); len(got) != 0 {
			t.Errorf("%s: got %v, want nothing: %s", tt.query, got, tt.because)
		}
	}
	if got := together(`go_goroutines`); len(got) != 1 || got[0].Metric["instance"] != model.LabelValue(exporter.address) {
		t.Errorf("go_goroutines: got %v, want one series of the exporter", got)
	}
}
