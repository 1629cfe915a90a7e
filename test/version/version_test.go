// Package version compares the places that name the version with VERSION.
package version

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

const root = "../.."

var (
	// about finds the lines that name a version of the exporter or of its chart.
	about = regexp.MustCompile(`cbr[_-]exporter|(?i:version\b[:=])|--version|release download`)
	// number finds versions of three parts, and no addresses.
	number = regexp.MustCompile(`(?:^|[^a-z0-9.])v?(\d+\.\d+\.\d+(?:-rc\.\d+)?)(?:[^\d.]|\.\D|\.?$)`)
)

// TestVersion checks all pages, and what is shipped below deploy.
func TestVersion(t *testing.T) {
	content, err := os.ReadFile(filepath.Join(root, "VERSION"))
	if err != nil {
		t.Fatal(err)
	}
	want := strings.TrimSpace(string(content))

	found := map[string]bool{}
	for _, file := range files(t) {
		content, err := os.ReadFile(filepath.Join(root, file))
		if err != nil {
			t.Fatal(err)
		}
		line := 0
		for text := range strings.Lines(string(content)) {
			line++
			if !about.MatchString(text) {
				continue
			}
			for _, match := range number.FindAllStringSubmatch(strings.TrimSpace(text), -1) {
				found[file] = true
				if match[1] != want {
					t.Errorf("%s:%d: has the version %s, and VERSION has %s", file, line, match[1], want)
				}
			}
		}
	}
	for _, file := range []string{
		".github/ISSUE_TEMPLATE/bug.yml", "README.md", "RELEASE.md", "docs/installation.md",
		"deploy/compose/compose.yml", "deploy/helm/cbr-exporter/Chart.yaml",
		"deploy/kustomize/kustomization.yaml", "deploy/kustomize/base/exporter.yaml",
	} {
		if !found[file] {
			t.Errorf("%s: no version was found", file)
		}
	}
}

// files returns the paths of what may have the version. The changelog also has earlier ones.
func files(t *testing.T) []string {
	t.Helper()
	var paths []string
	for _, pattern := range []string{"README.md", "RELEASE.md", "SECURITY.md", "docs/*.md", ".github/*/*.yml"} {
		matches, err := fs.Glob(os.DirFS(root), pattern)
		if err != nil || len(matches) == 0 {
			t.Fatalf("no %s: %v", pattern, err)
		}
		paths = append(paths, matches...)
	}
	err := fs.WalkDir(os.DirFS(root), "deploy", func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			paths = append(paths, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return paths
}
