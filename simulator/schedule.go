package simulator

import (
	"iter"
	"math"
	"slices"
	"time"
)

// Operation types and statuses of
// https://support.huaweicloud.com/api-cbr/ListOpLogs.html.
const (
	opBackup           = "backup"
	opCopy             = "copy" // the old name of replication
	opReplication      = "replication"
	opRestore          = "restore"
	opDelete           = "delete"
	opSync             = "sync"
	opVaultDelete      = "vault_delete"
	opRemoveResource   = "remove_resource"
	opMigrateResources = "migrate_resources"

	statusWaiting = "waiting"
	statusRunning = "running"
	statusSuccess = "success"
	statusFailed  = "failed"
	statusTimeout = "timeout" // no error, but a step took longer than the cloud allows
	statusSkipped = "skipped" // the check before the start failed; it never ran
)

// A schedule is an operation that happens to a resource again and again. Run n is
// planned at the Unix epoch + offset + n*every.
//
// The longest run, jitter and waiting included, is shorter than every: runs of a
// schedule never overlap.
type schedule struct {
	index     uint16 // in project.schedules
	operation string
	vault     *vault    // with an empty id: there is none
	resource  *resource // with an empty id: the operation has none (vault_delete, migrate_resources)
	policyID  string    // empty: started by hand
	// anonymous: its tasks name neither their vault nor their policy.
	anonymous bool

	every  time.Duration
	offset time.Duration
	jitter time.Duration // at most this late
	wait   span          // from created to started
	length span          // from started to ended, if nothing goes wrong
	habit  habit

	// deletes is the schedule of which run n deletes the backup of run n; nil: of none.
	deletes *schedule

	// terraformSpelling: vault_delete counts in total_delete_count and
	// fail_delete_count, see vaultDeleteCounters.
	terraformSpelling bool
}

// scripted is the index of the schedules of [Task], each of which has its own.
const scripted = math.MaxUint16

// A habit is how runs end, in percent; the rest succeeds.
type habit struct{ failed, timeout, skipped int }

func (h habit) outcome(percent int) string {
	switch {
	case percent < h.failed:
		return statusFailed
	case percent < h.failed+h.timeout:
		return statusTimeout
	case percent < h.failed+h.timeout+h.skipped:
		return statusSkipped
	}
	return statusSuccess
}

func (s *schedule) planned(number uint32) time.Time {
	return time.Unix(0, 0).UTC().Add(s.offset + time.Duration(number)*s.every)
}

// lastPlanned returns the latest run that is planned by now. It is not ok before
// the first one, in January 1970.
func (s *schedule) lastPlanned(now time.Time) (number uint32, ok bool) {
	first := s.planned(0)
	if now.Before(first) {
		return 0, false
	}
	n := now.Sub(first) / s.every
	return uint32(n), n <= math.MaxUint32
}

// incremental reports whether the backup of a run has changes only.
func (s *schedule) incremental(number uint32) bool { return s.policyID != "" && number%24 != 0 }

func (s *schedule) protects() bool {
	switch s.operation {
	case opBackup, opReplication, opCopy, opSync:
		return true
	}
	return false
}

// history yields the runs of a schedule that have been created, latest first.
func (p *project) history(s *schedule, now time.Time) iter.Seq[run] {
	return func(yield func(run) bool) {
		number, ok := s.lastPlanned(now)
		for ; ok; number-- {
			r := p.run(s, number)
			if !r.created.After(now) && !yield(r) {
				return
			}
			ok = number > 0
		}
	}
}

// created returns the runs that are created from one moment until before another,
// in the order of compareRuns.
func (p *project) created(from, to time.Time) []run {
	var runs []run
	for _, s := range p.schedules {
		number, ok := s.lastPlanned(to)
		for ; ok && !s.planned(number).Add(s.jitter).Before(from); number-- {
			r := p.run(s, number)
			if !r.created.Before(from) && r.created.Before(to) {
				runs = append(runs, r)
			}
			ok = number > 0
		}
	}
	slices.SortFunc(runs, compareRuns)
	return runs
}

// An errorInfo is the reason why a task did not succeed. Codes and messages are from
// https://support.huaweicloud.com/intl/en-us/api-cbr/ErrorCode.html.
type errorInfo struct {
	Code    string `json:"code"`
	Message string `json:"message"`
}

func errVaultFull() errorInfo {
	return errorInfo{"BackupService.6114", "The used capacity of the vault exceeds the maximum capacity."}
}

func errDestinationFull() errorInfo {
	return errorInfo{"BackupService.6129", "The maximum capacity of the destination vault has been reached."}
}

// failureReasons returns the errors of an operation. A timeout has no error: the
// API defines it as the absence of one.
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
			errDestinationFull(),
		}
	case opMigrateResources:
		return []errorInfo{errDestinationFull()}
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

func skipReasons(s *schedule) []errorInfo {
	if s.vault.frozen {
		return []errorInfo{{"BackupService.6113", "Backup is not allowed in the current vault status."}}
	}
	reasons := []errorInfo{{"BackupService.6215", "Backup is not allowed in the current resource status."}}
	if s.resource.kind == kindServer {
		reasons = append(reasons, errorInfo{"BackupService.7102", "The server has stopped."})
	}
	return reasons
}
