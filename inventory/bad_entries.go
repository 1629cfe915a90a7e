package inventory

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
)

// badEntries names the rows, the resources of vaults and the vaults of policies that
// cannot be read. They may need a backup, or be one, all the same.
type badEntries []string

// add adds the invalid fields that cost an entry. They are of the row called name, or of
// the list if name is "".
func (l *badEntries) add(name string, invalid []cbrapi.InvalidField) {
	for _, f := range invalid {
		if !isEntry(f) {
			continue
		}
		entry := f.Field + " is " + strings.Join(strings.Fields(f.Value), " ")
		if name != "" {
			entry += fmt.Sprintf(" in %q", name)
		}
		*l = append(*l, entry)
	}
}

// isEntry reports whether an invalid field costs an entry of a list.
func isEntry(f cbrapi.InvalidField) bool {
	switch f.Field {
	case "vaults", "vaults.id", "vaults.resources", "vaults.resources.id",
		"policies", "policies.id", "policies.associated_vaults", "policies.associated_vaults.vault_id",
		"backups", "backups.id", resourceField, "backups.status", "backups.created_at",
		"instances", "instances.id", "instances.protectable", "instances.protectable.vault", "instances.protectable.vault.id":
		return true
	default:
		return false
	}
}

// err returns an error that names the first entries, or nil if there are none.
func (l badEntries) err(operation string) error {
	const most = 3
	if len(l) == 0 {
		return nil
	}
	text := fmt.Sprintf("entries that cannot be read: %d, ", len(l)) + strings.Join(l[:min(len(l), most)], "; ")
	if len(l) > most {
		text += "; …"
	}
	return &cbrapi.Error{Operation: operation, StatusCode: http.StatusOK, Message: text}
}

// fillVaults returns the vaults of a list with bad entries. What it lacks of the list
// before may be among these and need a backup all the same, so it is kept.
func fillVaults(vaults, before []*cbrapi.Vault) []*cbrapi.Vault {
	known := map[string]*cbrapi.Vault{}
	for _, v := range before {
		known[v.ID] = v
	}
	for n, v := range vaults {
		old := known[v.ID]
		delete(known, v.ID)
		if old == nil || !slices.ContainsFunc(v.Invalid, isEntry) {
			continue
		}
		filled := *v
		filled.Resources = slices.Clone(v.Resources)
		for _, r := range old.Resources {
			if !slices.ContainsFunc(v.Resources, func(listed cbrapi.VaultResource) bool { return listed.ID == r.ID }) {
				filled.Resources = append(filled.Resources, r)
			}
		}
		vaults[n] = &filled
	}
	return slices.AppendSeq(vaults, maps.Values(known))
}

// fillPolicies is fillVaults for policies and their vaults.
func fillPolicies(policies, before []*cbrapi.Policy) []*cbrapi.Policy {
	known := map[string]*cbrapi.Policy{}
	for _, p := range before {
		known[p.ID] = p
	}
	for n, p := range policies {
		old := known[p.ID]
		delete(known, p.ID)
		if old == nil || !slices.ContainsFunc(p.Invalid, isEntry) {
			continue
		}
		filled := *p
		filled.VaultIDs = slices.Concat(p.VaultIDs, old.VaultIDs)
		slices.Sort(filled.VaultIDs)
		filled.VaultIDs = slices.Compact(filled.VaultIDs)
		policies[n] = &filled
	}
	return slices.AppendSeq(policies, maps.Values(known))
}
