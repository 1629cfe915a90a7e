package collection

import (
	"errors"
	"hash/crc32"
	"math"
	"time"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
	"github.com/cbr-exporter/cbr_exporter/ledger"
)

// entry is what is known of one id, which is configured, or of a task that was
// found and is active.
type entry struct {
	id         string
	configured bool
	// log is the newest answer; nil before the first, and where the API says
	// that there is no such task.
	log *cbrapi.OperationLog
	// readAt is when the newest answer came, "no such task" included, and readIn
	// the number of the pass that brought it. Both are zero before the first. A
	// pointer would keep the pass, and all that was known at its end.
	readAt time.Time
	readIn uint64
	// triedAt is when the newest request for it ended, whatever came of it.
	triedAt time.Time
	// missingSince is when the API first said of a task that was active that it
	// does not exist; zero if it did not.
	missingSince time.Time
	// err is why the newest attempt brought no answer, and failedIn the number of
	// the pass that made it. Both are zero where it did.
	err      error
	failedIn uint64
}

// errMissing is said of a task that was active and has vanished.
var errMissing = errors.New("the task was active, and now the API says that it does not exist; that is believed after a quarter of an hour")

// missingFor is how long the API has to say that an active task does not exist
// until it is believed: what is written in one place is read in another.
const missingFor = 15 * time.Minute

// take notes a record of the task. It was read in the pass with the given number,
// or outside of any if that is 0.
func (e *entry) take(log *cbrapi.OperationLog, now time.Time, in uint64) {
	if e.log == nil || ledger.Supersedes(log, e.log) {
		e.log = log
	}
	e.missingSince = time.Time{}
	if in == 0 && !e.final() {
		return // it may be old by now
	}
	if in != 0 { // or what a pass has read just now would count as not read in it
		e.readIn = in
	}
	e.readAt = now
	e.triedAt, e.err, e.failedIn = now, nil, 0
}

// miss notes that the API says that the task does not exist, and reports whether
// that can be believed.
func (e *entry) miss(now time.Time, in uint64) bool {
	e.triedAt = now
	if e.log != nil && !e.final() {
		if e.missingSince.IsZero() {
			e.missingSince = now
		}
		if now.Sub(e.missingSince) < missingFor {
			return false
		}
	}
	e.log, e.readAt, e.readIn = nil, now, in
	e.err, e.failedIn, e.missingSince = nil, 0, time.Time{}
	return true
}

// final reports whether the task has ended, so that it will not change.
func (e *entry) final() bool { return e.log != nil && e.log.Status.Finished() }

// settled reports whether the task has ended, be it with a status that is not known
// to be final: the cloud may have got new ones.
func (e *entry) settled() bool { return e.final() || e.log != nil && !e.log.EndedAt.IsZero() }

// due reports whether the task is to be read now. A settled one is due when
// between one and one and a half ttl are over: how much exactly depends on its
// id, so that tasks that were read together are not all due together again.
func (e *entry) due(now time.Time, ttl time.Duration) bool {
	return !e.settled() || !now.Before(e.readAt.Add(ttl+time.Duration(float64(ttl)/2*spread(e.id))))
}

// fresh reports whether a settled task was read recently enough to vouch for
// it without asking. It leaves half a ttl or more for reading it again.
func (e *entry) fresh(now time.Time, ttl time.Duration) bool {
	return e.settled() && now.Sub(e.readAt) < 2*ttl
}

// spread maps an id to a number from 0 to 1, evenly and always to the same one.
func spread(id string) float64 {
	return float64(crc32.ChecksumIEEE([]byte(id))) / math.MaxUint32
}
