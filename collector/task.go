package collector

import (
	"cmp"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
	"github.com/cbr-exporter/cbr_exporter/tasks"
)

// task is a task and what knows its vault and names.
type task struct {
	*cbrapi.OperationLog
	snapshot snapshot
}

// taskFamilies are the metrics of one task. A value that the API did not send is absent.
func taskFamilies() []family[task] {
	statuses := cbrapi.Statuses()
	return []family[task]{
		{
			name: "cbr_task_info",
			help: "Vault, resource and policy of the task. Always 1.",
			labels: []string{
				"vault_id", "resource_id", "resource_name", "resource_type",
				"policy_id", "provider_id", "checkpoint_id", "request_id",
			},
			read: taskInfo,
		},
		{
			name:   "cbr_task_status",
			help:   "Whether the task has this status; unknown stands for a status that this exporter does not know.",
			labels: []string{"status"},
			read:   func(t task, e *emitter) { emitStatus(t.Status, statuses, e) },
		},
		gauge("cbr_task_progress_ratio", "Progress of the task, from 0 to 1.", ofTask(progress)),
		gauge("cbr_task_duration_seconds", "Time from the start of the task to its end. Absent until the task has ended.", ofTask(duration)),
		gauge("cbr_task_created_timestamp_seconds", "Unix time at which the task was created.", ofTask(createdAt)),
		gauge("cbr_task_started_timestamp_seconds", "Unix time at which the task started. Absent while the task waits.", ofTask(startedAt)),
		gauge("cbr_task_ended_timestamp_seconds", "Unix time at which the task ended. Absent until then.", ofTask(endedAt)),
		gauge("cbr_task_updated_timestamp_seconds", "Unix time at which the task last changed.", ofTask(updatedAt)),
		gauge("cbr_task_sync_backups", "Number of backups that a sync task has synchronized.", ofTask(syncBackups)),
		gauge("cbr_task_sync_deleted_backups", "Number of backups that a sync task has deleted.", ofTask(syncDeletedBackups)),
		gauge("cbr_task_sync_failed_backups", "Number of backups that a sync task could not synchronize. A sync with failed backups may still succeed.", ofTask(syncFailedBackups)),
		gauge("cbr_task_deleted_backups", "Number of backups that a vault_delete or remove_resource task deletes in total.", ofTask(deletedBackups)),
		gauge("cbr_task_delete_failed_resources", "Number of resources that a vault_delete or remove_resource task could not delete.", ofTask(deleteFailedResources)),
		gauge("cbr_task_excluded_volumes", "Number of volumes of the server that its backups exclude.", ofTask(excludedVolumes)),
		{
			name:   "cbr_task_error_info",
			help:   "Error code of the task. Always 1; absent if the task has no error.",
			labels: []string{"error_code"},
			read: func(t task, e *emitter) {
				if t.ErrorInfo.Code != "" {
					e.emit(1, t.ErrorInfo.Code)
				}
			},
		},
		{
			name: "cbr_task_backup_info",
			help: "Backup that the task creates, deletes or restores. Always 1.",
			labels: []string{
				"backup_id", "backup_name", "incremental",
				"app_consistency_status", "app_consistency_error_code",
			},
			read: backupInfo,
		},
		{
			name:   "cbr_task_restore_info",
			help:   "Target of a restore task. Always 1.",
			labels: []string{"target_resource_id", "target_resource_name"},
			read: func(t task, e *emitter) {
				if r := t.ExtraInfo.Restore; r != nil {
					e.emit(1, r.TargetResourceID, r.TargetResourceName)
				}
			},
		},
		{
			name: "cbr_task_replication_info",
			help: "Source and destination of a replication task. Always 1.",
			labels: []string{
				"source_region", "source_project_id", "source_backup_id",
				"source_backup_name", "source_checkpoint_id",
				"destination_region", "destination_project_id", "destination_backup_id",
				"destination_backup_name", "destination_checkpoint_id",
			},
			read: replicationInfo,
		},
	}
}

// ofTask returns a reader of the record of a task.
func ofTask(read func(*cbrapi.OperationLog) (float64, bool)) func(task) (float64, bool) {
	return func(t task) (float64, bool) { return read(t.OperationLog) }
}

func taskInfo(t task, e *emitter) {
	var resource cbrapi.Resource
	if all := t.Resources(); len(all) == 1 {
		resource = all[0]
	}
	e.emit(1, t.snapshot.VaultOf(t.OperationLog), resource.ID, cmp.Or(t.snapshot.ResourceName(resource.ID), resource.Name), resource.Type,
		t.PolicyID, t.ProviderID, t.CheckpointID, t.ExtraInfo.Common.RequestID)
}

func backupInfo(t task, e *emitter) {
	switch extra := &t.ExtraInfo; {
	case extra.Backup != nil:
		b := extra.Backup
		e.emit(1, b.BackupID, b.BackupName, boolLabel(b.Incremental), b.AppConsistencyStatus, b.AppConsistencyErrorCode)
	case extra.Delete != nil:
		e.emit(1, extra.Delete.BackupID, extra.Delete.BackupName, "", "", "")
	case extra.Restore != nil:
		e.emit(1, extra.Restore.BackupID, extra.Restore.BackupName, "", "", "")
	}
}

func replicationInfo(t task, e *emitter) {
	if r := t.ExtraInfo.Replication; r != nil {
		e.emit(1, r.SourceRegion, r.SourceProjectID, r.SourceBackupID,
			r.SourceBackupName, r.SourceCheckpointID,
			r.DestinationRegion, r.DestinationProjectID, r.DestinationBackupID,
			r.DestinationBackupName, r.DestinationCheckpointID)
	}
}

func createdAt(l *cbrapi.OperationLog) (float64, bool) { return unixSeconds(l.CreatedAt) }
func startedAt(l *cbrapi.OperationLog) (float64, bool) { return unixSeconds(l.StartedAt) }
func endedAt(l *cbrapi.OperationLog) (float64, bool)   { return unixSeconds(l.EndedAt) }

// finishedAt returns the end of a finished task, or its last change if the API did not send
// its end.
func finishedAt(l *cbrapi.OperationLog) (float64, bool) {
	end, _ := l.FinishedAt()
	return unixSeconds(end)
}

func updatedAt(l *cbrapi.OperationLog) (float64, bool) { return unixSeconds(l.UpdatedAt) }

// progress converts the percentage of the API to a ratio.
func progress(l *cbrapi.OperationLog) (float64, bool) {
	p := l.ExtraInfo.Common.Progress
	if p == nil {
		return 0, false
	}
	return *p / 100, true
}

func duration(l *cbrapi.OperationLog) (float64, bool) {
	d, known := l.Duration()
	return d.Seconds(), known
}

// syncOf returns what belongs to a sync task; it is empty for others.
func syncOf(l *cbrapi.OperationLog) cbrapi.Sync {
	if l.ExtraInfo.Sync == nil {
		return cbrapi.Sync{}
	}
	return *l.ExtraInfo.Sync
}

func syncBackups(l *cbrapi.OperationLog) (float64, bool) { return intValue(syncOf(l).Backups) }

func syncDeletedBackups(l *cbrapi.OperationLog) (float64, bool) {
	return intValue(syncOf(l).DeletedBackups)
}

func syncFailedBackups(l *cbrapi.OperationLog) (float64, bool) {
	return intValue(syncOf(l).FailedBackups)
}

func deletedBackups(l *cbrapi.OperationLog) (float64, bool) {
	switch extra := &l.ExtraInfo; {
	case extra.VaultDelete != nil:
		return intValue(extra.VaultDelete.TotalCount)
	case extra.RemoveResources != nil:
		return intValue(extra.RemoveResources.TotalCount)
	default:
		return 0, false
	}
}

func deleteFailedResources(l *cbrapi.OperationLog) (float64, bool) {
	switch extra := &l.ExtraInfo; {
	case extra.VaultDelete != nil:
		return intValue(extra.VaultDelete.FailCount)
	case extra.RemoveResources != nil:
		return intValue(extra.RemoveResources.FailCount)
	default:
		return 0, false
	}
}

func excludedVolumes(l *cbrapi.OperationLog) (float64, bool) {
	r := l.ExtraInfo.Resource
	if r == nil || r.ExcludeVolumes == nil {
		return 0, false
	}
	return float64(len(r.ExcludeVolumes)), true
}

// configuredTaskFamilies are the metrics of one configured task, whether it exists or
// not.
func configuredTaskFamilies() []family[tasks.Task] {
	return []family[tasks.Task]{
		{
			name: "cbr_task_found",
			help: "Whether the configured task exists. Absent while that is not known.",
			read: func(t tasks.Task, e *emitter) {
				if t.Known {
					e.emit(boolToFloat(t.Exists()))
				}
			},
		},
		{
			name: "cbr_task_scrape_success",
			help: "Whether the configured task was read, or is known not to exist.",
			read: func(t tasks.Task, e *emitter) { e.emit(boolToFloat(t.Known)) },
		},
	}
}

func eachConfiguredTask(s snapshot, add func(tasks.Task, ...string)) {
	for _, t := range s.Tasks {
		add(t, t.ID)
	}
}

func eachTask(s snapshot, add func(task, ...string)) {
	for _, l := range s.Logs() {
		add(task{l, s}, l.ID, string(l.OperationType), s.VaultName(s.VaultOf(l)))
	}
}
