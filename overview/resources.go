package overview

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
	"github.com/cbr-exporter/cbr_exporter/protection"
	"github.com/cbr-exporter/cbr_exporter/tasks/ledger"
)

// overdueView is a row of the table of resources for which a success is missing.
type overdueView struct {
	Resource, Vault, Operation string
	Due                        moment // empty without policies
	LastSuccess                moment
	Why                        string
	succeeded                  time.Time // zero if no success is known
}

// viewOverdue returns the overdue resources by the age of their last success.
func viewOverdue(s *protection.Snapshot, now time.Time) []overdueView {
	states := map[ledger.ResourceKey]ledger.ResourceState{}
	for _, state := range s.ResourceStates {
		states[state.ResourceKey] = state
	}
	var rows []overdueView
	for _, v := range s.Verdicts {
		if !isTrue(v.Overdue) {
			continue
		}
		row := overdueView{
			Resource:  resourceName(s, v.ResourceID),
			Vault:     s.VaultName(v.VaultID),
			Operation: string(v.OperationType),
			Due:       ago(v.Due, now),
			Why:       v.Why,
		}
		row.LastSuccess, row.succeeded = lastSuccess(s, states[v.ResourceKey], now)
		rows = append(rows, row)
	}
	slices.SortStableFunc(rows, func(a, b overdueView) int { return a.succeeded.Compare(b.succeeded) })
	return rows
}

// resourceView is a row of the table of resources. Unknown values are empty, and so is
// the resource of a task that names none.
type resourceView struct {
	Resource, Vault, Operation string
	Status                     string // of the last finished task
	Ended                      moment
	LastSuccess                moment
	Failures                   string // in a row
	Why                        string // why it is overdue or failing; else the error of the last finished task
	TaskID                     string
	severity                   int
	succeeded                  time.Time // zero if no success is known
}

// viewResources returns the resources, and the failed tasks that name no resource: what is
// overdue or failing first, then by status and by the age of the last success.
func viewResources(s *protection.Snapshot, now time.Time) []resourceView {
	whys := map[ledger.ResourceKey]string{}
	for _, v := range s.Verdicts {
		whys[v.ResourceKey] = v.Why
	}
	var rows []resourceView
	for _, state := range s.ResourceStates {
		if s.Gone(state.ResourceID) {
			continue
		}
		row := viewLastFinished(s, state.LastFinished, now)
		row.Resource, row.Vault = resourceName(s, state.ResourceID), s.VaultName(state.VaultID)
		if why := whys[state.ResourceKey]; why != "" {
			row.Why = why
			row.severity += severityVerdict
		}
		if s.Discovered != nil { // else the history is not known
			row.LastSuccess, row.succeeded = lastSuccess(s, state, now)
			if state.ConsecutiveFailures > 0 {
				row.Failures = fmt.Sprint(state.ConsecutiveFailures)
			}
		}
		rows = append(rows, row)
	}
	for _, l := range failedWithoutResource(s) {
		rows = append(rows, viewLastFinished(s, l, now))
	}
	slices.SortStableFunc(rows, func(a, b resourceView) int {
		return cmp.Or(cmp.Compare(b.severity, a.severity), a.succeeded.Compare(b.succeeded))
	})
	return rows
}

// failedWithoutResource returns the last finished tasks that name no resource and failed.
func failedWithoutResource(s *protection.Snapshot) []*cbrapi.OperationLog {
	return slices.DeleteFunc(slices.Clone(s.VaultTasks), func(l *cbrapi.OperationLog) bool { return !isFailure(l) })
}

// resourceName returns the latest name of a resource, or its id if it has none.
func resourceName(s *protection.Snapshot, id string) string {
	return cmp.Or(s.ResourceName(id), id)
}

// lastSuccess returns the end of the last success, or since when there is none.
func lastSuccess(s *protection.Snapshot, state ledger.ResourceState, now time.Time) (moment, time.Time) {
	if state.LastSuccess == nil {
		return noneSince(s.Discovered.HistoryStart, now), time.Time{}
	}
	return ago(state.LastSuccess.End, now), state.LastSuccess.End
}

func viewLastFinished(s *protection.Snapshot, l *cbrapi.OperationLog, now time.Time) resourceView {
	v := resourceView{
		Vault:     s.VaultName(l.VaultID),
		Operation: string(l.OperationType.Canonical()),
		Status:    string(l.Status),
		Why:       errorOf(l),
		TaskID:    l.ID,
		severity:  severity(l.Status),
	}
	if at, known := l.FinishedAt(); known {
		v.Ended = ago(at, now)
	}
	return v
}
