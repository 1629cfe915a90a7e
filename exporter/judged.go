package exporter

import (
	"sync"

	"github.com/cbr-exporter/cbr_exporter/inventory"
	"github.com/cbr-exporter/cbr_exporter/protection"
	"github.com/cbr-exporter/cbr_exporter/tasks"
)

// judged keeps the latest snapshot of a project: judging takes long, and the pages for people
// show the same until something is read again.
type judged struct {
	mu            sync.Mutex
	latest        *protection.Snapshot // nil before the first
	tasks, vaults uint64               // the revisions of which it was made
}

// snapshot returns the judged snapshot of what is known. Its ages are those of vaults.
func (j *judged) snapshot(known tasks.Snapshot, vaults *inventory.Snapshot, o protection.Options) protection.Snapshot {
	j.mu.Lock()
	defer j.mu.Unlock()
	var revision uint64
	if vaults != nil {
		revision = vaults.Revision
	}
	if j.latest == nil || j.tasks != known.Revision || j.vaults != revision {
		j.latest = new(protection.NewSnapshot(known, vaults, o))
		j.tasks, j.vaults = known.Revision, revision
	}
	s := *j.latest
	s.Inventory = vaults
	return s
}
