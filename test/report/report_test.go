package report_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

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

// TestRows reads what TestTable has written, after another table.
func TestRows(t *testing.T) {
	t.Parallel()
	text := "| a |\n| --- |\n| 1 |\n\n" + report.Table([][]string{{"what", "n"}, {"2 × 30", "1"}, {"none", ""}})
	got, want := report.Rows(text), [][]string{{"1"}, {"2 × 30", "1"}, {"none", ""}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// TestWrite replaces a section of pages with and without its comments.
func TestWrite(t *testing.T) {
	t.Parallel()
	const (
		before = "# A page\n<!-- written by a -->\nA\n<!-- end of a -->\n<!-- written by b -->\n"
		after  = "<!-- end of b -->\nmore\n"
	)
	for name, c := range map[string]struct {
		page, section, want string
		fails               bool
	}{
		"two sections": {page: before + "B\n" + after, section: "B\n", want: before + "\nC\n\n" + after},
		"no section":   {page: "# A page\n", want: "# A page\n", fails: true},
		"no end":       {page: before, want: before, fails: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			file := filepath.Join(t.TempDir(), "page.md")
			if err := os.WriteFile(file, []byte(c.page), 0o600); err != nil {
				t.Fatal(err)
			}
			if section, err := report.Section(file, "b"); section != c.section || (err != nil) != c.fails {
				t.Errorf("got %q, %v", section, err)
			}
			if err := report.Write(file, "b", "C\n"); (err != nil) != c.fails {
				t.Error(err)
			}
			if got, err := os.ReadFile(file); string(got) != c.want || err != nil {
				t.Errorf("got %q, %v", got, err)
			}
		})
	}
}
