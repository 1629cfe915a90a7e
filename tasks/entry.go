package tasks

import (
	"hash/crc32"
	"math"
	"time"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
	"github.com/cbr-exporter/cbr_exporter/tasks/ledger"
)

// entry is the state of a configured task, or of an active task from a list.
type entry struct {
	id         string
	configured bool
	log        *cbrapi.OperationLog // nil before the first response, and if the task does not exist

	readAt  time.Time // last response about the task, "no such task" included
	readIn  uint64    // number of the pass of that response
	triedAt time.Time // end of the last request, successful or not

	err      error  // of the last attempt; nil if it succeeded
	failedIn uint64 // number of the pass of that attempt
}

// record records what was read in the pass with the number; 0 is a full sync.
func (e *entry) record(log *cbrapi.OperationLog, now time.Time, pass uint64) {
	if e.log == nil || ledger.Supersedes(log, e.log) {
		e.log = log
	}
	if pass != 0 { // a page of a full sync may be outdated by now
		e.readIn = pass
	}
	e.readAt, e.triedAt, e.err, e.failedIn = now, now, nil, 0
}

func (e *entry) finished() bool { return e.log != nil && e.log.Status.Finished() }

// settled reports whether the task has ended, even with a status that is not known as
// final: the API may have new ones.
func (e *entry) settled() bool { return e.finished() || e.log != nil && !e.log.EndedAt.IsZero() }

// due reports whether the task must be read. A settled task is due after 1 to 1.5 ttl,
// depending on its id, so that tasks that were read together are not due together.
func (e *entry) due(now time.Time, ttl time.Duration) bool {
	spread := float64(crc32.ChecksumIEEE([]byte(e.id))) / math.MaxUint32
	return !e.settled() || !now.Before(e.readAt.Add(ttl+time.Duration(spread*float64(ttl)/2)))
}

// fresh reports whether a settled task still counts as known. That leaves half a ttl or
// more to read it again.
func (e *entry) fresh(now time.Time, ttl time.Duration) bool {
	return e.settled() && now.Sub(e.readAt) < 2*ttl
}
