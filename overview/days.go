package overview

import (
	"fmt"
	"html/template"
	"strconv"
	"strings"
	"time"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
	"github.com/cbr-exporter/cbr_exporter/protection"
)

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

// cell returns the class and the outline of the cell of an outcome, in a box of 4 by 16
// below and right of the point at which its path starts; nothing if it has no cell. Each
// outcome has a shape of its own, for people who do not tell its colour.
func cell(o Outcome) (class, outline string) {
	switch o {
	case OutcomeMissed:
		return "m", "v16h4v-16zm1,1h2v14h-2z"
	case OutcomeTimeout:
		return "f", "v16h4v-16zm0,6h4v2h-4z"
	case OutcomeFailed:
		return "f", "v16h4v-16z"
	case OutcomeSkipped:
		return "k", "m0,11v5h4v-5z"
	case OutcomeSuccess:
		return "s", "m0,6v10h4v-10z"
	case OutcomeNone:
		return "n", "m1,14v2h2v-2z"
	default:
		return "", ""
	}
}

// cellPitch is how far apart cells start.
const cellPitch = 5

// strip draws a cell for each day. The text of a cell is shown when the mouse is over it;
// a screen reader reads the summary. Attributes have no quotes where HTML needs none,
// because a page has thousands of cells.
func strip(days []Day) template.HTML {
	if len(days) == 0 {
		return ""
	}
	var b strings.Builder
	b.Grow(80 * (len(days) + 2))
	fmt.Fprintf(&b, `<svg class=strip viewBox="0 0 %d 16" role=img><title>%s</title>`,
		len(days)*cellPitch-1, summarizeDays(days))
	for n, d := range days {
		class, outline := cell(d.Outcome)
		if class == "" {
			continue
		}
		b.WriteString("<path class=")
		b.WriteString(class)
		b.WriteString(" d=M")
		b.WriteString(strconv.Itoa(n * cellPitch))
		b.WriteString(",0")
		b.WriteString(outline)
		b.WriteString("><title>")
		b.WriteString(d.Date + ": " + describeDay(d))
		b.WriteString("</title></path>")
	}
	b.WriteString("</svg>")
	return template.HTML(b.String()) //nolint:gosec // dates, numbers and words of ours
}

// describeDay says what happened on a day, such as "1 failed, 1 succeeded".
func describeDay(d Day) string {
	var words []string
	if d.Missed > 0 {
		words = append(words, strconv.Itoa(d.Missed)+" missed")
	}
	for _, o := range []struct {
		status cbrapi.Status
		words  string
	}{
		{cbrapi.StatusFailed, "failed"},
		{cbrapi.StatusTimeout, "timed out"},
		{cbrapi.StatusSkipped, "skipped"},
		{cbrapi.StatusSuccess, "succeeded"},
	} {
		if n := d.Tasks[o.status]; n > 0 {
			words = append(words, strconv.Itoa(n)+" "+o.words)
		}
	}
	switch {
	case len(words) > 0:
	case d.Due > 0: // its grace is not over, or an earlier success counts for it
		return strconv.Itoa(d.Due) + " due, none missed"
	default:
		return "nothing ran"
	}
	return strings.Join(words, ", ")
}

// summarizeDays counts the days by the worst that happened, such as "31 days, 2026-10-31 to
// 2026-11-30: 1 missed, 2 failed, 28 success".
func summarizeDays(days []Day) string {
	var counts []string
	for _, o := range []Outcome{OutcomeTimeout, OutcomeFailed, OutcomeMissed, OutcomeSkipped, OutcomeSuccess, OutcomeUnknown} {
		n := 0
		for _, d := range days {
			if d.Outcome == o {
				n++
			}
		}
		if n > 0 {
			counts = append(counts, fmt.Sprintf("%d %s", n, o))
		}
	}
	return fmt.Sprintf("%d days, %s to %s: %s", len(days), days[0].Date, days[len(days)-1].Date, strings.Join(counts, ", "))
}
