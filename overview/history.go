package overview

import (
	"time"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
	"github.com/cbr-exporter/cbr_exporter/protection"
	"github.com/cbr-exporter/cbr_exporter/tasks/ledger"
)

// newRun returns a finished task.
func newRun(known ledger.Run) Run {
	r := Run{ID: known.ID, Status: known.Status, Created: utc(known.Created), Ended: utc(known.End), Error: known.Error.String()}
	if known.HasDuration {
		r.Duration = new(known.Duration.Seconds())
	}
	return r
}

// day returns a day with the worst that happened. A failure explains why a run was missed.
func day(d protection.Day) Day {
	v := Day{Date: d.Start.UTC().Format(time.DateOnly), Tasks: d.Tasks, Due: d.Due, Missed: d.Missed}
	switch {
	case d.Tasks[cbrapi.StatusTimeout] > 0:
		v.Outcome = OutcomeTimeout
	case d.Tasks[cbrapi.StatusFailed] > 0:
		v.Outcome = OutcomeFailed
	case d.Missed > 0:
		v.Outcome = OutcomeMissed
	case d.Tasks[cbrapi.StatusSkipped] > 0:
		v.Outcome = OutcomeSkipped
	case d.Tasks[cbrapi.StatusSuccess] > 0:
		v.Outcome = OutcomeSuccess
	case d.Known:
		v.Outcome = OutcomeNone
	default:
		v.Outcome = OutcomeUnknown
	}
	return v
}
