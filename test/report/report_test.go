package report_test

import (
	"testing"

	"github.com/cbr-exporter/cbr_exporter/test/report"
)

// TestTable has a cell that is longer in bytes than in characters, and a narrow column.
func TestTable(t *testing.T) {
	t.Parallel()
	const want = `| what   | n   |
| ------ | --- |
| 2 × 30 | 1   |
| none   |     |
`
	if got := report.Table([][]string{{"what", "n"}, {"2 × 30", "1"}, {"none", ""}}); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// TestSection has pages with and without the comments of a section.
func TestSection(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, page             string
		before, section, after string
		fails                  bool
	}{
		{
			name:    "two sections",
			page:    "# A page\n<!-- written by a -->\nA\n<!-- end of a -->\n<!-- written by b -->\nB\n<!-- end of b -->\nmore\n",
			before:  "# A page\n<!-- written by a -->\nA\n<!-- end of a -->\n<!-- written by b -->\n",
			section: "B\n",
			after:   "<!-- end of b -->\nmore\n",
		},
		{name: "no section", page: "# A page\n", fails: true},
		{name: "no end", page: "<!-- written by b -->\nB\n", fails: true},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			before, section, after, err := report.Section(c.page, "b")
			if before != c.before || section != c.section || after != c.after || (err != nil) != c.fails {
				t.Errorf("got %q, %q, %q, %v", before, section, after, err)
			}
		})
	}
}
