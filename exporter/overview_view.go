package exporter

import (
	"fmt"
	"strings"
	"time"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
	"github.com/cbr-exporter/cbr_exporter/collection"
	"github.com/cbr-exporter/cbr_exporter/coverage"
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
	Failing bool   // a backup, or what else was to be done
	AsOf    string // when the last pass was over
	// Troubles are why not everything could be read.
	Troubles []troubleView
	Swept    moment // when the whole list was read; empty where it is not followed
	// The worst first.
	Overdue   []overdueView
	Resources []resourceView
	Tasks     []taskView
	Vaults    []vaultView
	History   bool // what succeeded last is known
}

// idle is the age from which on nobody seems to scrape any more.
const idle = 5 * time.Minute

// viewProject shows what was known at the end of the last pass, if there was one.
func viewProject(s coverage.Snapshot, read bool, now time.Time) projectView {
	v := projectView{Name: s.Project}
	if !read {
		v.Verdict = "Nothing has been read yet: reading begins with the first scrape."
		return v
	}
	v.Trusted = complete(s) && now.Sub(s.At) < idle
	v.Verdict = verdict(s, now)
	v.AsOf = inUTC(s.At)
	v.Troubles, v.Swept = viewTroubles(s, now), viewSwept(s.Snapshot, now)
	v.Resources, v.Tasks = viewResources(s.Snapshot, now), viewTasks(s.Snapshot, now)
	v.Overdue, v.Vaults = viewOverdue(s, now), viewVaults(s)
	v.Failing = failing(s.Snapshot) || len(v.Overdue) > 0
	v.History = s.Found != nil
	return v
}

// complete reports whether all is known that was to be read.
func complete(s coverage.Snapshot) bool {
	return tasksComplete(s.Snapshot) && (s.Inventory == nil || s.Inventory.Complete)
}

// tasksComplete reports whether all tasks are known that were to be read.
func tasksComplete(s collection.Snapshot) bool {
	return s.Complete && (s.Found == nil || s.Found.Complete)
}

// lastComplete returns when that was so for the last time; zero if it never was.
func lastComplete(s collection.Snapshot) time.Time {
	switch {
	case s.Found == nil:
		return s.LastComplete
	case len(s.Tasks) == 0 || s.Found.LastComplete.Before(s.LastComplete):
		return s.Found.LastComplete
	default:
		return s.LastComplete
	}
}

// standingsAsOf returns as of when it is known how resources stand: what may have come
// since then could not be read.
func standingsAsOf(s collection.Snapshot) time.Time {
	if s.Found.Complete || s.Found.LastComplete.IsZero() {
		return s.At
	}
	return s.Found.LastComplete
}

func verdict(s coverage.Snapshot, now time.Time) string {
	var sentences []string
	say := func(format string, args ...any) { sentences = append(sentences, fmt.Sprintf(format, args...)) }
	if s.Found != nil {
		if s.Found.Swept {
			say("%s As of %s ago.", summary(s.Standings), age(now.Sub(standingsAsOf(s.Snapshot))))
		} else {
			say("The task list has not been read to its end yet; until then nothing is said of resources.")
		}
	}
	if len(s.Tasks) > 0 {
		sayTasks(s.Snapshot, now, say)
	}
	for _, reason := range cbrapi.Reasons() {
		if s.Reasons[reason] {
			say("Reason: %s; %s.", reason, collection.Remedy(reason))
		}
	}
	switch last := lastComplete(s.Snapshot); {
	case tasksComplete(s.Snapshot):
	case last.IsZero() && s.Found != nil && !s.Found.Swept: // it has been said
	case last.IsZero():
		say("Never yet have all tasks been known.")
	default:
		say("All were known %s ago for the last time.", age(now.Sub(last)))
	}
	if s.Inventory != nil {
		sayVaults(s, now, say)
	}
	if now.Sub(s.At) >= idle {
		say("Nothing has been read since: is Prometheus still scraping?")
	}
	return strings.Join(sentences, " ")
}

// sayTasks says how many of the configured tasks are known.
func sayTasks(s collection.Snapshot, now time.Time, say func(string, ...any)) {
	known := 0
	for _, t := range s.Tasks {
		if t.Known {
			known++
		}
	}
	which := "task"
	if s.Found != nil {
		which = "configured task"
	}
	asOf := age(now.Sub(s.At))
	switch {
	case !s.Complete:
		say("%d of %d %ss are known, as of %s ago.", known, len(s.Tasks), which, asOf)
	case known == 1:
		say("The only %s is known, as of %s ago.", which, asOf)
	default:
		say("All %d %ss are known, as of %s ago.", known, which, asOf)
	}
}
