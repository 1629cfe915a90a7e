package rules_test

import (
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// phase is some minutes of a story.
type phase struct {
	minutes int
	bad     bool   // the series have their bad values
	answer  string // instances that answer, each a letter
	down    string // instances that are scraped and do not answer
	outage  string // of those that answer, instances that cannot read the API
}

// gap is a phase in which nothing is scraped, not even up.
func (p phase) gap() bool { return p.answer == "" && p.down == "" }

// spell is the minutes in which an alert fires.
type spell struct {
	alert
	from, to int
}

// story is what happens to exporters and their cloud. All alerts, or those that take hours to
// fire, fire while their values are bad, and also some others.
type story struct {
	name   string
	phases []phase
	also   []spell
	slow   bool
}

// alerts returns those that fire while values are bad.
func (s story) alerts(start int) []alert {
	return slices.DeleteFunc(alerts(start), func(a alert) bool { return s.slow && a.wait < 120 })
}

// reads is what a collector reads.
func reads(collector string) string {
	if collector == "discovery" {
		return "tasks"
	}
	return collector
}

// collectors read the project p. An outage of the last one is not critical.
var collectors = []string{"discovery", "vaults", "protectables"}

func stories() []story {
	blind := func(from, to int) (all []spell) {
		for _, collector := range collectors {
			all = append(all, spell{alert{
				name: "CBRBlind", severity: "warning",
				labels:      fmt.Sprintf(`project="p",collector=%q`, collector),
				summary:     fmt.Sprintf("An exporter has not read all %s of project p for more than 15 minutes.", reads(collector)),
				description: fmt.Sprintf("Collector %s.[ Reason: upstream.] Its verdicts are old or missing: backups may be fine or not.", collector),
				page:        "?project=p",
			}, from, to})
		}
		return all
	}
	blindForHours := func(from, to int) (all []spell) {
		for _, collector := range collectors[:2] {
			all = append(all, spell{alert{
				name: "CBRBlindForHours", severity: "critical",
				labels:      fmt.Sprintf(`project="p",collector=%q`, collector),
				summary:     fmt.Sprintf("No exporter can read all %s of project p.", reads(collector)),
				early:       true,
				description: fmt.Sprintf("Collector %s.[ Reason: upstream.] All verdicts about them are old or missing: backups may be fine or not.", collector),
				page:        "?project=p",
			}, from, to})
		}
		return all
	}
	nobody, ofProject, ofLeft, ofOther := exporterDown(""), exporterDown("p"), exporterDown("p"), exporterDown("other")
	nobody.early = true
	ofLeft.linger, ofOther.linger = 1, 1 // until the end of a range
	var restarts []phase
	for range 9 {
		for _, instance := range []string{"a", "b", "c"} {
			restarts = append(restarts,
				phase{minutes: 8, bad: true, answer: instance}, phase{minutes: 2, bad: true, down: instance})
		}
	}
	return []story{
		{
			name: "all fire and resolve",
			phases: []phase{
				{minutes: 20, answer: "a"},
				{minutes: 80, bad: true, answer: "a"},
				{minutes: 50, answer: "a"},
			},
		},
		{
			name: "what takes hours to fire",
			phases: []phase{
				{minutes: 20, answer: "a"},
				{minutes: 1500, bad: true, answer: "a"},
				{minutes: 50, answer: "a"},
			},
			slow: true,
		},
		{
			name: "what is not repeated resolves after a day",
			phases: []phase{
				{minutes: 10, answer: "a"},
				{minutes: dayOver, bad: true, answer: "a"},
			},
		},
		{
			name: "the exporter restarts as another instance",
			phases: []phase{
				{minutes: 20, answer: "a"},
				{minutes: 4, down: "a"},
				{minutes: 5, answer: "b"},
				{minutes: 80, bad: true, answer: "b"},
				{minutes: 4, bad: true, down: "b"},
				{minutes: 62, bad: true, answer: "c"},
				{minutes: 50, answer: "c"},
			},
		},
		{
			name: "nothing is scraped for half an hour",
			phases: []phase{
				{minutes: 10, answer: "a"},
				{minutes: 30},
				{minutes: 10, answer: "a"},
				{minutes: 70, bad: true, answer: "a"},
				{minutes: 30, bad: true},
				{minutes: 30, bad: true, answer: "a"},
				{minutes: 50, answer: "a"},
			},
			also: []spell{{ofProject, 20, 40}, {ofProject, 130, 150}},
		},
		{
			name: "two replicas are one alert",
			phases: []phase{
				{minutes: 20, answer: "ab"},
				{minutes: 30, answer: "b", down: "a"},
				{minutes: 10, answer: "ab"},
				{minutes: 80, bad: true, answer: "ab"},
				{minutes: 50, answer: "ab"},
			},
		},
		{
			name: "the API cannot be read",
			phases: []phase{
				{minutes: 10, answer: "a"},
				{minutes: 30, answer: "a", outage: "a"},
				{minutes: 10, answer: "a"},
				{minutes: 70, bad: true, answer: "a"},
				{minutes: 70, bad: true, answer: "a", outage: "a"},
				{minutes: 20, bad: true, answer: "a"},
				{minutes: 50, answer: "a"},
			},
			also: append(blind(13, 40), blind(123, 190)...),
		},
		{
			name: "the exporter is down for half an hour",
			phases: []phase{
				{minutes: 20, answer: "a"},
				{minutes: 70, bad: true, answer: "a"},
				{minutes: 30, bad: true, down: "a"},
				{minutes: 30, bad: true, answer: "a"},
			},
			also: []spell{{ofProject, 95, 120}},
		},
		{
			name: "the exporter is down for longer than an hour",
			phases: []phase{
				{minutes: 10, answer: "ad"},
				{minutes: 80, answer: "d", down: "a"},
				{minutes: 10, answer: "ad"},
			},
			also: []spell{{ofProject, 15, 90}},
		},
		{
			name: "the exporter is replaced by one that never answers",
			phases: []phase{
				{minutes: 15, answer: "a"},
				{minutes: 80, down: "b"},
				{minutes: 10, answer: "b"},
			},
			also: []spell{{ofLeft, 20, 75}, {nobody, 70, 95}},
		},
		{
			// It left the service discovery by mistake, or the project was removed on purpose.
			name: "the only target of a project leaves, and later another one is down",
			phases: []phase{
				{minutes: 10, answer: "abd"},
				{minutes: 20, answer: "ab"},
				{minutes: 60, answer: "a", down: "b"},
			},
			also: []spell{{ofOther, 15, 70}},
		},
		{
			name: "one of two replicas cannot read the API",
			phases: []phase{
				{minutes: 10, answer: "ab"},
				{minutes: 250, answer: "ab", outage: "a"},
				{minutes: 10, answer: "ab"},
			},
			also: blind(13, 260),
		},
		{
			name: "no replica can read the API for hours",
			phases: []phase{
				{minutes: 10, answer: "ab"},
				{minutes: 250, answer: "ab", outage: "ab"},
				{minutes: 10, answer: "ab", outage: "a"},
			},
			also: append(blind(13, 270), blindForHours(250, 260)...),
		},
		{
			name:   "the exporter restarts again and again",
			phases: append([]phase{{minutes: 10, answer: "a"}}, restarts...),
		},
		{
			name: "no exporter has ever answered",
			phases: []phase{
				{minutes: 20, down: "a"},
				{minutes: 10, answer: "a"},
			},
			also: []spell{{nobody, 5, 20}},
		},
	}
}

// externalURL is where the page of the instances a and b is. c has none.
const externalURL = "https://example.com/cbr/"

// info returns the series that have the page of an instance.
func info(instance string) (all []series) {
	page := externalURL
	if instance == "c" {
		page = ""
	}
	for _, project := range []string{"p", "q&a", "r"} {
		all = append(all, always(fmt.Sprintf("cbr_project_info{project=%q,page=%q}", project, page), "1"))
	}
	return all
}

// background are the series that all stories have, by outage: those of the instance d, and
// those of all others.
func background() (ofD, ofOthers []series) {
	ofD = []series{always(`cbr_up{project="other"}`, "1")}
	ofOthers = []series{
		{`cbr_up{project="p"}`, "1", "0"},
		{`cbr_scrape_error{project="p",reason="upstream"}`, "0", "1"},
	}
	for _, collector := range collectors {
		labels := fmt.Sprintf(`{project="p",collector=%q}`, collector)
		ofOthers = append(ofOthers,
			series{"cbr_scrape_collector_incomplete_seconds" + labels, "0", "901"},
			series{"cbr_scrape_collector_success" + labels, "1", "0"})
	}
	return ofD, ofOthers
}

// target has the labels of a scrape: those that rules remove, and one that they keep.
func target(instance string) string {
	return fmt.Sprintf(`job="backup",instance="%s:1",team="ops"`, instance)
}

const keptOfTarget = `job="backup",team="ops"`

// minutes returns the phase of each minute.
func (s story) minutes() []phase {
	var all []phase
	for _, p := range s.phases {
		all = append(all, slices.Repeat([]phase{p}, p.minutes)...)
	}
	return all
}

type inputSeries struct {
	Series string `yaml:"series"`
	Values string `yaml:"values"`
}

// input returns the series that are scraped.
func (s story) input(start int) []inputSeries {
	ofD, byOutage := background()
	var byBad []series
	for _, a := range s.alerts(start) {
		for _, one := range a.series {
			byBad = append(byBad, series{strings.ReplaceAll(one.name, "%s", a.labels), one.good, one.bad})
		}
	}
	bad := func(p phase) bool { return p.bad }
	var input []inputSeries
	for _, instance := range []string{"a", "b", "c", "d"} {
		if instance == "d" {
			byBad, byOutage = nil, ofD
		}
		outage := func(p phase) bool { return strings.Contains(p.outage, instance) }
		add := func(name string, value func(phase) string) {
			labels := target(instance)
			if !strings.HasSuffix(name, "{}") {
				labels = "," + labels
			}
			if values, exists := s.values(value); exists {
				input = append(input, inputSeries{strings.TrimSuffix(name, "}") + labels + "}", values})
			}
		}
		add("up{}", func(p phase) string {
			switch {
			case strings.Contains(p.answer, instance):
				return "1"
			case strings.Contains(p.down, instance):
				return "0"
			}
			return absent
		})
		scraped := func(one series, is func(phase) bool) {
			add(one.name, func(p phase) string {
				switch {
				case !strings.Contains(p.answer, instance):
					return absent
				case is(p):
					return one.bad
				}
				return one.good
			})
		}
		for _, one := range byBad {
			scraped(one, bad)
		}
		for _, one := range append(info(instance), byOutage...) {
			scraped(one, outage)
		}
	}
	return input
}

// values returns the values of a series in the notation of promtool, and whether there is
// any. A series that ends is marked as stale, unless nothing is scraped.
func (s story) values(value func(phase) string) (notation string, exists bool) {
	var all []string
	before := absent
	for _, p := range s.minutes() {
		now := value(p)
		switch {
		case now != absent:
			all = append(all, now)
			exists = true
		case before != absent && !p.gap():
			all = append(all, "stale")
		default:
			all = append(all, "_")
		}
		if !p.gap() {
			before = now
		}
	}
	return strings.Join(all, " "), exists
}

// spells returns when which alerts fire.
func (s story) spells() []spell {
	all := slices.Clone(s.also)
	minutes := append(s.minutes(), phase{})
	for m, p := range minutes {
		if m > 0 && p.bad && !minutes[m-1].bad {
			end := m + slices.IndexFunc(minutes[m:], func(p phase) bool { return !p.bad })
			for _, a := range s.alerts(0) {
				to := end + a.linger
				if strings.HasSuffix(a.name, "OperationFailed") {
					to = min(to, dayOver)
				}
				all = append(all, spell{a, m + a.wait, to})
			}
		}
	}
	return all
}

type expectedAlert struct {
	Labels      map[string]string `yaml:"exp_labels"`
	Annotations map[string]string `yaml:"exp_annotations"`
}

type expectation struct {
	At     string          `yaml:"eval_time"`
	Group  string          `yaml:"groupname,omitempty"`
	Alert  string          `yaml:"alertname"`
	Alerts []expectedAlert `yaml:"exp_alerts"`
}

// expected returns what is expected of each alert: every five minutes, or every hour of a
// slow one, and around each moment at which anything changes. groups has the group of each
// alert.
func (s story) expected(groups map[string]string) []expectation {
	spells, minutes := s.spells(), s.minutes()
	every := 5
	if s.slow {
		every = 60
	}
	edges := map[int]bool{}
	for m := range minutes {
		if m > 0 && minutes[m] != minutes[m-1] {
			edges[m] = true
		}
	}
	for _, one := range spells {
		edges[one.from], edges[one.to] = true, true
	}
	var all []expectation
	for m := range minutes {
		if m%every != 0 && !edges[m-1] && !edges[m] && !edges[m+1] {
			continue
		}
		since := sinceScrape(minutes, m)
		if since == 5 || since == 10 {
			continue // the ends of ranges belong to them in Prometheus 2 alone
		}
		for _, name := range slices.Sorted(maps.Keys(groups)) {
			e := expectation{fmt.Sprintf("%dm", m), groups[name], name, []expectedAlert{}}
			atEnd := false
			for _, one := range spells {
				if one.name != name {
					continue
				}
				atEnd = atEnd || m == one.to-1 && one.linger > 0 || m == one.from-1 && (one.early || minutes[m].gap())
				if one.from <= m && m < one.to {
					e.Alerts = append(e.Alerts, one.expected(minutes, m))
				}
			}
			if !atEnd {
				all = append(all, e)
			}
		}
	}
	return all
}

// sinceScrape returns how many minutes before m the last scrape was.
func sinceScrape(minutes []phase, m int) int {
	since := 0
	for since < m && minutes[m-since].gap() {
		since++
	}
	return since
}

var (
	labelPair = regexp.MustCompile(`(\w+)="([^"]*)"`)
	brackets  = regexp.MustCompile(`\[([^]]*)\]`)
)

// expected returns the alert as it is in the minute m.
func (a spell) expected(minutes []phase, m int) expectedAlert {
	p, lately := minutes[m-sinceScrape(minutes, m)], sinceScrape(minutes, m) < 5
	exists := m < a.to-a.linger
	if a.keeps && (!exists || !lately || p.answer == "") {
		return a.expected(minutes, m-1)
	}
	labels := map[string]string{"severity": a.severity}
	of := keptOfTarget
	if a.name == "CBRExporterDown" && a.labels == "" {
		of = ""
	}
	for _, pair := range labelPair.FindAllStringSubmatch(a.labels+","+of, -1) {
		if pair[2] != "" {
			labels[pair[1]] = pair[2]
		}
	}
	part := "$1"
	if !lately || !exists || p.answer == "" {
		part = ""
	}
	var instances []string
	for instance := range strings.SplitSeq(p.answer, "") {
		instances = append(instances, instance+":1")
	}
	description := brackets.ReplaceAllString(a.description, part)
	annotations := map[string]string{
		"summary":     a.summary,
		"description": strings.ReplaceAll(description, "INSTANCES", strings.Join(instances, " ")),
		"runbook_url": runbook + a.name + ".md",
	}
	if a.page != "" {
		annotations["page"] = ""
		if lately && strings.ContainsAny(p.answer, "ab") {
			annotations["page"] = externalURL + a.page
		}
	}
	return expectedAlert{labels, annotations}
}

// TestStories runs the unit tests of the rules: that each alert fires, resolves, does
// neither because of a restart, a gap, a second replica or an outage of the API, and its
// texts. Each tool that is installed runs them.
func TestStories(t *testing.T) {
	if testing.Short() {
		t.Skip("takes several seconds")
	}
	type test struct {
		Name     string        `yaml:"name"`
		Interval string        `yaml:"interval"`
		Input    []inputSeries `yaml:"input_series"`
		Expected []expectation `yaml:"alert_rule_test"`
	}
	rules, err := filepath.Abs(rulesFile)
	if err != nil {
		t.Fatal(err)
	}
	for _, tool := range []struct {
		name   string
		start  int  // Unix time of the first minute
		groups bool // of the alerts are named
		args   []string
	}{
		{name: "promtool", args: []string{"test", "rules"}},
		{name: "vmalert-tool", start: 946684800, groups: true, args: []string{"unittest", "--files"}},
	} {
		t.Run(tool.name, func(t *testing.T) {
			binary, err := exec.LookPath(tool.name)
			if err != nil {
				t.Skip(tool.name + " is not installed")
			}
			groups := map[string]string{}
			for _, r := range read(t) {
				groups[r.Alert] = ""
				if tool.groups {
					groups[r.Alert] = r.group
				}
			}
			var tests []test
			for _, s := range stories() {
				tests = append(tests, test{s.name, "1m", s.input(tool.start), s.expected(groups)})
			}
			content, err := yaml.Marshal(map[string]any{
				"rule_files": []string{rules}, "evaluation_interval": "1m", "tests": tests,
			})
			if err != nil {
				t.Fatal(err)
			}
			file := filepath.Join(t.TempDir(), "stories.yml")
			if err := os.WriteFile(file, content, 0o600); err != nil {
				t.Fatal(err)
			}
			if out, err := exec.CommandContext(t.Context(), binary, append(tool.args, file)...).CombinedOutput(); err != nil {
				t.Errorf("%v\n%.8000s", err, out)
			}
		})
	}
}
