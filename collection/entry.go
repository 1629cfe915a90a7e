package collection

import (
	"hash/crc32"
	"math"
	"time"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
)

// entry is what is known of one configured id.
type entry struct {
	id string
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
	// err is why the newest attempt brought no answer, and failedIn the number of
	// the pass that made it. Both are zero where it did.
	err      error
	failedIn uint64
}

// final reports whether the task has ended, so that it will not change.
func (e *entry) final() bool { return e.log != nil && e.log.Status.Finished() }

// due reports whether the task is to be read now. A finished one is due when
// between one and one and a half ttl are over: how much exactly depends on its
// id, so that tasks that were read together are not all due together again.
func (e *entry) due(now time.Time, ttl time.Duration) bool {
	return !e.final() || !now.Before(e.readAt.Add(ttl+time.Duration(float64(ttl)/2*spread(e.id))))
}

// fresh reports whether a finished task was read recently enough to vouch for
// it without asking. It leaves half a ttl or more for reading it again.
func (e *entry) fresh(now time.Time, ttl time.Duration) bool {
	return e.final() && now.Sub(e.readAt) < 2*ttl
}

// spread maps an id to a number from 0 to 1, evenly and always to the same one.
func spread(id string) float64 {
	return float64(crc32.ChecksumIEEE([]byte(id))) / math.MaxUint32
}
