package cbrapi

// maxErrorMessage bounds the message of a task, in characters.
const maxErrorMessage = 2048

// readOperationLog reads one operation_log object, of a single answer or of a
// list. It cannot fail: what is unreadable is left out and listed.
func readOperationLog(o object) *OperationLog {
	errorInfo, _ := o.object("error_info")
	extra, _ := o.object("extra_info")
	l := &OperationLog{
		ID:            o.id("id"),
		ProjectID:     o.text("project_id"),
		Status:        Status(o.word("status")),
		OperationType: OperationType(o.word("operation_type")),
		CreatedAt:     o.time("created_at"),
		StartedAt:     o.time("started_at"),
		EndedAt:       o.time("ended_at"),
		UpdatedAt:     o.time("updated_at"),
		ErrorInfo: ErrorInfo{
			Code:    errorInfo.word("code"),
			Message: errorInfo.prose("message", maxErrorMessage),
		},
		ExtraInfo:    readExtraInfo(extra),
		CheckpointID: o.text("checkpoint_id"),
		PolicyID:     o.text("policy_id"),
		ProviderID:   o.text("provider_id"),
		VaultID:      o.id("vault_id"),
		VaultName:    o.text("vault_name"),
	}
	if !l.StartedAt.IsZero() && !l.EndedAt.IsZero() && l.EndedAt.Before(l.StartedAt) {
		// Both times are kept, but no duration can be told from them.
		o.invalid("ended_at", o.values["ended_at"])
	}
	l.Invalid = *o.found
	return l
}

func readExtraInfo(o object) ExtraInfo {
	common, _ := o.object("common")
	e := ExtraInfo{Common: Common{
		Progress:  common.percent("progress"),
		RequestID: common.text("request_id"),
		TaskID:    common.text("task_id"),
	}}
	if r, ok := o.object("resource"); ok {
		resource := readResource(r)
		e.Resource = &resource
	}
	if b, ok := o.object("backup"); ok {
		e.Backup = &Backup{
			BackupID:                   b.text("backup_id"),
			BackupName:                 b.text("backup_name"),
			Incremental:                b.flag("incremental"),
			AppConsistencyStatus:       b.word("app_consistency_status"),
			AppConsistencyErrorCode:    b.word("app_consistency_error_code"),
			AppConsistencyErrorMessage: b.prose("app_consistency_error_message", maxErrorMessage),
		}
	}
	if d, ok := o.object("delete"); ok {
		e.Delete = &Delete{BackupID: d.text("backup_id"), BackupName: d.text("backup_name")}
	}
	if r, ok := o.object("restore"); ok {
		e.Restore = &Restore{
			BackupID:           r.text("backup_id"),
			BackupName:         r.text("backup_name"),
			TargetResourceID:   r.text("target_resource_id"),
			TargetResourceName: r.text("target_resource_name"),
		}
	}
	if r, ok := o.object("replication"); ok {
		e.Replication = readReplication(r)
	}
	if s, ok := o.object("sync"); ok {
		e.Sync = &Sync{
			Backups:        s.count("sync_backup_num"),
			DeletedBackups: s.count("delete_backup_num"),
			FailedBackups:  s.count("err_sync_backup_num"),
		}
	}
	if r, ok := o.object("remove_resources"); ok {
		e.RemoveResources = &RemoveResources{FailCount: r.count("fail_count"), TotalCount: r.count("total_count")}
		for _, resource := range r.objects("resources") {
			e.RemoveResources.Resources = append(e.RemoveResources.Resources, readResource(resource))
		}
	}
	if v, ok := o.object("vault_delete"); ok {
		// The API's pages have the short names, the vendor's Terraform provider
		// reads the long ones; no public answer settles which are sent.
		e.VaultDelete = &VaultDelete{
			FailCount:  firstCount(v, "fail_count", "fail_delete_count"),
			TotalCount: firstCount(v, "total_count", "total_delete_count"),
		}
	}
	return e
}

func readResource(o object) Resource {
	extra, _ := o.object("extra_info")
	r := Resource{
		ID:             o.id("id"),
		Type:           o.text("type"),
		Name:           o.text("name"),
		ExcludeVolumes: extra.texts("exclude_volumes"),
	}
	for _, v := range extra.objects("include_volumes") {
		r.IncludeVolumes = append(r.IncludeVolumes, Volume{ID: v.text("id"), OSVersion: v.text("os_version")})
	}
	return r
}

func readReplication(o object) *Replication {
	return &Replication{
		SourceRegion:            o.text("source_region"),
		SourceProjectID:         o.text("source_project_id"),
		SourceBackupID:          o.text("source_backup_id"),
		SourceBackupName:        o.text("source_backup_name"),
		SourceCheckpointID:      o.text("source_checkpoint_id"),
		DestinationRegion:       o.text("destination_region"),
		DestinationProjectID:    o.text("destination_project_id"),
		DestinationBackupID:     o.text("destination_backup_id"),
		DestinationBackupName:   o.text("destination_backup_name"),
		DestinationCheckpointID: o.text("destination_checkpoint_id"),
	}
}

// firstCount returns the first of the named counts that was sent.
func firstCount(o object, names ...string) *int64 {
	for _, name := range names {
		if n := o.count(name); n != nil {
			return n
		}
	}
	return nil
}
