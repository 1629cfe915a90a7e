package deploy_test

import (
	"path/filepath"
	"testing"
)

// TestScrapeConfigsHonorLabels checks that no job renames the label project.
func TestScrapeConfigsHonorLabels(t *testing.T) {
	files, err := filepath.Glob("deploy/prometheus/*.yml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no scrape configurations: %v", err)
	}
	for _, file := range files {
		var content struct {
			ScrapeConfigs []struct {
				JobName     string `yaml:"job_name"`
				HonorLabels bool   `yaml:"honor_labels"`
			} `yaml:"scrape_configs"`
		}
		parseYAML(t, file, &content)
		for _, job := range content.ScrapeConfigs {
			if !job.HonorLabels {
				t.Errorf("%s: the job %s lacks honor_labels: true", file, job.JobName)
			}
		}
	}
}
