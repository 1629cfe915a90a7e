package docs_test

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestScrapeConfigs checks that the scrape configurations of the pages are the files
// in deploy/prometheus, and that a page names each file.
func TestScrapeConfigs(t *testing.T) {
	files, err := filepath.Glob("deploy/prometheus/*.yml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no scrape configurations: %v", err)
	}
	var shipped []string
	for _, file := range files {
		shipped = append(shipped, read(t, file))
	}
	for _, block := range yamlBlocks(t) {
		if strings.HasPrefix(block.text, "scrape_configs:") && !slices.Contains(shipped, block.text) {
			t.Errorf("%s: no file in deploy/prometheus has this scrape configuration", block.at)
		}
	}
	var text strings.Builder
	for _, page := range pages(t) {
		text.WriteString(read(t, page))
	}
	for _, file := range files {
		if !strings.Contains(text.String(), "["+file+"](../"+file+")") {
			t.Errorf("no page links to %s", file)
		}
	}
}
