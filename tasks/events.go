package tasks

import (
	"slices"
	"strings"
	"time"

	"github.com/go-kit/log/level"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
)

func (t *Tracker) logPassEnded(f failures) {
	recovered := false
	for _, reason := range cbrapi.Reasons() {
		subject := "pass " + string(reason)
		failure, failed := f[reason]
		if !failed {
			recovered = t.warnings.Recovered(subject) || recovered
			continue
		}
		_ = t.warnings.Failed(subject, reason).Log("msg", "reading tasks failed", "reason", reason, "failures", failure.count,
			failure.key, failure.name, "err", failure.err, "hint", t.options.Hints.Tasks(reason, failure.err))
	}
	if recovered && len(f) == 0 {
		_ = level.Info(t.logger).Log("msg", "task reads recovered")
	}
}

const subjectFullSync = "full sync"

func (t *Tracker) logFullSyncInterrupted(err error) {
	reason := cbrapi.ReasonOf(err)
	_ = t.warnings.Failed(subjectFullSync, reason).Log("msg", "full task sync interrupted; the next scrape continues it",
		"reason", reason, "err", err, "hint", t.options.Hints.Tasks(reason, err))
}

// logFullSyncComplete logs the first complete full sync, and one that was interrupted.
func (t *Tracker) logFullSyncComplete(s *fullSync, took time.Duration, first bool) {
	logger := level.Debug(t.logger)
	if t.warnings.Recovered(subjectFullSync) || first {
		logger = level.Info(t.logger)
	}
	_ = logger.Log("msg", "full task sync complete", "tasks", s.tasks, "followed", s.followed, "took", took.Round(time.Millisecond))
}

// logVanished logs the active tasks that a pass found to be gone, in one line: there may be many.
func (t *Tracker) logVanished(ids []string) {
	if len(ids) > 0 {
		_ = level.Warn(t.logger).Log("msg", "active tasks do not exist any more; their results are unknown",
			"tasks", len(ids), "task_ids", strings.Join(ids[:min(len(ids), 10)], " "))
	}
}

// report logs and counts what could not be understood of the tasks.
func (t *Tracker) report(logs []*cbrapi.OperationLog) {
	for _, log := range logs {
		if !slices.Contains(cbrapi.Statuses(), log.Status) {
			_ = t.warnings.Once("status "+string(log.Status)).Log("msg", "unknown status; the task counts as active",
				"task_id", log.ID, "status", log.Status)
		}
		t.reportInvalid(log.ID, log.Invalid)
	}
}

func (t *Tracker) reportInvalid(id string, fields []cbrapi.InvalidField) {
	t.warnings.InvalidFields(t.options.InvalidFields, id, fields)
}
