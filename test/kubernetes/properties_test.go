package kubernetes

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	monitoringv1 "github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/util/validation"
	podsecurity "k8s.io/pod-security-admission/api"
	"k8s.io/pod-security-admission/policy"
)

// TestProperties checks each way to install the exporter.
func TestProperties(t *testing.T) {
	for _, property := range []struct {
		name string
		// check calls wrong for each object that lacks the property.
		check func(t *testing.T, r rendering, wrong report)
	}{
		{"pods are restricted", podsAreRestricted},
		{"pods only read", podsOnlyRead},
		{"an old pod serves until the new one is ready", oldPodsServe},
		{"deployments select their own pods", deploymentsSelectTheirPods},
		{"services select pods", servicesSelectPods},
		{"service monitors select services", serviceMonitorsSelectServices},
		{"policies select pods", policiesSelectPods},
		{"names and labels are valid", namesAreValid},
		{"objects are small enough for kubectl apply", objectsAreSmall},
	} {
		t.Run(property.name, func(t *testing.T) {
			for _, r := range installations(t) {
				property.check(t, r, func(o object, format string, args ...any) {
					t.Helper()
					t.Errorf("%s: %s: %s", r.name, titleOf(o), fmt.Sprintf(format, args...))
				})
			}
		})
	}
}

// A report says what is wrong with an object.
type report func(o object, format string, args ...any)

// ofType returns the objects of a type.
func ofType[T object](r rendering) []T {
	var found []T
	for _, o := range r.objects {
		if o, ok := o.(T); ok {
			found = append(found, o)
		}
	}
	return found
}

// deployments returns the Deployments. A rendering without one is an error.
func deployments(t *testing.T, r rendering) []*appsv1.Deployment {
	t.Helper()
	found := ofType[*appsv1.Deployment](r)
	if len(found) == 0 {
		t.Fatalf("%s: no Deployment", r.name)
	}
	return found
}

// container returns the only container of a Deployment.
func container(t *testing.T, d *appsv1.Deployment) corev1.Container {
	t.Helper()
	spec := d.Spec.Template.Spec
	if len(spec.Containers) != 1 || len(spec.InitContainers) != 0 {
		t.Fatalf("%s: want one container", titleOf(d))
	}
	return spec.Containers[0]
}

func selector(t *testing.T, s *metav1.LabelSelector) labels.Selector {
	t.Helper()
	selector, err := metav1.LabelSelectorAsSelector(s)
	if err != nil {
		t.Fatal(err)
	}
	return selector
}

// podsSelected returns the Deployments whose pods have the labels.
func podsSelected(t *testing.T, r rendering, s labels.Selector) []*appsv1.Deployment {
	t.Helper()
	return slices.DeleteFunc(deployments(t, r), func(d *appsv1.Deployment) bool {
		return s.Empty() || !s.Matches(labels.Set(d.Spec.Template.Labels))
	})
}

// podsAreRestricted asks what the API server asks: the policy of the pod security admission.
func podsAreRestricted(t *testing.T, r rendering, wrong report) {
	evaluator, err := policy.NewEvaluator(policy.DefaultChecks(), nil)
	if err != nil {
		t.Fatal(err)
	}
	restricted := podsecurity.LevelVersion{Level: podsecurity.LevelRestricted, Version: podsecurity.LatestVersion()}
	for _, d := range deployments(t, r) {
		for _, result := range evaluator.EvaluatePod(restricted, &d.Spec.Template.ObjectMeta, &d.Spec.Template.Spec) {
			if !result.Allowed {
				wrong(d, "%s: %s", result.ForbiddenReason, result.ForbiddenDetail)
			}
		}
	}
}

func podsOnlyRead(t *testing.T, r rendering, wrong report) {
	for _, d := range deployments(t, r) {
		if automount := d.Spec.Template.Spec.AutomountServiceAccountToken; automount == nil || *automount {
			wrong(d, "it mounts a token of the API server, which it never asks")
		}
		if s := container(t, d).SecurityContext; s == nil || s.ReadOnlyRootFilesystem == nil || !*s.ReadOnlyRootFilesystem {
			wrong(d, "its root file system is not read-only")
		}
	}
}

// oldPodsServe checks that an update that fails leaves all pods that were there.
func oldPodsServe(t *testing.T, r rendering, wrong report) {
	for _, d := range deployments(t, r) {
		if u := d.Spec.Strategy.RollingUpdate; u == nil || u.MaxUnavailable == nil || u.MaxUnavailable.String() != "0" {
			wrong(d, "an update ends old pods before new ones are ready")
		}
		if container(t, d).ReadinessProbe == nil {
			wrong(d, "a new pod counts as ready at once")
		}
	}
}

func deploymentsSelectTheirPods(t *testing.T, r rendering, wrong report) {
	for _, d := range deployments(t, r) {
		for _, selected := range podsSelected(t, r, selector(t, d.Spec.Selector)) {
			if selected.Name != d.Name {
				wrong(d, "it selects the pods of %s", titleOf(selected))
			}
		}
		if !selector(t, d.Spec.Selector).Matches(labels.Set(d.Spec.Template.Labels)) {
			wrong(d, "it does not select its own pods")
		}
		for key := range d.Spec.Selector.MatchLabels {
			if strings.Contains(key, "version") || strings.Contains(key, "chart") {
				wrong(d, "it selects by %s, which an update would change", key)
			}
		}
	}
}

// servicesSelectPods checks that each pod has one Service, so that it is scraped once.
func servicesSelectPods(t *testing.T, r rendering, wrong report) {
	services := map[string]int{}
	for _, s := range ofType[*corev1.Service](r) {
		for _, d := range podsSelected(t, r, labels.SelectorFromSet(s.Spec.Selector)) {
			services[d.Name]++
			if target, port := s.Spec.Ports[0].TargetPort.StrVal, container(t, d).Ports[0].Name; target != port {
				wrong(s, "it leads to the port %q, and the pod has %q", target, port)
			}
		}
	}
	for _, d := range deployments(t, r) {
		if services[d.Name] != 1 {
			wrong(d, "%d Services select its pods", services[d.Name])
		}
	}
}

func serviceMonitorsSelectServices(t *testing.T, r rendering, wrong report) {
	for _, m := range ofType[*monitoringv1.ServiceMonitor](r) {
		if !m.Spec.Endpoints[0].HonorLabels {
			wrong(m, "honorLabels is not true")
		}
		for _, s := range ofType[*corev1.Service](r) {
			if !selector(t, &m.Spec.Selector).Matches(labels.Set(s.Labels)) {
				wrong(m, "it does not select %s", titleOf(s))
			}
			if got, want := m.Spec.Endpoints[0].Port, s.Spec.Ports[0].Name; got != want {
				wrong(m, "it scrapes the port %q, and %s has %q", got, titleOf(s), want)
			}
			if job := s.Labels[m.Spec.JobLabel]; !strings.Contains(job, "cbr") {
				wrong(m, "the label job is %q for %s, and has no cbr for the queries of the runbooks", job, titleOf(s))
			}
		}
	}
}

func policiesSelectPods(t *testing.T, r rendering, wrong report) {
	for _, b := range ofType[*policyv1.PodDisruptionBudget](r) {
		if selected := podsSelected(t, r, selector(t, b.Spec.Selector)); len(selected) != 1 || selected[0].Name != b.Name {
			wrong(b, "it does not select the pods of the Deployment of its name alone")
		}
	}
	for _, p := range ofType[*networkingv1.NetworkPolicy](r) {
		if len(podsSelected(t, r, selector(t, &p.Spec.PodSelector))) != len(deployments(t, r)) {
			wrong(p, "it does not select all pods")
		}
	}
}

func namesAreValid(t *testing.T, r rendering, wrong report) {
	seen := map[string]bool{}
	for _, o := range r.objects {
		if seen[titleOf(o)] {
			wrong(o, "there are two")
		}
		seen[titleOf(o)] = true
		check := validation.IsDNS1123Label // at most 63 characters, also where 253 are allowed
		if _, ok := o.(*corev1.Service); ok {
			check = validation.IsDNS1035Label
		}
		if problems := check(o.GetName()); len(problems) > 0 {
			wrong(o, "the name has %d characters: %v", len(o.GetName()), problems)
		}
		// Grafana may watch another namespace for dashboards.
		if _, isConfigMap := o.(*corev1.ConfigMap); !isConfigMap && o.GetNamespace() != "" && o.GetNamespace() != namespace {
			wrong(o, "it is in the namespace %s", o.GetNamespace())
		}
		validLabels(o, o.GetLabels(), wrong)
	}
	for _, d := range deployments(t, r) {
		validLabels(d, d.Spec.Template.Labels, wrong)
	}
}

func validLabels(o object, set map[string]string, wrong report) {
	for key, value := range set {
		if problems := append(validation.IsQualifiedName(key), validation.IsValidLabelValue(value)...); len(problems) > 0 {
			wrong(o, "label %s=%s: %v", key, value, problems)
		}
	}
}

// objectsAreSmall checks the limit for all annotations together, one of which is the object
// as kubectl apply has sent it last.
func objectsAreSmall(t *testing.T, r rendering, wrong report) {
	const limit = 262144
	for _, o := range r.objects {
		encoded, err := json.Marshal(o)
		if err != nil {
			t.Fatal(err)
		}
		size := len(encoded) + len(corev1.LastAppliedConfigAnnotation)
		for key, value := range o.GetAnnotations() {
			size += len(key) + len(value)
		}
		if size >= limit {
			wrong(o, "its annotations would have %d bytes, and %d are allowed", size, limit)
		}
	}
}
