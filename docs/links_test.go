package docs_test

import (
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// home begins absolute links to files of this repository.
const home = "https://github.com/cbr-exporter/cbr_exporter/blob/main/"

// TestLinks follows all links of the Markdown to files of this repository,
// and to the headings in them.
func TestLinks(t *testing.T) {
	anchors := map[string][]string{} // by file
	files := markdown(t)
	for _, file := range files {
		anchors[file] = headings(read(t, file))
	}
	for _, file := range files {
		for _, link := range links(read(t, file)) {
			if err := follow(file, link, anchors); err != nil {
				t.Errorf("%s: the link %s leads nowhere: %v", file, link, err)
			}
		}
	}
}

// TestPagesAreLinked looks for pages that no link of the README leads to.
func TestPagesAreLinked(t *testing.T) {
	var linked []string
	for _, link := range links(read(t, "README.md")) {
		file, _, _ := strings.Cut(link, "#")
		linked = append(linked, file)
	}
	for _, page := range pages(t)[1:] {
		if !slices.Contains(linked, page) {
			t.Errorf("README.md has no link to %s", page)
		}
	}
}

// markdown returns all Markdown files except test data.
func markdown(t *testing.T) []string {
	t.Helper()
	var files []string
	err := filepath.WalkDir(".", func(file string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && (entry.Name() == "testdata" || entry.Name() == ".git"):
			return filepath.SkipDir
		case !entry.IsDir() && path.Ext(file) == ".md":
			files = append(files, filepath.ToSlash(file))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// follow returns an error if a link of a file leads nowhere. It does not check links to
// other sites.
func follow(file, link string, anchors map[string][]string) error {
	target := strings.TrimPrefix(link, home)
	if target == link {
		if strings.Contains(link, "://") {
			return nil
		}
		target = path.Join(path.Dir(file), link)
		if strings.HasPrefix(link, "#") {
			target = file + link
		}
	}
	target, anchor, hasAnchor := strings.Cut(target, "#")
	if _, err := os.Stat(target); err != nil {
		return err
	}
	if hasAnchor && !slices.Contains(anchors[target], anchor) {
		return fmt.Errorf("%s has no such heading", target)
	}
	return nil
}

var (
	fenced    = regexp.MustCompile("(?ms)^ *```.*?^ *```$")
	inCode    = regexp.MustCompile("`[^`\n]*`")
	linkTo    = regexp.MustCompile(`\]\(([^)\s]+)\)|<(https?://[^>\s]+)>`)
	heading   = regexp.MustCompile(`(?m)^#+ +(.*?) *$`)
	noAnchor  = regexp.MustCompile(`[^\p{L}\p{N}_ -]`)
	linkInMid = regexp.MustCompile(`\[([^\]]*)\]\([^)]*\)`)
)

func links(text string) []string {
	var found []string
	for _, match := range linkTo.FindAllStringSubmatch(inCode.ReplaceAllString(fenced.ReplaceAllString(text, ""), ""), -1) {
		found = append(found, match[1]+match[2])
	}
	return found
}

// headings returns the anchors that GitHub gives to the headings of a text.
func headings(text string) []string {
	var found []string
	seen := map[string]int{}
	for _, match := range heading.FindAllStringSubmatch(fenced.ReplaceAllString(text, ""), -1) {
		title := linkInMid.ReplaceAllString(match[1], "$1")
		anchor := strings.ReplaceAll(noAnchor.ReplaceAllString(strings.ToLower(title), ""), " ", "-")
		if n := seen[anchor]; n > 0 {
			found = append(found, fmt.Sprintf("%s-%d", anchor, n))
		} else {
			found = append(found, anchor)
		}
		seen[anchor]++
	}
	return found
}
