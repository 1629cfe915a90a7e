//go:build e2e

package e2e

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
)

// TestRulesFindWhatIsMissing has a real Prometheus get the scrapes of eleven days,
// and at each of them the shipped alerts on missing successes find what is missing in
// truth, and nothing else but what was found a moment ago: a gap in scraping ends
// nothing, so what is gone is believed gone ten minutes later, or when a new exporter
// has read everything.
//
// The scrapes are written to it with the time that they had in the story, with a
// marker where a series ends, as it does itself when it scrapes. So are the records
// that the alerts need, which ask for what they were before.
func TestRulesFindWhatIsMissing(t *testing.T) {
	overdue, overdueRecords := shipped(t, overdueAlert)
	never, neverRecords := shipped(t, neverAlert)
	var records []rule
	for _, r := range shippedRules(t) {
		is := func(needed rule) bool { return needed.Record == r.Record }
		if r.Record != "" && (slices.ContainsFunc(overdueRecords, is) || slices.ContainsFunc(neverRecords, is)) {
			records = append(records, r)
		}
	}
	named := map[string]bool{}
	for _, expr := range []string{overdue, never} {
		families(expr, named)
	}
	for _, r := range records {
		families(r.Expr, named)
	}

	scrapes := tellStory(t)
	p := startPrometheus(t, "global: {}", "--web.enable-remote-write-receiver", "--storage.tsdb.retention.time=100y")
	w := writer{p, map[string]map[model.Fingerprint]model.Metric{}}
	found, changes := map[string]bool{}, 0
	lately := lately{}
	var before scrape
	for _, s := range scrapes {
		w.write(t, "scrape", s.at, samplesOf(t, s, named))
		for n, r := range records {
			w.write(t, fmt.Sprint("record ", n), s.at, recorded(r, p.queryAt(t, r.Expr, s.at)))
		}
		for _, alert := range []struct {
			name, expr string
			want       []string
		}{{overdueAlert, overdue, s.overdue}, {neverAlert, never, s.never}} {
			got := keysOf(t, p.queryAt(t, alert.expr, s.at))
			tolerated := slices.DeleteFunc(slices.Clone(got), func(key string) bool {
				return slices.Contains(alert.want, key) || !lately.tolerates(alert.name, key, s)
			})
			want := append(slices.Clone(alert.want), tolerated...)
			slices.Sort(want)
			lately.note(alert.name, alert.want, s)
			if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
				t.Fatalf("day %d, %s: %s finds something else (-truth +Prometheus):\n%s",
					int(s.at.Sub(scrapes[0].at)/day), s.at.Format("15:04"), alert.name, diff)
			}
			for _, key := range got {
				found[alert.name+" "+key] = true
			}
		}
		if !slices.Equal(s.overdue, before.overdue) || !slices.Equal(s.never, before.never) {
			changes++
		}
		before = s
	}
	t.Logf("%d scrapes, %d changes: %s", len(scrapes), changes, strings.Join(slices.Sorted(maps.Keys(found)), ", "))
	if len(found) < 15 || changes < 20 {
		t.Errorf("only %d were missing, with %d changes: the story proves little", len(found), changes)
	}
}

// lately is when a key was missing for the last time, by alert and key.
type lately map[string]time.Time

// bridge is how long the rules take a series that is gone for one that has a gap, and
// a scrape more.
const bridge = 10*time.Minute + scrapeEvery

func (l lately) note(alert string, missing []string, s scrape) {
	for _, key := range missing {
		l[alert+" "+key] = s.at
	}
	if s.page == "" || s.fresh { // nothing is claimed, and nothing ends
		for key, at := range l {
			if s.at.Sub(at) <= bridge {
				l[key] = s.at
			}
		}
	}
}

func (l lately) tolerates(alert, key string, s scrape) bool {
	return s.at.Sub(l[alert+" "+key]) <= bridge
}

// samplesOf returns what Prometheus would store of a scrape, as far as it is named.
func samplesOf(t *testing.T, s scrape, named map[string]bool) model.Vector {
	t.Helper()
	var text strings.Builder
	for line := range strings.Lines(s.page) {
		if name, _, _ := strings.Cut(strings.TrimPrefix(line, "# TYPE "), "{"); named[strings.Fields(name)[0]] {
			text.WriteString(line)
		}
	}
	parser := expfmt.NewTextParser(model.UTF8Validation)
	parsed, err := parser.TextToMetricFamilies(strings.NewReader(text.String()))
	if err != nil {
		t.Fatal(err)
	}
	var samples model.Vector
	for _, family := range parsed {
		all, err := expfmt.ExtractSamples(&expfmt.DecodeOptions{}, family)
		if err != nil {
			t.Fatal(err)
		}
		samples = append(samples, all...)
	}
	for _, one := range samples {
		one.Metric["job"], one.Metric["instance"] = "cbr", "localhost:10065"
	}
	return samples
}

// recorded returns what a rule records of the samples that its expression has found.
func recorded(r rule, samples model.Vector) model.Vector {
	for _, s := range samples {
		s.Metric[model.MetricNameLabel] = model.LabelValue(r.Record)
		for name, value := range r.Labels {
			s.Metric[model.LabelName(name)] = model.LabelValue(value)
		}
	}
	return samples
}

// keysOf returns the vault, resource and operation type of each sample, and none of
// them may be there twice.
func keysOf(t *testing.T, samples model.Vector) []string {
	t.Helper()
	var keys []string
	for _, s := range samples {
		keys = append(keys, fmt.Sprintf("%s %s %s", s.Metric["vault_id"], s.Metric["resource_id"], s.Metric["operation_type"]))
	}
	slices.Sort(keys)
	return keys
}
