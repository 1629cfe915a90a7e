package main

import (
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	versioncollector "github.com/prometheus/client_golang/prometheus/collectors/version"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
	"go.yaml.in/yaml/v3"

	"github.com/cbr-exporter/cbr_exporter/collector"
	"github.com/cbr-exporter/cbr_exporter/config"
)

// withoutProject is the heading of the families in the README that lack the
// label project. Those below other headings have it and do not list it.
const withoutProject = "Without the label `project`"

// family is a metric family as the README's tables and the pages show it.
type family struct {
	kind   string // its type
	labels string // sorted, with project
}

// TestReadmeMetrics compares the tables of metrics with what is exposed.
func TestReadmeMetrics(t *testing.T) {
	exposed := exposedFamilies(t)
	documented := documentedFamilies(t)
	for name, want := range exposed {
		got, ok := documented[name]
		switch {
		case !ok:
			t.Errorf("README.md does not list the metric %s", name)
		case got.kind != want.kind:
			t.Errorf("README.md says that %s is a %s, but it is a %s", name, got.kind, want.kind)
		case got.labels != want.labels:
			t.Errorf("README.md says that %s has the labels {%s}, but it has {%s}", name, got.labels, want.labels)
		}
	}
	for name := range documented {
		if _, ok := exposed[name]; !ok {
			t.Errorf("README.md lists the metric %s, which is not exposed", name)
		}
	}

	// What the text and the rules name has to exist as well.
	for _, name := range regexp.MustCompile(`\bcbr_\w+`).FindAllString(read(t, "README.md"), -1) {
		if _, ok := exposed[name]; !ok && name != program {
			t.Errorf("README.md names %s, which is not exposed", name)
		}
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
	for _, row := range rows(t, "metric", "type", "labels", "meaning") {
		name := code(row.cells[0])
		if _, ok := families[name]; ok {
			t.Errorf("README.md lists the metric %s twice", name)
		}
		var labels []string
		if row.cells[2] != "" {
			for label := range strings.SplitSeq(row.cells[2], ",") {
				labels = append(labels, code(strings.TrimSpace(label)))
			}
		}
		if row.heading != withoutProject {
			labels = append(labels, "project")
		}
		families[name] = family{row.cells[1], sorted(labels)}
	}
	return families
}

// TestReadmeFlags compares the table of flags with the command line.
func TestReadmeFlags(t *testing.T) {
	const off, none = "off", "none" // how the README writes that there is no default
	documented := map[string]string{}
	for _, row := range rows(t, "flag", "default", "meaning") {
		documented[strings.TrimPrefix(code(row.cells[0]), "--")] = code(row.cells[1])
	}
	if runtime.GOOS != "linux" {
		delete(documented, "web.systemd-socket") // exists on Linux alone
	}
	for _, flag := range new(flags).application(io.Discard).Model().Flags {
		if flag.Hidden {
			continue
		}
		want := strings.Join(flag.Default, ", ")
		switch {
		case flag.IsBoolFlag() && want == "":
			want = off
		case want == "":
			want = none
		}
		got, ok := documented[flag.Name]
		delete(documented, flag.Name)
		switch {
		case !ok:
			t.Errorf("README.md does not list the flag --%s", flag.Name)
		case got != want:
			t.Errorf("README.md says that the default of --%s is %s, but it is %s", flag.Name, got, want)
		}
	}
	for name := range documented {
		t.Errorf("README.md lists the flag --%s, which does not exist", name)
	}
}

// TestReadmeConfig compares the table of keys, and the example, with the keys
// that the configuration has.
func TestReadmeConfig(t *testing.T) {
	documented := map[string]string{}
	for _, row := range rows(t, "key", "default", "meaning") {
		documented[code(row.cells[0])] = code(row.cells[1])
	}
	example := read(t, "config.yml")
	keys := configKeys(reflect.TypeFor[config.Config](), "")
	for _, key := range keys {
		if _, ok := documented[key]; !ok {
			t.Errorf("README.md does not list the configuration key %s", key)
		}
		name := key[strings.LastIndexByte(key, '.')+1:]
		if !regexp.MustCompile(`(?m)^[ #-]*` + name + `:( |$)`).MatchString(example) {
			t.Errorf("config.yml does not show the key %s", key)
		}
	}
	for key := range documented {
		if !slices.Contains(keys, key) {
			t.Errorf("README.md lists the configuration key %s, which does not exist", key)
		}
	}

	for key, want := range scrapeDefaults(t) {
		if got := documented["scrape."+key]; got != want {
			t.Errorf("README.md says that the default of scrape.%s is %q, but it is %q", key, got, want)
		}
	}
}

// configKeys returns the keys of a struct, and of those inside it, as paths.
func configKeys(typ reflect.Type, prefix string) []string {
	var keys []string
	for field := range typ.Fields() {
		name, _, _ := strings.Cut(field.Tag.Get("yaml"), ",")
		if name == "-" {
			continue // not a part of the file
		}
		keys = append(keys, prefix+name)
		inner := field.Type
		if inner.Kind() == reflect.Pointer {
			inner = inner.Elem()
		}
		switch {
		case inner.Kind() == reflect.Struct:
			keys = append(keys, configKeys(inner, prefix+name+".")...)
		case inner.Kind() == reflect.Slice && inner.Elem().Kind() == reflect.Struct:
			keys = append(keys, configKeys(inner.Elem(), prefix+name+"[].")...)
		}
	}
	return keys
}

// scrapeDefaults returns what is in force where the file says nothing.
func scrapeDefaults(t *testing.T) map[string]string {
	t.Helper()
	c, err := config.Parse("minimal.yml", []byte(`
projects:
  - region: cn-north-4
    project_id: 04f1829c788037ac2fb8c01eb2b04b95
    credentials: {token: t}
    task_ids: [4827f2da-b008-4507-ab7d-42d0df5ed912]
`), accessKeyInEnvironment)
	if err != nil {
		t.Fatal(err)
	}
	defaults := map[string]string{}
	for field, value := range reflect.ValueOf(c.Scrape).Fields() {
		name, _, _ := strings.Cut(field.Tag.Get("yaml"), ",")
		defaults[name] = fmt.Sprint(value)
	}
	return defaults
}

// TestReadmeYAML reads the blocks of YAML: all must be valid, and the
// configurations loadable.
func TestReadmeYAML(t *testing.T) {
	folder := t.TempDir()
	if err := os.Mkdir(filepath.Join(folder, "secrets"), 0o700); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"password", "token"} {
		if err := os.WriteFile(filepath.Join(folder, "secrets", name), []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
	}

	kinds := map[string]int{}
	for _, block := range yamlBlocks(t) {
		var content struct {
			Projects      any `yaml:"projects"`
			ScrapeConfigs any `yaml:"scrape_configs"`
			RuleFiles     any `yaml:"rule_files"`
		}
		decoder := yaml.NewDecoder(strings.NewReader(block.text))
		if err := decoder.Decode(&content); err != nil {
			t.Errorf("README.md:%d: %v", block.line, err)
			continue
		}
		switch {
		case content.Projects != nil:
			kinds["configuration"]++
			if _, err := config.Parse(filepath.Join(folder, "config.yml"), []byte(block.text), accessKeyInEnvironment); err != nil {
				t.Errorf("README.md:%d: the configuration is refused: %v", block.line, err)
			}
		case content.ScrapeConfigs != nil:
			kinds["scrape configuration"]++
		case content.RuleFiles != nil:
			kinds["rule files"]++
		}
	}
	for _, kind := range []string{"configuration", "scrape configuration", "rule files"} {
		if kinds[kind] == 0 {
			t.Errorf("README.md has no YAML block of the kind: %s", kind)
		}
	}
}

// TestReadmeAlerts compares the table of alerts with the rules.
func TestReadmeAlerts(t *testing.T) {
	documented := map[string]string{}
	for _, row := range rows(t, "alert", "severity", "when") {
		name, _, _ := strings.Cut(strings.TrimPrefix(row.cells[0], "["), "]")
		if want := "[" + name + "](docs/runbooks/" + name + ".md)"; row.cells[0] != want {
			t.Errorf("README.md has %s, want %s", row.cells[0], want)
		}
		documented[name] = row.cells[1]
	}
	var content struct {
		Groups []struct {
			Rules []struct {
				Alert  string            `yaml:"alert"`
				Labels map[string]string `yaml:"labels"`
			} `yaml:"rules"`
		} `yaml:"groups"`
	}
	if err := yaml.Unmarshal([]byte(read(t, "rules/cbr.rules.yml")), &content); err != nil {
		t.Fatal(err)
	}
	for _, group := range content.Groups {
		for _, rule := range group.Rules {
			if rule.Alert == "" {
				continue
			}
			if got, want := documented[rule.Alert], rule.Labels["severity"]; got != want {
				t.Errorf("README.md says that %s is %q, but it is %q", rule.Alert, got, want)
			}
			delete(documented, rule.Alert)
		}
	}
	for name := range documented {
		t.Errorf("README.md lists the alert %s, which does not exist", name)
	}
}

// A block is a fenced block of the README.
type block struct {
	line int
	text string
}

func yamlBlocks(t *testing.T) []block {
	t.Helper()
	text := read(t, "README.md")
	var blocks []block
	for _, at := range regexp.MustCompile("(?ms)^```yaml\n(.*?)^```$").FindAllStringSubmatchIndex(text, -1) {
		blocks = append(blocks, block{1 + strings.Count(text[:at[2]], "\n"), text[at[2]:at[3]]})
	}
	return blocks
}

// A row is one of a table of the README.
type row struct {
	heading string // under which the table is
	cells   []string
}

// rows returns the rows of all tables with the given header.
func rows(t *testing.T, header ...string) []row {
	t.Helper()
	var (
		found   []row
		heading string
		inside  bool // in a table with that header
	)
	for line := range strings.Lines(read(t, "README.md")) {
		line = strings.TrimSpace(line)
		if title := strings.TrimLeft(line, "#"); title != line {
			heading = strings.TrimSpace(title)
		}
		if !strings.HasPrefix(line, "|") {
			inside = false
			continue
		}
		cells := strings.Split(strings.Trim(line, "|"), "|")
		for i := range cells {
			cells[i] = strings.TrimSpace(cells[i])
		}
		switch {
		case slices.Equal(cells, header):
			inside = true
		case inside && len(cells) != len(header):
			t.Errorf("README.md: a row of %d cells where %d are expected: %s", len(cells), len(header), line)
		case inside && strings.Trim(cells[0], "-:") != "":
			found = append(found, row{heading, cells})
		}
	}
	if len(found) == 0 {
		t.Fatalf("README.md has no table with the header %s", strings.Join(header, ", "))
	}
	return found
}

// code returns what is between backticks, and a text without them as it is.
func code(cell string) string { return strings.Trim(cell, "`") }

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

func read(t *testing.T, file string) string {
	t.Helper()
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

// accessKeyInEnvironment is an environment as the README says to make it.
func accessKeyInEnvironment(name string) (string, bool) {
	value, set := map[string]string{"HUAWEICLOUD_SDK_AK": "key", "HUAWEICLOUD_SDK_SK": "secret"}[name]
	return value, set
}
