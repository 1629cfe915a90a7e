package docs_test

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestScrapeConfigs checks that the scrape configurations of the pages are the files
// in deploy/prometheus, and that each file is on a page.
func TestScrapeConfigs(t *testing.T) {
	files, err := filepath.Glob("deploy/prometheus/*.yml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no scrape configurations: %v", err)
	}
	var shipped []string
	for _, file := range files {
		shipped = append(shipped, read(t, file))
	}
	var documented []string
	for _, block := range yamlBlocks(t) {
		if !strings.HasPrefix(block.text, "scrape_configs:") {
			continue
		}
		documented = append(documented, block.text)
		if !slices.Contains(shipped, block.text) {
			t.Errorf("%s: no file in deploy/prometheus has this scrape configuration", block.at)
		}
	}
	for i, text := range shipped {
		if !slices.Contains(documented, text) {
			t.Errorf("no page shows %s as it is", files[i])
		}
	}
}
