package ledger_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
	"github.com/cbr-exporter/cbr_exporter/tasks/ledger"
)

// summary returns the ids and statuses of the runs of a state, and what follows from them.
func summary(s ledger.ResourceState) string {
	var words []string
	for _, run := range s.Runs.List() {
		words = append(words, run.ID+" "+string(run.Status))
	}
	ago := func(o *ledger.Run) string {
		if o == nil {
			return "never"
		}
		return fmt.Sprint(noon().Sub(o.Created).Hours())
	}
	attempt := "none"
	if s.LastAttempt != nil {
		attempt = s.LastAttempt.ID
	}
	return fmt.Sprintf("%s; success %s, failure %s, attempt %s, failures %d", strings.Join(words, ", "), ago(s.LastSuccess), ago(s.LastFailure), attempt, s.ConsecutiveFailures)
}

// TestRevisedEnds has tasks with one end, and later another one. What had been derived from
// the first must follow.
func TestRevisedEnds(t *testing.T) {
	const success, failed, timeout, skipped = cbrapi.StatusSuccess, cbrapi.StatusFailed, cbrapi.StatusTimeout, cbrapi.StatusSkipped
	// a, b and c were created 3, 2 and 1 hours before noon.
	ends := func(statuses ...cbrapi.Status) []*cbrapi.OperationLog {
		var logs []*cbrapi.OperationLog
		for i, s := range statuses {
			logs = append(logs, record(string(rune('a'+i)), s, 3-i))
		}
		return logs
	}
	revised := func(id string, s cbrapi.Status) *cbrapi.OperationLog {
		log := record(id, s, 3-int(id[0]-'a'))
		log.UpdatedAt = noon().Add(time.Hour)
		return log
	}
	for name, test := range map[string]struct {
		ends    []*cbrapi.OperationLog
		revised *cbrapi.OperationLog
		want    string
	}{
		"the last success failed":             {ends(success, success, failed), revised("b", failed), "a success, b failed, c failed; success 3, failure 1, attempt c, failures 2"},
		"the only success failed":             {ends(failed, success), revised("b", timeout), "a failed, b timeout; success never, failure 2, attempt b, failures 2"},
		"the last failure succeeded":          {ends(failed, success, failed), revised("c", success), "a failed, b success, c success; success 1, failure 3, attempt c, failures 0"},
		"the only failure succeeded":          {ends(success, failed), revised("b", success), "a success, b success; success 2, failure never, attempt b, failures 0"},
		"a failure in between succeeded":      {ends(failed, failed, failed), revised("b", success), "a failed, b success, c failed; success 2, failure 1, attempt c, failures 1"},
		"the first of three failures skipped": {ends(failed, failed, failed), revised("a", skipped), "a skipped, b failed, c failed; success never, failure 1, attempt c, failures 2"},
		"the last success was skipped":        {ends(failed, success, skipped), revised("b", skipped), "a failed, b skipped, c skipped; success never, failure 3, attempt a, failures 1"},
		"a skipped one succeeded":             {ends(failed, skipped, failed), revised("b", success), "a failed, b success, c failed; success 2, failure 1, attempt c, failures 1"},
		"the only attempt was skipped":        {ends(success), revised("a", skipped), "a skipped; success never, failure never, attempt none, failures 0"},
		"an outdated record":                  {ends(success, failed), with(revised("b", success), func(l *cbrapi.OperationLog) { l.UpdatedAt = noon().Add(-2 * time.Hour) }), "a success, b failed; success 3, failure 2, attempt b, failures 1"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := newLedger(options(), test.ends...)
			before := onlyState(t, l)
			was := summary(before)
			l.Add(test.revised)
			if got := summary(onlyState(t, l)); got != test.want {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
			for _, log := range test.ends {
				l.Add(log) // outdated
			}
			if got := summary(onlyState(t, l)); got != test.want {
				t.Errorf("after the old records: got %s, want %s", got, test.want)
			}
			if got := summary(before); got != was {
				t.Errorf("the state of before is now %s, was %s", got, was)
			}
			for _, log := range append([]*cbrapi.OperationLog{test.revised}, test.ends...) {
				if got := onlyState(t, newLedger(options(), append([]*cbrapi.OperationLog{test.revised, log}, test.ends...)...)); summary(got) != test.want {
					t.Errorf("in another order: got %s", summary(got))
				}
			}
		})
	}
}

// TestCreationBecomesKnown: a record has no created_at at first, so that its start counts.
func TestCreationBecomesKnown(t *testing.T) {
	known := record("a", cbrapi.StatusFailed, 10)
	known.StartedAt, known.UpdatedAt = noon().Add(-3*time.Hour), noon()
	unknown := *known
	unknown.CreatedAt, unknown.UpdatedAt = time.Time{}, noon().Add(-time.Hour)
	success := record("b", cbrapi.StatusSuccess, 5)
	l := newLedger(options(), success, &unknown)
	if got, want := summary(onlyState(t, l)), "b success, a failed; success 5, failure 3, attempt a, failures 1"; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	for _, log := range []*cbrapi.OperationLog{known, &unknown, success, known} {
		l.Add(log)
		if got, want := summary(onlyState(t, l)), "a failed, b success; success 5, failure 10, attempt b, failures 0"; got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
}

// TestRunsOfState has a run with each field, and runs that are handed out while others
// come and go.
func TestRunsOfState(t *testing.T) {
	failed := record("b", cbrapi.StatusFailed, 2)
	failed.ErrorInfo = cbrapi.ErrorInfo{Code: "BackupService.6114", Message: "The vault is full."}
	noEnd := record("c", cbrapi.StatusSkipped, 1)
	noEnd.StartedAt, noEnd.EndedAt = time.Time{}, time.Time{}
	l := newLedger(options(), noEnd, failed, record("old", cbrapi.StatusSuccess, 719))
	s := onlyState(t, l)
	want := []ledger.Run{
		{ID: "old", Status: cbrapi.StatusSuccess, Created: noon().Add(-719 * time.Hour), End: noon().Add(-718 * time.Hour), Duration: 59 * time.Minute, HasDuration: true},
		{ID: "b", Status: cbrapi.StatusFailed, Created: noon().Add(-2 * time.Hour), End: noon().Add(-time.Hour), Duration: 59 * time.Minute, HasDuration: true, Error: failed.ErrorInfo},
		{ID: "c", Status: cbrapi.StatusSkipped, Created: noon().Add(-time.Hour), End: noon()}, // when it was changed
	}
	if diff := cmp.Diff(want, s.Runs.List()); diff != "" {
		t.Fatalf("-want +got:\n%s", diff)
	}
	var earlier []ledger.ResourceState
	var summaries []string
	for _, change := range []func(){
		func() { l.Add(record("d", cbrapi.StatusSuccess, 0)) },
		func() { l.Add(record("a", cbrapi.StatusSuccess, 300)) },
		func() { l.Advance(noon().Add(2 * time.Hour)) }, // old has expired
		func() { l.Add(record("e", cbrapi.StatusSuccess, 200)) },
		func() { l.ForgetBefore(noon().Add(-250 * time.Hour)) },
		func() { l.Add(record("f", cbrapi.StatusSuccess, 200)) },
	} {
		earlier = append(earlier, onlyState(t, l))
		summaries = append(summaries, summary(earlier[len(earlier)-1]))
		change()
		for i := range earlier {
			if got := summary(earlier[i]); got != summaries[i] {
				t.Errorf("state %d is now %s, was %s", i, got, summaries[i])
			}
		}
	}
	if got, want := summary(onlyState(t, l)), "e success, f success, b failed, c skipped, d success; success 0, failure 2, attempt d, failures 0"; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if n := len(s.Runs.List()); n != 3 || onlyState(t, l).Runs.Equal(s.Runs) || !earlier[0].Runs.Equal(s.Runs) {
		t.Errorf("got %d runs, or Equal is wrong", n)
	}
}

// TestRepeatedRecordsCostNothing: an hourly full sync brings all records again.
func TestRepeatedRecordsCostNothing(t *testing.T) {
	logs := []*cbrapi.OperationLog{record("a", cbrapi.StatusSuccess, 3), record("b", cbrapi.StatusFailed, 2)}
	l := newLedger(options(), logs...)
	before := onlyState(t, l)
	for _, log := range logs {
		again := *log
		l.Add(&again)
	}
	if after := onlyState(t, l); after.LastAttempt != before.LastAttempt || after.LastSuccess != before.LastSuccess {
		t.Error("the state was derived anew")
	}
}

// BenchmarkHourlyTasks reads 50,000 tasks of 70 keys, the latest first, and all of them
// again. The target is 1 s for the first time and half of it for the second, once an hour.
func BenchmarkHourlyTasks(b *testing.B) {
	const tasks, keys = 50_000, 70
	var logs []*cbrapi.OperationLog
	for n := range tasks {
		logs = append(logs, historical(n, keys))
	}
	for b.Loop() {
		l := ledger.New(options())
		l.Advance(noon())
		began := time.Now()
		for _, log := range logs {
			l.Add(log)
		}
		first := time.Since(began)
		if len(l.ResourceStates()) != keys {
			b.Fatal("something is missing")
		}
		began = time.Now()
		for _, log := range logs {
			l.Add(log)
		}
		b.ReportMetric(first.Seconds(), "s/first")
		b.ReportMetric(time.Since(began).Seconds(), "s/again")
	}
}

// historical returns the n-th latest task. One in ten failed.
func historical(n, keys int) *cbrapi.OperationLog {
	log := record(fmt.Sprintf("11111111-1111-4111-8111-%012d", n), cbrapi.StatusSuccess, 1)
	log.CreatedAt = noon().Add(-time.Duration(n) * 50 * time.Second)
	log.StartedAt = log.CreatedAt.Add(time.Minute)
	log.EndedAt = log.StartedAt.Add(time.Duration(n%100) * time.Second)
	log.UpdatedAt = log.EndedAt
	log.ExtraInfo.Resource.ID = fmt.Sprintf("22222222-2222-4222-8222-%012d", n%keys)
	if n%10 == n/keys%10 {
		log.Status = cbrapi.StatusFailed
		log.ErrorInfo = cbrapi.ErrorInfo{Code: "BackupService.6114", Message: fmt.Sprintf("The vault %d is full.", n%20)}
	}
	return log
}
