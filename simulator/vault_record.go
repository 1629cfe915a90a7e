package simulator

import "encoding/json"

// A vaultRecord is a vault as the API writes it: tables 5 to 11 of
// https://support.huaweicloud.com/intl/en-us/api-cbr/ListVault.html, and what recorded
// responses have beyond them.
type vaultRecord struct {
	Vault
	Description         *string               `json:"description"` // null, not empty
	Resources           []vaultResourceRecord `json:"resources"`
	ProviderID          string                `json:"provider_id"`
	CreatedAt           timestamp             `json:"created_at,omitzero"`
	ProjectID           string                `json:"project_id"`
	EnterpriseProjectID json.RawMessage       `json:"enterprise_project_id,omitempty"`
	AutoBind            bool                  `json:"auto_bind"`
	BindRules           bindRules             `json:"bind_rules"`
	Billing             billingRecord         `json:"billing"`

	BackupNamePrefix     *string `json:"backup_name_prefix"`
	DemandBilling        bool    `json:"demand_billing"`
	DeleteCount          int     `json:"cbc_delete_count"`
	AvailabilityZone     string  `json:"availability_zone"`
	SysLockSourceService string  `json:"sys_lock_source_service"`
	Supplier             string  `json:"supplier"`
	CrossAccount         bool    `json:"cross_account"`
	CrossAccountURN      string  `json:"cross_account_urn"`
}

type bindRules struct {
	Tags []Tag `json:"tags,omitzero"` // nil: the rules are {}
}

// Sizes are in GB, but Used is in MB.
type billingRecord struct {
	Allocated       int64   `json:"allocated"`
	CloudType       string  `json:"cloud_type"`
	ConsistentLevel string  `json:"consistent_level,omitempty"`
	FrozenScene     *string `json:"frozen_scene"`
	ChargingMode    string  `json:"charging_mode,omitempty"`
	OrderID         *string `json:"order_id"`
	ProductID       *string `json:"product_id"`
	ProtectType     string  `json:"protect_type,omitempty"`
	ObjectType      string  `json:"object_type,omitempty"`
	SpecCode        string  `json:"spec_code"`
	IsMultiAZ       *bool   `json:"is_multi_az,omitempty"`
	IsDoubleAZ      bool    `json:"is_double_az"`
	Used            int64   `json:"used"`
	StorageUnit     *string `json:"storage_unit"`
	Status          string  `json:"status,omitempty"`
	Size            int64   `json:"size"`
	PartnerBPID     *string `json:"partner_bp_id"`
}

type vaultResourceRecord struct {
	VaultResource
	ProtectStatus *string            `json:"protect_status"`
	ExtraInfo     *resourceExtraInfo `json:"extra_info,omitempty"` // {}, but absent if the status is null
}

func (v Vault) record() vaultRecord {
	r := vaultRecord{
		Vault:      v,
		Resources:  []vaultResourceRecord{},
		ProviderID: providerOfVault(v.ObjectType).id,
		CreatedAt:  timestamp{at: v.Created.UTC(), layout: layoutZoneless},
		ProjectID:  DefaultProjectID,
		AutoBind:   len(v.BindTags) > 0,
		BindRules:  bindRules{v.BindTags},
		Billing: billingRecord{
			Allocated:       v.Allocated,
			CloudType:       "public",
			ConsistentLevel: v.ConsistentLevel,
			ChargingMode:    v.ChargingMode,
			ProtectType:     v.ProtectType,
			ObjectType:      v.ObjectType,
			SpecCode:        v.specCode(),
			IsMultiAZ:       v.MultiAZ,
			Used:            v.Used,
			Status:          v.Status,
			Size:            v.Size,
		},
	}
	if v.ProtectType == protectHybrid {
		r.Billing.CloudType = "hybrid"
	}
	if v.EnterpriseProjectID != "" {
		r.EnterpriseProjectID = encode(v.EnterpriseProjectID)
	}
	if v.EnterpriseProjectNumber {
		r.EnterpriseProjectID = []byte(v.EnterpriseProjectID)
	}
	for _, bound := range v.Resources {
		r.Resources = append(r.Resources, bound.record())
	}
	return r
}

func (r VaultResource) record() vaultResourceRecord {
	record := vaultResourceRecord{VaultResource: r}
	if r.ProtectStatus != "" {
		record.ProtectStatus = &r.ProtectStatus
	}
	if r.ProtectStatus != "" || r.ExcludedVolumes != nil || r.IncludedVolumes != nil {
		record.ExtraInfo = &resourceExtraInfo{r.ExcludedVolumes, r.IncludedVolumes}
	}
	return record
}

func (v Vault) specCode() string {
	switch {
	case v.ProtectType == protectHybrid:
		return "vault.hybrid.server.normal"
	case v.ProtectType == protectReplication:
		return "vault.replication.server.normal"
	case v.ObjectType == objectDisk:
		return "vault.backup.volume.normal"
	case v.ObjectType == objectTurbo:
		return "vault.backup.turbo.normal"
	}
	return "vault.backup.server.normal"
}
