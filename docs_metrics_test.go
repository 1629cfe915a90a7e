package main

import (
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	versioncollector "github.com/prometheus/client_golang/prometheus/collectors/version"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"github.com/cbr-exporter/cbr_exporter/collector"
)

// metricsPage has the tables of metrics.
const metricsPage = "docs/metrics.md"

// family is a metric family as the tables and the exporter's pages show it.
type family struct {
	kind   string // its type
	labels string // sorted, with project
}

// TestDocsMetrics compares the tables of metrics with what is exposed.
func TestDocsMetrics(t *testing.T) {
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

	// What the texts name has to exist as well.
	for _, page := range pages(t) {
		for _, name := range regexp.MustCompile(`\bcbr_\w+`).FindAllString(read(t, page), -1) {
			if _, ok := exposed[name]; !ok && name != program {
				t.Errorf("%s names %s, which is not exposed", page, name)
			}
		}
	}
}

// TestDocsSeries compares the labels of the series that the pages show with those
// that are exposed.
func TestDocsSeries(t *testing.T) {
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

// exposedFamilies takes the families from the golden pages, and compares these
// with what the collectors describe, so that none is overlooked.
func exposedFamilies(t *testing.T) map[string]family {
	t.Helper()
	families := map[string]family{}
	pages, err := filepath.Glob("exporter/testdata/*.prom")
	if err != nil || len(pages) == 0 {
		t.Fatalf("no golden pages: %v", err)
	}
	for _, page := range pages {
		parser := expfmt.NewTextParser(model.LegacyValidation)
		parsed, err := parser.TextToMetricFamilies(strings.NewReader(read(t, page)))
		if err != nil {
			t.Fatalf("%s: %v", page, err)
		}
		for name, f := range parsed {
			var labels []string
			for _, pair := range f.GetMetric()[0].GetLabel() {
				labels = append(labels, pair.GetName())
			}
			families[name] = family{strings.ToLower(f.GetType().String()), sorted(labels)}
		}
	}

	described := describedLabels(t,
		collector.New(nil).Scrape(t.Context()), collector.NewTelemetry(time.Now))
	for name, labels := range described {
		f, ok := families[name]
		if !ok {
			t.Errorf("no golden page of the exporter has the metric %s", name)
		} else if f.labels != labels {
			t.Errorf("the golden pages have %s with the labels {%s}, but it is described with {%s}", name, f.labels, labels)
		}
	}

	for name, labels := range describedLabels(t, versioncollector.NewCollector(program)) {
		families[name] = family{"gauge", labels}
	}
	return families
}

var (
	descPattern  = regexp.MustCompile(`^Desc{fqName: "(\w+)", .*constLabels: {(.*)}, variableLabels: {(.*)}}$`)
	labelPattern = regexp.MustCompile(`(\w+)="(?:[^"\\]|\\.)*"`)
)

// describedLabels returns the labels of the families that the collectors describe.
func describedLabels(t *testing.T, collectors ...prometheus.Collector) map[string]string {
	t.Helper()
	descs := make(chan *prometheus.Desc)
	go func() {
		defer close(descs)
		for _, c := range collectors {
			c.Describe(descs)
		}
	}()
	described := map[string]string{}
	for desc := range descs {
		parts := descPattern.FindStringSubmatch(desc.String())
		if parts == nil {
			t.Errorf("cannot read %s", desc)
			continue
		}
		var labels []string
		for _, constant := range labelPattern.FindAllStringSubmatch(parts[2], -1) {
			labels = append(labels, constant[1])
		}
		if parts[3] != "" {
			labels = append(labels, strings.Split(parts[3], ",")...)
		}
		described[parts[1]] = sorted(labels)
	}
	return described
}

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
