package cbrapi

import (
	"net/url"
	"strings"
	"time"
)

const maxErrorMessage = 2048 // characters

// OperationLog is one task. A field that the API did not send is zero or nil.
//
// See https://support.huaweicloud.com/intl/en-us/api-cbr/ShowOpLog.html, tables 4-16.
type OperationLog struct {
	ID            string // lower case
	Status        Status
	OperationType OperationType
	CreatedAt     time.Time
	StartedAt     time.Time // zero while the task waits
	EndedAt       time.Time // zero while the task is active
	UpdatedAt     time.Time
	ErrorInfo     ErrorInfo
	ExtraInfo     ExtraInfo
	CheckpointID  string // the restore point
	PolicyID      string // "" for a task that was started by hand, and in all published backups
	ProviderID    string // the kind of resource that is protected
	VaultID       string // lower case; "" in all published backups
	VaultName     string

	// Invalid lists the fields that could not be read. They are zero or nil above.
	Invalid []InvalidField
}

// Duration returns how long a finished task ran. It is not ok for an active task, and
// if the task ended before it started.
func (l *OperationLog) Duration() (d time.Duration, ok bool) {
	if !l.Status.Finished() || l.StartedAt.IsZero() || l.EndedAt.IsZero() {
		return 0, false
	}
	d = l.EndedAt.Sub(l.StartedAt)
	return d, d >= 0
}

// Resources returns the resources that the task names: the protected one, or those that
// it removes from their vault. Each has an id, and none comes twice.
func (l *OperationLog) Resources() []Resource {
	switch extra := &l.ExtraInfo; {
	case extra.Resource != nil && extra.Resource.ID != "":
		return []Resource{*extra.Resource}
	case extra.RemoveResources != nil:
		return extra.RemoveResources.Resources
	default:
		return nil
	}
}

// FinishedAt returns when a finished task ended; failing that, when it was updated, or
// when it started. It is not ok for an active task.
func (l *OperationLog) FinishedAt() (t time.Time, ok bool) {
	if !l.Status.Finished() {
		return time.Time{}, false
	}
	for _, t := range []time.Time{l.EndedAt, l.UpdatedAt, l.StartedAt} {
		if !t.IsZero() {
			return t, true
		}
	}
	return time.Time{}, false
}

// ErrorInfo is why a task failed. Both parts are empty if it did not.
type ErrorInfo struct {
	Code    string // such as BackupService.6114
	Message string // a text for people, in any language
}

// String returns the code and the message, separated by a colon; "" without either.
func (e ErrorInfo) String() string {
	return strings.Trim(e.Code+": "+strings.TrimRight(e.Message, ". \n"), ": ")
}

// ExtraInfo holds the fields that depend on the type of the task.
type ExtraInfo struct {
	Common          Common
	Resource        *Resource // the protected one
	Backup          *Backup
	Delete          *Delete
	Restore         *Restore
	Replication     *Replication
	Sync            *Sync
	RemoveResources *RemoveResources
	VaultDelete     *VaultDelete
}

// Common holds the fields of all types of tasks.
type Common struct {
	Progress  *float64 // percent, 0 to 100
	RequestID string
}

// Resource is a server, a disk or another resource that is protected.
type Resource struct {
	ID             string // lower case
	Type           string // such as OS::Nova::Server
	Name           string
	ExcludeVolumes []string // ids of the volumes that a backup leaves out; nil if not sent
}

// Backup belongs to a task of the type backup.
type Backup struct {
	BackupID                string
	BackupName              string
	Incremental             *bool
	AppConsistencyStatus    string // "1": application consistent, "0": not
	AppConsistencyErrorCode string // may be set although the task succeeded
}

// Delete belongs to a task of the type delete.
type Delete struct {
	BackupID   string
	BackupName string
}

// Restore belongs to a task of the type restore.
type Restore struct {
	BackupID           string
	BackupName         string
	TargetResourceID   string
	TargetResourceName string
}

// Replication belongs to a task of the type replication or copy.
type Replication struct {
	SourceRegion            string
	SourceProjectID         string
	SourceBackupID          string
	SourceBackupName        string
	SourceCheckpointID      string
	DestinationRegion       string
	DestinationProjectID    string
	DestinationBackupID     string
	DestinationBackupName   string
	DestinationCheckpointID string
}

// Sync belongs to a task of the type sync, which may succeed with failed backups.
type Sync struct {
	Backups        *int64 // sync_backup_num
	DeletedBackups *int64 // delete_backup_num
	FailedBackups  *int64 // err_sync_backup_num
}

// RemoveResources belongs to a task of the type remove_resource, without the s.
type RemoveResources struct {
	FailCount  *int64     // resources that could not be removed
	TotalCount *int64     // backups deleted
	Resources  []Resource // each with an id, none twice
}

// VaultDelete belongs to a task of the type vault_delete.
type VaultDelete struct {
	FailCount  *int64 // resources that could not be deleted
	TotalCount *int64 // backups to delete
}

// Status is the status of a task. An unknown one is kept as it was sent, or other if there
// are very many, and counts as active.
//
// See https://support.huaweicloud.com/intl/en-us/api-cbr/ListOpLogs.html.
type Status string

// The statuses that the API documents.
const (
	StatusSuccess Status = "success"
	StatusSkipped Status = "skipped" // a check before the start failed
	StatusFailed  Status = "failed"
	StatusRunning Status = "running"
	StatusTimeout Status = "timeout" // a step took longer than the service allows
	StatusWaiting Status = "waiting" // queued
)

// Statuses returns the statuses that the API documents, in its order.
func Statuses() []Status {
	return []Status{StatusSuccess, StatusSkipped, StatusFailed, StatusRunning, StatusTimeout, StatusWaiting}
}

// Failure reports whether a task with this status failed or timed out.
func (s Status) Failure() bool { return s == StatusFailed || s == StatusTimeout }

// Finished reports whether a task with this status no longer changes.
func (s Status) Finished() bool {
	switch s {
	case StatusSuccess, StatusSkipped, StatusFailed, StatusTimeout:
		return true
	default:
		return false
	}
}

// OperationType is what a task does. An unknown one is kept as it was sent, or other if there
// are very many.
type OperationType string

// The operation types that the API documents.
const (
	OperationBackup           OperationType = "backup"
	OperationCopy             OperationType = "copy" // the old name of replication
	OperationReplication      OperationType = "replication"
	OperationRestore          OperationType = "restore"
	OperationDelete           OperationType = "delete"
	OperationSync             OperationType = "sync"
	OperationVaultDelete      OperationType = "vault_delete"
	OperationRemoveResource   OperationType = "remove_resource"
	OperationMigrateResources OperationType = "migrate_resources"
)

func operationTypes() []OperationType {
	return []OperationType{
		OperationBackup, OperationCopy, OperationReplication, OperationRestore, OperationDelete, OperationSync,
		OperationVaultDelete, OperationRemoveResource, OperationMigrateResources,
	}
}

// Canonical returns replication for copy, its old name, and t for every other type.
func (t OperationType) Canonical() OperationType {
	if t == OperationCopy {
		return OperationReplication
	}
	return t
}

// OperationLogs returns the list of tasks that match the filter. It sends nothing yet.
//
// See https://support.huaweicloud.com/intl/en-us/api-cbr/ListOpLogs.html.
func (c *Client) OperationLogs(f ListFilter) *List[OperationLog] {
	most := maxKept
	if f.Status == "" && f.StartTime.IsZero() {
		most = maxSummed
	}
	return newList(c, listRequest{
		operation: "ListOpLogs",
		most:      most,
		segments:  []string{"operation-logs"},
		name:      "operation_logs",
		query:     f.query(),
	}, c.readOperationLog)
}

// ListFilter selects tasks; a zero field does not filter. The service may ignore any of
// it, so a caller that depends on a filter checks the tasks again.
type ListFilter struct {
	Status        Status
	OperationType OperationType
	// StartTime is sent as start_time, rounded down to the second. The API does not
	// document which time of a task it compares.
	StartTime time.Time
}

func (f ListFilter) query() url.Values {
	query := url.Values{}
	if f.Status != "" {
		query.Set("status", string(f.Status))
	}
	if f.OperationType != "" {
		query.Set("operation_type", string(f.OperationType))
	}
	setStartTime(query, f.StartTime)
	return query
}

// setStartTime adds the filter that lists of tasks and of backups have, unless t is zero.
func setStartTime(query url.Values, t time.Time) {
	if !t.IsZero() {
		query.Set("start_time", t.UTC().Format("2006-01-02T15:04:05Z"))
	}
}

func (c *Client) readOperationLog(o object) *OperationLog {
	errorInfo := o.object("error_info")
	l := &OperationLog{
		ID:            strings.ToLower(o.unique("id")),
		Status:        c.statuses.word(o, "status", Statuses()),
		OperationType: c.operations.word(o, "operation_type", operationTypes()),
		CreatedAt:     o.time("created_at"),
		StartedAt:     o.time("started_at"),
		EndedAt:       o.time("ended_at"),
		UpdatedAt:     o.time("updated_at"),
		ErrorInfo: ErrorInfo{
			Code:    errorInfo.token("code"),
			Message: errorInfo.message("message", maxErrorMessage),
		},
		ExtraInfo:    readExtraInfo(o.object("extra_info")),
		CheckpointID: o.unique("checkpoint_id"),
		PolicyID:     o.text("policy_id"),
		ProviderID:   o.text("provider_id"),
		VaultID:      o.id("vault_id"),
		VaultName:    o.text("vault_name"),
	}
	if !l.StartedAt.IsZero() && !l.EndedAt.IsZero() && l.EndedAt.Before(l.StartedAt) {
		o.invalid("ended_at", o.value("ended_at"))
	}
	l.Invalid = *o.found
	return l
}

func readExtraInfo(o object) ExtraInfo {
	common := o.object("common")
	e := ExtraInfo{Common: Common{
		Progress:  common.percent("progress"),
		RequestID: common.unique("request_id"),
	}}
	if r := o.object("resource"); r.exists() {
		e.Resource = new(readResource(r))
	}
	if b := o.object("backup"); b.exists() {
		e.Backup = &Backup{
			BackupID:                b.unique("backup_id"),
			BackupName:              b.unique("backup_name"),
			Incremental:             b.bool("incremental"),
			AppConsistencyStatus:    b.token("app_consistency_status"),
			AppConsistencyErrorCode: b.token("app_consistency_error_code"),
		}
	}
	if d := o.object("delete"); d.exists() {
		e.Delete = &Delete{BackupID: d.unique("backup_id"), BackupName: d.unique("backup_name")}
	}
	if r := o.object("restore"); r.exists() {
		e.Restore = &Restore{
			BackupID:           r.unique("backup_id"),
			BackupName:         r.unique("backup_name"),
			TargetResourceID:   r.text("target_resource_id"),
			TargetResourceName: r.text("target_resource_name"),
		}
	}
	if r := o.object("replication"); r.exists() {
		e.Replication = &Replication{
			SourceRegion:            r.text("source_region"),
			SourceProjectID:         r.text("source_project_id"),
			SourceBackupID:          r.unique("source_backup_id"),
			SourceBackupName:        r.unique("source_backup_name"),
			SourceCheckpointID:      r.unique("source_checkpoint_id"),
			DestinationRegion:       r.text("destination_region"),
			DestinationProjectID:    r.text("destination_project_id"),
			DestinationBackupID:     r.unique("destination_backup_id"),
			DestinationBackupName:   r.unique("destination_backup_name"),
			DestinationCheckpointID: r.unique("destination_checkpoint_id"),
		}
	}
	if s := o.object("sync"); s.exists() {
		e.Sync = &Sync{
			Backups:        s.count("sync_backup_num"),
			DeletedBackups: s.count("delete_backup_num"),
			FailedBackups:  s.count("err_sync_backup_num"),
		}
	}
	if r := o.object("remove_resources"); r.exists() {
		e.RemoveResources = &RemoveResources{
			FailCount:  r.count("fail_count"),
			TotalCount: r.count("total_count"),
		}
		for _, resource := range r.entries("resources", "id", object.id) {
			e.RemoveResources.Resources = append(e.RemoveResources.Resources, readResource(resource))
		}
	}
	if v := o.object("vault_delete"); v.exists() {
		// The API documents the short names; the vendor's Terraform provider reads the
		// long ones.
		e.VaultDelete = &VaultDelete{
			FailCount:  firstCount(v, "fail_count", "fail_delete_count"),
			TotalCount: firstCount(v, "total_count", "total_delete_count"),
		}
	}
	return e
}

func readResource(o object) Resource {
	return Resource{
		ID:             o.id("id"),
		Type:           o.text("type"),
		Name:           o.text("name"),
		ExcludeVolumes: o.object("extra_info").texts("exclude_volumes"),
	}
}

// firstCount returns the first of the named counts that can be read.
func firstCount(o object, names ...string) *int64 {
	for _, name := range names {
		if n := o.count(name); n != nil {
			return n
		}
	}
	return nil
}
