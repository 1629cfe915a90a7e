package overview

import (
	"fmt"
	"strings"
	"time"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
	"github.com/cbr-exporter/cbr_exporter/problem"
	"github.com/cbr-exporter/cbr_exporter/protection"
)

// counts are how many series of a verdict say that something is wrong, and how many
// failed tasks no verdict is about.
type counts struct {
	due, overdue, attempted, failing int // resources and operations
	stuck                            int // active tasks
	unavailable, full                int // vaults
	uncovered                        int // resources
	configured                       int // configured tasks that failed
	withoutResource                  int // last tasks of vaults that failed
}

func count(s *protection.Snapshot) counts {
	c := counts{withoutResource: len(failedWithoutResource(s))}
	add := func(n *int, counts bool) {
		if counts {
			*n++
		}
	}
	for _, v := range s.Verdicts {
		add(&c.due, v.Overdue != nil)
		add(&c.attempted, v.Failing != nil)
		add(&c.overdue, isTrue(v.Overdue))
		add(&c.failing, isTrue(v.Failing))
	}
	for _, t := range s.ActiveTasks {
		add(&c.stuck, t.Stuck)
	}
	for _, t := range s.Coverage {
		add(&c.uncovered, !t.Covered)
	}
	for _, t := range s.Tasks {
		add(&c.configured, t.Log != nil && isFailure(t.Log))
	}
	if s.Inventory != nil {
		for _, v := range s.Inventory.Vaults {
			add(&c.unavailable, isFalse(protection.Available(v)))
			add(&c.full, isTrue(protection.Full(v)))
		}
	}
	return c
}

// attention reports whether anything is wrong.
func (c counts) attention() bool {
	c.due, c.attempted = 0, 0
	return c != counts{}
}

// sentences say what is wrong.
func (c counts) sentences() []string {
	var all []string
	say := func(n int, one, many string) {
		switch n {
		case 0:
		case 1:
			all = append(all, "1 "+one)
		default:
			all = append(all, fmt.Sprintf("%d %s", n, many))
		}
	}
	say(c.stuck, "task is stuck.", "tasks are stuck.")
	say(c.configured, "configured task failed.", "configured tasks failed.")
	say(c.withoutResource, "failed task names no resource.", "failed tasks name no resource.")
	say(c.unavailable, "vault is not available.", "vaults are not available.")
	say(c.full, "vault is full.", "vaults are full.")
	say(c.uncovered, "resource is not covered by a policy.", "resources are not covered by a policy.")
	return all
}

// outOf counts resources and operations, of all that can be judged.
func outOf(n, all int) string {
	if all == 0 {
		return "not known"
	}
	return fmt.Sprintf("%d of %d resources and operations", n, all)
}

// summarize says what is wrong in the project.
func summarize(s *protection.Snapshot, c counts) string {
	var sentences []string
	say := func(format string, args ...any) { sentences = append(sentences, fmt.Sprintf(format, args...)) }
	switch d := s.Discovered; {
	case s.Waiting:
		say("Tasks and resources are shown once the vaults have been read.")
	case d != nil && !d.Synced:
		say("Resources are shown once the whole task list has been read.")
	case d != nil && c.due+c.attempted > 0:
		say("Overdue: %s. Failing: %s.", outOf(c.overdue, c.due), outOf(c.failing, c.attempted))
	case d != nil && d.Complete && len(s.ResourceStates) == 0:
		say("No finished task of a resource is known. If there should be some, check project_id, enterprise_project_id and discovery.")
	}
	sentences = append(sentences, c.sentences()...)
	if text := s.TooRare(); text != "" {
		say("%s.", strings.ToUpper(text[:1])+text[1:])
	}
	return strings.Join(sentences, " ")
}

// describeReading says how recently everything was read, and why it was not.
func describeReading(s *protection.Snapshot, now time.Time) string {
	var sentences []string
	say := func(format string, args ...any) { sentences = append(sentences, fmt.Sprintf(format, args...)) }
	for _, reason := range cbrapi.Reasons() {
		if s.Reasons[reason] {
			say("Tasks could not be read. Reason: %s; %s.", reason, s.Info.Hints.Tasks(reason, problem.ErrorOf(s.Problems, reason)))
		}
		if i := s.Inventory; i != nil && i.Reasons[reason] {
			say("Vaults or policies could not be read. Reason: %s; %s.", reason, s.Info.Hints.Vaults(reason, problem.ErrorOf(i.Problems, reason)))
		}
	}
	for _, c := range s.Collectors() {
		text := describe(c, now)
		if d := s.Discovered; c.Name == protection.DiscoveryCollector && d.Synced {
			text += fmt.Sprintf(", the whole list %s ago", Age(now.Sub(d.SyncedAt)))
		}
		say("%s.", text)
	}
	if now.Sub(s.At) >= stale {
		say("Nothing has been read for %s. Is Prometheus still scraping?", Age(now.Sub(s.At)))
	}
	return strings.Join(sentences, " ")
}

// describe says how recently a collector has read everything.
func describe(c protection.Collector, now time.Time) string {
	what := map[string]string{
		protection.TasksCollector:     "Configured tasks",
		protection.DiscoveryCollector: "Tasks",
		protection.VaultsCollector:    "Vaults and policies",
	}[c.Name]
	switch age := Age(now.Sub(c.LastComplete)); {
	case c.LastComplete.IsZero():
		return what + ": not read completely yet"
	case c.Complete:
		return what + ": read " + age + " ago"
	default:
		return what + ": last read completely " + age + " ago"
	}
}

func isTrue(b *bool) bool  { return b != nil && *b }
func isFalse(b *bool) bool { return b != nil && !*b }
