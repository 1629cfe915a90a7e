package docs_test

import (
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestRunbooks checks that each runbook has the same parts, fits on a screen, shows a query
// and a command, and is in the list.
func TestRunbooks(t *testing.T) {
	const folder, screen = "docs/runbooks/", 40
	list := read(t, folder+"README.md")
	runbooks, err := filepath.Glob(folder + "CBR*.md")
	if err != nil || len(runbooks) == 0 {
		t.Fatalf("no runbooks: %v", err)
	}
	for _, runbook := range runbooks {
		page, file := read(t, runbook), filepath.Base(runbook)
		alert := strings.TrimSuffix(file, ".md")
		headings := regexp.MustCompile(`(?m)^#+ .+$`).FindAllString(page, -1)
		if want := []string{"# " + alert, "## Meaning", "## Look first", "## Fix"}; !slices.Equal(headings, want) {
			t.Errorf("%s has the headings %q, want %q", runbook, headings, want)
		}
		if got := strings.Count(page, "\n"); got > screen {
			t.Errorf("%s has %d lines, want at most %d", runbook, got, screen)
		}
		for _, want := range []string{"```promql\n", "```sh\n"} {
			if !strings.Contains(page, want) {
				t.Errorf("%s does not have %q", runbook, want)
			}
		}
		if !strings.Contains(list, "["+alert+"]("+file+")") {
			t.Errorf("%sREADME.md does not list %s", folder, alert)
		}
	}
}
