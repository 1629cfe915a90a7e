package collector

import (
	"github.com/cbr-exporter/cbr_exporter/cbrapi"
	"github.com/cbr-exporter/cbr_exporter/protection"
)

// vaultFamilies are the metrics of one vault.
func vaultFamilies() []family[*cbrapi.Vault] {
	statuses := cbrapi.VaultStatuses()
	return []family[*cbrapi.Vault]{
		{
			name: "cbr_vault_info",
			help: "Attributes of the vault. Always 1. A label tag_* has the value of that tag; it is empty if the vault does not have the tag.",
			labels: []string{
				"object_type", "protect_type", "charging_mode", "consistent_level", "auto_expand", "multi_az", "smn_notify", "enterprise_project_id",
			},
			read: func(v *cbrapi.Vault, e *emitter) {
				e.emit(1, v.Billing.ObjectType, v.Billing.ProtectType, v.Billing.ChargingMode, v.Billing.ConsistentLevel,
					boolLabel(v.AutoExpand), boolLabel(v.Billing.MultiAZ), boolLabel(v.SMNNotify), v.EnterpriseProjectID)
			},
		},
		gauge("cbr_vault_available", "Whether the status of the vault allows backups. Absent if the status is not known, and while the vault is being deleted.",
			func(v *cbrapi.Vault) (float64, bool) { return boolValue(protection.Available(v)) }),
		gauge("cbr_vault_full", "Whether the backups in the vault use at least 99 % of its capacity, or all of it if the vault expands by itself.",
			func(v *cbrapi.Vault) (float64, bool) { return boolValue(protection.Full(v)) }),
		gauge("cbr_vault_nearly_full", "Whether the use of the vault has reached its threshold, or 85 % if it has none. 0 if the vault expands by itself.",
			func(v *cbrapi.Vault) (float64, bool) { return boolValue(protection.NearlyFull(v)) }),
		{
			name:   "cbr_vault_status",
			help:   "Whether the vault has this status; unknown stands for a status that is missing or that this exporter does not know.",
			labels: []string{"status"},
			read:   func(v *cbrapi.Vault, e *emitter) { emitStatus(v.Billing.Status, statuses, e) },
		},
		gauge("cbr_vault_capacity_bytes", "Capacity of the vault in bytes.",
			func(v *cbrapi.Vault) (float64, bool) { return intValue(v.Billing.Capacity) }),
		gauge("cbr_vault_allocated_bytes", "Total size of the resources that are bound to the vault, in bytes.",
			func(v *cbrapi.Vault) (float64, bool) { return intValue(v.Billing.Allocated) }),
		gauge("cbr_vault_used_bytes", "Space that the backups in the vault use, in bytes.",
			func(v *cbrapi.Vault) (float64, bool) { return intValue(v.Billing.Used) }),
		gauge("cbr_vault_threshold_ratio", "Share of the capacity above which the cloud notifies the user, from 0 to 1, as set for the vault. Absent if none is set.",
			func(v *cbrapi.Vault) (float64, bool) {
				if v.Threshold == nil || *v.Threshold == 0 { // the API accepts 1 to 100
					return 0, false
				}
				return *v.Threshold / 100, true
			}),
		gauge("cbr_vault_worm", "Whether the backups in the vault are locked (write once, read many) until they expire.",
			func(v *cbrapi.Vault) (float64, bool) { return boolValue(v.Locked) }),
		gauge("cbr_vault_frozen", "Whether the cloud has frozen the vault.",
			func(v *cbrapi.Vault) (float64, bool) { return boolValue(v.Frozen) }),
		gauge("cbr_vault_resources", "Number of resources that are bound to the vault.",
			func(v *cbrapi.Vault) (float64, bool) { return float64(len(v.Resources)), v.Resources != nil }),
	}
}

// vaultResourceFamilies are the metrics of one resource that is bound to a vault.
func vaultResourceFamilies() []family[*cbrapi.VaultResource] {
	statuses := cbrapi.ProtectStatuses()
	return []family[*cbrapi.VaultResource]{
		{
			name:   "cbr_vault_resource_status",
			help:   "Whether the resource has this protection status; unknown stands for a status that is missing or that this exporter does not know.",
			labels: []string{"status"},
			read:   func(r *cbrapi.VaultResource, e *emitter) { emitStatus(r.ProtectStatus, statuses, e) },
		},
		gauge("cbr_vault_resource_backups", "Number of backups of the resource in the vault.",
			func(r *cbrapi.VaultResource) (float64, bool) { return intValue(r.BackupCount) }),
		gauge("cbr_vault_resource_backup_bytes", "Space that the backups of the resource use in the vault, in bytes.",
			func(r *cbrapi.VaultResource) (float64, bool) { return intValue(r.BackupSize) }),
		gauge("cbr_vault_resource_excluded_volumes", "Number of volumes of the server that its backups exclude. Absent if the API does not return the list.",
			func(r *cbrapi.VaultResource) (float64, bool) {
				return float64(len(r.ExcludeVolumes)), r.ExcludeVolumes != nil
			}),
		gauge("cbr_vault_resource_included_volumes", "Number of volumes of the server that its backups are limited to. Absent if they are not limited: a volume that is attached later is then backed up too.",
			func(r *cbrapi.VaultResource) (float64, bool) {
				return float64(r.IncludedVolumes), r.IncludedVolumes > 0
			}),
	}
}

func eachVault(s snapshot, add func(*cbrapi.Vault, ...string)) {
	if s.Inventory == nil {
		return
	}
	for _, v := range s.Inventory.Vaults {
		add(v, s.withTags(v.ID, s.VaultName(v.ID))...)
	}
}

func eachVaultResource(s snapshot, add func(*cbrapi.VaultResource, ...string)) {
	if s.Inventory == nil {
		return
	}
	for _, v := range s.Inventory.Vaults {
		for i := range v.Resources {
			r := &v.Resources[i]
			add(r, v.ID, s.VaultName(v.ID), r.ID, s.ResourceName(r.ID))
		}
	}
}

// policyFamilies are the metrics of one policy.
func policyFamilies() []family[*cbrapi.Policy] {
	return []family[*cbrapi.Policy]{
		{
			name:   "cbr_policy_info",
			help:   "Operation type of the policy. Always 1.",
			labels: []string{"operation_type"},
			read:   func(p *cbrapi.Policy, e *emitter) { e.emit(1, string(p.OperationType.Canonical())) },
		},
		gauge("cbr_policy_enabled", "Whether the policy is enabled.",
			func(p *cbrapi.Policy) (float64, bool) { return boolValue(p.Enabled) }),
		{
			name:   "cbr_policy_vault_info",
			help:   "Vault that the policy is bound to. Always 1.",
			labels: []string{"vault_id"},
			read: func(p *cbrapi.Policy, e *emitter) {
				for _, id := range p.VaultIDs {
					e.emit(1, id)
				}
			},
		},
	}
}

func eachPolicy(s snapshot, add func(*cbrapi.Policy, ...string)) {
	if s.Inventory == nil {
		return
	}
	for _, p := range s.Inventory.Policies {
		add(p, p.ID, p.Name)
	}
}
