package inventory

import (
	"fmt"
	"maps"
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
	first := strings.Join(l[:min(len(l), most)], "; ")
	if len(l) > most {
		first += "; …"
	}
	return cbrapi.ListError(operation, "entries that cannot be read: %d, %s", len(l), first)
}

// keepLost returns the rows of a list with bad entries. What the list lacks of the one before
// may be among these and need a backup all the same, so it is kept: fill adds it to a row.
func keepLost[T any](rows, before []*T, id func(*T) string, fill func(row, old *T)) []*T {
	lost := make(map[string]*T, len(before))
	for _, old := range before {
		lost[id(old)] = old
	}
	for _, row := range rows {
		if old := lost[id(row)]; old != nil {
			delete(lost, id(row))
			fill(row, old)
		}
	}
	return slices.AppendSeq(rows, maps.Values(lost))
}

func keepResources(v, old *cbrapi.Vault) {
	if !slices.ContainsFunc(v.Invalid, isEntry) {
		return
	}
	for _, r := range old.Resources {
		if !slices.ContainsFunc(v.Resources, func(listed cbrapi.VaultResource) bool { return listed.ID == r.ID }) {
			v.Resources = append(v.Resources, r)
		}
	}
}

func keepVaults(p, old *cbrapi.Policy) {
	if slices.ContainsFunc(p.Invalid, isEntry) {
		p.VaultIDs = slices.Compact(slices.Sorted(slices.Values(slices.Concat(p.VaultIDs, old.VaultIDs))))
	}
}
