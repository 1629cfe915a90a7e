package protection

import (
	"cmp"
	"slices"
	"strings"

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

// TaskCount counts the tasks of one type of operation in one vault.
type TaskCount struct {
	VaultID       string // "" if it is not known
	OperationType cbrapi.OperationType
	Tasks         map[cbrapi.Status]int
}

// countTasks counts the tasks of each vault and type of operation, ordered by type and
// vault. Those of the resources there are counted even if none is left in the window.
func (s *Snapshot) countTasks() {
	type key struct {
		vaultID   string
		operation cbrapi.OperationType
	}
	counts := map[key]map[cbrapi.Status]int{}
	add := func(k key, status cbrapi.Status, n int) {
		if counts[k] == nil {
			counts[k] = map[cbrapi.Status]int{}
		}
		counts[k][status] += n
	}
	for _, state := range s.ResourceStates {
		add(key{state.VaultID, state.OperationType}, "", 0)
	}
	for group, n := range s.Discovered.TaskCounts {
		if group.VaultID == "" {
			group.VaultID = s.bindings[group.ResourceID].VaultID
		}
		if s.Followed(group.VaultID, group.OperationType) {
			add(key{group.VaultID, group.OperationType}, group.Status, n)
		}
	}
	s.TaskCounts = make([]TaskCount, 0, len(counts))
	for k, tasks := range counts {
		s.TaskCounts = append(s.TaskCounts, TaskCount{k.vaultID, k.operation, tasks})
	}
	slices.SortFunc(s.TaskCounts, func(a, b TaskCount) int {
		return cmp.Or(cmp.Compare(a.OperationType, b.OperationType), strings.Compare(a.VaultID, b.VaultID))
	})
}
