package cbrapi

// Status is how far a task has got. The API may send one that is not listed
// here: it is passed on as it came and counts as active.
//
// See https://support.huaweicloud.com/intl/en-us/api-cbr/ListOpLogs.html.
type Status string

// The statuses that the API documents.
const (
	StatusSuccess Status = "success"
	StatusSkipped Status = "skipped" // a check before the start failed: nothing was done
	StatusFailed  Status = "failed"
	StatusRunning Status = "running"
	StatusTimeout Status = "timeout" // a step took longer than the service allows
	StatusWaiting Status = "waiting" // queued
)

// Statuses returns the statuses that the API documents, in its order.
func Statuses() []Status {
	return []Status{StatusSuccess, StatusSkipped, StatusFailed, StatusRunning, StatusTimeout, StatusWaiting}
}

// Finished reports whether a task with this status will not change any more.
func (s Status) Finished() bool {
	switch s {
	case StatusSuccess, StatusSkipped, StatusFailed, StatusTimeout:
		return true
	default:
		return false
	}
}

// OperationType is what a task does. Like a status, it may be a new one.
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

// Canonical returns the one name of what t does: the API has two for replication.
func (t OperationType) Canonical() OperationType {
	if t == OperationCopy {
		return OperationReplication
	}
	return t
}
