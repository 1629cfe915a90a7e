package inventory

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
)

// vaultState is what is known of the vaults and policies.
type vaultState struct {
	vaultList  listState
	policyList listState

	vaults     []*cbrapi.Vault         // by id; nil until they are read
	policies   []*cbrapi.Policy        // by id
	policiesAt time.Time               // start of their latest reading
	bindings   map[string]Binding      // by resource; nil until the vaults are read
	retention  map[string]retention    // by vault; nil until the policies are read
	enabled    map[assignment]*enabled // nil until both lists are read
	expected   []Expectation           // nil until both lists are read

	up       bool          // the API gave a valid response in the latest reading
	duration time.Duration // of the latest reading
}

func (s *vaultState) attempted() bool { return !s.vaultList.ended.IsZero() }

func (s *vaultState) due(now time.Time, refresh time.Duration) bool {
	return s.vaultList.due(now, refresh) || s.policyList.due(now, refresh)
}

// collectVaults reads the lists that are due. It does not read a list again because the
// other one failed.
func (i *Inventory) collectVaults(ctx context.Context, r *reading, next *vaultState) {
	before, refresh := *next, i.options.Refresh
	next.up = false
	if next.vaultList.due(r.started, refresh) {
		r.try(ctx, "vaults", &next.vaultList, i.options.Hints.Vaults, func(ctx context.Context) error { return i.readVaults(ctx, next, r.started) })
		if next.policyList.ended.IsZero() { // the vaults are not to wait for policies that hang
			i.mu.Lock()
			i.vaults.state = *next
			i.changed()
			i.mu.Unlock()
		}
	}
	if next.policyList.due(r.started, refresh) {
		r.try(ctx, "policies", &next.policyList, i.options.Hints.Vaults, func(ctx context.Context) error { return i.readPolicies(ctx, next, r.started) })
	}
	if next.retention != nil && next.vaults != nil {
		next.expected = next.expect(i.plan(next, before.policiesAt, r.started))
	}
	next.duration = i.options.Now().Sub(r.started)
	i.logVaults(&before, next)
}

func (i *Inventory) logVaults(before, next *vaultState) {
	if next.vaultList.err != nil || next.policyList.err != nil {
		return
	}
	resources := 0
	for _, v := range next.vaults {
		resources += len(v.Resources)
	}
	first := before.vaultList.completeAt.IsZero() || before.policyList.completeAt.IsZero()
	_ = i.success(first).Log("msg", "vaults and policies read", "vaults", len(next.vaults), "resources", resources,
		"policies", len(next.policies), "expected", len(next.expected), "duration", next.duration.Round(time.Millisecond))
}

// readVaults reads the vaults within the time limit of a list.
func (i *Inventory) readVaults(ctx context.Context, s *vaultState, started time.Time) error {
	ctx, cancel := context.WithTimeout(ctx, i.options.Timeout)
	defer cancel()
	vaults := []*cbrapi.Vault{} // not nil, even if the list is empty
	resources := 0
	_, bad, err := readList(ctx, i, i.api.Vaults(), func(v *cbrapi.Vault, bad *badEntries) error {
		vaults = append(vaults, v)
		i.report(bad, v.ID, v.Name, v.Invalid)
		if resources += len(v.Resources); i.options.MaxResources > 0 && resources > i.options.MaxResources {
			return tooManyResources("ListVault", "the vaults have", i.options.MaxResources)
		}
		return nil
	})
	if err != nil {
		return err
	}
	s.up = true
	if err := s.vaultList.doubt("ListVault", len(vaults), len(s.vaults), started); err != nil {
		return err
	}
	if len(bad) > 0 && !s.vaultList.completeAt.IsZero() {
		vaults = keepLost(vaults, s.vaults, vaultID, keepResources)
	}
	slices.SortFunc(vaults, func(a, b *cbrapi.Vault) int { return cmp.Compare(a.ID, b.ID) })
	s.vaults = vaults
	s.bindings = s.bind(started)
	return bad.err("ListVault")
}

// tooManyResources returns the error of a list with more resources than are followed.
func tooManyResources(operation, what string, most int) error {
	return cbrapi.ListError(operation, "%s more than %d resources, the most that the exporter follows", what, most)
}

func (i *Inventory) readPolicies(ctx context.Context, s *vaultState, started time.Time) error {
	ctx, cancel := context.WithTimeout(ctx, i.options.Timeout)
	defer cancel()
	policies, invalid, err := i.api.Policies(ctx)
	if err != nil {
		return err
	}
	s.up = true
	var bad badEntries
	i.report(&bad, "", "", invalid)
	for _, p := range policies {
		i.report(&bad, p.ID, p.Name, p.Invalid)
	}
	if err := s.policyList.doubt("ListPolicies", len(policies), len(s.policies), started); err != nil {
		return err
	}
	if len(bad) > 0 && !s.policyList.completeAt.IsZero() {
		policies = keepLost(policies, s.policies, policyID, keepVaults)
	}
	slices.SortFunc(policies, func(a, b *cbrapi.Policy) int { return cmp.Compare(a.ID, b.ID) })
	s.policies = policies
	s.retention = s.retain(started)
	s.policiesAt = started
	return bad.err("ListPolicies")
}

func vaultID(v *cbrapi.Vault) string   { return v.ID }
func policyID(p *cbrapi.Policy) string { return p.ID }
