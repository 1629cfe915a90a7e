package overview

import (
	"cmp"
	"time"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
	"github.com/cbr-exporter/cbr_exporter/tasks"
	"github.com/cbr-exporter/cbr_exporter/tasks/ledger"
)

// taskRow is a row of the table of tasks.
type taskRow struct {
	row
	id         string
	configured bool
	unreadable bool                 // not found, or not read since it was active
	status     string               // of the API, or why there is none
	err        string               // of the task, or else of reading it
	log        *cbrapi.OperationLog // as it was when it was last read; nil if it is not known
	readAt     time.Time            // an active one
	stuck      bool
}

// taskRows returns the configured and the active tasks.
func (p *project) taskRows() []*taskRow {
	rows := []*taskRow{}
	at := map[string]*taskRow{} // configured tasks
	for _, t := range p.Tasks {
		r := &taskRow{row: row{project: p}, id: t.ID, configured: true, unreadable: t.Log == nil, log: t.Log}
		r.status, r.err = statusOf(t)
		at[t.ID] = r
		rows = append(rows, r)
	}
	for _, active := range p.ActiveTasks {
		r := at[active.Log.ID]
		if r == nil {
			r = &taskRow{row: row{project: p}, id: active.Log.ID, status: string(active.Log.Status), err: active.Log.ErrorInfo.String()}
			rows = append(rows, r)
		}
		r.log, r.readAt, r.stuck = active.Log, active.ReadAt, active.Stuck
	}
	for _, r := range rows {
		if r.log != nil {
			r.vaultID, r.operation = p.VaultOf(r.log), r.log.OperationType
		}
		r.states = statesOf(
			candidate{StateStuck, r.stuck},
			candidate{StateUnreadable, r.unreadable},
			candidate{StateFailed, r.log != nil && r.log.Status.Failure()},
			candidate{StateActive, r.log != nil && !r.log.Status.Finished()},
			candidate{StateEnded, r.log != nil && r.log.Status.Finished() && !r.log.Status.Failure()},
			candidate{StateBlind, p.blind},
		)
	}
	return rows
}

func (r *taskRow) texts() []string {
	p := r.project
	texts := []string{p.Project, r.id, r.vaultID, p.VaultName(r.vaultID), r.err}
	for _, resource := range r.resources() {
		texts = append(texts, resource.ID, resource.Name)
	}
	return texts
}

// compare has the one first that was created first.
func (r *taskRow) compare(other *taskRow) int {
	created := func(r *taskRow) (t time.Time) {
		if r.log != nil {
			t = r.log.CreatedAt
		}
		return t
	}
	return created(r).Compare(created(other))
}

// resources returns the resources of the task by their present names.
func (r *taskRow) resources() []Named {
	if r.log == nil {
		return nil
	}
	var all []Named
	for _, resource := range r.log.Resources() {
		all = append(all, Named{resource.ID, cmp.Or(r.project.ResourceName(resource.ID), resource.Name)})
	}
	return all
}

// The status of a task that has none of the API.
const (
	statusNotFound   = "not found"
	statusUnreadable = "unreadable"
	statusNotRead    = "not read yet"
)

// statusOf returns the status of a task, and its error or else that of reading it.
func statusOf(t tasks.Task) (status, text string) {
	if t.Err != nil {
		text = t.Err.Error()
	}
	switch {
	case t.Log != nil:
		return string(t.Log.Status), cmp.Or(t.Log.ErrorInfo.String(), text)
	case t.Known:
		return statusNotFound, "the API has no such task"
	case t.Err != nil:
		return statusUnreadable, text
	default:
		return statusNotRead, ""
	}
}

// duration returns how many seconds the task took, so far if it ran when it was last read;
// nil if that is not known.
func (r *taskRow) duration() *float64 {
	l := r.log
	if l == nil {
		return nil
	}
	if d, ok := l.Duration(); ok {
		return new(d.Seconds())
	}
	if !l.StartedAt.IsZero() && !l.Status.Finished() {
		return new(max(0, r.readAt.Sub(l.StartedAt).Seconds()))
	}
	return nil
}

func (r *taskRow) alert() string {
	switch {
	case r.is(StateStuck):
		return "CBRTaskStuck"
	case r.is(StateFailed):
		return "CBRConfiguredTaskFailed"
	case r.status == statusNotFound:
		return "CBRTaskNotFound"
	default:
		return ""
	}
}

func (r *taskRow) show() Task {
	v := Task{
		Place:         r.project.place(r.vaultID),
		ID:            r.id,
		Status:        r.status,
		States:        r.states,
		OperationType: r.operation,
		Resources:     r.resources(),
		Configured:    r.configured,
		Duration:      r.duration(),
		Error:         r.err,
		Alert:         r.alert(),
	}
	if r.log == nil {
		return v
	}
	v.Created, v.Started = r.log.CreatedAt.UTC(), r.log.StartedAt.UTC()
	if percent := r.log.ExtraInfo.Common.Progress; percent != nil {
		v.Progress = new(*percent / 100)
	}
	if len(v.Resources) > 0 {
		key := ledger.ResourceKey{ResourceID: v.Resources[0].ID, OperationType: v.OperationType.Canonical()}
		if d, ok := r.project.Usual(key); ok {
			v.Usual = new(d.Seconds())
		}
	}
	return v
}
