package collector

import (
	"github.com/cbr-exporter/cbr_exporter/cbrapi"
)

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
