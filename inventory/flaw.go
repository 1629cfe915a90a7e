package inventory

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
)

// A flaw is a part of a list that could not be read, though the list could. A vault
// or a resource that is lost in it would look as if nobody wanted a backup of it any
// more: so what was known of it before stays, and the list does not count as read.

// flawedError says that a list was read with flaws.
type flawedError struct{ error }

func (e flawedError) Unwrap() error { return e.error }

func isFlawed(err error) bool {
	var flaw flawedError
	return errors.As(err, &flaw)
}

// flawed returns a flawedError if there are flaws.
func flawed(operation string, flaws int, of string) error {
	if flaws == 0 {
		return nil
	}
	return flawedError{&cbrapi.Error{
		Operation:  operation,
		StatusCode: http.StatusOK,
		Message:    fmt.Sprintf("%d parts of the list of %s cannot be read; what was known of them stays", flaws, of),
	}}
}

// mendVaults returns the vaults that were read, with what was known before in place of
// what was lost: rows of the list, resources, or everything. More likely than that the
// last vault was deleted is that the user may not see them any more.
func mendVaults(before, read []*cbrapi.Vault, lost []cbrapi.InvalidField) (vaults []*cbrapi.Vault, flaws int) {
	known := map[string]*cbrapi.Vault{}
	for _, v := range before {
		known[v.ID] = v
	}
	flaws = countRows(lost)
	if len(read) == 0 && len(before) > 0 && flaws == 0 {
		return before, len(before)
	}
	for _, v := range read {
		if old := known[v.ID]; losesResources(v, old) {
			flaws++
			if old != nil {
				mended := *v
				mended.Resources = union(v.Resources, old.Resources)
				v = &mended
			}
		}
		delete(known, v.ID)
		vaults = append(vaults, v)
	}
	if countRows(lost) > 0 {
		for _, v := range known {
			vaults = append(vaults, v)
		}
	}
	return vaults, flaws
}

// losesResources reports whether some of the resources of a vault cannot be read, or are
// not sent though there were some.
func losesResources(v, before *cbrapi.Vault) bool {
	if v.Resources == nil && before != nil && len(before.Resources) > 0 {
		return true
	}
	return slices.ContainsFunc(v.Invalid, func(f cbrapi.InvalidField) bool {
		return f.Field == "vaults.resources" || f.Field == "vaults.resources.id"
	})
}

func union(read, before []cbrapi.VaultResource) []cbrapi.VaultResource {
	all := slices.Clone(read)
	for _, old := range before {
		if !slices.ContainsFunc(read, func(r cbrapi.VaultResource) bool { return r.ID == old.ID }) {
			all = append(all, old)
		}
	}
	return all
}

// mendPolicies is mendVaults for policies, and the vaults that they are bound to.
func mendPolicies(before, read []*cbrapi.Policy, lost []cbrapi.InvalidField) (policies []*cbrapi.Policy, flaws int) {
	known := map[string]*cbrapi.Policy{}
	for _, p := range before {
		known[p.ID] = p
	}
	flaws = countRows(lost)
	for _, p := range read {
		if slices.ContainsFunc(p.Invalid, isVault) {
			flaws++
			if old := known[p.ID]; old != nil {
				mended := *p
				mended.VaultIDs = slices.Compact(slices.Sorted(slices.Values(slices.Concat(p.VaultIDs, old.VaultIDs))))
				p = &mended
			}
		}
		delete(known, p.ID)
		policies = append(policies, p)
	}
	if countRows(lost) > 0 {
		for _, p := range known {
			policies = append(policies, p)
		}
	}
	return policies, flaws
}

// isVault reports whether a field of a policy is about the vaults that it is bound to.
func isVault(f cbrapi.InvalidField) bool {
	return strings.HasPrefix(f.Field, "policies.associated_vaults")
}

// countRows returns how many of the invalid fields of a list are rows: its count is none.
func countRows(invalid []cbrapi.InvalidField) int {
	rows := 0
	for _, f := range invalid {
		if f.Field != "count" {
			rows++
		}
	}
	return rows
}
