package config

import (
	"time"

	"github.com/prometheus/common/model"
)

// Scrape says how the tasks of each project are read.
type Scrape struct {
	// Timeout is the upper bound of one collection.
	Timeout model.Duration `yaml:"timeout"`
	// Concurrency is the number of API requests in flight per project.
	Concurrency int `yaml:"concurrency"`
	// FinishedTaskTTL is the age at which a finished task is read again. Zero
	// reads it at every scrape.
	FinishedTaskTTL model.Duration `yaml:"finished_task_ttl"`
}

func defaultScrape() Scrape {
	return Scrape{
		Timeout:         model.Duration(30 * time.Second),
		Concurrency:     16,
		FinishedTaskTTL: model.Duration(15 * time.Minute),
	}
}

// maxConcurrency keeps a typing error from opening thousands of connections.
const maxConcurrency = 256

func (s *Scrape) read(n node) {
	n.mapping(keys{
		"timeout":           positiveDuration(&s.Timeout),
		"concurrency":       integer(&s.Concurrency, 1, maxConcurrency),
		"finished_task_ttl": duration(&s.FinishedTaskTTL),
	})
}
