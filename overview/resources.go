package overview

import (
	"cmp"
	"strings"
	"time"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
	"github.com/cbr-exporter/cbr_exporter/protection"
	"github.com/cbr-exporter/cbr_exporter/tasks/ledger"
)

// resourceRow is a row of the table of resources.
type resourceRow struct {
	row
	resourceID   string                    // "" for a failed task that names none
	state        *ledger.ResourceState     // nil if no finished task is known
	verdict      *protection.Verdict       // nil if nothing can be judged
	last         *cbrapi.OperationLog      // finished; nil if none is known
	points       *protection.RestorePoints // nil unless this is a backup and they are known
	unprotected  *cbrapi.Protectable       // nil unless it is in no vault
	uncovered    bool
	inconsistent bool      // the latest backup is not application-consistent, as it should be
	succeeded    time.Time // end of the last success; zero if none is known
}

func backup(resourceID string) ledger.ResourceKey {
	return ledger.ResourceKey{ResourceID: resourceID, OperationType: cbrapi.OperationBackup}
}

// resourceRows returns the resources and the failed tasks that name none.
func (p *project) resourceRows() []*resourceRow {
	rows := make([]*resourceRow, 0, len(p.ResourceStates))
	byKey := make(map[ledger.ResourceKey]*resourceRow, len(p.ResourceStates))
	at := func(key ledger.ResourceKey, vaultID string) *resourceRow {
		r := byKey[key]
		if r == nil {
			r = &resourceRow{row: row{project: p, vaultID: vaultID, operation: key.OperationType}, resourceID: key.ResourceID}
			rows, byKey[key] = append(rows, r), r
		}
		return r
	}
	for i := range p.ResourceStates {
		state := &p.ResourceStates[i]
		r := at(state.ResourceKey, state.VaultID)
		r.state, r.last, r.inconsistent = state, state.LastFinished, p.Inconsistent(state)
		if p.Discovered != nil && state.LastSuccess != nil { // else the history is not known
			r.succeeded = state.LastSuccess.End
		}
	}
	for i := range p.Verdicts {
		v := &p.Verdicts[i]
		at(v.ResourceKey, v.VaultID).verdict = v
	}
	if p.Inventory != nil && p.Discovered != nil && p.Discovered.Synced {
		for i := range p.Inventory.Expected {
			if e := &p.Inventory.Expected[i]; p.Followed(e.VaultID, e.OperationType) {
				at(e.ResourceKey, e.VaultID)
			}
		}
	}
	for _, c := range p.Coverage {
		if !c.Covered {
			at(backup(c.ResourceID), c.VaultID).uncovered = true
		}
	}
	if p.Protectables != nil {
		for _, known := range p.Protectables.Unprotected {
			at(backup(known.ID), "").unprotected = known
		}
	}
	for i := range p.RestorePoints {
		points := &p.RestorePoints[i]
		if key := backup(points.ResourceID); byKey[key] != nil || isTrue(points.Lost) || isFalse(points.Restorable) {
			r := at(key, points.VaultID)
			r.points, r.vaultID = points, cmp.Or(r.vaultID, points.VaultID)
		}
	}
	for _, l := range p.VaultTasks {
		if l.Status.Failure() {
			rows = append(rows, &resourceRow{row: row{project: p, vaultID: l.VaultID, operation: l.OperationType.Canonical()}, last: l})
		}
	}
	for _, r := range rows {
		r.states = r.judge()
	}
	return rows
}

// hidden reports whether the resource does not exist any more, and nothing is judged to be
// wrong with it.
func (r *resourceRow) hidden() bool {
	return r.project.Gone(r.resourceID) && !r.is(StateOverdue, StateLost, StateFailing)
}

// without returns for how long there has been no success, as far as that is known.
func (r *resourceRow) without() time.Duration {
	if r.state != nil && r.state.LastSuccess != nil {
		return r.project.at.Sub(r.state.LastSuccess.Created)
	}
	return r.project.at.Sub(r.project.Discovered.HistoryStart)
}

// judge returns the states, the worst first.
func (r *resourceRow) judge() (states []State) {
	v, points := cmp.Or(r.verdict, &protection.Verdict{}), cmp.Or(r.points, &protection.RestorePoints{})
	failed := r.last != nil && r.last.Status.Failure()
	states = statesOf(
		candidate{StateOverdue, isTrue(v.Overdue)},
		candidate{StateLost, isTrue(points.Lost)},
		candidate{StateFailing, isTrue(v.Failing)},
		candidate{StateNoRestorePoint, points.Missing},
		candidate{StateUncovered, r.uncovered},
		candidate{StateUnprotected, r.unprotected != nil},
		candidate{StateFailed, failed && v.Overdue == nil && v.Failing == nil},
		candidate{StateInconsistent, r.inconsistent},
	)
	wrong := states != nil
	if r.project.blind {
		states = append(states, StateBlind)
	}
	switch {
	case isFalse(v.Overdue):
		return append(states, StateInTime)
	case wrong:
		return states
	case r.last != nil && r.last.Status == cbrapi.StatusSuccess:
		return append(states, StateFinished)
	default:
		return append(states, StateUnjudged)
	}
}

// name returns the name of the resource; "" if none is known.
func (r *resourceRow) name() string {
	known := cmp.Or(r.unprotected, &cbrapi.Protectable{})
	return cmp.Or(known.Name, r.project.ResourceName(r.resourceID))
}

func (r *resourceRow) texts() []string {
	p := r.project
	texts := []string{p.Project, r.resourceID, r.name(), r.vaultID, p.VaultName(r.vaultID), r.why()}
	if r.last != nil {
		texts = append(texts, r.last.ID, r.last.ErrorInfo.String())
	}
	return texts
}

// compare has the one first that has succeeded long ago or never.
func (r *resourceRow) compare(other *resourceRow) int { return r.succeeded.Compare(other.succeeded) }

const withoutRestorePoint = "there is no restore point"

// why says why the row is as it is: the verdicts, or the error of the last finished task.
func (r *resourceRow) why() string {
	var reasons []string
	if r.is(StateLost) {
		reasons = append(reasons, r.points.Why)
	}
	if r.verdict != nil && r.verdict.Why != "" {
		reasons = append(reasons, r.verdict.Why)
	}
	if reasons == nil && r.is(StateNoRestorePoint) {
		reasons = append(reasons, withoutRestorePoint)
	}
	if r.uncovered && !r.is(StateOverdue, StateLost, StateFailing) {
		reasons = append(reasons, r.project.WhyUncovered(r.resourceID, r.vaultID))
	}
	if r.unprotected != nil {
		reasons = append(reasons, whyUnprotected(r.unprotected))
	}
	switch {
	case reasons != nil:
		return strings.Join(reasons, "; ")
	case r.inconsistent && r.last.Status == cbrapi.StatusSuccess:
		return "the latest backup is only crash-consistent, but its vault is set to application-consistent"
	case r.last != nil && r.last.ErrorInfo.String() != "":
		return r.last.ErrorInfo.String()
	case r.project.blind:
		return describeBlindness("", r.project.completeAt)
	case r.is(StateUnjudged) && r.last != nil:
		return "the latest task was skipped"
	case r.last != nil:
		return ""
	case r.verdict != nil:
		return "the latest run was due before the known history"
	default:
		return "no run has been due since the exporter knows of it"
	}
}

// whyUnprotected says that no vault holds a resource, and why none can.
func whyUnprotected(known *cbrapi.Protectable) string {
	if !known.Refused {
		return "it is in no vault"
	}
	reason := cbrapi.ErrorInfo{Code: known.Code, Message: known.Reason}.String()
	return strings.TrimSuffix("it is in no vault, and cannot be protected: "+reason, ": ")
}

// alert returns the name of the alert about the worst of what is wrong.
func (r *resourceRow) alert() string {
	switch r.states[0] {
	case StateOverdue:
		return "CBRBackupOverdue"
	case StateLost:
		return "CBRRestorePointsLost"
	case StateFailing:
		switch r.operation {
		case cbrapi.OperationBackup, cbrapi.OperationReplication, cbrapi.OperationSync:
			return "CBRTaskFailing"
		default:
			return "CBROperationFailed"
		}
	case StateNoRestorePoint:
		return "CBRNoRestorePoint"
	case StateUncovered:
		return "CBRResourceNotCovered"
	case StateUnprotected:
		return "CBRResourceUnprotected"
	case StateInconsistent:
		return "CBRAppConsistencyLost"
	case StateFailed:
		if r.resourceID == "" {
			return "CBRVaultOperationFailed"
		}
	}
	return ""
}

func (r *resourceRow) show() Resource {
	p, id := r.project, r.resourceID
	v := Resource{
		Place:         p.place(r.vaultID),
		ResourceID:    id,
		ResourceName:  r.name(),
		ResourceType:  p.ResourceType(id),
		OperationType: r.operation,
		States:        r.states,
		Why:           r.why(),
		Alert:         r.alert(),
	}
	v.RestorePoints = showRestorePoints(r.points)
	if r.unprotected != nil {
		v.ResourceType = r.unprotected.Type
	}
	if r.verdict != nil {
		v.Due = r.verdict.Due.UTC()
	}
	if r.last != nil {
		v.Last = new(newRun(ledger.RunOf(r.last)))
	}
	if id == "" || p.Discovered == nil || !p.Discovered.Synced { // else the history is not known
		return v
	}
	for _, d := range p.calendar.Days(ledger.ResourceKey{ResourceID: id, OperationType: r.operation}) {
		v.Days = append(v.Days, day(d))
	}
	if r.state != nil {
		v.Failures = r.state.ConsecutiveFailures
	}
	if r.state != nil && r.state.LastSuccess != nil {
		v.LastSuccess = new(newRun(*r.state.LastSuccess))
	} else {
		v.NoneSince = p.Discovered.HistoryStart.UTC()
	}
	return v
}

// newRun returns a finished task.
func newRun(known ledger.Run) Run {
	r := Run{ID: known.ID, Status: known.Status, Created: known.Created.UTC(), Ended: known.End.UTC(), Error: known.Error.String()}
	if known.HasDuration {
		r.Duration = new(known.Duration.Seconds())
	}
	return r
}
