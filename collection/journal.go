package collection

import (
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/go-kit/log"
	"github.com/go-kit/log/level"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
)

// journal logs what changes. A project that fails at every scrape says so once,
// and once when it is over, or the log would hide everything else.
type journal struct {
	logger log.Logger

	mu          sync.Mutex
	failing     map[cbrapi.Reason]bool // in the newest pass
	sweepFailed cbrapi.Reason          // why the sweep was interrupted; "" if it was not
	sweptOnce   bool
	told        map[string]bool // fields and statuses that have been told of
}

func newJournal(logger log.Logger) *journal {
	return &journal{logger: logger, failing: map[cbrapi.Reason]bool{}, told: map[string]bool{}}
}

// passed logs which reasons to fail are new with the pass that is over, and
// whether all are gone.
func (j *journal) passed(f failures) {
	j.mu.Lock()
	defer j.mu.Unlock()
	before := len(j.failing)
	for _, reason := range slices.Sorted(maps.Keys(f)) {
		logger := level.Warn(j.logger)
		if j.failing[reason] {
			logger = level.Debug(j.logger)
		}
		first := f[reason]
		if first.taskID != "" {
			logger = log.With(logger, "task_id", first.taskID)
		}
		if first.list != "" {
			logger = log.With(logger, "list", first.list)
		}
		_ = logger.Log("msg", "reading tasks failed", "reason", reason,
			"failures", first.count, "err", first.err, "remedy", Remedy(reason))
	}
	clear(j.failing)
	for reason := range f {
		j.failing[reason] = true
	}
	if before > 0 && len(f) == 0 {
		_ = level.Info(j.logger).Log("msg", "tasks are read again")
	}
}

// invalid logs the first value of each field that could not be read.
func (j *journal) invalid(taskID string, f cbrapi.InvalidField) {
	_ = j.once("field "+f.Field).Log("msg", "unreadable field", "task_id", taskID, "field", f.Field, "value", f.Value)
}

// unknownStatus logs the first task with a status that this program does not know.
func (j *journal) unknownStatus(l *cbrapi.OperationLog) {
	_ = j.once("status "+string(l.Status)).Log("msg", "unknown status; the task counts as active",
		"task_id", l.ID, "status", l.Status)
}

// vanished logs the first answer that a task which was active does not exist.
func (j *journal) vanished(taskID string) {
	_ = j.once("vanished "+taskID).Log("msg", "a task that was active does not exist any more; how it has ended is not known", "task_id", taskID)
}

// once returns a logger for what is worth a warning the first time only. A thousand
// things are enough: an ill API may send ever new ones.
func (j *journal) once(what string) log.Logger {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.told[what] || len(j.told) >= 1000 {
		return level.Debug(j.logger)
	}
	j.told[what] = true
	return level.Warn(j.logger)
}

// interrupted logs why the sweep could not go on, once for each reason in a row.
func (j *journal) interrupted(err error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	reason := cbrapi.ReasonOf(err)
	logger := level.Warn(j.logger)
	if j.sweepFailed == reason {
		logger = level.Debug(j.logger)
	}
	j.sweepFailed = reason
	_ = logger.Log("msg", "reading the whole task list was interrupted; it goes on with the next scrape",
		"reason", reason, "err", err, "remedy", Remedy(reason))
}

// swept logs the first complete sweep, and each that was interrupted.
func (j *journal) swept(s *sweep, took time.Duration, standings int) {
	j.mu.Lock()
	defer j.mu.Unlock()
	logger := level.Info(j.logger)
	if j.sweptOnce && j.sweepFailed == "" {
		logger = level.Debug(j.logger)
	}
	j.sweptOnce, j.sweepFailed = true, ""
	_ = logger.Log("msg", "the whole task list is read", "tasks", s.tasks, "followed", s.followed,
		"pages", s.pages, "resources", standings, "took", took.Round(time.Millisecond))
}
