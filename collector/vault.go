package collector

import (
	"strconv"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
)

// vault is a vault, and the keys of those of its tags that are shown, by their labels.
type vault struct {
	*cbrapi.Vault
	tagKeys map[string]string
}

// vaultFamilies is what is exposed of one vault. All vaults of all projects have the
// labels for tags, be they empty: within a family the labels are the same.
func vaultFamilies(tagLabels []string) []family[vault] {
	statuses := cbrapi.VaultStatuses()
	bytes := func(name, help string, size func(*cbrapi.Billing) *int64) family[vault] {
		return family[vault]{name: name, help: help, read: func(v vault, e *emitter) { emitCount(size(&v.Billing), e) }}
	}
	return []family[vault]{
		{
			name: "vault_info",
			help: "Facts about the vault that rarely change; always 1. A label tag_* has the value of that tag, and is empty without it.",
			labels: append([]string{
				"object_type", "protect_type", "charging_mode", "consistent_level", "auto_expand", "enterprise_project_id",
			}, tagLabels...),
			read: func(v vault, e *emitter) {
				own := []string{
					v.Billing.ObjectType, v.Billing.ProtectType, v.Billing.ChargingMode, v.Billing.ConsistentLevel,
					truth(v.AutoExpand), v.EnterpriseProjectID,
				}
				for _, label := range tagLabels {
					key, shown := v.tagKeys[label]
					if !shown {
						own = append(own, "")
						continue
					}
					own = append(own, v.Tags[key])
				}
				e.emit(1, own...)
			},
		},
		{
			name:   "vault_status",
			help:   "1 for the status that the vault has, 0 for the others; unknown stands for one that this exporter does not know.",
			labels: []string{"status"},
			read:   func(v vault, e *emitter) { emitStatus(v.Billing.Status, statuses, e) },
		},
		bytes("vault_capacity_bytes", "What the vault may hold, in bytes.", func(b *cbrapi.Billing) *int64 { return b.Capacity }),
		bytes("vault_allocated_bytes", "The sizes of the resources that are bound to the vault, in bytes.", func(b *cbrapi.Billing) *int64 { return b.Allocated }),
		bytes("vault_used_bytes", "What the backups in the vault take, in bytes.", func(b *cbrapi.Billing) *int64 { return b.Used }),
		{
			name: "vault_resources",
			help: "Resources that are bound to the vault.",
			read: func(v vault, e *emitter) {
				if v.Resources != nil {
					e.emit(float64(len(v.Resources)))
				}
			},
		},
	}
}

// vaultResourceFamilies is what is exposed of one resource in one vault.
func vaultResourceFamilies() []family[*cbrapi.VaultResource] {
	statuses := cbrapi.ProtectStatuses()
	return []family[*cbrapi.VaultResource]{
		{
			name:   "vault_resource_status",
			help:   "1 for the status that the resource has in the vault, 0 for the others; unknown stands for one that this exporter does not know, or that the API did not tell.",
			labels: []string{"status"},
			read:   func(r *cbrapi.VaultResource, e *emitter) { emitStatus(r.ProtectStatus, statuses, e) },
		},
		{
			name: "vault_resource_backups",
			help: "Backups of the resource in the vault.",
			read: func(r *cbrapi.VaultResource, e *emitter) { emitCount(r.BackupCount, e) },
		},
		{
			name: "vault_resource_backup_bytes",
			help: "What the backups of the resource take in the vault, in bytes.",
			read: func(r *cbrapi.VaultResource, e *emitter) { emitCount(r.BackupSize, e) },
		},
		{
			name: "vault_resource_excluded_volumes",
			help: "Volumes of the server that its backups leave out; absent where the API does not give the list.",
			read: func(r *cbrapi.VaultResource, e *emitter) {
				if r.ExcludeVolumes != nil {
					e.emit(float64(len(r.ExcludeVolumes)))
				}
			},
		},
	}
}

// vaultResource is a resource in a vault.
type vaultResource struct {
	vault    *cbrapi.Vault
	resource *cbrapi.VaultResource
}

func vaultResources(vaults []*cbrapi.Vault) []vaultResource {
	var all []vaultResource
	for _, v := range vaults {
		for n := range v.Resources {
			all = append(all, vaultResource{v, &v.Resources[n]})
		}
	}
	return all
}

func emitCount(n *int64, e *emitter) {
	if v, ok := count(n); ok {
		e.emit(v)
	}
}

// truth returns what b says, and "" where it says nothing.
func truth(b *bool) string {
	if b == nil {
		return ""
	}
	return strconv.FormatBool(*b)
}
