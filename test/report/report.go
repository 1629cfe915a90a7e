// Package report writes measured figures into a page of Markdown.
package report

import (
	"fmt"
	"os"
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

// Rows returns the rows of all tables of a text, without their headings.
func Rows(text string) [][]string {
	var rows [][]string
	inTable := false
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		switch {
		case !strings.HasPrefix(line, "|"):
			inTable = false
		case !inTable: // the heading
			inTable = true
		case !strings.HasPrefix(line, "| --"):
			cells := strings.Split(strings.Trim(line, "|"), "|")
			for i := range cells {
				cells[i] = strings.TrimSpace(cells[i])
			}
			rows = append(rows, cells)
		}
	}
	return rows
}

// Section returns what a page has between the comments "written by NAME" and "end of NAME".
func Section(file, name string) (string, error) {
	_, section, _, err := sections(file, name)
	return section, err
}

// Write replaces a section of a page. It is within empty lines, which the text need not have.
func Write(file, name, text string) error {
	before, _, after, err := sections(file, name)
	if err != nil {
		return err
	}
	return os.WriteFile(file, []byte(before+"\n"+strings.TrimSpace(text)+"\n\n"+after), 0o600)
}

// sections returns a section of a page, and what is before and after it, with the comments.
func sections(file, name string) (before, section, after string, err error) {
	page, err := os.ReadFile(file)
	if err != nil {
		return "", "", "", err
	}
	begin, end := "<!-- written by "+name+" -->\n", "<!-- end of "+name+" -->\n"
	before, rest, found := strings.Cut(string(page), begin)
	section, after, ended := strings.Cut(rest, end)
	if !found || !ended {
		return "", "", "", fmt.Errorf("%s lacks %q or %q", file, begin, end)
	}
	return before + begin, section, end + after, nil
}

// Machine says what the figures were measured on.
func Machine() string {
	return fmt.Sprintf("Measured on %s/%s with %d CPUs and %s.", runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), runtime.Version())
}
