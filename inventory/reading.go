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
	ctx, cancel := context.WithTimeout(i.alive, i.options.Timeout)
	defer cancel()

	i.mu.Lock()
	next := i.known // nobody else changes it while this runs
	i.mu.Unlock()
	next.answered = false
	blocked := i.prepare(ctx)
	var told []string // the lists of which the log tells: another's failure is said once
	for n, list := range r.lists {
		if n == 0 || blocked == nil {
			told = append(told, list)
		}
		err := blocked
		if err == nil {
			err = i.read(ctx, list, &next, r.started)
		}
		if err != nil && ctx.Err() != nil {
			err = context.Cause(ctx) // why it was cancelled, not that it was
		}
		if err != nil && stops(err) {
			blocked = err
		}
		next.answered = next.answered || err == nil
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

func (i *Inventory) prepare(ctx context.Context) error {
	if i.options.Prepare == nil {
		return nil
	}
	return i.options.Prepare(ctx)
}

// stops reports whether the next request would fail for the same reason, and do
// harm: refused requests and logins lock a key or a user for everybody.
func stops(err error) bool {
	reason := cbrapi.ReasonOf(err)
	return reason == cbrapi.ReasonCredentials || reason == cbrapi.ReasonClock || errors.Is(err, cbrapi.ErrLogin)
}

// read reads one list into k.
func (i *Inventory) read(ctx context.Context, list string, k *known, began time.Time) error {
	if list == listVaults {
		return i.readVaults(ctx, k, began)
	}
	return i.readPolicies(ctx, k)
}

// readVaults reads the list to its end: vaults that come and go shift the pages, so
// that half of it says nothing.
func (i *Inventory) readVaults(ctx context.Context, k *known, began time.Time) error {
	var vaults []*cbrapi.Vault
	list := i.api.Vaults()
	for !list.Done() {
		page, err := list.Next(ctx)
		i.report("", list.Invalid())
		if err != nil {
			return err
		}
		vaults = append(vaults, page...)
	}
	for _, v := range vaults {
		i.report(v.ID, v.Invalid)
	}
	slices.SortFunc(vaults, func(a, b *cbrapi.Vault) int { return cmp.Compare(a.ID, b.ID) })
	k.allVaults, k.vaultsAsOf = vaults, list.Date()
	if k.vaultsAsOf.IsZero() {
		k.vaultsAsOf = began
	}
	return nil
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
	slices.SortFunc(policies, func(a, b *cbrapi.Policy) int { return cmp.Compare(a.ID, b.ID) })
	k.allPolicies = policies
	return nil
}

// report tells of fields that could not be read, of the vault or policy with the id.
func (i *Inventory) report(id string, fields []cbrapi.InvalidField) {
	for _, field := range fields {
		i.options.OnInvalidField(field.Field)
		i.journal.invalid(id, field)
	}
}
