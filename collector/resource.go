package collector

import (
	"github.com/cbr-exporter/cbr_exporter/cbrapi"
	"github.com/cbr-exporter/cbr_exporter/tasks/ledger"
)

// resourceFamilies are the metrics of one resource.
func resourceFamilies() []family[ledger.Resource] {
	return []family[ledger.Resource]{{
		name:   "cbr_resource_info",
		help:   "Name and type of the resource. Always 1.",
		labels: []string{"resource_name", "resource_type"},
		read:   func(r ledger.Resource, e *emitter) { e.emit(1, r.Name, r.Type) },
	}}
}

// resourceState is the state of a resource and whether its history is known. Without
// discovery only the configured tasks are known, so there may be a later success.
type resourceState struct {
	*ledger.ResourceState
	historyKnown bool
}

// resourceStateFamilies are the metrics of one resource and operation type. They have no
// label with the task, so an alert on them resolves when the next task succeeds.
func resourceStateFamilies() []family[resourceState] {
	statuses := finishedStatuses()
	return []family[resourceState]{
		{
			name:   "cbr_resource_last_finished_task_status",
			help:   "Whether the last finished task of the resource has this status.",
			labels: []string{"status"},
			read:   func(r resourceState, e *emitter) { emitStatus(r.LastFinished.Status, statuses, e) },
		},
		{
			name:   "cbr_resource_last_finished_task_info",
			help:   "ID, policy and error code of the last finished task of the resource. Always 1.",
			labels: []string{"task_id", "policy_id", "error_code"},
			read: func(r resourceState, e *emitter) {
				e.emit(1, r.LastFinished.ID, r.LastFinished.PolicyID, r.LastFinished.ErrorInfo.Code)
			},
		},
		gauge("cbr_resource_last_finished_task_created_timestamp_seconds", "Unix time at which the last finished task of the resource was created.", ofLastFinished(createdAt)),
		gauge("cbr_resource_last_finished_task_ended_timestamp_seconds", "Unix time at which the last finished task of the resource ended.", ofLastFinished(endedAt)),
		gauge("cbr_resource_last_finished_task_duration_seconds", "Time from the start of the last finished task of the resource to its end.", ofLastFinished(duration)),
		gauge("cbr_resource_last_finished_task_app_consistent", "Whether the last finished backup is application-consistent; if not, it is crash-consistent.", ofLastFinished(appConsistent)),
		gauge("cbr_resource_last_finished_task_sync_backups", "Number of backups that the last finished sync task has synchronized.", ofLastFinished(syncBackups)),
		gauge("cbr_resource_last_finished_task_sync_deleted_backups", "Number of backups that the last finished sync task has deleted.", ofLastFinished(syncDeletedBackups)),
		gauge("cbr_resource_last_finished_task_sync_failed_backups", "Number of backups that the last finished sync task could not synchronize.", ofLastFinished(syncFailedBackups)),
		gauge("cbr_resource_last_finished_task_deleted_backups", "Number of backups that the last finished remove_resource task deletes in total.", ofLastFinished(deletedBackups)),
		gauge("cbr_resource_last_finished_task_delete_failed_resources", "Number of resources that the last finished remove_resource task could not delete.", ofLastFinished(deleteFailedResources)),
		gauge("cbr_resource_last_success_timestamp_seconds", "Unix time at which the last successful task of the resource ended. Absent if none is known.", lastSuccessEnd),
		gauge("cbr_resource_last_success_duration_seconds", "Time from the start of the last successful task of the resource to its end. Absent if none is known.", lastSuccessDuration),
		gauge("cbr_resource_last_failure_timestamp_seconds", "Unix time at which the last failed or timed-out task of the resource ended. Absent if none is known.", lastFailureEnd),
		gauge("cbr_resource_consecutive_failures", "Number of tasks of the resource that failed or timed out since the last successful one. Skipped tasks neither count nor reset it.", consecutiveFailures),
	}
}

// ofLastFinished returns a reader of the last finished task.
func ofLastFinished(read func(*cbrapi.OperationLog) (float64, bool)) func(resourceState) (float64, bool) {
	return func(r resourceState) (float64, bool) { return read(r.LastFinished) }
}

func lastSuccessEnd(r resourceState) (float64, bool) {
	if r.LastSuccess == nil || !r.historyKnown {
		return 0, false
	}
	return unixSeconds(r.LastSuccess.End)
}

func lastSuccessDuration(r resourceState) (float64, bool) {
	if r.LastSuccess == nil || !r.historyKnown {
		return 0, false
	}
	return r.LastSuccess.Duration.Seconds(), r.LastSuccess.HasDuration
}

func lastFailureEnd(r resourceState) (float64, bool) {
	if r.LastFailure == nil || !r.historyKnown {
		return 0, false
	}
	return unixSeconds(r.LastFailure.End)
}

func consecutiveFailures(r resourceState) (float64, bool) {
	return float64(r.ConsecutiveFailures), r.historyKnown
}

// appConsistent converts app_consistency_status, which is "1" or "0".
func appConsistent(l *cbrapi.OperationLog) (float64, bool) {
	if l.ExtraInfo.Backup == nil {
		return 0, false
	}
	switch l.ExtraInfo.Backup.AppConsistencyStatus {
	case "1":
		return 1, true
	case "0":
		return 0, true
	default:
		return 0, false
	}
}

func eachResource(s snapshot, add func(ledger.Resource, ...string)) {
	for _, r := range s.Resources {
		add(r, r.ID)
	}
}

func eachResourceState(s snapshot, add func(resourceState, ...string)) {
	for i := range s.ResourceStates {
		r := &s.ResourceStates[i]
		add(resourceState{r, s.Discovered != nil}, r.VaultID, s.VaultName(r.VaultID), r.ResourceID, s.ResourceName(r.ResourceID), string(r.OperationType))
	}
}

// vaultTaskFamilies are the metrics of the last finished task of one vault and operation
// type that names no resource.
func vaultTaskFamilies() []family[*cbrapi.OperationLog] {
	statuses := finishedStatuses()
	return []family[*cbrapi.OperationLog]{
		{
			name:   "cbr_vault_last_finished_task_status",
			help:   "Whether the last finished task of the vault that names no resource has this status.",
			labels: []string{"status"},
			read:   func(l *cbrapi.OperationLog, e *emitter) { emitStatus(l.Status, statuses, e) },
		},
		{
			name:   "cbr_vault_last_finished_task_info",
			help:   "ID and error code of the last finished task of the vault that names no resource. Always 1.",
			labels: []string{"task_id", "error_code"},
			read:   func(l *cbrapi.OperationLog, e *emitter) { e.emit(1, l.ID, l.ErrorInfo.Code) },
		},
		gauge("cbr_vault_last_finished_task_ended_timestamp_seconds", "Unix time at which the last finished task of the vault that names no resource ended.", finishedAt),
	}
}

// finishedStatuses returns the statuses of tasks that have ended.
func finishedStatuses() []cbrapi.Status {
	return []cbrapi.Status{cbrapi.StatusSuccess, cbrapi.StatusSkipped, cbrapi.StatusFailed, cbrapi.StatusTimeout}
}

func eachVaultTask(s snapshot, add func(*cbrapi.OperationLog, ...string)) {
	for _, l := range s.VaultTasks {
		add(l, l.VaultID, s.VaultName(l.VaultID), string(l.OperationType.Canonical()))
	}
}
