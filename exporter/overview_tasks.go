package exporter

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
	"github.com/cbr-exporter/cbr_exporter/collection"
)

// taskView is a row of the table of tasks. What is not known is empty.
type taskView struct {
	ID, Status, Operation, Vault, Resource string
	Percent                                string
	Created                                moment
	Took                                   string
	Trouble                                string // why the task failed, or could not be read
	severity                               int
}

// viewTasks shows the tasks that are configured or active, the worst first.
func viewTasks(s collection.Snapshot, now time.Time) []taskView {
	var tasks []taskView
	for _, t := range s.Tasks {
		tasks = append(tasks, viewTask(t, now))
	}
	if s.Found != nil {
		for _, l := range s.Found.Active {
			tasks = append(tasks, viewTask(collection.Task{ID: l.ID, Log: l, Known: true}, now))
		}
	}
	slices.SortStableFunc(tasks, func(a, b taskView) int { return cmp.Compare(b.severity, a.severity) })
	return tasks
}

func viewTask(t collection.Task, now time.Time) taskView {
	v := taskView{ID: t.ID}
	if t.Err != nil {
		v.Trouble = t.Err.Error()
	}
	l := t.Log
	switch {
	case l != nil:
	case t.Known:
		v.Status, v.Trouble, v.severity = "not found", "the API knows no such task", severityUnreadable
		return v
	default:
		v.Status, v.severity = "unreadable", severityUnreadable
		if t.Err == nil {
			v.Status, v.severity = "not read yet", 0
		}
		return v
	}
	v.Status, v.severity = string(l.Status), severity(l.Status)
	v.Operation = string(l.OperationType)
	v.Vault = cmp.Or(l.VaultName, l.VaultID)
	if r := l.ExtraInfo.Resource; r != nil {
		v.Resource = cmp.Or(r.Name, r.ID)
	}
	if p := l.ExtraInfo.Common.Progress; p != nil {
		v.Percent = fmt.Sprintf("%.0f %%", *p)
	}
	v.Created = ago(l.CreatedAt, now)
	if d, ok := l.Duration(); ok {
		v.Took = age(d)
	}
	// Why a backup failed is said by the task, and does not change.
	if failure := failureOf(l); failure != "" {
		v.Trouble = failure
	}
	return v
}

func failureOf(l *cbrapi.OperationLog) string {
	return strings.Trim(l.ErrorInfo.Code+": "+l.ErrorInfo.Message, ": ")
}

const severityUnreadable = 6

// severity orders tasks by how much they need a person.
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
