package simulator

import (
	"math"
	"time"
)

// Operation types and statuses, in the API's words:
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

// scripted is the number in place of a schedule's for the tasks of a script,
// each of which has a schedule of its own.
const scripted = math.MaxUint16

// A schedule is one operation that happens to one resource again and again.
// Run n is planned at the Unix epoch + offset + n*every.
//
// The longest run, jitter and waiting included, is shorter than every: runs of
// one schedule never overlap, so behind a finished run all are finished.
type schedule struct {
	index     uint16 // in fleet.schedules
	operation string
	vault     *vault    // nil: the task does not tell its vault
	resource  *resource // nil: the operation has none (vault_delete)
	policyID  string    // empty: started by hand

	every  time.Duration
	offset time.Duration
	jitter time.Duration // at most this late
	wait   span          // from created to started
	length span          // from started to ended, if nothing goes wrong
	habit  habit

	// terraformSpelling: vault_delete counts in total_delete_count and
	// fail_delete_count, see vaultDeleteCounters.
	terraformSpelling bool
}

// A habit says how runs end, in percent; the rest succeeds.
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

func (s *schedule) planned(run uint32) time.Time {
	return time.Unix(0, 0).UTC().Add(s.offset + time.Duration(run)*s.every)
}

// lastPlanned returns the newest run that is planned by now. It is not ok
// before the first one, in January 1970.
func (s *schedule) lastPlanned(now time.Time) (run uint32, ok bool) {
	first := s.planned(0)
	if now.Before(first) {
		return 0, false
	}
	number := now.Sub(first) / s.every
	return uint32(number), number <= math.MaxUint32
}
