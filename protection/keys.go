package protection

import (
	"time"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
	"github.com/cbr-exporter/cbr_exporter/inventory"
	"github.com/cbr-exporter/cbr_exporter/tasks/ledger"
)

// facts are what is known of a resource key.
type facts struct {
	key      ledger.ResourceKey
	vaultID  string
	state    *ledger.ResourceState  // empty if no finished task is known
	expected *inventory.Expectation // nil if nothing is scheduled, or that is not followed
	backups  *inventory.Backups     // which decide beside the tasks; nil if the tasks alone do
	active   []ActiveTask           // by id
	verdict  *Verdict               // nil if nothing can be judged
}

// of returns the facts of a key, none if it is not known.
func (s *Snapshot) of(key ledger.ResourceKey) facts {
	if f := s.keys[key]; f != nil {
		return *f
	}
	return facts{key: key, state: &ledger.ResourceState{}}
}

// index sets the facts, without active tasks and verdicts.
func (s *Snapshot) index() {
	s.keys = make(map[ledger.ResourceKey]*facts, len(s.ResourceStates))
	none := &ledger.ResourceState{}
	at := func(key ledger.ResourceKey, vaultID string) *facts {
		if s.keys[key] == nil {
			s.keys[key] = &facts{key: key, vaultID: vaultID, state: none}
			if key.OperationType == cbrapi.OperationBackup {
				s.keys[key].backups = s.backups()
			}
		}
		return s.keys[key]
	}
	for i := range s.ResourceStates {
		state := &s.ResourceStates[i]
		at(state.ResourceKey, state.VaultID).state = state
	}
	if s.Inventory == nil {
		return
	}
	for i := range s.Inventory.Expected {
		if e := &s.Inventory.Expected[i]; s.Followed(e.VaultID, e.OperationType) {
			at(e.ResourceKey, e.VaultID).expected = e
		}
	}
}

// keysOf returns the keys of a task.
func keysOf(log *cbrapi.OperationLog) []ledger.ResourceKey {
	var keys []ledger.ResourceKey
	for _, r := range log.Resources() {
		keys = append(keys, ledger.ResourceKey{ResourceID: r.ID, OperationType: log.OperationType.Canonical()})
	}
	return keys
}

// Usual returns how long the last success of the key took; false if that is not known.
func (s *Snapshot) Usual(key ledger.ResourceKey) (time.Duration, bool) { return s.of(key).usual() }

func (f facts) usual() (time.Duration, bool) {
	if f.state.LastSuccess == nil {
		return 0, false
	}
	return f.state.LastSuccess.Duration, f.state.LastSuccess.HasDuration
}
