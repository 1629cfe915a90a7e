package simulator

import (
	"cmp"
	"time"
)

// A backupRecord is a backup as the API writes it: tables 3 to 9 of
// https://support.huaweicloud.com/intl/en-us/api-cbr/ListBackups.html, as recorded responses
// have them.
type backupRecord struct {
	ID                 string          `json:"id"`
	CheckpointID       string          `json:"checkpoint_id"`
	Name               string          `json:"name"`
	Description        string          `json:"description"`
	Status             string          `json:"status"`
	ImageType          string          `json:"image_type"`
	Incremental        bool            `json:"incremental"`
	Version            int             `json:"version"`
	ProjectID          string          `json:"project_id"`
	ProviderID         string          `json:"provider_id"`
	VaultID            string          `json:"vault_id"`
	ResourceID         string          `json:"resource_id"`
	ResourceName       string          `json:"resource_name"`
	ResourceType       string          `json:"resource_type"`
	ResourceSize       int64           `json:"resource_size"`
	CreatedAt          timestamp       `json:"created_at"`
	UpdatedAt          timestamp       `json:"updated_at"`
	ProtectedAt        timestamp       `json:"protected_at"`
	ExpiredAt          timestamp       `json:"expired_at,omitzero"`
	ExtendInfo         any             `json:"extend_info"`
	Children           []backupRecord  `json:"children"`
	ReplicationRecords []replicaRecord `json:"replication_records"`

	*backupPlace
}

// A backupPlace is what rows of file systems do not have.
type backupPlace struct {
	ParentID             *string `json:"parent_id"`
	ResourceAZ           string  `json:"resource_az"`
	ScheduledOperationID *string `json:"scheduled_operation_id"`
}

// A replicaRecord is a copy as in the model ReplicationRecordGet of the official SDK.
type replicaRecord struct {
	ID                      string           `json:"id"`
	Status                  string           `json:"status"`
	CreatedAt               timestamp        `json:"created_at"`
	SourceRegion            string           `json:"source_region"`
	SourceProjectID         string           `json:"source_project_id"`
	SourceBackupID          string           `json:"source_backup_id"`
	SourceCheckpointID      string           `json:"source_checkpoint_id"`
	DestinationRegion       string           `json:"destination_region"`
	DestinationProjectID    string           `json:"destination_project_id"`
	DestinationBackupID     string           `json:"destination_backup_id"`
	DestinationCheckpointID string           `json:"destination_checkpoint_id"`
	DestinationVaultID      string           `json:"destination_vault_id"`
	ExtraInfo               replicaExtraInfo `json:"extra_info"`
}

// A replicaExtraInfo is the model ReplicationRecordsExtraInfo.
type replicaExtraInfo struct {
	FailCode           string `json:"fail_code"` // empty if the copying did not fail
	FailReason         string `json:"fail_reason"`
	DestinationVaultID string `json:"destination_vault_id"`
}

// record returns the row of a backup, with the backups of its volumes as children.
func (b Backup) record(s seed, withReplicas bool, volumes []Backup) backupRecord {
	turbo := b.ResourceType == kindSFSTurbo
	layout, protectedLayout := layoutZoneless, layoutZoneless
	if turbo {
		layout, protectedLayout = layoutMicros, time.DateOnly
	}
	stamp := func(at time.Time, layout string) timestamp {
		return timestamp{at: at.UTC(), layout: layout, nulls: !turbo}
	}
	r := backupRecord{
		ID:                 b.ID,
		CheckpointID:       b.CheckpointID,
		Name:               b.Name,
		Status:             b.status(),
		ImageType:          cmp.Or(b.ImageType, "backup"),
		Incremental:        b.Incremental,
		Version:            3,
		ProjectID:          DefaultProjectID,
		ProviderID:         providerOf(b.ResourceType).id,
		VaultID:            b.VaultID,
		ResourceID:         b.ResourceID,
		ResourceName:       b.ResourceName,
		ResourceType:       b.ResourceType,
		ResourceSize:       b.ResourceSize,
		CreatedAt:          stamp(b.Created, layout),
		UpdatedAt:          stamp(b.Updated, layout),
		ProtectedAt:        stamp(b.Protected, protectedLayout),
		ExpiredAt:          stamp(b.Expires, layout),
		ExtendInfo:         b.extendInfo(s),
		Children:           []backupRecord{},
		ReplicationRecords: []replicaRecord{},
	}
	if r.CheckpointID == "" {
		r.CheckpointID = s.uuid("checkpoint", b.ID).String()
	}
	if b.Updated.IsZero() {
		r.UpdatedAt = r.CreatedAt
	}
	if !turbo {
		r.backupPlace = &backupPlace{ResourceAZ: region + "a"}
		if b.ParentID != "" {
			r.ParentID = &b.ParentID
		}
	}
	for _, volume := range volumes {
		r.Children = append(r.Children, volume.record(s, withReplicas, nil))
	}
	if withReplicas {
		for i, replica := range b.Replicas {
			r.ReplicationRecords = append(r.ReplicationRecords, replica.record(s, r, i))
		}
	}
	return r
}

// record returns the record of the number-th replica of a backup.
func (c BackupReplica) record(s seed, of backupRecord, number int) replicaRecord {
	return replicaRecord{
		ID:                      s.uuid("replication", of.ID, number).String(),
		Status:                  c.Status,
		CreatedAt:               timestamp{at: c.Created.UTC(), layout: of.CreatedAt.layout},
		SourceRegion:            region,
		SourceProjectID:         DefaultProjectID,
		SourceBackupID:          of.ID,
		SourceCheckpointID:      of.CheckpointID,
		DestinationRegion:       c.DestinationRegion,
		DestinationProjectID:    s.hex32("destination project"),
		DestinationBackupID:     c.DestinationBackupID,
		DestinationCheckpointID: s.uuid("destination checkpoint", of.ID, number).String(),
		DestinationVaultID:      c.DestinationVaultID,
		ExtraInfo:               replicaExtraInfo{c.FailCode, c.FailReason, c.DestinationVaultID},
	}
}

// The fields of extend_info depend on the type of the resource, as recorded.
type (
	turboExtendInfo struct {
		AutoTrigger          bool    `json:"auto_trigger"`
		SupportLLD           bool    `json:"support_lld"`
		SupportedRestoreMode *string `json:"supported_restore_mode"`
		SystemDisk           bool    `json:"system_disk"`
		MultiAZ              bool    `json:"is_multi_az"`
		Encrypted            bool    `json:"encrypted"`
		ContainSystemDisk    *bool   `json:"contain_system_disk,omitempty"`
	}
	extendInfo struct {
		turboExtendInfo
		Bootable           *bool           `json:"bootable"`
		Images             *string         `json:"os_images_data"`
		Progress           *int            `json:"progress"`
		SnapshotID         *string         `json:"snapshot_id"`
		EncryptedAlgorithm *string         `json:"encrypted_algorithm"`
		DedicatedCloud     bool            `json:"is_dec"`
		AppConsistency     *appConsistency `json:"app_consistency"`
		Architecture       string          `json:"architecture,omitempty"`
	}
	appConsistency struct {
		Wanted       string `json:"app_consistency"`
		Status       string `json:"app_consistency_status"`
		ErrorCode    string `json:"app_consistency_error_code"`
		ErrorMessage string `json:"app_consistency_error_message"`
	}
)

func (b Backup) extendInfo(s seed) any {
	common := turboExtendInfo{AutoTrigger: b.Automatic, SupportLLD: true}
	switch b.ResourceType {
	case kindSFSTurbo:
		common.SupportedRestoreMode, common.ContainSystemDisk = new("backup"), new(false)
		return common
	case kindDisk:
		return extendInfo{
			turboExtendInfo: common,
			Bootable:        new(false),
			Progress:        new(100),
			SnapshotID:      new(s.uuid("snapshot", b.ID).String()),
		}
	}
	common.SupportedRestoreMode, common.ContainSystemDisk = new("backup"), new(true)
	return extendInfo{
		turboExtendInfo: common,
		AppConsistency:  &appConsistency{Wanted: "0", Status: "0", ErrorCode: "0"},
		Architecture:    "x86_64",
	}
}
