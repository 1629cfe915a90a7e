// Package report writes measured figures into a page of Markdown.
package report

import (
	"fmt"
	"runtime"
	"strings"
	"unicode/utf8"
)

// Table returns a table, as prettier writes it. The first row is the heading.
func Table(rows [][]string) string {
	widths := make([]int, len(rows[0]))
	for _, row := range rows {
		for i, cell := range row {
			widths[i] = max(widths[i], utf8.RuneCountInString(cell), 3)
		}
	}
	var text strings.Builder
	for n, row := range rows {
		for i, cell := range row {
			fmt.Fprintf(&text, "| %-*s ", widths[i], cell)
		}
		text.WriteString("|\n")
		if n == 0 {
			for _, width := range widths {
				fmt.Fprintf(&text, "| %s ", strings.Repeat("-", width))
			}
			text.WriteString("|\n")
		}
	}
	return text.String()
}

// Section returns what a page has between the comments "written by NAME" and "end of NAME", and
// what is before and after it, with the comments. Text that replaces the section begins and ends
// with an empty line.
func Section(page, name string) (before, section, after string, err error) {
	begin, end := "<!-- written by "+name+" -->\n", "<!-- end of "+name+" -->\n"
	before, rest, found := strings.Cut(page, begin)
	section, after, ended := strings.Cut(rest, end)
	if !found || !ended {
		return "", "", "", fmt.Errorf("the page lacks %q or %q", begin, end)
	}
	return before + begin, section, end + after, nil
}

// Machine says what the figures were measured on.
func Machine() string {
	return fmt.Sprintf("Measured on %s/%s with %d CPUs and %s.", runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), runtime.Version())
}
