package protection

import (
	"time"

	"github.com/cbr-exporter/cbr_exporter/inventory"
	"github.com/cbr-exporter/cbr_exporter/tasks/ledger"
)

// Keys finds what is known of a resource key. It is not safe for concurrent use.
type Keys struct {
	snapshot *Snapshot
	planned  map[*inventory.Plan][]plannedRun // filled by Days
}

// Keys returns the keys of the snapshot.
func (s *Snapshot) Keys() *Keys { return &Keys{s, map[*inventory.Plan][]plannedRun{}} }

// State returns the state of the key; nil if no finished task of it is known.
func (k *Keys) State(key ledger.ResourceKey) *ledger.ResourceState { return k.snapshot.of(key).state }

// Verdict returns what is judged about the key; nil if nothing can be judged.
func (k *Keys) Verdict(key ledger.ResourceKey) *Verdict { return k.snapshot.of(key).verdict }

// Usual returns how long the last success of the key took; false if that is not known.
func (k *Keys) Usual(key ledger.ResourceKey) (time.Duration, bool) { return k.snapshot.of(key).usual() }

func (f facts) usual() (time.Duration, bool) {
	if f.state == nil || f.state.LastSuccess == nil {
		return 0, false
	}
	return f.state.LastSuccess.Duration, f.state.LastSuccess.HasDuration
}
