package exporter

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
	"github.com/cbr-exporter/cbr_exporter/collection"
	"github.com/cbr-exporter/cbr_exporter/ledger"
)

// resourceView is a row of the table of resources. What is not known is empty.
type resourceView struct {
	Resource, Vault, Operation string
	Status                     string // of the newest finished task
	Ended                      moment
	LastSuccess                moment
	Failures                   string // in a row
	Trouble                    string // why the newest finished task failed
	TaskID                     string
	severity                   int
	succeeded                  time.Time // zero: never, as far as is known
}

// viewResources shows how each resource stands: the worst first, and among those
// alike the one that has had no success for the longest time.
func viewResources(s collection.Snapshot, now time.Time) []resourceView {
	names := map[string]string{}
	for _, r := range s.Resources {
		names[r.ID] = r.Name
	}
	rows := make([]resourceView, len(s.Standings))
	for i, standing := range s.Standings {
		rows[i] = viewResource(standing, s.Found, now)
		rows[i].Resource = cmp.Or(names[standing.ResourceID], standing.ResourceID)
	}
	slices.SortStableFunc(rows, func(a, b resourceView) int {
		return cmp.Or(cmp.Compare(b.severity, a.severity), a.succeeded.Compare(b.succeeded))
	})
	return rows
}

func viewResource(s ledger.Standing, found *collection.Found, now time.Time) resourceView {
	l := s.LastFinished
	v := resourceView{
		Vault:     cmp.Or(s.VaultName, s.VaultID),
		Operation: string(s.OperationType),
		Status:    string(l.Status),
		Trouble:   failureOf(l),
		TaskID:    l.ID,
		severity:  severity(l.Status),
	}
	if at, known := l.FinishedAt(); known {
		v.Ended = ago(at, now)
	}
	if found == nil {
		return v
	}
	switch success := s.LastSuccess; {
	case success == nil:
		v.LastSuccess = noneSince(found.HistoryStart, now)
	case !success.End.IsZero():
		v.succeeded, v.LastSuccess = success.End, ago(success.End, now)
	}
	if s.ConsecutiveFailures > 0 {
		v.Failures = fmt.Sprint(s.ConsecutiveFailures)
	}
	return v
}

// summary counts the resources by how their newest finished tasks ended.
func summary(standings []ledger.Standing) string {
	if len(standings) == 0 {
		return "No finished task of a resource is known: if there should be some, check project_id, enterprise_project_id and discovery."
	}
	count := map[cbrapi.Status]int{}
	for _, s := range standings {
		count[s.LastFinished.Status]++
	}
	text := fmt.Sprintf("The newest finished task succeeded for %d of %d resources and operations", count[cbrapi.StatusSuccess], len(standings))
	for _, part := range []struct {
		status cbrapi.Status
		words  string
	}{{cbrapi.StatusFailed, "failed"}, {cbrapi.StatusTimeout, "timed out"}, {cbrapi.StatusSkipped, "was skipped"}} {
		if n := count[part.status]; n > 0 {
			text += fmt.Sprintf(", %s for %d", part.words, n)
		}
	}
	return text + "."
}
