package protection

import (
	"slices"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
	"github.com/cbr-exporter/cbr_exporter/inventory"
	"github.com/cbr-exporter/cbr_exporter/tasks"
	"github.com/cbr-exporter/cbr_exporter/tasks/ledger"
)

// Gone reports whether a resource that is bound to a vault does not exist any more.
func (s *Snapshot) Gone(resourceID string) bool { return s.bindings[resourceID].Deleted }

// Binding returns where a resource is bound; false if it is bound to no vault, or if that is
// not known.
func (s *Snapshot) Binding(resourceID string) (inventory.Binding, bool) {
	b, bound := s.bindings[resourceID]
	return b, bound
}

// VaultOf returns the id of the vault that a task names or, if it names none, of the one
// to which its first resource is bound; "" if it is not known.
func (s *Snapshot) VaultOf(log *cbrapi.OperationLog) string {
	if resources := log.Resources(); log.VaultID == "" && len(resources) > 0 {
		return s.bindings[resources[0].ID].VaultID
	}
	return log.VaultID
}

// place puts the tasks of resources in the vaults to which these are bound, and leaves
// out those in a vault that is not followed.
func (s *Snapshot) place() {
	states := make([]ledger.ResourceState, 0, len(s.ResourceStates))
	for _, state := range s.ResourceStates {
		if b, ok := s.bindings[state.ResourceID]; ok {
			state.VaultID = b.VaultID
		}
		if s.Followed(state.VaultID, state.OperationType) {
			states = append(states, state)
		}
	}
	s.ResourceStates, s.VaultTasks = states, s.followed(s.VaultTasks)
	configured := map[string]bool{}
	for _, task := range s.Tasks {
		configured[task.ID] = true
	}
	s.Active = slices.DeleteFunc(slices.Clone(s.Active), func(t tasks.ActiveTask) bool {
		return !configured[t.Log.ID] && !s.Followed(s.VaultOf(t.Log), t.Log.OperationType)
	})
	if s.Discovered != nil {
		d := *s.Discovered
		d.Listed = s.followed(d.Listed)
		s.Discovered = &d
		s.countTasks()
	}
}

func (s *Snapshot) followed(logs []*cbrapi.OperationLog) []*cbrapi.OperationLog {
	return slices.DeleteFunc(slices.Clone(logs), func(log *cbrapi.OperationLog) bool {
		return !s.Followed(s.VaultOf(log), log.OperationType)
	})
}
