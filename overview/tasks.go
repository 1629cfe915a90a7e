package overview

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
	"github.com/cbr-exporter/cbr_exporter/protection"
	"github.com/cbr-exporter/cbr_exporter/tasks"
)

// taskView is a row of the table of tasks. Unknown values are empty.
type taskView struct {
	ID, Status, Operation, Vault, Resource string
	Stuck                                  bool
	Progress                               string
	Created                                moment
	Duration                               string
	Error                                  string // of the task, or of reading it
	severity                               int
}

// viewTasks returns the configured and active tasks: the stuck ones first, then by status.
func viewTasks(s *protection.Snapshot, now time.Time) []taskView {
	var rows []taskView
	at := map[string]int{} // row of each configured task
	for _, t := range s.Tasks {
		at[t.ID] = len(rows)
		rows = append(rows, viewTask(s, t, now))
	}
	for _, active := range s.ActiveTasks {
		n, configured := at[active.Log.ID]
		if !configured {
			n = len(rows)
			rows = append(rows, viewTask(s, tasks.Task{ID: active.Log.ID, Log: active.Log}, now))
		}
		if active.Stuck {
			rows[n].Stuck = true
			rows[n].severity += severityVerdict
		}
	}
	slices.SortStableFunc(rows, func(a, b taskView) int { return cmp.Compare(b.severity, a.severity) })
	return rows
}

func viewTask(s *protection.Snapshot, t tasks.Task, now time.Time) taskView {
	v := taskView{ID: t.ID}
	if t.Err != nil {
		v.Error = t.Err.Error()
	}
	l := t.Log
	switch {
	case l == nil && t.Known:
		v.Status, v.Error, v.severity = "not found", "the API has no such task", severityUnreadable
		return v
	case l == nil && t.Err != nil:
		v.Status, v.severity = "unreadable", severityUnreadable
		return v
	case l == nil:
		v.Status = "not read yet"
		return v
	}
	v.Status, v.severity = string(l.Status), severity(l.Status)
	v.Operation = string(l.OperationType)
	v.Vault = s.VaultName(s.VaultOf(l))
	var resources []string
	for _, r := range l.Resources() {
		resources = append(resources, cmp.Or(s.ResourceName(r.ID), r.Name, r.ID))
	}
	v.Resource = strings.Join(resources, ", ")
	if p := l.ExtraInfo.Common.Progress; p != nil {
		v.Progress = fmt.Sprintf("%.0f %%", *p)
	}
	v.Created = ago(l.CreatedAt, now)
	if d, known := l.Duration(); known {
		v.Duration = Age(d)
	} else if !l.StartedAt.IsZero() && !l.Status.Finished() && l.Status != cbrapi.StatusWaiting {
		v.Duration = Age(now.Sub(l.StartedAt)) + " so far"
	}
	v.Error = cmp.Or(errorOf(l), v.Error)
	return v
}

func isFailure(l *cbrapi.OperationLog) bool {
	return l.Status == cbrapi.StatusFailed || l.Status == cbrapi.StatusTimeout
}

// errorOf returns the error code and message of a task.
func errorOf(l *cbrapi.OperationLog) string {
	return strings.Trim(l.ErrorInfo.Code+": "+l.ErrorInfo.Message, ": ")
}

const (
	severityUnreadable = 6
	severityVerdict    = 10 // a verdict says that something is wrong
)

// severity orders tasks by how much they need attention.
func severity(s cbrapi.Status) int {
	switch s {
	case cbrapi.StatusFailed:
		return 5
	case cbrapi.StatusTimeout:
		return 4
	case cbrapi.StatusSkipped:
		return 3
	case cbrapi.StatusRunning:
		return 2
	case cbrapi.StatusWaiting:
		return 1
	case cbrapi.StatusSuccess:
		return 0
	default:
		return 3
	}
}
