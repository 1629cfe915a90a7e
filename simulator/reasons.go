package simulator

// An errorInfo is why a task did not succeed. Codes and messages are those of
// https://support.huaweicloud.com/intl/en-us/api-cbr/ErrorCode.html.
type errorInfo struct {
	Code    string `json:"code"`
	Message string `json:"message"`
}

func errVaultFull() errorInfo {
	return errorInfo{"BackupService.6114", "The used capacity of the vault exceeds the maximum capacity."}
}

// failureReasons lists what an operation fails with. A timeout has no reason:
// the API defines it as the absence of an error.
func failureReasons(operation string) []errorInfo {
	switch operation {
	case opBackup:
		return []errorInfo{
			{"BackupService.7003", "Backup is not allowed in the current disk status."},
			{"BackupService.7203", "The snapshot is not in the correct status."},
			{"BackupService.8300", "Insufficient snapshot quota."},
		}
	case opReplication, opCopy:
		return []errorInfo{
			{"BackupService.1006", "Failed to import the backup replica."},
			{"BackupService.6129", "The maximum capacity of the destination vault has been reached."},
		}
	case opRestore:
		return []errorInfo{
			{"BackupService.2008", "Restoration is not allowed in the current ECS status."},
			{"BackupService.2011", "Restoration is not allowed in the current disk status."},
		}
	case opDelete:
		return []errorInfo{
			{"BackupService.6204", "The backup cannot be deleted because it has been used to create an image."},
			{"BackupService.6216", "The backup cannot be deleted because it is in use."},
		}
	case opSync:
		return []errorInfo{{"BackupService.7300", "The vault does not support synchronization."}}
	case opVaultDelete, opRemoveResource:
		return []errorInfo{{"BackupService.6115", "Failed to delete the backups of vault resources."}}
	}
	return []errorInfo{{"BackupService.9910", "Unknown error."}}
}

// skipReasons lists what the check before the start finds.
func skipReasons(s *schedule) []errorInfo {
	if s.vault != nil && s.vault.frozen {
		return []errorInfo{{"BackupService.6113", "Backup is not allowed in the current vault status."}}
	}
	reasons := []errorInfo{{"BackupService.6215", "Backup is not allowed in the current resource status."}}
	if s.resource != nil && s.resource.kind == kindServer {
		reasons = append(reasons, errorInfo{"BackupService.7102", "The server has stopped."})
	}
	return reasons
}

// pick chooses one by any non-negative number.
func pick[T any](of []T, number int) T { return of[number%len(of)] }
