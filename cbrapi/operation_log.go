package cbrapi

import (
	"slices"
	"time"
)

// OperationLog is one task. What the API did not send is the zero value or nil.
//
// See https://support.huaweicloud.com/intl/en-us/api-cbr/ShowOpLog.html,
// tables 4 to 16.
type OperationLog struct {
	ID            string // lower case
	ProjectID     string
	Status        Status
	OperationType OperationType
	CreatedAt     time.Time
	StartedAt     time.Time // zero while the task waits
	EndedAt       time.Time // zero while the task is active
	UpdatedAt     time.Time
	ErrorInfo     ErrorInfo
	ExtraInfo     ExtraInfo
	CheckpointID  string // the restore point
	PolicyID      string // "" for a task that somebody began by hand
	ProviderID    string // what kind of thing is protected
	VaultID       string // lower case
	VaultName     string

	// Invalid lists the fields that were sent in a form that cannot be read.
	// They are left out above.
	Invalid []InvalidField
}

// undated reports whether no time of the task can be read, though some were sent: then
// nobody can say which of two tasks is the newer one.
func (l *OperationLog) undated() bool {
	times := []time.Time{l.CreatedAt, l.StartedAt, l.EndedAt, l.UpdatedAt}
	return !slices.ContainsFunc(times, func(t time.Time) bool { return !t.IsZero() }) &&
		slices.ContainsFunc(l.Invalid, func(f InvalidField) bool { return f.Field == "created_at" })
}

// Duration returns how long the task ran. It is known of finished tasks only,
// and not where the end is before the start.
func (l *OperationLog) Duration() (d time.Duration, ok bool) {
	if !l.Status.Finished() || l.StartedAt.IsZero() || l.EndedAt.IsZero() {
		return 0, false
	}
	d = l.EndedAt.Sub(l.StartedAt)
	return d, d >= 0
}

// FinishedAt returns when the task ended, or the best that is known of it: when
// it was updated last, or when it started. It is known of finished tasks only.
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

// ErrorInfo says why a task failed; both parts are empty where it did not.
type ErrorInfo struct {
	Code    string // such as BackupService.6114
	Message string // a text for people, of any language and length
}

// ExtraInfo holds what depends on the type of the task.
type ExtraInfo struct {
	Common          Common
	Resource        *Resource // what is protected
	Backup          *Backup
	Delete          *Delete
	Restore         *Restore
	Replication     *Replication
	Sync            *Sync
	RemoveResources *RemoveResources
	VaultDelete     *VaultDelete
}

// Common is what tasks of all types have.
type Common struct {
	Progress  *float64 // percent, 0 to 100
	RequestID string
	TaskID    string // of the backup task, where it differs from the task's id
}

// Resource is a server, a disk or another thing that is protected.
type Resource struct {
	ID             string // lower case
	Type           string // such as OS::Nova::Server
	Name           string
	ExcludeVolumes []string // ids of the volumes that a backup leaves out; nil where not sent
	IncludeVolumes []Volume
}

// Volume is a volume of a server.
type Volume struct {
	ID        string
	OSVersion string
}

// Backup belongs to a task of the type backup.
type Backup struct {
	BackupID                   string
	BackupName                 string
	Incremental                *bool
	AppConsistencyStatus       string // "1": application consistent, "0": not
	AppConsistencyErrorCode    string // may be set although the task succeeded
	AppConsistencyErrorMessage string
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

// Sync belongs to a task of the type sync. A sync with failed backups may
// still be a success.
type Sync struct {
	Backups        *int64 // sync_backup_num
	DeletedBackups *int64 // delete_backup_num
	FailedBackups  *int64 // err_sync_backup_num
}

// RemoveResources belongs to a task of the type remove_resource, without the s.
type RemoveResources struct {
	FailCount  *int64 // resources that could not be removed
	TotalCount *int64 // backups deleted
	Resources  []Resource
}

// VaultDelete belongs to a task of the type vault_delete.
type VaultDelete struct {
	FailCount  *int64 // resources that could not be deleted
	TotalCount *int64 // backups to delete
}
