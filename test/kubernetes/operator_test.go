package kubernetes

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/google/go-cmp/cmp"
	monitoringv1 "github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1"
	monitoringv1alpha1 "github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1alpha1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/labels"
	"sigs.k8s.io/yaml"
)

// serviceAddress is that of the Service of an installation with the usual names.
const serviceAddress = release + "." + namespace + ".svc:10065"

// scrapeConfigs returns the ScrapeConfigs of projects.yaml by the name of their job.
func scrapeConfigs(t *testing.T) map[string]*monitoringv1alpha1.ScrapeConfig {
	t.Helper()
	byJob := map[string]*monitoringv1alpha1.ScrapeConfig{}
	for _, o := range operatorExamples(t, "projects.yaml") {
		c, ok := o.(*monitoringv1alpha1.ScrapeConfig)
		if !ok || c.Spec.JobName == nil {
			t.Fatalf("%s is no ScrapeConfig with a jobName", titleOf(o))
		}
		byJob[*c.Spec.JobName] = c
	}
	return byJob
}

// TestScrapeConfigs compares the ScrapeConfigs with the configuration of Prometheus that they
// stand for.
func TestScrapeConfigs(t *testing.T) {
	configs := scrapeConfigs(t)

	// Only shards need this, which Prometheus alone does not have.
	cbr := configs["cbr"]
	i := slices.IndexFunc(cbr.Spec.RelabelConfigs, func(c monitoringv1.RelabelConfig) bool { return c.TargetLabel == "__tmp_hash" })
	if i < 0 || !slices.Equal(cbr.Spec.RelabelConfigs[i].SourceLabels, []monitoringv1.LabelName{"__param_project"}) {
		t.Error("the job cbr does not hash __param_project into __tmp_hash")
	} else {
		cbr.Spec.RelabelConfigs = slices.Delete(cbr.Spec.RelabelConfigs, i, i+1)
	}

	got := map[string]any{}
	for job, config := range configs {
		encoded, err := json.Marshal(config.Spec)
		if err != nil {
			t.Fatal(err)
		}
		var spec any
		if err := json.Unmarshal([]byte(strings.ReplaceAll(string(encoded), serviceAddress, "localhost:10065")), &spec); err != nil {
			t.Fatal(err)
		}
		got[job] = inPrometheus(spec)
	}

	content, err := os.ReadFile(filepath.Join(root, "deploy/prometheus/projects.yml"))
	if err != nil {
		t.Fatal(err)
	}
	var prometheus struct {
		ScrapeConfigs []map[string]any `json:"scrape_configs"`
	}
	if err := yaml.Unmarshal(content, &prometheus); err != nil {
		t.Fatal(err)
	}
	want := map[string]any{}
	for _, c := range prometheus.ScrapeConfigs {
		want[c["job_name"].(string)] = c
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("projects.yaml differs from deploy/prometheus/projects.yml (-want +got):\n%s", d)
	}
}

// TestServiceMonitor compares the ServiceMonitor with the configuration of Prometheus that it
// stands for, and the Service with what projects.yaml scrapes.
func TestServiceMonitor(t *testing.T) {
	content, err := os.ReadFile(filepath.Join(root, "deploy/prometheus/metrics.yml"))
	if err != nil {
		t.Fatal(err)
	}
	var prometheus struct {
		ScrapeConfigs []struct {
			HonorLabels bool   `json:"honor_labels"`
			Interval    string `json:"scrape_interval"`
			Timeout     string `json:"scrape_timeout"`
		} `json:"scrape_configs"`
	}
	if err := yaml.Unmarshal(content, &prometheus); err != nil {
		t.Fatal(err)
	}
	job := prometheus.ScrapeConfigs[0]

	objects, err := renderValues(t, minimal+"serviceMonitor: {enabled: true}\n")
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range []rendering{{"the chart", objects}, find(t, "kustomize-all")} {
		for _, m := range ofType[*monitoringv1.ServiceMonitor](r) {
			want := []monitoringv1.Endpoint{{
				Port:          "http",
				HonorLabels:   job.HonorLabels,
				Interval:      monitoringv1.Duration(job.Interval),
				ScrapeTimeout: monitoringv1.Duration(job.Timeout),
			}}
			if d := cmp.Diff(want, m.Spec.Endpoints); d != "" {
				t.Errorf("%s differs from deploy/prometheus/metrics.yml (-want +got):\n%s", r.name, d)
			}
		}
		for _, s := range ofType[*corev1.Service](r) {
			if got := fmt.Sprintf("%s.%s.svc:%d", s.Name, namespace, s.Spec.Ports[0].Port); got != serviceAddress {
				t.Errorf("%s has the Service %s, and projects.yaml scrapes %s", r.name, got, serviceAddress)
			}
		}
	}
}

// inPrometheus renames the keys of a ScrapeConfig to those of Prometheus.
func inPrometheus(value any) any {
	switch value := value.(type) {
	case map[string]any:
		renamed := map[string]any{}
		for key, v := range value {
			switch key {
			case "relabelings":
				key = "relabel_configs"
			case "metricRelabelings":
				key = "metric_relabel_configs"
			case "httpSDConfigs":
				key = "http_sd_configs"
			}
			renamed[snakeCase(key)] = inPrometheus(v)
		}
		return renamed
	case []any:
		for i := range value {
			value[i] = inPrometheus(value[i])
		}
	}
	return value
}

func snakeCase(camelCase string) string {
	var b strings.Builder
	for _, r := range camelCase {
		if unicode.IsUpper(r) {
			b.WriteRune('_')
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}

// TestAgentSelectsScrapeConfigs checks that the example of an agent scrapes that of the projects.
func TestAgentSelectsScrapeConfigs(t *testing.T) {
	for _, o := range operatorExamples(t, "agent.yaml") {
		agent, ok := o.(*monitoringv1alpha1.PrometheusAgent)
		if !ok {
			t.Fatalf("%s is no PrometheusAgent", titleOf(o))
		}
		selects := selector(t, agent.Spec.ScrapeConfigSelector)
		for job, config := range scrapeConfigs(t) {
			if !selects.Matches(labels.Set(config.Labels)) {
				t.Errorf("%s does not select the ScrapeConfig of the job %s", titleOf(agent), job)
			}
		}
	}
}

// TestOperatorExamplesAreTested checks that each file is decoded.
func TestOperatorExamplesAreTested(t *testing.T) {
	files, err := filepath.Glob(root + "/deploy/prometheus-operator/*")
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, file := range files {
		names = append(names, filepath.Base(file))
	}
	if d := cmp.Diff([]string{"agent.yaml", "projects.yaml"}, names); d != "" {
		t.Errorf("files (-tested +found):\n%s", d)
	}
}
