package performance_test

import (
	"flag"
	"fmt"
	"math"
	"os"
	"os/exec"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/cbr-exporter/cbr_exporter/test/report"
)

const (
	page    = "../../docs/performance.md"
	section = "make bench-report"
)

var (
	output = flag.String("performance.report", "", "page whose table to write; this takes minutes")
	rounds = flag.Int("performance.rounds", 3, "how often to measure")
)

// TestReport measures all rows and writes them into the page. A figure and what it is compared
// with are measured one after the other in each round.
func TestReport(t *testing.T) {
	if *output == "" {
		t.Skip("-performance.report names no page")
	}
	m := measurements{}
	for round := range *rounds {
		m.run(t, "../..", "./test/performance", "-bench", ".")
		m.run(t, "../..", "./collector", "-bench", "/10000")
		m.run(t, "../sdkcompat", ".", "-bench", "Tasks")
		if round == 0 { // these take long, and vary little
			m.run(t, "../..", ".", "-bench", "Resident/keys=(2000|36000),tasks-alone$", "-benchtime", "3x")
			m.run(t, "../..", "./rules", "-bench", "Rules", "-benchtime", "1x", "-rules.bench", "cbr.rules.yml")
		}
	}
	if err := report.Write(*output, section, report.Machine()+"\n\n"+m.table(t)); err != nil {
		t.Fatal(err)
	}
}

// TestRows checks that the page has the rows, and that no figure misses its target.
func TestRows(t *testing.T) {
	t.Parallel()
	table, err := report.Section(page, section)
	if err != nil {
		t.Fatal(err)
	}
	lines := report.Rows(table)
	if len(lines) != len(rows()) {
		t.Fatalf("the table has %d rows, want %d", len(lines), len(rows()))
	}
	for i, r := range rows() {
		verdict, ok := r.verdict(lines[i][1], lines[i][3])
		got, want := []string{lines[i][0], lines[i][4], lines[i][5]}, []string{r.what, verdict, "`" + r.command + "`"}
		if !slices.Equal(got, want) {
			t.Errorf("got the row %q, want %q", got, want)
		}
		if !ok {
			t.Errorf("%s: the target is missed", r.what)
		}
	}
}

// measurements are the results of benchmarks.
type measurements map[result][]float64

var (
	benchmarkLine = regexp.MustCompile(`(?m)^Benchmark(\S+)\s+\d+\s+(.+)$`)
	value         = regexp.MustCompile(`(\S+) (\S+)`)
)

// run runs benchmarks of a package.
func (m measurements) run(t *testing.T, folder, pkg string, args ...string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", append([]string{"test", pkg, "-run", "^$", "-count", "1", "-timeout", "20m"}, args...)...)
	cmd.Dir, cmd.Stderr = folder, os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s: %v\n%s", cmd, err, out)
	}
	t.Logf("%s\n%s", cmd, out)
	m.add(t, string(out))
}

// add adds what benchmarks have written.
func (m measurements) add(t *testing.T, out string) {
	t.Helper()
	for _, line := range benchmarkLine.FindAllStringSubmatch(out, -1) {
		name := strings.TrimSuffix(line[1], fmt.Sprint("-", runtime.GOMAXPROCS(0)))
		for _, found := range value.FindAllStringSubmatch(line[2], -1) {
			n, err := strconv.ParseFloat(found[1], 64)
			if err != nil {
				t.Fatalf("%s: %v", line[0], err)
			}
			r := result{name, found[2]}
			m[r] = append(m[r], n)
		}
	}
}

// of returns the median of what was measured; NaN if nothing was.
func (m measurements) of(t *testing.T, r result) float64 {
	t.Helper()
	all := slices.Sorted(slices.Values(m[r]))
	if len(all) == 0 {
		t.Errorf("no benchmark has reported %+v", r)
		return math.NaN()
	}
	return all[len(all)/2]
}

// table returns the rows as Markdown. It fails if a target is missed.
func (m measurements) table(t *testing.T) string {
	t.Helper()
	lines := [][]string{{"what", "exporter", "without the exporter", "ratio", "target", "to repeat"}}
	for _, r := range rows() {
		figure, without, ratio := m.of(t, r.figure), "", ""
		if r.without != (result{}) {
			other := m.of(t, r.without)
			without, ratio = shown(other, r.without.unit), number(figure/other)
		}
		measured := shown(figure, r.figure.unit)
		verdict, ok := r.verdict(measured, ratio)
		if !ok {
			t.Errorf("%s: got %s, ratio %q: %s", r.what, measured, ratio, verdict)
		}
		lines = append(lines, []string{r.what, measured, without, ratio, verdict, "`" + r.command + "`"})
	}
	return report.Table(lines)
}

// verdict compares what the page shows of a row with its target, and reports whether the target
// is met.
func (r row) verdict(measured, ratio string) (text string, ok bool) {
	limit := func(v float64) string { return shown(v, r.figure.unit) }
	compared := measured
	if r.without != (result{}) {
		limit, compared = number, ratio
	}
	compared, _, _ = strings.Cut(compared, " ") // without the unit
	v, err := strconv.ParseFloat(compared, 64)
	text = limit(r.target) + ", "
	switch {
	case err != nil:
		return text + "not measured", false
	case v <= r.target:
		return text + "met", true
	default:
		return text + "**missed**", false
	}
}

// shown returns a value with the unit that readers know.
func shown(v float64, unit string) string {
	switch {
	case math.IsNaN(v):
		return ""
	case unit == "ns/op":
		return number(v/1e6) + " ms"
	case strings.HasPrefix(unit, "MB"):
		return number(v) + " MB"
	case strings.HasSuffix(unit, "requests/op"):
		return number(v)
	default:
		return number(v) + " ms"
	}
}

// number returns v with two digits after the point, or with three digits if it is large.
func number(v float64) string {
	digits := 2
	switch {
	case math.IsNaN(v):
		return ""
	case v >= 100:
		digits = 0
	case v >= 10:
		digits = 1
	}
	text := strconv.FormatFloat(v, 'f', digits, 64)
	if strings.Contains(text, ".") {
		text = strings.TrimRight(strings.TrimRight(text, "0"), ".")
	}
	return text
}
