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
	unrestorable bool                      // there should be a restore point, and there is none
	uncovered    bool
	inconsistent bool      // the latest backup is not application-consistent, as it should be
	shut         bool      // its vault takes no backups
	weight       int       // the worst have the least
	succeeded    time.Time // end of the last success; zero if none is known
}

func (r *resourceRow) key() ledger.ResourceKey {
	return ledger.ResourceKey{ResourceID: r.resourceID, OperationType: r.operation}
}

// resourceRows returns the resources and the failed tasks that name none.
func (p *project) resourceRows() []*resourceRow {
	backup := func(resourceID string) ledger.ResourceKey {
		return ledger.ResourceKey{ResourceID: resourceID, OperationType: cbrapi.OperationBackup}
	}
	forBackups := make(map[string]bool, len(p.Coverage)) // resources
	uncovered := map[ledger.ResourceKey]bool{}
	for _, c := range p.Coverage {
		forBackups[c.ResourceID] = true
		if !c.Covered {
			uncovered[backup(c.ResourceID)] = true
		}
	}
	points := make(map[string]*protection.RestorePoints, len(p.RestorePoints))
	for i := range p.RestorePoints {
		points[p.RestorePoints[i].ResourceID] = &p.RestorePoints[i]
	}
	shut, consistent := map[string]bool{}, map[string]bool{} // vaults; consistent are those that are set to application-consistent
	for _, v := range p.vaults {
		shut[v.vaultID] = v.is(StateUnavailable, StateFull)
		consistent[v.vaultID] = v.known.Billing.ConsistentLevel == "app_consistent"
	}
	rows := make([]*resourceRow, 0, len(p.ResourceStates))
	add := func(key ledger.ResourceKey, vaultID string, state *ledger.ResourceState) {
		r := &resourceRow{
			row:        row{project: p, vaultID: vaultID, operation: key.OperationType},
			resourceID: key.ResourceID, state: state, verdict: p.keys.Verdict(key), uncovered: uncovered[key],
		}
		if key.OperationType == cbrapi.OperationBackup {
			r.points = points[key.ResourceID]
			r.unrestorable = r.points != nil && isFalse(r.points.Restorable) && !p.isNew(key.ResourceID)
			r.inconsistent = forBackups[key.ResourceID] && consistent[vaultID] && isCrashConsistent(state)
		}
		switch key.OperationType {
		case cbrapi.OperationBackup, cbrapi.OperationReplication, cbrapi.OperationSync:
			r.shut = shut[vaultID]
		}
		if r.state != nil {
			r.last = r.state.LastFinished
			if p.Discovered != nil && r.state.LastSuccess != nil { // else the history is not known
				r.succeeded = r.state.LastSuccess.End
			}
		}
		rows = append(rows, r)
	}
	for i := range p.ResourceStates {
		state := &p.ResourceStates[i]
		add(state.ResourceKey, state.VaultID, state)
	}
	seen := map[ledger.ResourceKey]bool{}
	addStateless := func(key ledger.ResourceKey, vaultID string) {
		if p.keys.State(key) == nil && !seen[key] {
			seen[key] = true
			add(key, vaultID, nil)
		}
	}
	for i := range p.Verdicts {
		addStateless(p.Verdicts[i].ResourceKey, p.Verdicts[i].VaultID)
	}
	if p.Inventory != nil && p.Discovered != nil && p.Discovered.Synced {
		for i := range p.Inventory.Expected {
			if e := &p.Inventory.Expected[i]; p.Followed(e.VaultID, e.OperationType) {
				addStateless(e.ResourceKey, e.VaultID)
			}
		}
	}
	for _, c := range p.Coverage {
		if !c.Covered {
			addStateless(backup(c.ResourceID), c.VaultID)
		}
	}
	for i := range p.RestorePoints {
		if r := &p.RestorePoints[i]; isTrue(r.Lost) || isFalse(r.Restorable) {
			addStateless(backup(r.ResourceID), r.VaultID)
		}
	}
	for _, l := range p.VaultTasks {
		if l.Status.Failure() {
			rows = append(rows, &resourceRow{row: row{project: p, vaultID: l.VaultID, operation: l.OperationType.Canonical()}, last: l})
		}
	}
	for _, r := range rows {
		r.states = r.judge()
		r.weight = r.weigh()
	}
	return rows
}

// isCrashConsistent reports whether the last finished task says that its backup is no more.
func isCrashConsistent(state *ledger.ResourceState) bool {
	if state == nil || state.LastFinished == nil {
		return false
	}
	b := state.LastFinished.ExtraInfo.Backup
	return b != nil && b.AppConsistencyStatus == "0"
}

// isNew reports whether a resource was bound to its vault so lately that it may have no
// backup yet.
func (p *project) isNew(resourceID string) bool {
	b, _ := p.Binding(resourceID)
	return !b.Since.IsZero() && p.at.Sub(b.Since) < 24*time.Hour
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
	if r.unrestorable {
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
	case r.unrestorable && r.uncovered:
		return withoutRestorePoint + "; " + r.project.WhyUncovered(r.resourceID, r.vaultID)
	case r.uncovered:
		return r.project.WhyUncovered(r.resourceID, r.vaultID)
	case r.unrestorable:
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
		v.Due = utc(r.verdict.Due)
	}
	if r.last != nil {
		v.Last = new(newRun(ledger.RunOf(r.last)))
	}
	if id == "" || p.Discovered == nil || !p.Discovered.Synced { // else the history is not known
		return v
	}
	for _, d := range p.keys.Days(r.key()) {
		v.Days = append(v.Days, day(d))
	}
	if r.state != nil {
		v.Failures = r.state.ConsecutiveFailures
	}
	if r.state != nil && r.state.LastSuccess != nil {
		v.LastSuccess = new(newRun(*r.state.LastSuccess))
	} else {
		v.NoneSince = utc(p.Discovered.HistoryStart)
	}
	return v
}
