package simulator

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"time"
)

// An operationLog is a task as the API writes it: tables 4 to 16 of
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
	ErrorInfo     errorInfo `json:"error_info"` // present on success too, with empty texts
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

// A resourceExtraInfo is the same in tasks and in vaults. include_volumes is not
// documented, see [IncludedVolume].
type resourceExtraInfo struct {
	ExcludeVolumes []string         `json:"exclude_volumes,omitempty"`
	IncludeVolumes []IncludedVolume `json:"include_volumes,omitempty"`
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

// A removeResourcesInfo has all resources of a remove_resource, which has no resource
// beside it.
type removeResourcesInfo struct {
	FailCount  int            `json:"fail_count"`  // resources
	TotalCount int            `json:"total_count"` // backups
	Resources  []resourceInfo `json:"resources"`
}

// vaultDeleteCounters are total_count and fail_count in the documentation, but
// total_delete_count and fail_delete_count in the vendor's Terraform provider (data
// source huaweicloud_cbr_operation_logs), which is tested against the cloud. Some
// tasks have one, some the other.
type vaultDeleteCounters map[string]int

// A timestamp is a time in the format of its provider. A zero time is not known
// yet: the field is then absent, or null.
type timestamp struct {
	at     time.Time
	layout string
	nulls  bool
}

// IsZero reports whether omitzero leaves the field out.
func (t timestamp) IsZero() bool { return t.at.IsZero() && !t.nulls }

// MarshalJSON implements json.Marshaler.
func (t timestamp) MarshalJSON() ([]byte, error) {
	if t.at.IsZero() {
		return []byte("null"), nil
	}
	return []byte(`"` + t.at.Format(t.layout) + `"`), nil
}

// record returns the task as it is now. Results (backup ids, counters, the
// checkpoint) appear when it starts: a task that waits or was skipped has none.
func (r run) record(chance seed, now time.Time) operationLog {
	p := r.resource.provider
	stamp := func(at time.Time, known bool) timestamp {
		if !known {
			at = time.Time{}
		}
		return timestamp{at, p.layout, p.nulls}
	}
	vault, policyID := r.names()

	log := operationLog{
		ID:            r.id.String(),
		ProjectID:     DefaultProjectID,
		OperationType: r.schedule.operation,
		Status:        r.status(now),
		CreatedAt:     timestamp{at: r.created, layout: p.rowLayout},
		StartedAt:     stamp(r.started, r.hasStarted(now)),
		UpdatedAt:     timestamp{at: r.updated(now), layout: p.rowLayout},
		EndedAt:       stamp(r.ended, r.hasEnded(now)),
		ProviderID:    p.id,
		VaultID:       vault.id,
		VaultName:     vault.name,
		PolicyID:      policyID,
		ExtraInfo: extraInfo{
			Common: commonInfo{
				Progress:  r.progress(now),
				RequestID: "req-" + r.uuid(chance, "request"),
			},
		},
	}
	switch {
	case r.schedule.operation == opRemoveResource:
		log.ExtraInfo.RemoveResources = &removeResourcesInfo{Resources: r.removed()}
	case r.resource.id != "":
		info := r.resource.info()
		log.ExtraInfo.Resource = &info
	}
	if policyID != "" {
		log.ExtraInfo.Common.TaskID = r.uuid(chance, "backup task")
	}
	if r.hasEnded(now) {
		log.ErrorInfo = r.err
	}
	if r.hasStarted(now) {
		log.setResult(r, chance)
	}
	return log
}

// setResult sets the fields of the operation type. There are none for
// migrate_resources.
func (log *operationLog) setResult(r run, seed seed) {
	s, extra := r.schedule, &log.ExtraInfo
	chance := seed.rand("result", s.index, r.number)
	backupID, name := r.uuid(seed, "backup"), backupName(s, chance)

	switch s.operation {
	case opBackup:
		log.CheckpointID = r.uuid(seed, "checkpoint")
		extra.Backup = &backupInfo{
			BackupID:    backupID,
			BackupName:  name,
			Incremental: strconv.FormatBool(s.incremental(r.number)),
		}
		if r.resource.agent {
			extra.Backup.setConsistency(chance)
		}
	case opReplication, opCopy:
		log.CheckpointID = r.uuid(seed, "checkpoint")
		extra.Replication = &replicationInfo{
			SourceRegion:            region,
			SourceProjectID:         DefaultProjectID,
			SourceBackupID:          backupID,
			SourceBackupName:        name,
			SourceCheckpointID:      log.CheckpointID,
			DestinationRegion:       destinationRegion,
			DestinationProjectID:    seed.hex32("destination project"),
			DestinationBackupID:     r.uuid(seed, "destination backup"),
			DestinationBackupName:   name,
			DestinationCheckpointID: r.uuid(seed, "destination checkpoint"),
		}
	case opRestore:
		log.CheckpointID = r.uuid(seed, "checkpoint")
		extra.Restore = &restoreInfo{
			BackupID:           backupID,
			BackupName:         name,
			TargetResourceID:   seed.uuid("resource", "restore-target").String(),
			TargetResourceName: "restore-target",
		}
	case opDelete:
		if s.deletes != nil {
			backupID = seed.uuid("backup", s.deletes.index, r.number).String()
			name = backupName(s.deletes, seed.rand("result", s.deletes.index, r.number))
		}
		extra.Delete = &deleteInfo{BackupID: backupID, BackupName: name}
	case opSync:
		extra.Sync = syncCounts(chance)
	case opRemoveResource:
		extra.RemoveResources.TotalCount, extra.RemoveResources.FailCount = deleteCounts(chance, log.Status)
	case opVaultDelete:
		total, failed := deleteCounts(chance, log.Status)
		extra.VaultDelete = vaultDeleteCounters{"total_count": total, "fail_count": failed}
		if s.terraformSpelling {
			extra.VaultDelete = vaultDeleteCounters{"total_delete_count": total, "fail_delete_count": failed}
		}
	}
}

// setConsistency sets whether the agent could freeze the application. If not, the
// backup is still a success, but not consistent.
func (b *backupInfo) setConsistency(chance *rand.Rand) {
	if !oneIn(chance, 5) {
		b.AppConsistencyStatus = "1"
		return
	}
	b.AppConsistencyStatus = "0"
	b.AppConsistencyErrorCode = "BackupService.7203"
	b.AppConsistencyErrorMessage = "The snapshot is not in the correct status."
}

// syncCounts returns counts of backups. Some can fail in a sync that succeeds.
func syncCounts(chance *rand.Rand) *syncInfo {
	s := &syncInfo{SyncBackupNum: 5 + chance.IntN(30), DeleteBackupNum: chance.IntN(5)}
	if oneIn(chance, 4) {
		s.ErrSyncBackupNum = 1 + chance.IntN(3)
	}
	return s
}

// deleteCounts returns how many backups are deleted and how many resources fail.
// Some can fail in a task that succeeds.
func deleteCounts(chance *rand.Rand, status string) (total, failed int) {
	total = 3 + chance.IntN(20)
	if oneIn(chance, 6) || status == statusFailed {
		failed = 1
	}
	return total, failed
}

// backupName returns a name by the cloud's pattern, which distinguishes backups of
// a policy from manual ones.
func backupName(s *schedule, chance *rand.Rand) string {
	prefix := "manualbk"
	if s.policyID != "" {
		prefix = "autobk"
	}
	return fmt.Sprintf("%s_%04x", prefix, chance.IntN(1<<16))
}

func (r run) uuid(s seed, word string) string {
	return s.uuid(word, r.schedule.index, r.number).String()
}

// removed returns the resources that a remove_resource removes: its own and others.
func (r run) removed() []resourceInfo {
	all := []resourceInfo{}
	if r.resource.id != "" {
		all = append(all, r.resource.info())
	}
	for _, other := range r.others {
		all = append(all, other.info())
	}
	return all
}

func (r *resource) info() resourceInfo {
	info := resourceInfo{ID: r.id, Type: r.kind, Name: r.name}
	if r.excludedVolumes != nil || r.includedVolumes != nil {
		info.ExtraInfo = &resourceExtraInfo{
			ExcludeVolumes: r.excludedVolumes,
			IncludeVolumes: r.includedVolumes,
		}
	}
	return info
}
