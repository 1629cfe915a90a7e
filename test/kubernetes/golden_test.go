package kubernetes

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	monitoringv1 "github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/yaml"
)

var update = flag.Bool("update", false, "write testdata/ anew")

// TestGolden compares what the chart sends to a cluster with testdata/, without the dashboards
// and the rules, which TestDashboards and TestRules compare. The kustomization needs none: it
// is in the repository as rendered.
func TestGolden(t *testing.T) {
	wanted := map[string]bool{}
	for _, r := range chartRenderings(t) {
		t.Run(r.name, func(t *testing.T) {
			file := filepath.Join("testdata", r.name+".yaml")
			wanted[file] = true
			got := abridged(t, r)
			if *update {
				if err := os.WriteFile(file, got, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatalf("%v; write it with bash .ci/kubernetes.sh -update", err)
			}
			if d := cmp.Diff(string(want), string(got)); d != "" {
				t.Errorf("if this is right, write it with bash .ci/kubernetes.sh -update (-want +got)\n%s", d)
			}
		})
	}
	files, err := filepath.Glob("testdata/*.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if !wanted[file] {
			t.Errorf("%s is not compared: delete it", file)
		}
	}
}

// abridged returns the objects as YAML, without dashboards and rules.
func abridged(t *testing.T, r rendering) []byte {
	t.Helper()
	var documents [][]byte
	for _, o := range r.objects {
		switch copied := o.DeepCopyObject().(type) {
		case *corev1.ConfigMap:
			for key := range copied.Data {
				if strings.HasSuffix(key, ".json") {
					copied.Data[key] = "..."
				}
			}
			o = copied
		case *monitoringv1.PrometheusRule:
			copied.Spec.Groups = nil
			o = copied
		}
		fields, err := runtime.DefaultUnstructuredConverter.ToUnstructured(o)
		if err != nil {
			t.Fatal(err)
		}
		delete(fields, "status") // some types add it
		document, err := yaml.Marshal(fields)
		if err != nil {
			t.Fatal(err)
		}
		documents = append(documents, document)
	}
	return bytes.Join(documents, []byte("---\n"))
}

// TestDashboards compares the ConfigMaps with dashboards/.
func TestDashboards(t *testing.T) {
	files, err := filepath.Glob(root + "/dashboards/*.json")
	if err != nil || len(files) == 0 {
		t.Fatalf("no dashboards: %v", err)
	}
	for _, name := range []string{"full", "kustomize-all"} {
		got := map[string]any{}
		for _, c := range ofType[*corev1.ConfigMap](find(t, name)) {
			for key, content := range c.Data {
				if strings.HasSuffix(key, ".json") {
					got[key] = parseJSON(t, []byte(content))
					if c.Labels["grafana_dashboard"] == "" {
						t.Errorf("%s: %s lacks the label grafana_dashboard, by which Grafana's sidecar finds it", name, titleOf(c))
					}
				}
			}
		}
		want := map[string]any{}
		for _, file := range files {
			content, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			want[filepath.Base(file)] = parseJSON(t, content)
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("%s: dashboards (-want +got)\n%s", name, d)
		}
	}
}

func parseJSON(t *testing.T, content []byte) (value any) {
	t.Helper()
	if err := json.Unmarshal(content, &value); err != nil {
		t.Fatal(err)
	}
	return value
}

// TestRules compares the PrometheusRule with rules/, which is the spec of one.
func TestRules(t *testing.T) {
	content, err := os.ReadFile(root + "/rules/cbr.rules.yml")
	if err != nil {
		t.Fatal(err)
	}
	var want monitoringv1.PrometheusRuleSpec
	if err := yaml.UnmarshalStrict(content, &want); err != nil {
		t.Fatal(err)
	}
	if len(want.Groups) == 0 {
		t.Fatal("no rules")
	}
	for _, name := range []string{"full", "kustomize-all"} {
		rules := ofType[*monitoringv1.PrometheusRule](find(t, name))
		if len(rules) != 1 {
			t.Fatalf("%s: %d PrometheusRules, want one", name, len(rules))
		}
		if d := cmp.Diff(want, rules[0].Spec); d != "" {
			t.Errorf("%s: rules (-want +got)\n%s", name, d)
		}
	}
}

// find returns the installation with the name.
func find(t *testing.T, name string) rendering {
	t.Helper()
	for _, r := range installations(t) {
		if r.name == name {
			return r
		}
	}
	t.Fatalf("there is no installation %s", name)
	return rendering{}
}
