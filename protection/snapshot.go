// Package protection judges a project by its tasks, vaults, policies and backups: what is
// overdue, failing, stuck or not covered, what can be restored, what is lost or in no vault,
// and why. It finds in which vault a resource is, and which names are current.
//
// It has no clock and sends no requests. All times come from the snapshots.
package protection

import (
	"time"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
	"github.com/cbr-exporter/cbr_exporter/inventory"
	"github.com/cbr-exporter/cbr_exporter/problem"
	"github.com/cbr-exporter/cbr_exporter/tasks"
	"github.com/cbr-exporter/cbr_exporter/tasks/ledger"
)

// Snapshot is the state of a project at one moment. The tasks of each resource are in one
// vault, which is followed. It is shared and must not be changed.
type Snapshot struct {
	tasks.Snapshot

	Info      ProjectInfo
	Inventory *inventory.Snapshot // nil if vaults and policies are not read

	// Waiting means that the vaults are being read for the first time. Until then of the
	// tasks only the facts about reading them are known.
	Waiting    bool
	TaskCounts []TaskCount // of the window

	Verdicts    []Verdict    // by key; empty until the tasks are known
	Coverage    []Coverage   // by vault; empty until vaults and policies are known
	ActiveTasks []ActiveTask // by id

	RestorePoints []RestorePoints // by resource; nil until the backups are read
	Protectables  *Protectables   // nil until they are read

	// TagKeys are the keys of the vault tags to expose, by their labels.
	TagKeys map[string]string

	options    Options
	keys       map[ledger.ResourceKey]*facts
	bindings   map[string]inventory.Binding // by resource
	vaults     map[string]*cbrapi.Vault     // by id
	vaultNames map[string]string            // by id
	resources  map[string]ledger.Resource   // by id
}

// Options say what is followed, and how it is judged.
type Options struct {
	Follows Follows // nil: all tasks are followed
	// Grace is how late a success may be after its due moment, up to the next one.
	Grace time.Duration
	// ExpectedInterval is the time between two backups where vaults are not read. 0 means
	// that none is expected.
	ExpectedInterval time.Duration
	// A running task is stuck after StuckAfter, or three times the duration of its last
	// success if that is longer; a waiting one after a third of StuckAfter.
	StuckAfter time.Duration
	// Lookback is how far back tasks are read; 0 without discovery.
	Lookback time.Duration
	// Backups means that restore points are read.
	Backups bool
	// Excluded are the ids, or patterns of names as in path.Match, of the resources that are
	// meant to have no backup.
	Excluded []string
}

// Follows reports whether discovery follows the tasks of an operation in a vault.
type Follows func(vaultID string, operation cbrapi.OperationType) bool

// ProjectInfo identifies the project in the cloud.
type ProjectInfo struct {
	ID                  string // "" until it is resolved
	Region              string // "" if not configured
	EnterpriseProjectID string // of the lists; "" if they are not limited to one
	Page                string // URL of the page for people, with a slash at its end; "" if it is not known
	Hints               problem.Hints
}

// NewSnapshot judges a project by its tasks and by the lists of its inventory, which are nil
// if vaults and policies are not read.
func NewSnapshot(known tasks.Snapshot, lists *inventory.Snapshot, o Options) Snapshot {
	s := Snapshot{Snapshot: known, Inventory: lists, options: o}
	if lists != nil {
		if len(known.Tasks) == 0 && known.Discovered == nil { // only vaults are configured
			s.Up, s.Duration = lists.Up, lists.Duration
		}
		if s.Waiting = lists.Waiting; s.Waiting {
			s.holdBack()
		}
		s.bindings = lists.Bindings
		s.vaults = make(map[string]*cbrapi.Vault, len(lists.Vaults))
		for _, v := range lists.Vaults {
			s.vaults[v.ID] = v
		}
	}
	s.place() // first: the vault of a task decides whether it is followed
	s.nameVaults()
	s.nameResources()
	s.index()
	s.judgeActive() // before judge: a task that is stuck excuses nothing
	s.judge()
	s.cover()
	s.findRestorePoints() // after cover: those are missing where backups are made
	s.findUnprotected()
	return s
}

// holdBack leaves of the tasks what is known before the first pass: when the vaults are
// known, the tasks would become other series.
func (s *Snapshot) holdBack() {
	known := s.Snapshot
	s.Snapshot = tasks.Snapshot{
		Project: known.Project, Tasks: make([]tasks.Task, len(known.Tasks)),
		Up: known.Up, Reasons: known.Reasons, Problems: known.Problems, Duration: known.Duration, At: known.At, Since: known.Since,
	}
	for n, task := range known.Tasks {
		s.Tasks[n].ID = task.ID
	}
	if known.Discovered != nil {
		s.Discovered = &tasks.Discovered{}
	}
}

// Logs returns the tasks that are shown one by one: those that are configured or active.
func (s *Snapshot) Logs() []*cbrapi.OperationLog {
	var logs []*cbrapi.OperationLog
	for _, task := range s.Tasks {
		if task.Log != nil {
			logs = append(logs, task.Log)
		}
	}
	if s.Discovered != nil {
		logs = append(logs, s.Discovered.Listed...)
	}
	return logs
}

// Followed reports whether the tasks of an operation in a vault are followed. A success
// that is not followed cannot be missed.
func (s *Snapshot) Followed(vaultID string, operation cbrapi.OperationType) bool {
	return s.options.follows(vaultID, operation)
}

func (o Options) follows(vaultID string, operation cbrapi.OperationType) bool {
	return o.Follows == nil || o.Follows(vaultID, operation)
}
