package exporter

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
	"github.com/cbr-exporter/cbr_exporter/collection"
)

// overview is what the page for people shows.
type overview struct {
	TelemetryPath string
	Projects      []projectView
}

// projectView is a project in words.
type projectView struct {
	Name    string
	Verdict string // can the table be trusted, and if not, why
	Trusted bool
	Tasks   []taskView // the worst first
}

// taskView is a row of the table. What is not known is empty.
type taskView struct {
	ID, Status, Operation, Vault, Resource string
	Percent                                string
	Created, Took                          string
	Trouble                                string // why the task failed, or could not be read
	severity                               int
}

// idle is the age from which on nobody seems to scrape any more.
const idle = 5 * time.Minute

// viewProject shows what was known at the end of the last pass, if there was one.
func viewProject(s collection.Snapshot, read bool, now time.Time) projectView {
	v := projectView{Name: s.Project}
	if !read {
		v.Verdict = "Nothing has been read yet: reading begins with the first scrape."
		return v
	}
	v.Trusted = s.Complete && now.Sub(s.At) < idle
	v.Verdict = verdict(s, now)
	for _, t := range s.Tasks {
		v.Tasks = append(v.Tasks, viewTask(t, now))
	}
	slices.SortStableFunc(v.Tasks, func(a, b taskView) int { return cmp.Compare(b.severity, a.severity) })
	return v
}

func verdict(s collection.Snapshot, now time.Time) string {
	var sentences []string
	say := func(format string, args ...any) { sentences = append(sentences, fmt.Sprintf(format, args...)) }
	known := 0
	for _, t := range s.Tasks {
		if t.Known {
			known++
		}
	}
	if s.Complete {
		say("All %d tasks are known, as of %s ago.", known, age(now.Sub(s.At)))
	} else {
		say("%d of %d tasks are known, as of %s ago.", known, len(s.Tasks), age(now.Sub(s.At)))
	}
	for _, reason := range cbrapi.Reasons() {
		if s.Reasons[reason] {
			say("Reason: %s; %s.", reason, collection.Remedy(reason))
		}
	}
	switch {
	case s.Complete:
	case s.LastComplete.IsZero():
		say("Never yet have all tasks been known.")
	default:
		say("All were known %s ago for the last time.", age(now.Sub(s.LastComplete)))
	}
	if now.Sub(s.At) >= idle {
		say("Nothing has been read since: is Prometheus still scraping?")
	}
	return strings.Join(sentences, " ")
}

func viewTask(t collection.Task, now time.Time) taskView {
	v := taskView{ID: t.ID}
	if t.Err != nil {
		v.Trouble = t.Err.Error()
	}
	l := t.Log
	switch {
	case l != nil:
	case t.Known:
		v.Status, v.Trouble, v.severity = "not found", "the API knows no such task", severityUnreadable
		return v
	default:
		v.Status, v.severity = "unreadable", severityUnreadable
		if t.Err == nil {
			v.Status, v.severity = "not read yet", 0
		}
		return v
	}
	v.Status, v.severity = string(l.Status), severity(l.Status)
	v.Operation = string(l.OperationType)
	v.Vault = cmp.Or(l.VaultName, l.VaultID)
	if r := l.ExtraInfo.Resource; r != nil {
		v.Resource = cmp.Or(r.Name, r.ID)
	}
	if p := l.ExtraInfo.Common.Progress; p != nil {
		v.Percent = fmt.Sprintf("%.0f %%", *p)
	}
	if !l.CreatedAt.IsZero() {
		v.Created = age(now.Sub(l.CreatedAt)) + " ago"
	}
	if d, ok := l.Duration(); ok {
		v.Took = age(d)
	}
	// Why a backup failed is said by the task, and does not change.
	if failure := strings.Trim(l.ErrorInfo.Code+": "+l.ErrorInfo.Message, ": "); failure != "" {
		v.Trouble = failure
	}
	return v
}

const severityUnreadable = 6

// severity orders tasks by how much they need a person.
func severity(s cbrapi.Status) int {
	switch s {
	case cbrapi.StatusFailed:
		return 5
	case cbrapi.StatusTimeout:
		return 4
	case cbrapi.StatusSkipped:
		return 3
	case cbrapi.StatusRunning:
		return 2
	case cbrapi.StatusWaiting:
		return 1
	case cbrapi.StatusSuccess:
		return 0
	default:
		return 3
	}
}

// age writes a duration as people say it: by its largest unit. Less than none is
// what clocks make of it that differ a little.
func age(d time.Duration) string {
	d = max(d, 0)
	switch {
	case d < 2*time.Minute:
		return fmt.Sprintf("%.0f s", d.Seconds())
	case d < 2*time.Hour:
		return fmt.Sprintf("%.0f min", d.Minutes())
	case d < 48*time.Hour:
		return fmt.Sprintf("%.0f h", d.Hours())
	default:
		return fmt.Sprintf("%.0f days", d.Hours()/24)
	}
}
