package inventory

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
)

// reading is one reading of the lists that are due.
type reading struct {
	started time.Time
	lists   []string
	done    chan struct{} // closed at its end
}

func (r *reading) over() bool {
	select {
	case <-r.done:
		return true
	default:
		return false
	}
}

// run reads what is due, one request at a time, and ends the reading.
func (i *Inventory) run(r *reading) {
	i.mu.Lock()
	next := i.known // nobody else changes it while this runs
	i.mu.Unlock()
	next.answered = false
	blocked := i.prepare()
	var told []string // the lists of which the log tells: another's failure is said once
	for n, list := range r.lists {
		if n == 0 || blocked == nil {
			told = append(told, list)
		}
		err := blocked
		if err == nil {
			err = i.read(list, &next, r.started)
		}
		if err != nil && stops(err) {
			blocked = err
		}
		next.answered = next.answered || err == nil || isFlawed(err)
		next.of(list).end(r.started, i.options.Now(), err)
	}
	if next.all() {
		next.expected = i.expect(&next, r.started)
	}
	next.took = i.options.Now().Sub(r.started)
	if i.alive.Err() == nil { // or the errors say only that it was cancelled
		i.journal.read(told, &next)
	}

	i.mu.Lock()
	defer i.mu.Unlock()
	i.known = next
	close(r.done)
}

func (i *Inventory) prepare() error {
	if i.options.Prepare == nil {
		return nil
	}
	return i.inTime(i.options.Prepare)
}

// inTime does what may take as long as a list: one that hangs must not keep the other
// from being read.
func (i *Inventory) inTime(do func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(i.alive, i.options.Timeout)
	defer cancel()
	err := do(ctx)
	if err != nil && ctx.Err() != nil {
		return context.Cause(ctx) // why it was cancelled, not that it was
	}
	return err
}

// stops reports whether the next request would fail for the same reason, and do
// harm: refused requests and logins lock a key or a user for everybody.
func stops(err error) bool {
	reason := cbrapi.ReasonOf(err)
	return reason == cbrapi.ReasonCredentials || reason == cbrapi.ReasonClock || errors.Is(err, cbrapi.ErrLogin)
}

// read reads one list into k.
func (i *Inventory) read(list string, k *known, began time.Time) error {
	return i.inTime(func(ctx context.Context) error {
		if list == listVaults {
			return i.readVaults(ctx, k, began)
		}
		return i.readPolicies(ctx, k)
	})
}

// readVaults reads the list to its end: vaults that come and go shift the pages, so
// that half of it says nothing.
func (i *Inventory) readVaults(ctx context.Context, k *known, began time.Time) error {
	var (
		vaults []*cbrapi.Vault
		lost   []cbrapi.InvalidField // rows
	)
	list := i.api.Vaults()
	for !list.Done() {
		page, err := list.Next(ctx)
		invalid := list.Invalid()
		i.report("", invalid)
		if err != nil {
			return err
		}
		vaults, lost = append(vaults, page...), append(lost, invalid...)
	}
	for _, v := range vaults {
		i.report(v.ID, v.Invalid)
	}
	vaults, flaws := mendVaults(k.allVaults, vaults, lost)
	slices.SortFunc(vaults, func(a, b *cbrapi.Vault) int { return cmp.Compare(a.ID, b.ID) })
	k.allVaults, k.vaultsAsOf = vaults, list.Date()
	if k.vaultsAsOf.IsZero() {
		k.vaultsAsOf = began
	}
	return flawed("ListVault", flaws, "vaults")
}

func (i *Inventory) readPolicies(ctx context.Context, k *known) error {
	policies, invalid, err := i.api.Policies(ctx)
	if err != nil {
		return err
	}
	i.report("", invalid)
	for _, p := range policies {
		i.report(p.ID, p.Invalid)
	}
	policies, flaws := mendPolicies(k.allPolicies, policies, invalid)
	slices.SortFunc(policies, func(a, b *cbrapi.Policy) int { return cmp.Compare(a.ID, b.ID) })
	k.allPolicies = policies
	return flawed("ListPolicies", flaws, "policies")
}

// report tells of fields that could not be read, of the vault or policy with the id.
func (i *Inventory) report(id string, fields []cbrapi.InvalidField) {
	for _, field := range fields {
		i.options.OnInvalidField(field.Field)
		i.journal.invalid(id, field)
	}
}
