package docs_test

import (
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	versioncollector "github.com/prometheus/client_golang/prometheus/collectors/version"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
)

// metricsPage has the tables of metrics.
const metricsPage = "docs/metrics.md"

// family is a metric family as the tables and the exporter's pages show it.
type family struct {
	kind   string // its type
	labels string // sorted, with project
}

// TestMetrics compares the tables of metrics with those that are exposed.
func TestMetrics(t *testing.T) {
	exposed := exposedFamilies(t)
	documented := documentedFamilies(t)
	for name, want := range exposed {
		got, ok := documented[name]
		switch {
		case !ok:
			t.Errorf("%s does not list the metric %s", metricsPage, name)
		case got.kind != want.kind:
			t.Errorf("%s says that %s is a %s, but it is a %s", metricsPage, name, got.kind, want.kind)
		case got.labels != want.labels:
			t.Errorf("%s says that %s has the labels {%s}, but it has {%s}", metricsPage, name, got.labels, want.labels)
		}
	}
	for name := range documented {
		if _, ok := exposed[name]; !ok {
			t.Errorf("%s lists the metric %s, which is not exposed", metricsPage, name)
		}
	}

	// The names in the texts must exist too.
	for _, page := range pages(t) {
		for _, name := range regexp.MustCompile(`\bcbr_\w+`).FindAllString(read(t, page), -1) {
			if _, ok := exposed[name]; !ok && name != "cbr_exporter" {
				t.Errorf("%s names %s, which is not exposed", page, name)
			}
		}
	}
}

// TestSeries compares the labels of the series that the pages show with those
// that are exposed.
func TestSeries(t *testing.T) {
	exposed := exposedFamilies(t)
	shown := 0
	for _, page := range pages(t) {
		for _, series := range regexp.MustCompile(`(?m)^(cbr_\w+)\{(.*)\} \S+$`).FindAllStringSubmatch(read(t, page), -1) {
			shown++
			var labels []string
			for _, label := range labelPattern.FindAllStringSubmatch(series[2], -1) {
				labels = append(labels, label[1])
			}
			if got, want := sorted(labels), exposed[series[1]].labels; got != want {
				t.Errorf("%s shows %s with the labels {%s}, but it has {%s}", page, series[1], got, want)
			}
		}
	}
	if shown == 0 {
		t.Error("no page shows a series")
	}
}

// exposedFamilies returns the family of the build and those in the golden files of the
// exporter: families.prom has their types, and the pages have samples with their labels.
func exposedFamilies(t *testing.T) map[string]family {
	t.Helper()
	const golden = "exporter/testdata/"
	types := read(t, golden+"families.prom")
	registry := prometheus.NewRegistry()
	registry.MustRegister(versioncollector.NewCollector("cbr_exporter"))
	all, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	pages, err := filepath.Glob(golden + "*.prom")
	if err != nil || len(pages) == 0 {
		t.Fatalf("no golden pages: %v", err)
	}
	for _, page := range pages {
		if page == golden+"families.prom" {
			continue
		}
		parser := expfmt.NewTextParser(model.LegacyValidation)
		parsed, err := parser.TextToMetricFamilies(strings.NewReader(types + read(t, page)))
		if err != nil {
			t.Fatalf("%s: %v", page, err)
		}
		all = append(all, slices.Collect(maps.Values(parsed))...)
	}
	families := map[string]family{}
	for _, f := range all {
		var labels []string
		for _, pair := range f.GetMetric()[0].GetLabel() {
			labels = append(labels, pair.GetName())
		}
		families[f.GetName()] = family{strings.ToLower(f.GetType().String()), sorted(labels)}
	}
	for _, name := range regexp.MustCompile(`(?m)^# TYPE (\w+) `).FindAllStringSubmatch(types, -1) {
		if _, ok := families[name[1]]; !ok {
			t.Errorf("no golden page of the exporter has the metric %s", name[1])
		}
	}
	return families
}

var labelPattern = regexp.MustCompile(`(\w+)="(?:[^"\\]|\\.)*"`)

func documentedFamilies(t *testing.T) map[string]family {
	t.Helper()
	families := map[string]family{}
	for _, row := range rows(t, metricsPage, "metric", "type", "labels", "meaning") {
		name := code(row.cells[0])
		if _, ok := families[name]; ok {
			t.Errorf("%s lists the metric %s twice", metricsPage, name)
		}
		var labels []string
		if row.cells[2] != "" {
			for label := range strings.SplitSeq(row.cells[2], ",") {
				labels = append(labels, code(strings.TrimSpace(label)))
			}
		}
		labels = append(labels, labelsOfAll(t, row.lead)...)
		families[name] = family{row.cells[1], sorted(labels)}
	}
	return families
}

// labelsOfAll returns the labels that all families of a table have, from the
// paragraph before it.
func labelsOfAll(t *testing.T, lead string) []string {
	t.Helper()
	list, ok := strings.CutPrefix(lead, "Labels of all: ")
	if !ok {
		t.Fatalf("%s: a table of metrics follows %q, and not the labels of all of them", metricsPage, lead)
	}
	if list == "none. They are about the whole exporter." {
		return nil
	}
	var labels []string
	for label := range strings.SplitSeq(strings.TrimSuffix(list, "."), ", ") {
		labels = append(labels, code(label))
	}
	return labels
}

// sorted joins labels in a fixed order, each once, but for those of tags: the
// configuration chooses them.
func sorted(labels []string) string {
	set := map[string]bool{}
	for _, label := range labels {
		if !strings.HasPrefix(label, "tag_") {
			set[label] = true
		}
	}
	return strings.Join(slices.Sorted(maps.Keys(set)), ", ")
}
