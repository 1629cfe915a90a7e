package exporter

import (
	"slices"
	"time"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
	"github.com/cbr-exporter/cbr_exporter/collection"
	"github.com/cbr-exporter/cbr_exporter/coverage"
)

// troubleView is what could not be read, and why. What is not known is empty.
type troubleView struct {
	Reason string
	Error  string // what came of a request
	Since  moment
}

// viewTroubles shows what was wrong at the end of the last pass, and of the last
// reading of the vaults.
func viewTroubles(s coverage.Snapshot, now time.Time) []troubleView {
	all := s.Troubles
	if s.Inventory != nil {
		all = slices.Concat(all, s.Inventory.Troubles)
	}
	var troubles []troubleView
	for _, t := range all {
		troubles = append(troubles, troubleView{
			Reason: string(t.Reason), Error: t.Err.Error(), Since: ago(t.Since, now),
		})
	}
	return troubles
}

// viewSwept shows when the whole task list was read, where it is followed.
func viewSwept(s collection.Snapshot, now time.Time) moment {
	if s.Found == nil {
		return moment{}
	}
	return ago(s.Found.SweptAt, now)
}

// failing reports whether the newest finished task of a resource is a failure, or
// a configured task is.
func failing(s collection.Snapshot) bool {
	for _, standing := range s.Standings {
		if isFailure(standing.LastFinished) {
			return true
		}
	}
	for _, t := range s.Tasks {
		if t.Log != nil && isFailure(t.Log) {
			return true
		}
	}
	return false
}

func isFailure(l *cbrapi.OperationLog) bool {
	return l.Status == cbrapi.StatusFailed || l.Status == cbrapi.StatusTimeout
}
