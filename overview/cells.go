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

// nameLink is a name that links somewhere. ID is "" if it is the name.
type nameLink struct{ URL, Name, ID string }

func newNameLink(target, id, name string) nameLink {
	if name == "" || name == id {
		return nameLink{URL: target, Name: id}
	}
	return nameLink{target, name, id}
}

func vaultLink(p Place) nameLink {
	if p.VaultID == "" {
		return nameLink{Name: p.VaultName}
	}
	return newNameLink(link(Query{Vault: p.VaultID}.Values()), p.VaultID, p.VaultName)
}

func resourceLink(project, id, name string) nameLink {
	if id == "" {
		return nameLink{Name: name}
	}
	return newNameLink("resource?"+url.Values{"project": {project}, "id": {id}}.Encode(), id, name)
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

// taskBadges says how a task stands.
func taskBadges(t Task) []badge {
	all := []badge{statusBadge(t.Status)}
	for _, s := range []State{StateStuck, StateBlind} {
		if slices.Contains(t.States, s) {
			all = append(all, s.shown().badge)
		}
	}
	return all
}

// statusBadge is about the status of a task.
func statusBadge(status string) badge {
	switch status {
	case string(cbrapi.StatusSuccess):
		return badge{"good", status}
	case string(cbrapi.StatusRunning), string(cbrapi.StatusWaiting):
		return badge{"busy", status}
	case string(cbrapi.StatusFailed), string(cbrapi.StatusTimeout), statusNotFound, statusUnreadable:
		return badge{"bad", status}
	default:
		return badge{"warn", status}
	}
}

// progress returns how much of a running task is done; nil if that is not known.
func progress(t Task) *bar {
	if t.Progress == nil || t.Status != string(cbrapi.StatusRunning) {
		return nil
	}
	return newBar(*t.Progress)
}

// elapsed says how long a task has waited or run.
func elapsed(t Task, now time.Time) string {
	switch {
	case t.Status == string(cbrapi.StatusWaiting) && !t.Created.IsZero():
		return "waiting for " + age(now.Sub(t.Created))
	case t.Duration == nil, t.Status != string(cbrapi.StatusRunning):
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
