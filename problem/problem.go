// Package problem describes why an API could not be read: what failed and since
// when, what an operator can check, and when to log it.
package problem

import (
	"sync"
	"time"

	"github.com/go-kit/log"
	"github.com/go-kit/log/level"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
)

// Problem is one reason for which something could not be read.
type Problem struct {
	Reason cbrapi.Reason
	Err    error     // an example
	Since  time.Time // end of the first attempt that failed for the reason, and every one since has
}

// maxOnce bounds the keys of Once: a faulty API may send ever new values.
const maxOnce = 1000

// Log returns loggers that warn when a problem begins. While the problem lasts they
// write at debug level, so that a failing project does not fill the log. It is safe
// for concurrent use.
type Log struct {
	logger log.Logger

	mu      sync.Mutex
	failing map[string]cbrapi.Reason // by subject
	once    map[string]bool
}

// NewLog returns a Log that writes to logger.
func NewLog(logger log.Logger) *Log {
	return &Log{logger: logger, failing: map[string]cbrapi.Reason{}, once: map[string]bool{}}
}

// Failed returns the logger for a failure of the subject: a warning if its last
// attempt succeeded or failed for another reason.
func (l *Log) Failed(subject string, reason cbrapi.Reason) log.Logger {
	l.mu.Lock()
	defer l.mu.Unlock()
	if before, failing := l.failing[subject]; failing && before == reason {
		return level.Debug(l.logger)
	}
	l.failing[subject] = reason
	return level.Warn(l.logger)
}

// Recovered records a success of the subject and reports whether its last attempt
// failed.
func (l *Log) Recovered(subject string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	_, failing := l.failing[subject]
	delete(l.failing, subject)
	return failing
}

// Once returns a logger that warns the first time it is requested for the key.
func (l *Log) Once(key string) log.Logger {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.once[key] || len(l.once) >= maxOnce {
		return level.Debug(l.logger)
	}
	l.once[key] = true
	return level.Warn(l.logger)
}

// InvalidFields counts invalid fields by their name and warns of the first value of each.
// The id is that of their row; it is empty for fields of a list.
func (l *Log) InvalidFields(counter *prometheus.CounterVec, id string, fields []cbrapi.InvalidField) {
	for _, f := range fields {
		counter.WithLabelValues(f.Field).Inc()
		_ = l.Once("field "+f.Field).Log("msg", "invalid field", "id", id, "field", f.Field, "value", f.Value)
	}
}
