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
	mu               sync.Mutex
	latest           *protection.Snapshot // nil before the first
	tasks, inventory uint64               // the revisions of which it was made
}

// snapshot returns the judged snapshot of what is known. Its ages are those of the lists.
func (j *judged) snapshot(known tasks.Snapshot, lists *inventory.Snapshot, o protection.Options) protection.Snapshot {
	j.mu.Lock()
	defer j.mu.Unlock()
	var revision uint64
	if lists != nil {
		revision = lists.Revision
	}
	if j.latest == nil || j.tasks != known.Revision || j.inventory != revision {
		j.latest = new(protection.NewSnapshot(known, lists, o))
		j.tasks, j.inventory = known.Revision, revision
	}
	s := *j.latest
	s.Inventory = lists
	return s
}
