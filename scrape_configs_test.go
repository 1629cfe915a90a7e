package main

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// TestScrapeConfigs compares the scrape configurations of the pages with the
// files: each block is one of them, and each of them is a block.
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
		honoursLabels(t, files[i], text)
	}
}

// honoursLabels fails the test where a job would rename the label project.
func honoursLabels(t *testing.T, file, text string) {
	t.Helper()
	var content struct {
		ScrapeConfigs []struct {
			JobName     string `yaml:"job_name"`
			HonorLabels bool   `yaml:"honor_labels"`
		} `yaml:"scrape_configs"`
	}
	if err := yaml.Unmarshal([]byte(text), &content); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	for _, job := range content.ScrapeConfigs {
		if !job.HonorLabels {
			t.Errorf("%s: the job %s lacks honor_labels: true", file, job.JobName)
		}
	}
}
