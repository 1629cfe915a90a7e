package collector

import "github.com/cbr-exporter/cbr_exporter/cbrapi"

// taskFamilies is what is exposed of one task.
func taskFamilies() []family[*cbrapi.OperationLog] {
	statuses := cbrapi.Statuses()
	families := []family[*cbrapi.OperationLog]{
		{
			name: "task_info",
			help: "Facts about the task that do not change; always 1.",
			labels: []string{
				"vault_id", "resource_id", "resource_name", "resource_type",
				"policy_id", "provider_id", "checkpoint_id", "request_id",
			},
			read: taskInfo,
		},
		{
			name:   "task_status",
			help:   "1 for the status that the task has, 0 for the others; unknown stands for one that this exporter does not know.",
			labels: []string{"status"},
			read:   func(l *cbrapi.OperationLog, e *emitter) { emitStatus(l.Status, statuses, e) },
		},
	}
	for _, g := range gauges() {
		if g.of&ofTask != 0 {
			families = append(families, family[*cbrapi.OperationLog]{
				name: "task_" + g.name,
				help: g.help + ".",
				read: func(l *cbrapi.OperationLog, e *emitter) {
					if v, ok := g.read(l); ok {
						e.emit(v)
					}
				},
			})
		}
	}
	return append(families,
		family[*cbrapi.OperationLog]{
			name:   "task_error_info",
			help:   "The code of the error that the task met; always 1, absent where there was none.",
			labels: []string{"error_code"},
			read: func(l *cbrapi.OperationLog, e *emitter) {
				if l.ErrorInfo.Code != "" {
					e.emit(1, l.ErrorInfo.Code)
				}
			},
		},
		family[*cbrapi.OperationLog]{
			name: "task_backup_info",
			help: "The backup that the task makes, deletes or restores; always 1.",
			labels: []string{
				"backup_id", "backup_name", "incremental",
				"app_consistency_status", "app_consistency_error_code",
			},
			read: backupInfo,
		},
		family[*cbrapi.OperationLog]{
			name:   "task_restore_info",
			help:   "Where a restore goes; always 1.",
			labels: []string{"target_resource_id", "target_resource_name"},
			read: func(l *cbrapi.OperationLog, e *emitter) {
				if r := l.ExtraInfo.Restore; r != nil {
					e.emit(1, r.TargetResourceID, r.TargetResourceName)
				}
			},
		},
		family[*cbrapi.OperationLog]{
			name: "task_replication_info",
			help: "Where a replication comes from and goes; always 1.",
			labels: []string{
				"source_region", "source_project_id", "source_backup_id",
				"source_backup_name", "source_checkpoint_id",
				"destination_region", "destination_project_id", "destination_backup_id",
				"destination_backup_name", "destination_checkpoint_id",
			},
			read: replicationInfo,
		},
	)
}

func taskInfo(l *cbrapi.OperationLog, e *emitter) {
	resource := l.ExtraInfo.Resource
	if resource == nil {
		resource = &cbrapi.Resource{}
	}
	e.emit(1, l.VaultID, resource.ID, resource.Name, resource.Type,
		l.PolicyID, l.ProviderID, l.CheckpointID, l.ExtraInfo.Common.RequestID)
}

func backupInfo(l *cbrapi.OperationLog, e *emitter) {
	switch extra := &l.ExtraInfo; {
	case extra.Backup != nil:
		b := extra.Backup
		e.emit(1, b.BackupID, b.BackupName, truth(b.Incremental), b.AppConsistencyStatus, b.AppConsistencyErrorCode)
	case extra.Delete != nil:
		e.emit(1, extra.Delete.BackupID, extra.Delete.BackupName, "", "", "")
	case extra.Restore != nil:
		e.emit(1, extra.Restore.BackupID, extra.Restore.BackupName, "", "", "")
	}
}

func replicationInfo(l *cbrapi.OperationLog, e *emitter) {
	if r := l.ExtraInfo.Replication; r != nil {
		e.emit(1, r.SourceRegion, r.SourceProjectID, r.SourceBackupID,
			r.SourceBackupName, r.SourceCheckpointID,
			r.DestinationRegion, r.DestinationProjectID, r.DestinationBackupID,
			r.DestinationBackupName, r.DestinationCheckpointID)
	}
}

// emitStatus emits 1 for status and 0 for each other of the statuses known;
// "unknown" takes the place of one that is not among them.
func emitStatus[S ~string](status S, known []S, e *emitter) {
	unknown := 1.0
	for _, s := range known {
		value := 0.0
		if s == status {
			value, unknown = 1, 0
		}
		e.emit(value, string(s))
	}
	e.emit(unknown, "unknown")
}
