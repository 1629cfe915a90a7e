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
	// RequestsPerSecond is the number of API requests that may begin in a second
	// per project; it may have a fraction. Zero sets no limit.
	RequestsPerSecond float64 `yaml:"requests_per_second"`
	// FinishedTaskTTL is the age at which a finished task is read again. Zero
	// reads it at every scrape.
	FinishedTaskTTL model.Duration `yaml:"finished_task_ttl"`
}

func defaultScrape() Scrape {
	return Scrape{
		Timeout:           model.Duration(30 * time.Second),
		Concurrency:       16,
		RequestsPerSecond: 20,
		FinishedTaskTTL:   model.Duration(15 * time.Minute),
	}
}

const (
	// maxConcurrency keeps a typing error from opening thousands of connections.
	maxConcurrency = 256
	// maxRequestsPerSecond is more than any API allows.
	maxRequestsPerSecond = 10_000
	// maxTimeout is the longest that Prometheus can be told to wait, in effect.
	maxTimeout = model.Duration(time.Hour)
	// maxFinishedTaskTTL is about how long the API remembers a task.
	maxFinishedTaskTTL = model.Duration(30 * 24 * time.Hour)
)

func (s *Scrape) read(n node) {
	n.mapping(keys{
		"timeout":             positiveDuration(&s.Timeout, maxTimeout),
		"concurrency":         integer(&s.Concurrency, 1, maxConcurrency),
		"requests_per_second": number(&s.RequestsPerSecond, 0, maxRequestsPerSecond),
		"finished_task_ttl":   duration(&s.FinishedTaskTTL, maxFinishedTaskTTL),
	})
}
