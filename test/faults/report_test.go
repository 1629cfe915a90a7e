//go:build linux

package faults

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/cbr-exporter/cbr_exporter/test/report"
)

// reliabilityPage is the page with the tables, as the tests see it.
const reliabilityPage = "../../docs/reliability.md"

// Sections of the page that the tests write. They are between two comments.
const (
	faultsSection = "make faults"
	soakSection   = "make soak"
)

// TestReport expects that the page has all faults of the table, in its order, and no others.
func TestReport(t *testing.T) {
	section, err := report.Section(reliabilityPage, faultsSection)
	if err != nil {
		t.Fatal(err)
	}
	var got, want []string
	for _, row := range report.Rows(section) {
		got = append(got, row[0])
	}
	for _, g := range groups() {
		for _, f := range g.faults {
			want = append(want, f.name)
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("docs/reliability.md lacks %q, has %q too much, or has another order; write it with `make faults`", without(want, got), without(got, want))
	}
	slices.Sort(want)
	if unique := slices.Compact(slices.Clone(want)); len(unique) < len(want) {
		t.Error("two faults have the same name")
	}
}

func without(names, others []string) []string {
	return slices.DeleteFunc(slices.Clone(names), func(name string) bool { return slices.Contains(others, name) })
}

// writeFaults writes the outcomes of faults that passed into the page. The others keep their
// rows, and unless all passed, the page keeps what it says of the machine.
func writeFaults(t *testing.T, file string, outcomes map[string]outcome) {
	t.Helper()
	before, err := report.Section(file, faultsSection)
	if err != nil {
		t.Fatal(err)
	}
	known := make(map[string][]string)
	for _, row := range report.Rows(before) {
		known[row[0]] = row
	}
	total := 0
	for _, g := range groups() {
		total += len(g.faults)
	}
	machine := report.Machine()
	if len(outcomes) < total {
		machine, _, _ = strings.Cut(strings.TrimSpace(before), "\n")
	}
	var text strings.Builder
	fmt.Fprintf(&text, "%s\n", machine)
	for _, g := range groups() {
		rows := [][]string{{"fault", "scrapes", "`cbr_up`", "collectors that fail", "reason", "requests", "log lines", "peak memory", "recovery"}}
		for _, f := range g.faults {
			row := known[f.name]
			if o, ok := outcomes[f.name]; ok {
				row = o.row(f.name)
			}
			if row != nil {
				rows = append(rows, row)
			}
		}
		fmt.Fprintf(&text, "\n### %s\n\n%s", g.name, report.Table(rows))
	}
	if err := report.Write(file, faultsSection, text.String()); err != nil {
		t.Fatal(err)
	}
}

// row returns the cells of an outcome.
func (o outcome) row(name string) []string {
	fails := strings.ReplaceAll(o.state.fails, " ", ", ")
	if o.state.fails == allCollectors {
		fails = "all"
	}
	return []string{
		name,
		fmt.Sprintf("%d × 200, %s", o.scrapes, seconds(o.longest)),
		strconv.Itoa(int(o.state.up)),
		cmp.Or(fails, "none"),
		cmp.Or(strings.ReplaceAll(o.state.reasons, " ", ", "), "none"),
		strconv.Itoa(o.requests),
		strconv.Itoa(o.lines),
		fmt.Sprintf("%d MiB", o.memory),
		seconds(o.recovery),
	}
}

func seconds(d time.Duration) string { return fmt.Sprintf("%.1f s", d.Seconds()) }
