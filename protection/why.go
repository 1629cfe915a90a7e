package protection

import (
	"fmt"
	"slices"
	"time"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
	"github.com/cbr-exporter/cbr_exporter/tasks/ledger"
)

// why returns one sentence, without a full stop, that says why a verdict is overdue or
// failing; "" if it is neither. The due moment missed is nil if there is none.
func (s *Snapshot) why(v *Verdict, f *facts, d, missed *due) string {
	gone := missed != nil && f.succeededSince(missed.from)
	var cause string
	switch {
	case isTrue(v.Failing):
		cause = whyFailing(f)
	case gone:
		cause = whyGone(f)
	case isTrue(v.Overdue):
		cause = s.whyOverdue(f, missed)
	default:
		return ""
	}
	if last := f.state.LastFinished; isTrue(v.Overdue) && last != nil && last.Status != cbrapi.StatusSuccess &&
		ledger.CreatedAt(last).Before(d.from) && len(f.active) == 0 {
		cause += "; none has started since"
	}
	if running := f.latestActive(); running != nil && isTrue(v.Failing) {
		cause += fmt.Sprintf("; one is %s", running.Status) + in(ledger.CreatedAt(running))
	}
	if gone && isTrue(v.Failing) {
		cause += "; " + whyGone(f)
	}
	if vault := s.whyVault(f); vault != "" {
		return vault + "; " + cause
	}
	return cause
}

// latestActive returns the latest active task, or nil.
func (f *facts) latestActive() *cbrapi.OperationLog {
	if len(f.active) == 0 {
		return nil
	}
	return slices.MaxFunc(f.active, func(x, y ActiveTask) int { return ledger.CreatedAt(x.Log).Compare(ledger.CreatedAt(y.Log)) }).Log
}

// whyVault says why the vault takes no backups; "" if it does.
func (s *Snapshot) whyVault(f *facts) string {
	vault := s.vaults[f.vaultID]
	switch {
	case vault == nil:
		return ""
	case isFalse(Available(vault)), vault.Billing.Status == cbrapi.VaultDeleting:
		return fmt.Sprintf("the vault is %s", describeStatus(StatusOf(vault)))
	case isTrue(Full(vault)) && f.key.OperationType == cbrapi.OperationBackup:
		return "the vault is full"
	default:
		return ""
	}
}

func describeStatus(status cbrapi.VaultStatus) string {
	switch status {
	case cbrapi.VaultFrozen:
		return "frozen"
	case cbrapi.VaultDeleting:
		return "being deleted"
	default:
		return fmt.Sprintf("in status %s", status)
	}
}

func whyFailing(f *facts) string {
	last := f.state.LastAttempt
	timeout := last.Status == cbrapi.StatusTimeout
	var text string
	switch n := f.state.ConsecutiveFailures; {
	case n > 1 && timeout:
		text = fmt.Sprintf("%d in a row failed, the latest timed out", n)
	case n > 1:
		text = fmt.Sprintf("%d in a row failed, the latest", n)
	case timeout:
		text = fmt.Sprintf("the latest %s timed out", f.key.OperationType)
	default:
		text = fmt.Sprintf("the latest %s failed", f.key.OperationType)
	}
	text += in(last.Created) + errorText(last.Error)
	if skipped := f.state.LastFinished; skipped.Status == cbrapi.StatusSkipped {
		text += "; then one was skipped" + in(ledger.CreatedAt(skipped)) + errorText(skipped.ErrorInfo)
	}
	return text
}

// whyGone says what is left if the backup of the last success is gone.
func whyGone(f *facts) string {
	return fmt.Sprintf("the backup created %s succeeded, but the vault holds no backup of it", formatTime(f.state.LastSuccess.Created)) + whatIsLeft(f)
}

// whatIsLeft says, after a semicolon, what can be restored.
func whatIsLeft(f *facts) string {
	left := f.backups.Resources[f.key.ResourceID]
	text := "; there is no restore point"
	if left.Count > 0 {
		text = "; the latest restore point is of " + formatTime(left.Latest)
	}
	switch left.InError {
	case 0:
		return text
	case 1:
		return text + "; 1 backup is in status error"
	default:
		return text + fmt.Sprintf("; %d backups are in status error", left.InError)
	}
}

// whyOverdue says what happened instead of a success.
func (s *Snapshot) whyOverdue(f *facts, missed *due) string {
	if len(f.active) > 0 { // stuck, or older than what is due
		oldest := slices.MinFunc(f.active, func(x, y ActiveTask) int { return ledger.CreatedAt(x.Log).Compare(ledger.CreatedAt(y.Log)) })
		verb := "still"
		if oldest.Stuck {
			verb = "stuck"
		}
		return fmt.Sprintf("task %s of %s is %s in status %s", oldest.Log.ID, formatTime(ledger.CreatedAt(oldest.Log)), verb, oldest.Log.Status)
	}
	switch {
	case f.state.LastFinished == nil && missed != nil && missed.from.Before(s.Discovered.HistoryStart): // restore points alone tell
		return "no restore point has been created since " + formatTime(missed.from) + whatIsLeft(f)
	case f.state.LastFinished == nil || f.state.LastSuccess == nil && f.state.LastFinished.Status != cbrapi.StatusSkipped:
		return fmt.Sprintf("no %s has started since %s", f.key.OperationType, formatTime(s.Discovered.HistoryStart))
	case f.state.LastFinished.Status == cbrapi.StatusSkipped:
		skipped := f.state.LastFinished
		return fmt.Sprintf("the latest %s was skipped", f.key.OperationType) + in(ledger.CreatedAt(skipped)) + errorText(skipped.ErrorInfo)
	default:
		return fmt.Sprintf("no %s has started since %s", f.key.OperationType, formatTime(f.state.LastSuccess.Created))
	}
}

// in returns the creation of a task in parentheses.
func in(created time.Time) string { return " (created " + formatTime(created) + ")" }

func formatTime(t time.Time) string { return t.UTC().Format("2006-01-02 15:04 UTC") }

// errorText returns the error of a task, after a colon.
func errorText(err cbrapi.ErrorInfo) string {
	text := err.String()
	if text == "" {
		return ""
	}
	return ": " + text
}

func isTrue(b *bool) bool  { return b != nil && *b }
func isFalse(b *bool) bool { return b != nil && !*b }
