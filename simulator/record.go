package simulator

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"time"
)

// record writes down what the API tells about a task now.
//
// What an operation made (backup ids, counters, the checkpoint) appears when
// the task starts: a task that waits or was skipped has made nothing.
func (f *fleet) record(r run, now time.Time) operationLog {
	s := r.schedule
	p := r.provider()
	stamp := func(at time.Time, known bool) timestamp {
		if !known {
			at = time.Time{}
		}
		return timestamp{at, p.layout, p.nulls}
	}

	log := operationLog{
		ID:            r.uuid(f.seed).String(),
		ProjectID:     f.projectID,
		OperationType: s.operation,
		Status:        r.status(now),
		CreatedAt:     stamp(r.created, true),
		StartedAt:     stamp(r.started, r.hasStarted(now)),
		UpdatedAt:     stamp(r.updated(now), true),
		EndedAt:       stamp(r.ended, r.hasEnded(now)),
		ProviderID:    p.id,
		PolicyID:      s.policyID,
		ExtraInfo: extraInfo{
			Common: commonInfo{
				Progress:  r.progress(now),
				RequestID: "req-" + f.runUUID(r, "request"),
			},
		},
	}
	if r.vault != nil {
		log.VaultID, log.VaultName = r.vault.id, r.vault.name
	}
	if r.resource != nil {
		info := r.resource.info()
		log.ExtraInfo.Resource = &info
	}
	if s.policyID != "" {
		log.ExtraInfo.Common.TaskID = f.runUUID(r, "backup task")
	}
	if r.hasEnded(now) {
		log.ErrorInfo = r.err
	}
	if r.hasStarted(now) {
		f.recordResult(&log, r)
	}
	return log
}

// recordResult fills in what belongs to the operation type. No object is
// published for migrate_resources.
func (f *fleet) recordResult(log *operationLog, r run) {
	s, extra := r.schedule, &log.ExtraInfo
	chance := f.seed.rand("result", s.index, r.id.run)
	backupID, backupName := f.runUUID(r, "backup"), backupName(s, chance)

	switch s.operation {
	case opBackup:
		log.CheckpointID = f.runUUID(r, "checkpoint")
		extra.Backup = &backupInfo{
			BackupID:    backupID,
			BackupName:  backupName,
			Incremental: strconv.FormatBool(s.policyID != "" && r.id.run%24 != 0),
		}
		if r.resource != nil && r.resource.agent {
			extra.Backup.recordConsistency(chance)
		}
	case opReplication, opCopy:
		log.CheckpointID = f.runUUID(r, "checkpoint")
		extra.Replication = &replicationInfo{
			SourceRegion:            f.region,
			SourceProjectID:         f.projectID,
			SourceBackupID:          backupID,
			SourceBackupName:        backupName,
			SourceCheckpointID:      log.CheckpointID,
			DestinationRegion:       destinationRegion,
			DestinationProjectID:    f.destinationProject(),
			DestinationBackupID:     f.runUUID(r, "destination backup"),
			DestinationBackupName:   backupName,
			DestinationCheckpointID: f.runUUID(r, "destination checkpoint"),
		}
	case opRestore:
		log.CheckpointID = f.runUUID(r, "checkpoint")
		extra.Restore = &restoreInfo{
			BackupID:           backupID,
			BackupName:         backupName,
			TargetResourceID:   f.seed.uuid("resource", "restore-target"),
			TargetResourceName: "restore-target",
		}
	case opDelete:
		extra.Delete = &deleteInfo{BackupID: backupID, BackupName: backupName}
	case opSync:
		extra.Sync = recordSync(chance)
	case opRemoveResource:
		total, failed := deleteCounts(chance, log.Status)
		extra.RemoveResources = &removeResourcesInfo{
			FailCount:  failed,
			TotalCount: total,
			Resources:  []resourceInfo{},
		}
		if r.resource != nil {
			extra.RemoveResources.Resources = append(extra.RemoveResources.Resources, r.resource.info())
		}
	case opVaultDelete:
		total, failed := deleteCounts(chance, log.Status)
		extra.VaultDelete = vaultDeleteCounters{"total_count": total, "fail_count": failed}
		if s.terraformSpelling {
			extra.VaultDelete = vaultDeleteCounters{"total_delete_count": total, "fail_delete_count": failed}
		}
	}
}

// recordConsistency notes whether the agent could freeze the application. If it
// could not, the backup is still a success, only not a consistent one.
func (b *backupInfo) recordConsistency(chance *rand.Rand) {
	if !oneIn(chance, 5) {
		b.AppConsistencyStatus = "1"
		return
	}
	b.AppConsistencyStatus = "0"
	b.AppConsistencyErrorCode = "BackupService.7203"
	b.AppConsistencyErrorMessage = "The snapshot is not in the correct status."
}

// recordSync counts backups. Some can fail in a sync that succeeds.
func recordSync(chance *rand.Rand) *syncInfo {
	s := &syncInfo{SyncBackupNum: 5 + chance.IntN(30), DeleteBackupNum: chance.IntN(5)}
	if oneIn(chance, 4) {
		s.ErrSyncBackupNum = 1 + chance.IntN(3)
	}
	return s
}

// deleteCounts returns how many backups go and how many resources resist. Some
// can resist in a task that succeeds.
func deleteCounts(chance *rand.Rand, status string) (total, failed int) {
	total = 3 + chance.IntN(20)
	if oneIn(chance, 6) || status == statusFailed {
		failed = 1
	}
	return total, failed
}

// backupName follows the cloud's pattern, which tells backups of a policy from
// those made by hand.
func backupName(s *schedule, chance *rand.Rand) string {
	prefix := "manualbk"
	if s.policyID != "" {
		prefix = "autobk"
	}
	return fmt.Sprintf("%s_%04x", prefix, chance.IntN(1<<16))
}

// vaultOf returns nil where the task does not tell. A deleted vault existed for
// this run alone: no vault is deleted twice.
func (f *fleet) vaultOf(r run) *vault {
	if r.schedule.operation != opVaultDelete {
		return r.schedule.vault
	}
	id := f.runUUID(r, "vault")
	return &vault{id: id, name: "vault-test-" + id[:4]}
}

// destinationRegion is where the project replicates to.
const destinationRegion = "cn-east-3"

func (f *fleet) destinationProject() string { return f.seed.hex32("destination project") }

func (f *fleet) runUUID(r run, word string) string {
	return f.seed.uuid(word, r.id.schedule, r.id.run)
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
