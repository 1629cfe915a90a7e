package protection

import (
	"cmp"
	"slices"
	"strings"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
)

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
