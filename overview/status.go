package overview

import (
	"time"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
)

// Status is the state of all projects: what the page shows, and what /api/v1/status has
// as JSON. What is not known is absent.
type Status struct {
	Version string    `json:"version"` // of the exporter
	At      time.Time `json:"at"`      // of the latest pass of any project; of the request if that is long ago or there was none
	State   State     `json:"state"`   // the worst of all: attention, blind or ok
	Summary string    `json:"summary"` // one sentence about all projects
	Tiles   []Tile    `json:"counts"`

	Refusal  *Refusal  `json:"refused_configuration,omitempty"` // of the latest configuration
	Projects []Project `json:"projects"`                        // the worst first

	// The rows of all projects that the query selects, the worst first.
	Resources Rows[Resource] `json:"resources"`
	Tasks     Rows[Task]     `json:"tasks"`
	Vaults    Rows[Vault]    `json:"vaults"`
}

// State is a word for what is wrong with a row, or that nothing is. The query selects by it.
type State string

// The states.
const (
	StateOverdue        State = "overdue"          // of resources: a success is missing
	StateLost           State = "lost"             // of resources: too many restore points are gone
	StateFailing        State = "failing"          // of resources: the latest attempt failed
	StateNoRestorePoint State = "no_restore_point" // of resources
	StateUncovered      State = "uncovered"        // of resources: no policy backs them up
	StateUnprotected    State = "unprotected"      // of resources: in no vault
	StateInconsistent   State = "inconsistent"     // of resources: the latest backup is not application-consistent, as it should be
	StateInTime         State = "in_time"          // of resources: not overdue
	StateFinished       State = "finished"         // of resources: cannot be judged, and the latest task succeeded
	StateUnjudged       State = "unjudged"         // of resources: cannot be judged, and nothing says that they are well

	StateStuck      State = "stuck"      // of active tasks
	StateActive     State = "active"     // of active tasks: all of them
	StateFailed     State = "failed"     // failed or timeout: of configured tasks, of tasks that name no resource, and of resources that cannot be judged
	StateUnreadable State = "unreadable" // of configured tasks: not found, or not read
	StateEnded      State = "ended"      // of configured tasks: success or skipped

	StateUnavailable State = "unavailable" // of vaults: takes no backups
	StateFull        State = "full"        // of vaults
	StateNearlyFull  State = "nearly_full" // of vaults
	StateGaps        State = "gaps"        // of vaults: a policy is disabled, or a resource is not covered, in error or gone

	StateAttention State = "attention" // of projects: something is wrong
	StateBlind     State = "blind"     // of projects and all of their rows: not everything could be read lately
	StateOK        State = "ok"        // of projects and vaults
)

// Tile is how much of something is wrong in all projects.
type Tile struct {
	Name  string `json:"name"`         // such as "overdue"
	Count *int   `json:"count"`        // null if it is not known
	Of    *int   `json:"of,omitempty"` // of how many that can be judged
}

// Refusal is why a new configuration is not in force.
type Refusal struct {
	At     time.Time `json:"at"`
	Errors []string  `json:"errors"` // without secrets
}

// Project is the state of one project.
type Project struct {
	Name    string `json:"name"`
	State   State  `json:"state"`
	Blind   bool   `json:"blind"`   // not everything could be read lately, whatever else is wrong
	Summary string `json:"summary"` // what is wrong; "" if there is nothing to say
	Reading string `json:"reading"` // when everything was read, and why it was not

	At       *time.Time `json:"at"` // end of the last pass; null before the first one
	Problems []Problem  `json:"problems"`
}

// Problem is one reason for which something could not be read.
type Problem struct {
	Reason string    `json:"reason"`
	Error  string    `json:"error"`
	Since  time.Time `json:"since"`
}

// Rows are the rows that a query selects, of which one page is shown.
type Rows[T any] struct {
	All      int `json:"all"`      // without the query
	Selected int `json:"selected"` // by the query
	Page     int `json:"page"`     // from 1
	Pages    int `json:"pages"`    // 1 at least
	Rows     []T `json:"rows"`     // of this page
}

// Place is where a row belongs. Names are those in the cloud, or else empty.
type Place struct {
	Project   string `json:"project"`
	VaultID   string `json:"vault_id,omitempty"`
	VaultName string `json:"vault_name,omitempty"`
}

// Resource is the state of one type of operation on one resource. Failed tasks that name
// no resource are rows too, without one.
type Resource struct {
	Place
	ResourceID    string               `json:"resource_id,omitempty"`
	ResourceName  string               `json:"resource_name,omitempty"`
	ResourceType  string               `json:"resource_type,omitempty"` // such as OS::Nova::Server
	OperationType cbrapi.OperationType `json:"operation_type,omitempty"`

	States []State `json:"states"` // the worst first; one at least
	Why    string  `json:"why,omitempty"`
	Alert  string  `json:"alert,omitempty"` // the name of the alert about it

	Due         time.Time `json:"due,omitzero"` // the latest moment whose grace is over
	LastSuccess *Run      `json:"last_success,omitempty"`
	Last        *Run      `json:"last_finished,omitempty"`
	Failures    int       `json:"consecutive_failures,omitempty"`

	Days []Day `json:"days,omitempty"` // of the lookback, the latest last
	// NoneSince is since when no success is known, if none is.
	NoneSince time.Time `json:"none_since,omitzero"`
	// RestorePoints are those of a resource of which backups are read.
	RestorePoints *RestorePoints `json:"restore_points,omitempty"`
}

// RestorePoints are the backups from which a resource can be restored.
type RestorePoints struct {
	Count int   `json:"count"`
	Peak  int   `json:"peak,omitempty"` // the highest count within a day, without those that were to expire
	Lost  *bool `json:"lost,omitempty"` // too many are gone

	// Times of the data.
	Latest     time.Time `json:"latest,omitzero"`
	Oldest     time.Time `json:"oldest,omitzero"`
	NextExpiry time.Time `json:"next_expiry,omitzero"`

	// Backups that are no restore points.
	InError   int `json:"in_error,omitempty"`
	BeingMade int `json:"being_made,omitempty"`

	Replicas []Replicas `json:"replicas,omitempty"` // by region
}

// Replicas are the copies of the backups of a resource in another region.
type Replicas struct {
	Region    string    `json:"region"`
	Latest    time.Time `json:"latest,omitzero"` // time of the data of the latest one that has arrived
	Failed    int       `json:"failed,omitempty"`
	ErrorCode string    `json:"error_code,omitempty"` // of the latest failure
}

// Run is a finished task of a resource.
type Run struct {
	ID       string        `json:"id,omitempty"`
	Status   cbrapi.Status `json:"status"`
	Created  time.Time     `json:"created_at,omitzero"`
	Ended    time.Time     `json:"ended_at,omitzero"`
	Duration *float64      `json:"duration_seconds,omitempty"`
	Error    string        `json:"error,omitempty"`
}

// Day is one day of a resource, in UTC.
type Day struct {
	Date    string                `json:"date"`            // 2026-11-20
	Outcome Outcome               `json:"outcome"`         // the worst of the day
	Tasks   map[cbrapi.Status]int `json:"tasks,omitempty"` // finished ones, by status
	Due     int                   `json:"due,omitempty"`   // runs of the policies
	Missed  int                   `json:"missed,omitempty"`
}

// Outcome is the worst that happened on a day.
type Outcome string

// The outcomes, the worst first.
const (
	OutcomeTimeout Outcome = "timeout"
	OutcomeFailed  Outcome = "failed"
	OutcomeMissed  Outcome = "missed" // a run was due, and there was neither a success nor a failure
	OutcomeSkipped Outcome = "skipped"
	OutcomeSuccess Outcome = "success"
	OutcomeNone    Outcome = "none"    // nothing ran, and nothing is missed
	OutcomeUnknown Outcome = "unknown" // before the known history
)

// Task is a configured or active task.
type Task struct {
	Place
	ID            string               `json:"id"`
	Status        string               `json:"status"` // of the API; or "not found", "unreadable" or "not read yet"
	States        []State              `json:"states"`
	OperationType cbrapi.OperationType `json:"operation_type,omitempty"`
	Resources     []Named              `json:"resources,omitempty"`
	Configured    bool                 `json:"configured"`

	Progress *float64  `json:"progress,omitempty"` // 0 to 1
	Created  time.Time `json:"created_at,omitzero"`
	Started  time.Time `json:"started_at,omitzero"`
	Duration *float64  `json:"duration_seconds,omitempty"`       // so far if it is active
	Usual    *float64  `json:"usual_duration_seconds,omitempty"` // of the last success of its resource
	Error    string    `json:"error,omitempty"`                  // of the task, or of reading it
	Alert    string    `json:"alert,omitempty"`
}

// Named is a resource with its name, "" if it has none.
type Named struct {
	ID   string `json:"id"`
	Name string `json:"name,omitempty"`
}

// Vault is the state of a vault.
type Vault struct {
	Place
	Status    cbrapi.VaultStatus `json:"status,omitempty"`
	States    []State            `json:"states"`
	Why       []string           `json:"why,omitempty"` // what is wrong, a sentence each
	Alert     string             `json:"alert,omitempty"`
	Used      *int64             `json:"used_bytes,omitempty"`
	Capacity  *int64             `json:"capacity_bytes,omitempty"`
	Resources *int               `json:"resources,omitempty"` // bound ones
	Schedules []string           `json:"schedules,omitempty"` // such as "backup every 24 h"
}

// Detail is everything that is known of one resource.
type Detail struct {
	Version string    `json:"version"`
	At      time.Time `json:"at"`
	Place
	ResourceID   string `json:"resource_id"`
	ResourceName string `json:"resource_name,omitempty"`
	ResourceType string `json:"resource_type,omitempty"`

	Binding    string      `json:"binding"`    // how the resource is bound to its vault, a sentence
	Restorable string      `json:"restorable"` // whether it can be restored, a sentence
	Operations []Operation `json:"operations"`
	Tasks      []Task      `json:"tasks"`    // configured and active ones
	Policies   []Policy    `json:"policies"` // of the vault
	Vault      *Vault      `json:"vault,omitempty"`
	Blind      bool        `json:"blind"`   // of the project
	Reading    string      `json:"reading"` // of the project

	RestorePoints *RestorePoints `json:"restore_points,omitempty"`
	BackupBytes   *int64         `json:"backup_bytes,omitempty"` // of all backups
	Locked        *bool          `json:"locked,omitempty"`       // the vault lets nobody delete its backups
}

// Operation is one type of operation on a resource, with its latest tasks.
type Operation struct {
	Resource
	Runs []Run `json:"tasks"` // the latest first, 10 at most
}

// Policy is a policy of a vault.
type Policy struct {
	ID            string               `json:"id"`
	Name          string               `json:"name,omitempty"`
	OperationType cbrapi.OperationType `json:"operation_type,omitempty"`
	Enabled       *bool                `json:"enabled,omitempty"`
	Patterns      []string             `json:"patterns,omitempty"` // as the API has them
	Next          []time.Time          `json:"next,omitempty"`     // the next due runs, three at most
}
