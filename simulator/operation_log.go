package simulator

import "time"

// An operationLog is a task as the API writes it, see tables 4 to 16 of
// https://support.huaweicloud.com/api-cbr/ShowOpLog.html.
type operationLog struct {
	ID            string    `json:"id"`
	ProjectID     string    `json:"project_id"`
	OperationType string    `json:"operation_type"`
	Status        string    `json:"status"`
	CreatedAt     timestamp `json:"created_at"`
	StartedAt     timestamp `json:"started_at,omitzero"`
	UpdatedAt     timestamp `json:"updated_at"`
	EndedAt       timestamp `json:"ended_at,omitzero"`
	ProviderID    string    `json:"provider_id"`
	VaultID       string    `json:"vault_id,omitempty"`
	VaultName     string    `json:"vault_name,omitempty"`
	PolicyID      string    `json:"policy_id,omitempty"`
	CheckpointID  string    `json:"checkpoint_id,omitempty"`
	ErrorInfo     errorInfo `json:"error_info"` // on success too, with empty texts
	ExtraInfo     extraInfo `json:"extra_info"`
}

type extraInfo struct {
	Common          commonInfo           `json:"common"`
	Resource        *resourceInfo        `json:"resource,omitempty"`
	Backup          *backupInfo          `json:"backup,omitempty"`
	Delete          *deleteInfo          `json:"delete,omitempty"`
	Restore         *restoreInfo         `json:"restore,omitempty"`
	Sync            *syncInfo            `json:"sync,omitempty"`
	Replication     *replicationInfo     `json:"replication,omitempty"`
	RemoveResources *removeResourcesInfo `json:"remove_resources,omitempty"` // plural, unlike the operation type
	VaultDelete     vaultDeleteCounters  `json:"vault_delete,omitempty"`
}

type commonInfo struct {
	Progress  int    `json:"progress"`   // percent
	RequestID string `json:"request_id"` // req-<UUID>
	TaskID    string `json:"task_id,omitempty"`
}

type resourceInfo struct {
	ID        string             `json:"id"`
	Type      string             `json:"type"`
	Name      string             `json:"name"`
	ExtraInfo *resourceExtraInfo `json:"extra_info,omitempty"`
}

// include_volumes is not on the vendor's page, but in the official SDK (model
// ResourceExtraInfo).
type resourceExtraInfo struct {
	ExcludeVolumes []string         `json:"exclude_volumes,omitempty"`
	IncludeVolumes []includedVolume `json:"include_volumes,omitempty"`
}

type includedVolume struct {
	ID        string `json:"id"`
	OSVersion string `json:"os_version"`
}

type backupInfo struct {
	BackupID                   string `json:"backup_id"`
	BackupName                 string `json:"backup_name"`
	Incremental                string `json:"incremental"`                      // "true" or "false": a string
	AppConsistencyStatus       string `json:"app_consistency_status,omitempty"` // "0" no, "1" yes
	AppConsistencyErrorCode    string `json:"app_consistency_error_code,omitempty"`
	AppConsistencyErrorMessage string `json:"app_consistency_error_message,omitempty"`
}

type deleteInfo struct {
	BackupID   string `json:"backup_id"`
	BackupName string `json:"backup_name"`
}

type restoreInfo struct {
	BackupID           string `json:"backup_id"`
	BackupName         string `json:"backup_name"`
	TargetResourceID   string `json:"target_resource_id"`
	TargetResourceName string `json:"target_resource_name"`
}

type syncInfo struct {
	SyncBackupNum    int `json:"sync_backup_num"`
	DeleteBackupNum  int `json:"delete_backup_num"`
	ErrSyncBackupNum int `json:"err_sync_backup_num"`
}

type replicationInfo struct {
	SourceRegion            string `json:"source_region"`
	SourceProjectID         string `json:"source_project_id"`
	SourceBackupID          string `json:"source_backup_id"`
	SourceBackupName        string `json:"source_backup_name"`
	SourceCheckpointID      string `json:"source_checkpoint_id"`
	DestinationRegion       string `json:"destination_region"`
	DestinationProjectID    string `json:"destination_project_id"`
	DestinationBackupID     string `json:"destination_backup_id"`
	DestinationBackupName   string `json:"destination_backup_name"`
	DestinationCheckpointID string `json:"destination_checkpoint_id"`
}

type removeResourcesInfo struct {
	FailCount  int            `json:"fail_count"`  // resources
	TotalCount int            `json:"total_count"` // backups
	Resources  []resourceInfo `json:"resources"`
}

// vaultDeleteCounters are total_count and fail_count on the vendor's page, but
// total_delete_count and fail_delete_count for the vendor's Terraform provider
// (data source huaweicloud_cbr_operation_logs), which is tested against the
// cloud. Both are served.
type vaultDeleteCounters map[string]int

// A timestamp is a time in its provider's way of writing. Where the time is not
// known yet it is zero: the field is then absent or null.
type timestamp struct {
	at     time.Time
	layout string
	nulls  bool
}

// IsZero reports whether the field is left out.
func (t timestamp) IsZero() bool { return t.at.IsZero() && !t.nulls }

// MarshalJSON writes null where the time is not known yet.
func (t timestamp) MarshalJSON() ([]byte, error) {
	if t.at.IsZero() {
		return []byte("null"), nil
	}
	return []byte(`"` + t.at.Format(t.layout) + `"`), nil
}
