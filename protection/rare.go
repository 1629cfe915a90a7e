package protection

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
	"github.com/cbr-exporter/cbr_exporter/inventory"
	"github.com/cbr-exporter/cbr_exporter/schedule"
)

// tasksKept is how long the API keeps tasks, as far as is known: the console lists those of
// 30 days. See umn/source/managing_tasks.rst of opentelekomcloud-docs/cloud-backup-recovery.
const tasksKept = 30 * 24 * time.Hour

// TooRare says, in one sentence without a full stop, which enabled policies run too rarely
// to be judged at all times: alone and with the others of a vault, a run can be older than
// the known tasks before the next one is due. It returns "" if there is none. Those for
// backups are judged by restore points, where these are read.
func TooRare(policies []*cbrapi.Policy, o Options) string {
	if o.Lookback == 0 {
		return ""
	}
	var names []string
	for _, p := range policies {
		if s, _ := inventory.Runs(p); !rare(s, o) || o.Backups && p.OperationType == cbrapi.OperationBackup {
			continue
		}
		if slices.ContainsFunc(p.VaultIDs, func(vaultID string) bool {
			return o.follows(vaultID, p.OperationType) && rare(together(policies, vaultID, p.OperationType), o)
		}) {
			names = append(names, cmp.Or(p.Name, p.ID))
		}
	}
	if len(names) == 0 {
		return ""
	}
	slices.Sort(names)
	return "policies that run too rarely to be judged at all times by the tasks that are known: " + strings.Join(names, ", ")
}

// TooRare is TooRare of the policies of the project.
func (s *Snapshot) TooRare() string {
	if s.Inventory == nil {
		return ""
	}
	return TooRare(s.Inventory.Policies, s.options)
}

// together returns when any policy runs the operation for a vault.
func together(policies []*cbrapi.Policy, vaultID string, operation cbrapi.OperationType) (all schedule.Schedule) {
	for _, p := range policies {
		if p.OperationType.Canonical() == operation.Canonical() && slices.Contains(p.VaultIDs, vaultID) {
			s, _ := inventory.Runs(p)
			all = append(all, s...)
		}
	}
	return all
}

// rare reports whether a due moment can leave the lookback before the next one is judged.
func rare(s schedule.Schedule, o Options) bool {
	gap, ok := s.LongestGap()
	return ok && gap+gap/4+min(gap, o.Grace) > min(o.Lookback, tasksKept)
}
