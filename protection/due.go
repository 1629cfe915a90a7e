package protection

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
	"github.com/cbr-exporter/cbr_exporter/inventory"
	"github.com/cbr-exporter/cbr_exporter/schedule"
)

// minGrace is how late a success may always be: a task takes time.
const minGrace = 30 * time.Minute

// due is what is due for a resource: a success of a task that was created at from or
// later.
type due struct {
	at       time.Time // the due moment
	from     time.Time
	graceEnd time.Time
	before   *due // the run before; nil if there was none
}

// lastDue returns the latest due moment whose grace is over at now; a zero one if there is
// none since the resource has been bound and its policies have run.
//
// With a daily run at 02:00 and a grace of 6 h that is the run of yesterday until 08:00, and
// the one of today from then on.
func lastDue(e *inventory.Expectation, grace time.Duration, now time.Time) due {
	at := previousRun(e, now.Add(-minGrace+1)) // not later than minGrace ago
	if now.Before(graceEnd(e.Plan, at, grace)) {
		at = previousRun(e, at) // its grace is over: it ended at the later run at the latest
	}
	if at.IsZero() {
		return due{}
	}
	d := dueAt(e, at, grace)
	if before := previousRun(e, at); !before.IsZero() {
		d.before = new(dueAt(e, before, grace))
	}
	return d
}

func dueAt(e *inventory.Expectation, at time.Time, grace time.Duration) due {
	return due{at: at, from: countsFrom(e.Plan, at), graceEnd: graceEnd(e.Plan, at, grace)}
}

// previousRun returns the latest run before t that a policy was to start for the resource;
// zero if there is none.
func previousRun(e *inventory.Expectation, t time.Time) (latest time.Time) {
	for _, p := range e.Plan.Policies {
		end := t
		if !p.Until.IsZero() && p.Until.Before(t) {
			end = p.Until
		}
		run, ok := p.Schedule.Previous(end)
		if ok && !run.Before(p.Since) && !run.Before(e.Bound) && run.After(latest) {
			latest = run
		}
	}
	return latest
}

// graceEnd returns when the grace of the run at t is over: at the next run, if that is
// earlier, but not before minGrace.
func graceEnd(plan *inventory.Plan, t time.Time, grace time.Duration) time.Time {
	for _, p := range plan.Policies {
		after := t
		if p.Since.After(t) {
			after = p.Since.Add(-1)
		}
		if next, ok := p.Schedule.Next(after); ok && (p.Until.IsZero() || next.Before(p.Until)) {
			grace = min(grace, next.Sub(t))
		}
	}
	return t.Add(max(grace, minGrace))
}

// countsFrom returns since when a success counts for the run at t: for a quarter of the time
// from the run before it or, if it is the first one, to the next one.
func countsFrom(plan *inventory.Plan, t time.Time) time.Time {
	var schedules schedule.Schedule // at that time
	var before time.Time
	for _, p := range plan.Policies {
		end := t
		switch {
		case p.Since.After(t):
			continue
		case p.Until.IsZero() || t.Before(p.Until):
			schedules = append(schedules, p.Schedule...)
		default:
			end = p.Until
		}
		if run, ok := p.Schedule.Previous(end); ok && run.After(before) {
			before = run
		}
	}
	if !before.IsZero() {
		return t.Add(-t.Sub(before) / 4)
	}
	next, _ := schedules.Next(t)
	return t.Add(-next.Sub(t) / 4)
}

// Next returns the next n moments after the tasks were read at which a policy runs; nil if
// it is disabled, or if not all of its patterns can be read.
func (s *Snapshot) Next(p *cbrapi.Policy, n int) []time.Time {
	t := s.At
	if s.Discovered != nil && !s.Discovered.KnownUntil.IsZero() {
		t = s.Discovered.KnownUntil
	}
	runs, _ := inventory.Runs(p)
	var next []time.Time
	for range n {
		run, ok := runs.Next(t)
		if !ok {
			break
		}
		next, t = append(next, run), run
	}
	return next
}

// tasksKept is how long the API keeps tasks, as far as is known: the console lists those of
// 30 days. See umn/source/managing_tasks.rst of opentelekomcloud-docs/cloud-backup-recovery.
const tasksKept = 30 * 24 * time.Hour

// TooRare says, in one sentence without a full stop, which enabled policies run too rarely
// to be judged at all times: alone and with the others of a vault, a run can be older than
// the known tasks before the next one is due. It returns "" if there is none. Those for
// backups are judged by restore points, where these are read.
func TooRare(policies []*cbrapi.Policy, o Options) string {
	if o.Lookback == 0 {
		return ""
	}
	var names []string
	for _, p := range policies {
		if s, _ := inventory.Runs(p); !rare(s, o) || o.Backups && p.OperationType == cbrapi.OperationBackup {
			continue
		}
		if slices.ContainsFunc(p.VaultIDs, func(vaultID string) bool {
			return o.follows(vaultID, p.OperationType) && rare(together(policies, vaultID, p.OperationType), o)
		}) {
			names = append(names, cmp.Or(p.Name, p.ID))
		}
	}
	if len(names) == 0 {
		return ""
	}
	slices.Sort(names)
	return "policies that run too rarely to be judged at all times by the tasks that are known: " + strings.Join(names, ", ")
}

// TooRare is TooRare of the policies of the project.
func (s *Snapshot) TooRare() string {
	if s.Inventory == nil {
		return ""
	}
	return TooRare(s.Inventory.Policies, s.options)
}

// together returns when any policy runs the operation for a vault.
func together(policies []*cbrapi.Policy, vaultID string, operation cbrapi.OperationType) (all schedule.Schedule) {
	for _, p := range policies {
		if p.OperationType.Canonical() == operation.Canonical() && slices.Contains(p.VaultIDs, vaultID) {
			s, _ := inventory.Runs(p)
			all = append(all, s...)
		}
	}
	return all
}

// rare reports whether a due moment can leave the lookback before the next one is judged.
func rare(s schedule.Schedule, o Options) bool {
	gap, ok := s.LongestGap()
	return ok && gap+gap/4+min(gap, o.Grace) > min(o.Lookback, tasksKept)
}
