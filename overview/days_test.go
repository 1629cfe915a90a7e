package overview

import (
	"testing"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
)

func TestStrip(t *testing.T) {
	t.Parallel()
	days := []Day{
		{Date: "2026-11-15", Outcome: OutcomeUnknown},
		{Date: "2026-11-16", Outcome: OutcomeNone},
		{Date: "2026-11-17", Outcome: OutcomeSuccess, Tasks: map[cbrapi.Status]int{cbrapi.StatusSuccess: 2}},
		{Date: "2026-11-18", Outcome: OutcomeSkipped, Tasks: map[cbrapi.Status]int{cbrapi.StatusSkipped: 1}},
		{Date: "2026-11-19", Outcome: OutcomeFailed, Tasks: map[cbrapi.Status]int{cbrapi.StatusSuccess: 1, cbrapi.StatusFailed: 1}, Missed: 1},
		{Date: "2026-11-20", Outcome: OutcomeTimeout, Tasks: map[cbrapi.Status]int{cbrapi.StatusTimeout: 3}},
		{Date: "2026-11-21", Outcome: OutcomeMissed, Due: 1, Missed: 1},
		{Date: "2026-11-22", Outcome: OutcomeNone, Due: 1},
	}
	const want = `<svg class=strip viewBox="0 0 39 16" role=img><title>8 days, 2026-11-15 to 2026-11-22: 1 timeout, 1 failed, 1 missed, 1 skipped, 1 success, 1 unknown</title>` +
		`<path class=n d=M5,0m1,14v2h2v-2z><title>2026-11-16: nothing ran</title></path>` +
		`<path class=s d=M10,0m0,6v10h4v-10z><title>2026-11-17: 2 succeeded</title></path>` +
		`<path class=k d=M15,0m0,11v5h4v-5z><title>2026-11-18: 1 skipped</title></path>` +
		`<path class=f d=M20,0v16h4v-16z><title>2026-11-19: 1 missed, 1 failed, 1 succeeded</title></path>` +
		`<path class=f d=M25,0v16h4v-16zm0,6h4v2h-4z><title>2026-11-20: 3 timed out</title></path>` +
		`<path class=m d=M30,0v16h4v-16zm1,1h2v14h-2z><title>2026-11-21: 1 missed</title></path>` +
		`<path class=n d=M35,0m1,14v2h2v-2z><title>2026-11-22: 1 due, none missed</title></path></svg>`
	if got := string(strip(days)); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if got := strip(nil); got != "" {
		t.Errorf("without days: %s", got)
	}
}
