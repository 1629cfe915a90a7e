package exporter_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
)

// samples are those of a page, by family, as Prometheus has them.
type samples map[string][]sample

type sample struct {
	labels map[string]string
	value  float64
}

func samplesOf(t *testing.T, page string) samples {
	t.Helper()
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(strings.NewReader(page))
	if err != nil {
		t.Fatal(err)
	}
	all := samples{}
	for name, family := range families {
		for _, m := range family.Metric {
			s := sample{labels: map[string]string{}, value: m.GetGauge().GetValue() + m.GetCounter().GetValue()}
			for _, pair := range m.Label {
				s.labels[pair.GetName()] = pair.GetValue()
			}
			all[name] = append(all[name], s)
		}
	}
	return all
}

// on returns the labels of the sample, in that order: what PromQL's on() joins by.
func (s sample) on(labels ...string) string {
	var values []string
	for _, l := range labels {
		values = append(values, s.labels[l])
	}
	return strings.Join(values, " ")
}

// keyLabels identify a resource key. The name of a vault is a label besides.
func keyLabels() []string { return []string{"vault_id", "resource_id", "operation_type"} }

// where returns the samples of a family that a condition holds for.
func (s samples) where(family string, holds func(sample) bool) []sample {
	return slices.DeleteFunc(slices.Clone(s[family]), func(one sample) bool { return !holds(one) })
}

// unless returns the samples of a that have no match in b.
func unless(a, b []sample, labels ...string) []sample {
	return slices.DeleteFunc(slices.Clone(a), func(one sample) bool {
		return slices.ContainsFunc(b, func(other sample) bool { return other.on(labels...) == one.on(labels...) })
	})
}

// alerts returns which alerts fire on a page and for what, sorted. The expressions
// are in PromQL:
//
//	failed    cbr_resource_last_finished_task_status{status=~"failed|timeout"} == 1
//	repeated  cbr_resource_consecutive_failures >= 3
//	never     cbr_resource_last_finished_task_info
//	            unless on (project, vault_id, resource_id, operation_type) cbr_resource_last_success_timestamp_seconds
//	skipped   cbr_resource_last_finished_task_status{status="skipped"} == 1
func (s samples) alerts() []string {
	const lastStatus = "cbr_resource_last_finished_task_status"
	var firing []string
	add := func(name string, firingFor []sample) {
		for _, one := range firingFor {
			firing = append(firing, name+" "+one.on("vault_id", "resource_id", "operation_type"))
		}
	}
	add("failed", s.where(lastStatus, func(one sample) bool {
		return (one.labels["status"] == "failed" || one.labels["status"] == "timeout") && one.value == 1
	}))
	add("repeated", s.where("cbr_resource_consecutive_failures", func(one sample) bool { return one.value >= 3 }))
	add("never", unless(s["cbr_resource_last_finished_task_info"], s["cbr_resource_last_success_timestamp_seconds"], keyLabels()...))
	add("skipped", s.where(lastStatus, func(one sample) bool { return one.labels["status"] == "skipped" && one.value == 1 }))
	slices.Sort(firing)
	return firing
}

// checkShape fails the test where the series of resources cannot be joined, or say
// two things at once.
func (s samples) checkShape(t *testing.T, when string) {
	t.Helper()
	infos := map[string]int{}
	for _, info := range s["cbr_resource_info"] {
		infos[info.on("project", "resource_id")]++
	}
	for resource, n := range infos {
		if n != 1 {
			t.Errorf("%s: resource %s has %d series of cbr_resource_info, want 1", when, resource, n)
		}
	}
	for name, family := range s {
		if !strings.HasPrefix(name, "cbr_resource_") {
			continue
		}
		seen := map[string]bool{}
		for _, one := range family {
			if infos[one.on("project", "resource_id")] == 0 {
				t.Errorf("%s: %s%v has no cbr_resource_info", when, name, one.labels)
			}
			key := one.on(append(keyLabels(), "project", "status")...)
			if seen[key] {
				t.Errorf("%s: %s has two series for %s", when, name, key)
			}
			seen[key] = true
		}
	}
	s.checkStatuses(t, when)
}

// checkStatuses fails the test where not exactly one status is 1.
func (s samples) checkStatuses(t *testing.T, when string) {
	t.Helper()
	for name, statuses := range map[string]int{"cbr_resource_last_finished_task_status": 5, "cbr_task_status": 7} {
		ones, all := map[string]float64{}, map[string]int{}
		for _, one := range s[name] {
			key := one.on(append(keyLabels(), "project", "task_id")...)
			ones[key] += one.value
			all[key]++
		}
		for key := range all {
			if ones[key] != 1 || all[key] != statuses {
				t.Errorf("%s: %s of %s has %d series that add up to %g, want %d and 1", when, name, key, all[key], ones[key], statuses)
			}
		}
	}
}

// expectLines fails the test where the page lacks a line.
func expectLines(t *testing.T, when, page string, lines ...string) {
	t.Helper()
	for _, line := range lines {
		if !strings.Contains(page, "\n"+line+"\n") && !strings.HasPrefix(page, line+"\n") {
			t.Errorf("%s: the page lacks %s; it has of this family:\n%s", when, line, familyIn(page, line))
		}
	}
}

// familyIn returns the lines of a page that are of the same family as a line.
func familyIn(page, line string) string {
	name, _, _ := strings.Cut(strings.ReplaceAll(line, "{", " "), " ")
	var same []string
	for l := range strings.Lines(page) {
		if strings.HasPrefix(l, name+"{") || strings.HasPrefix(l, name+" ") {
			same = append(same, l)
		}
	}
	return strings.Join(same, "")
}
