package overview

import (
	"cmp"
	"math"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
)

// nameLink is a name that links somewhere, and its id where that is something else.
type nameLink struct{ URL, Name, ID string }

func vaultLink(p Place) nameLink {
	if p.VaultID == "" {
		return nameLink{Name: p.VaultName}
	}
	return nameLink{URL: link(Query{Vault: p.VaultID}.Values()), Name: cmp.Or(p.VaultName, p.VaultID), ID: p.VaultID}
}

func resourceLink(project, id, name string) nameLink {
	if id == "" {
		return nameLink{Name: name}
	}
	return nameLink{URL: "resource?" + url.Values{"project": {project}, "id": {id}}.Encode(), Name: cmp.Or(name, id), ID: id}
}

func operationWords(t cbrapi.OperationType) string { return strings.ReplaceAll(string(t), "_", " ") }

// runbook returns the link to the runbook of an alert.
func runbook(alert string) string {
	return "https://github.com/cbr-exporter/cbr_exporter/blob/main/docs/runbooks/" + url.PathEscape(alert) + ".md"
}

// lastSuccess returns when the last success was, or since when none is known.
func lastSuccess(r Resource, now time.Time) moment {
	switch s := r.LastSuccess; {
	case s != nil:
		return ago(cmp.Or(s.Ended, s.Created), now)
	case !r.NoneSince.IsZero():
		return moment{Words: "none in " + age(now.Sub(r.NoneSince)), UTC: "since " + formatUTC(r.NoneSince)}
	default:
		return moment{}
	}
}

func yesNo(yes bool) string {
	if yes {
		return "yes"
	}
	return "no"
}

// bar is how much of something is done or used.
type bar struct {
	Class   string
	Percent int
}

// newBar returns a bar of a part from 0 to 1.
func newBar(part float64) *bar {
	return &bar{Percent: int(math.Round(100 * part))}
}

func runBadge(r Run) badge { return taskBadge(string(r.Status), nil) }

// taskBadges says how a task stands.
func taskBadges(t Task) []badge {
	all := []badge{taskBadge(t.Status, t.States)}
	for _, s := range []State{StateStuck, StateBlind} {
		if slices.Contains(t.States, s) {
			all = append(all, s.shown().badge)
		}
	}
	return all
}

// taskBadge says how a task stands. Its class is that of the status of the API, else that
// of the worst state.
func taskBadge(status string, states []State) badge {
	switch cbrapi.Status(status) {
	case cbrapi.StatusSuccess:
		return badge{"good", status}
	case cbrapi.StatusSkipped:
		return badge{"warn", status}
	case cbrapi.StatusFailed, cbrapi.StatusTimeout:
		return badge{"bad", status}
	}
	if len(states) == 0 {
		return badge{"warn", status}
	}
	class := states[0].shown().Class
	if slices.Contains(states, StateStuck) {
		class = "busy" // a badge of its own says so
	}
	return badge{class, status}
}

func isActive(t Task) bool  { return slices.Contains(t.States, StateActive) }
func isWaiting(t Task) bool { return isActive(t) && t.Status == string(cbrapi.StatusWaiting) }

// progress returns how much of an active task is done; nil if that is not known.
func progress(t Task) *bar {
	if t.Progress == nil || !isActive(t) || isWaiting(t) {
		return nil
	}
	return newBar(*t.Progress)
}

// elapsed says how long a task has waited or run.
func elapsed(t Task, now time.Time) string {
	switch {
	case isWaiting(t) && !t.Created.IsZero():
		return "waiting for " + age(now.Sub(t.Created))
	case t.Duration == nil, !isActive(t), isWaiting(t):
		return took(t.Duration)
	case t.Usual != nil:
		return took(t.Duration) + " (usually " + took(t.Usual) + ")"
	default:
		return took(t.Duration) + " so far"
	}
}

// used says how much of a vault is used; "" if that is not known.
func used(v Vault) string {
	switch {
	case v.Used == nil:
		return ""
	case v.Capacity == nil || *v.Capacity <= 0:
		return formatBytes(*v.Used)
	default:
		return formatBytes(*v.Used) + " of " + formatBytes(*v.Capacity)
	}
}

// usage returns how much of the capacity of a vault is used; nil if that is not known.
func usage(v Vault) *bar {
	if v.Used == nil || v.Capacity == nil || *v.Capacity <= 0 {
		return nil
	}
	b := newBar(float64(*v.Used) / float64(*v.Capacity))
	switch {
	case slices.Contains(v.States, StateFull):
		b.Class = "bad"
	case slices.Contains(v.States, StateNearlyFull):
		b.Class = "warn"
	}
	return b
}

// policyBadge says whether a policy is enabled.
func policyBadge(p Policy) badge {
	switch {
	case p.Enabled == nil:
		return badge{"warn", "not known"}
	case *p.Enabled:
		return badge{"good", "enabled"}
	default:
		return badge{"bad", "disabled"}
	}
}
