package overview

import (
	"cmp"
	"net/url"
	"slices"
	"time"
)

// detailView is the page of one resource.
type detailView struct {
	layout
	Detail       *Detail
	Unrestorable bool // there is no restore point, or too many are gone
	Operations   []operationView
	Tasks        table[Task]
	Vaults       table[Vault]
}

type operationView struct {
	Operation
	At   time.Time
	Next moment // run of a policy
}

// Period returns the first and the last day of the history; "" if there is none.
func (o operationView) Period() string {
	if len(o.Days) == 0 {
		return ""
	}
	return o.Days[0].Date + " to " + o.Days[len(o.Days)-1].Date
}

// detail returns the page of one resource.
func (r *renderer) detail(d *Detail) detailView {
	v := detailView{layout: r.layout(cmp.Or(d.ResourceName, d.ResourceID)), Detail: d}
	v.State, v.AsOf = StateOK, formatUTC(d.At)
	if d.Blind {
		v.State = StateBlind
	}
	v.JSON = "api/v1/resource?" + url.Values{"project": {d.Project}, "id": {d.ResourceID}}.Encode()
	for _, o := range d.Operations {
		if wrong(o.States) {
			v.State = StateAttention
		}
		v.Unrestorable = v.Unrestorable || unrestorable(o.States)
		v.Operations = append(v.Operations, operationView{o, d.At, nextRun(o.Resource, d)})
	}
	slices.SortStableFunc(v.Operations, func(a, b operationView) int { return cmp.Compare(a.States[0].rank(), b.States[0].rank()) })
	v.Tasks = table[Task]{Rows: d.Tasks, Caption: "Active and configured tasks", At: d.At}
	if d.Vault != nil {
		v.Vaults = table[Vault]{Rows: []Vault{*d.Vault}, Caption: "Vault", At: d.At}
	}
	return v
}

// nextRun returns when a policy runs next for the resource; nothing if none does.
func nextRun(r Resource, d *Detail) moment {
	var next time.Time
	for _, p := range d.Policies {
		if p.OperationType == r.OperationType && len(p.Next) > 0 && (next.IsZero() || p.Next[0].Before(next)) {
			next = p.Next[0]
		}
	}
	if next.IsZero() || slices.Contains(r.States, StateUncovered) {
		return moment{}
	}
	return until(next, d.At)
}
