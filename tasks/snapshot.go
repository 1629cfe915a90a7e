package tasks

import (
	"slices"
	"strings"
	"time"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
	"github.com/cbr-exporter/cbr_exporter/problem"
	"github.com/cbr-exporter/cbr_exporter/tasks/ledger"
)

// maxPreviousAge is the age of a result up to which a scrape that leaves early shows it: that at
// which Prometheus drops a sample. See
// https://prometheus.io/docs/prometheus/latest/querying/basics/#staleness.
const maxPreviousAge = 5 * time.Minute

// Snapshot is the state of a project at the end of a pass, or of a pass that runs. Its
// operation logs are shared and must not be changed.
type Snapshot struct {
	Project  string
	Revision uint64 // snapshots of a Tracker with the same one are the same
	Tasks    []Task // the configured tasks, in the order of the configuration

	Up       bool                   // the API gave a valid response in the pass
	Reasons  map[cbrapi.Reason]bool // why something could not be read; deadline if the pass runs
	Problems []problem.Problem      // of the last finished pass, in the order of cbrapi.Reasons
	Duration time.Duration          // of the pass, so far if it runs
	At       time.Time
	Since    time.Time // since when the tasks are followed

	Complete     bool      // the pass is over and knows all configured tasks
	LastComplete time.Time // end of the last such pass; zero if there is none

	Active []ActiveTask // all active tasks by id, also those that could not be read in the pass

	// The fields below are empty until all tasks have been read once: among a part of
	// them, the latest failure may have been followed by a success.
	ResourceStates []ledger.ResourceState
	VaultTasks     []*cbrapi.OperationLog // of those that name no resource, the last finished ones
	Resources      []ledger.Resource
	VaultNames     map[string]string // by id

	Discovered *Discovered // nil without Options.Discovery
}

// ActiveTask is an active task as it was when it was last read.
type ActiveTask struct {
	Log    *cbrapi.OperationLog
	ReadAt time.Time
}

// Discovered is what the lists of tasks show.
type Discovered struct {
	Listed       []*cbrapi.OperationLog // active tasks that are not configured, by id, as read in the pass
	Complete     bool                   // the pass is over and nothing is missing
	LastComplete time.Time              // end of the last such pass; zero if there is none
	// KnownUntil is the time up to which nothing was missing after that pass, by the
	// API's clock; zero if there is none.
	KnownUntil time.Time

	LeftOut  int  // records that MaxActive and MaxKeys left out of the pass
	Synced   bool // a full sync has been completed; until then the fields below are empty
	SyncedAt time.Time

	HistoryStart time.Time                // how far back the tasks are known completely
	TaskCounts   map[ledger.TaskGroup]int // of the window
}

// Task is the state of a configured task.
type Task struct {
	ID string
	// Log is nil if the task does not exist or has never been read, and if it was
	// active when it was read in an earlier pass.
	Log   *cbrapi.OperationLog
	Known bool  // Log is up to date, or the task does not exist
	Err   error // of the last attempt to read it; nil if that succeeded
}

// Exists reports whether a task that is Known exists.
func (t Task) Exists() bool { return t.Log != nil }

// snapshot returns the state in the pass, running or over. The caller holds the mutex.
func (t *Tracker) snapshot(p *pass) Snapshot {
	now := t.options.Now()
	t.revision++
	s := Snapshot{
		Project:      t.options.Project,
		Revision:     t.revision,
		Tasks:        make([]Task, len(t.configured)),
		Up:           p.responded,
		Reasons:      map[cbrapi.Reason]bool{},
		Problems:     t.problems,
		Duration:     p.duration(now),
		Complete:     p.over() && !p.tasksFailed,
		LastComplete: t.lastTasks,
		At:           now,
		Since:        t.since,
		Active:       t.active(),
	}
	for reason := range p.failures {
		s.Reasons[reason] = true
	}
	if !p.over() {
		s.Reasons[cbrapi.ReasonDeadline] = true
	}
	for i, e := range t.configured {
		s.Tasks[i] = t.task(e, p, now)
	}
	if t.discovered == nil {
		if l := t.configuredLedger(); l != nil {
			s.readLedger(l)
		}
		return s
	}
	if err := t.discovered.syncError; err != nil {
		s.Reasons[cbrapi.ReasonOf(err)] = true
	}
	s.Discovered = t.discoveredIn(p, now)
	if s.Discovered.Synced {
		s.readLedger(t.discovered.ledger)
	}
	return s
}

func (s *Snapshot) readLedger(l *ledger.Ledger) {
	s.ResourceStates, s.VaultTasks = l.ResourceStates(), l.VaultTasks()
	s.Resources, s.VaultNames = l.Resources(), l.VaultNames()
}

func (t *Tracker) discoveredIn(p *pass, now time.Time) *Discovered {
	d := t.discovered
	s := &Discovered{
		Complete:     p.over() && !p.discoveryFailed && d.synced(now),
		LastComplete: d.lastComplete,
		KnownUntil:   d.knownUntil,
		LeftOut:      p.leftOut,
		Synced:       !d.syncedAt.IsZero(),
		SyncedAt:     d.syncedAt,
	}
	for _, e := range t.entries {
		if task := t.task(e, p, now); task.Known && !e.configured {
			s.Listed = append(s.Listed, task.Log)
		}
	}
	slices.SortFunc(s.Listed, func(a, b *cbrapi.OperationLog) int { return strings.Compare(a.ID, b.ID) })
	if s.Synced {
		s.HistoryStart, s.TaskCounts = d.historyStart(), t.taskCounts()
	}
	return s
}

// taskCounts returns the number of tasks of each group in the window.
func (t *Tracker) taskCounts() map[ledger.TaskGroup]int {
	d := t.discovered
	start := d.ledger.Now().Add(-d.Window)
	counts := d.ledger.TaskCounts(start)
	for _, e := range t.entries {
		if d.follows(e) && !ledger.CreatedAt(e.log).Before(start) {
			counts[ledger.GroupOf(e.log)]++
		}
	}
	return counts
}

// active returns the tasks that have not ended.
func (t *Tracker) active() []ActiveTask {
	var active []ActiveTask
	for _, e := range t.entries {
		if e.log != nil && !e.settled() {
			active = append(active, ActiveTask{e.log, e.readAt})
		}
	}
	slices.SortFunc(active, func(a, b ActiveTask) int { return strings.Compare(a.Log.ID, b.Log.ID) })
	return active
}

// task returns the state of a task. An active one may have changed since it was read.
func (t *Tracker) task(e *entry, p *pass, now time.Time) Task {
	task := Task{ID: e.id, Err: e.err}
	task.Known = e.readIn == p.number || e.fresh(now, t.options.FinishedTaskTTL)
	if task.Known || e.finished() {
		task.Log = e.log
	}
	return task
}

// configuredLedger returns a ledger of the configured tasks; nil until all are read.
func (t *Tracker) configuredLedger() *ledger.Ledger {
	l := ledger.New(ledger.Options{})
	for _, e := range t.configured {
		if e.readAt.IsZero() {
			return nil
		}
		if e.log != nil {
			l.Add(e.log)
		}
	}
	return l
}
