package overview

import (
	"cmp"
	"slices"
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
	uncovered    bool
	inconsistent bool      // the latest backup is not application-consistent, as it should be
	shut         bool      // its vault takes no backups
	weight       int       // the worst have the least
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
	for i := range p.RestorePoints {
		points := &p.RestorePoints[i]
		if key := backup(points.ResourceID); byKey[key] != nil || isTrue(points.Lost) || isFalse(points.Restorable) {
			at(key, points.VaultID).points = points
		}
	}
	for _, l := range p.VaultTasks {
		if l.Status.Failure() {
			rows = append(rows, &resourceRow{row: row{project: p, vaultID: l.VaultID, operation: l.OperationType.Canonical()}, last: l})
		}
	}
	shut := map[string]bool{} // vaults
	for _, v := range p.vaults {
		shut[v.vaultID] = v.is(StateUnavailable, StateFull)
	}
	for _, r := range rows {
		switch r.operation {
		case cbrapi.OperationBackup, cbrapi.OperationReplication, cbrapi.OperationSync:
			r.shut = r.resourceID != "" && shut[r.vaultID]
		}
		r.states = r.judge()
		r.weight = r.weigh()
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
	v := cmp.Or(r.verdict, &protection.Verdict{})
	if isTrue(v.Overdue) {
		states = append(states, StateOverdue)
	}
	if r.points != nil && isTrue(r.points.Lost) {
		states = append(states, StateLost)
	}
	if isTrue(v.Failing) {
		states = append(states, StateFailing)
	}
	if r.points != nil && r.points.Missing {
		states = append(states, StateNoRestorePoint)
	}
	if r.uncovered {
		states = append(states, StateUncovered)
	}
	if states == nil && v.Overdue == nil && r.last != nil && r.last.Status.Failure() {
		states = append(states, StateFailed)
	}
	if r.inconsistent {
		states = append(states, StateInconsistent)
	}
	wrong := states != nil
	if r.project.blind {
		states = append(states, StateBlind)
	}
	switch {
	case isFalse(v.Overdue):
		return append(states, StateInTime)
	case wrong:
		return states
	case r.last != nil && r.last.Status == cbrapi.StatusSuccess && !r.shut:
		return append(states, StateFinished)
	default:
		return append(states, StateUnjudged)
	}
}

func (r *resourceRow) texts() []string {
	p := r.project
	texts := []string{p.Project, r.resourceID, p.ResourceName(r.resourceID), r.vaultID, p.VaultName(r.vaultID), r.why()}
	if r.last != nil {
		texts = append(texts, r.last.ID, r.last.ErrorInfo.String())
	}
	return texts
}

func (r *resourceRow) by(column string) (k sortKey) {
	switch column {
	case "resource":
		return byName(cmp.Or(r.project.ResourceName(r.resourceID), r.resourceID))
	case "vault":
		return byName(r.project.VaultName(r.vaultID))
	case "operation":
		k.text = string(r.operation)
	case "state":
		k.number = float64(r.weight)
	case "success":
		k = byTime(r.succeeded)
	case "restorable":
		if r.points == nil {
			return sortKey{group: 1}
		}
		k = byTime(r.points.Latest)
	case "duration":
		if r.last != nil {
			d, _ := r.last.Duration()
			k.number = d.Seconds()
		}
	}
	return k
}

// weigh orders the rows by the worst state, and then by the last finished task. What is
// overdue is overdue whatever its last task was.
func (r *resourceRow) weigh() int {
	const most = 10 // above each severity
	worst := []State{StateOverdue, StateLost, StateFailing, StateNoRestorePoint, StateUncovered, StateFailed, StateInconsistent, StateBlind, StateUnjudged}
	rank := slices.Index(worst, r.states[0])
	switch {
	case rank < 0:
		rank = len(worst)
	case rank == 0:
		return 0
	}
	if r.last == nil {
		return rank * most
	}
	return rank*most - severity(r.last.Status)
}

// compare has the worst first, and what has succeeded long ago or never.
func (r *resourceRow) compare(other *resourceRow) int {
	return cmp.Or(cmp.Compare(r.weight, other.weight), r.succeeded.Compare(other.succeeded))
}

const withoutRestorePoint = "there is no restore point"

// why says why the row is as it is: the verdicts, or the error of the last finished task.
func (r *resourceRow) why() string {
	verdict := ""
	if r.verdict != nil {
		verdict = r.verdict.Why
	}
	switch {
	case r.is(StateLost) && verdict != "":
		return r.points.Why + "; " + verdict
	case r.is(StateLost):
		return r.points.Why
	case verdict != "":
		return verdict
	case r.is(StateNoRestorePoint) && r.uncovered:
		return withoutRestorePoint + "; " + r.project.WhyUncovered(r.resourceID, r.vaultID)
	case r.uncovered:
		return r.project.WhyUncovered(r.resourceID, r.vaultID)
	case r.is(StateNoRestorePoint):
		return withoutRestorePoint
	case r.is(StateUnjudged) && r.shut:
		return "the vault takes no backups"
	case r.inconsistent && r.last.Status == cbrapi.StatusSuccess:
		return "the latest backup is only crash-consistent, but its vault is set to application-consistent"
	case r.last != nil && r.last.ErrorInfo.String() != "":
		return r.last.ErrorInfo.String()
	case r.project.blind:
		return r.project.whyBlind
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

// alert returns the name of the alert that fires for the row.
func (r *resourceRow) alert() string {
	lately := func(ended time.Time) bool { return !ended.IsZero() && r.project.at.Sub(ended) < 24*time.Hour }
	switch {
	case r.is(StateOverdue):
		return "CBRBackupOverdue"
	case r.is(StateLost):
		return "CBRRestorePointsLost"
	case r.is(StateFailing):
		switch r.operation {
		case cbrapi.OperationBackup, cbrapi.OperationReplication, cbrapi.OperationSync:
			return "CBRTaskFailing"
		default:
			if f := r.state.LastFailure; f != nil && lately(f.End) {
				return "CBROperationFailed"
			}
			return ""
		}
	case r.is(StateNoRestorePoint):
		return "CBRNoRestorePoint"
	case r.is(StateUncovered):
		return "CBRResourceNotCovered"
	case r.is(StateInconsistent):
		return "CBRAppConsistencyLost"
	case r.resourceID == "":
		if ended, _ := r.last.FinishedAt(); lately(ended) {
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
		ResourceName:  p.ResourceName(id),
		ResourceType:  p.ResourceType(id),
		OperationType: r.operation,
		States:        r.states,
		Why:           r.why(),
		Alert:         r.alert(),
	}
	v.RestorePoints = showRestorePoints(r.points)
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
