package exporter_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
)

// samples are the samples of a page by metric name.
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

// on returns the values of the labels: what on() of PromQL matches by.
func (s sample) on(labels ...string) string {
	var values []string
	for _, l := range labels {
		values = append(values, s.labels[l])
	}
	return strings.Join(values, " ")
}

// keyLabels returns the labels that identify a resource key.
func keyLabels() []string { return []string{"vault_id", "resource_id", "operation_type"} }

// alerts returns the verdicts on a page that alert, sorted: "failing 1" is about the
// backups of resource 1 in vault 1, others are written as "failing vault/resource/operation".
func (s samples) alerts() []string {
	var firing []string
	for alert, verdict := range map[string]struct {
		family string
		bad    float64
	}{
		"failing":   {"cbr_resource_failing", 1},
		"overdue":   {"cbr_resource_overdue", 1},
		"uncovered": {"cbr_resource_covered", 0},
	} {
		for _, one := range s[verdict.family] {
			if one.value != verdict.bad {
				continue
			}
			number := func(label string) string { return strings.TrimLeft(one.labels[label][len(resourceID("")):], "0") }
			of, operation := number("resource_id"), one.labels["operation_type"]
			if number("vault_id") != "1" || operation != "backup" && operation != "" {
				of = number("vault_id") + "/" + of + "/" + operation
			}
			firing = append(firing, alert+" "+of)
		}
	}
	slices.Sort(firing)
	return firing
}

// checkResources fails the test if the series of resources cannot be joined, contradict
// each other or have different names of one resource.
func (s samples) checkResources(t *testing.T, when string) {
	t.Helper()
	infos, names := map[string]int{}, map[string]string{}
	for _, info := range s["cbr_resource_info"] {
		infos[info.on("project", "resource_id")]++
		names[info.on("project", "resource_id")] = info.labels["resource_name"]
	}
	for resource, n := range infos {
		if n != 1 {
			t.Errorf("%s: resource %s has %d series of cbr_resource_info, want 1", when, resource, n)
		}
	}
	for name, family := range s {
		if !strings.HasPrefix(name, "cbr_resource_") && !strings.HasPrefix(name, "cbr_vault_resource_") {
			continue
		}
		seen := map[string]bool{}
		for _, one := range family {
			if infos[one.on("project", "resource_id")] == 0 {
				t.Errorf("%s: %s%v has no cbr_resource_info", when, name, one.labels)
			}
			if want := names[one.on("project", "resource_id")]; one.labels["resource_name"] != want {
				t.Errorf("%s: %s%v is of the resource %s", when, name, one.labels, want)
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

// checkStatuses fails the test unless exactly one status of each task is 1.
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

// expectLines fails the test if the page lacks a line.
func expectLines(t *testing.T, when, page string, lines ...string) {
	t.Helper()
	for _, line := range lines {
		if !strings.Contains(page, "\n"+line+"\n") && !strings.HasPrefix(page, line+"\n") {
			t.Errorf("%s: the page lacks %s; its lines of this family are:\n%s", when, line, familyIn(page, line))
		}
	}
}

// familyIn returns the lines of the page that are of the same family as line.
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
