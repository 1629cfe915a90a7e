package simulator

import "encoding/json"

// A vaultRecord is a vault as the API writes it, see tables 5 to 11 of
// https://support.huaweicloud.com/intl/en-us/api-cbr/ListVault.html.
type vaultRecord struct {
	ID                  string                `json:"id"`
	Name                string                `json:"name"`
	Resources           []vaultResourceRecord `json:"resources"`
	ProviderID          string                `json:"provider_id"`
	CreatedAt           timestamp             `json:"created_at,omitzero"`
	ProjectID           string                `json:"project_id"`
	EnterpriseProjectID json.RawMessage       `json:"enterprise_project_id,omitempty"` // text or number
	AutoBind            bool                  `json:"auto_bind"`
	BindRules           struct{}              `json:"bind_rules"`
	AutoExpand          *bool                 `json:"auto_expand,omitempty"`
	SMNNotify           *bool                 `json:"smn_notify,omitempty"`
	Threshold           *int64                `json:"threshold,omitempty"`
	Locked              *bool                 `json:"locked,omitempty"`
	Billing             billingRecord         `json:"billing"`
	Tags                []Tag                 `json:"tags,omitzero"` // absent, or there and empty
}

// Sizes are in GB, but what is used is in MB.
type billingRecord struct {
	Allocated       int64  `json:"allocated"`
	CloudType       string `json:"cloud_type"`
	ConsistentLevel string `json:"consistent_level,omitempty"`
	ChargingMode    string `json:"charging_mode,omitempty"`
	ProtectType     string `json:"protect_type,omitempty"`
	ObjectType      string `json:"object_type,omitempty"`
	SpecCode        string `json:"spec_code"`
	Used            int64  `json:"used"`
	Status          string `json:"status,omitempty"`
	FrozenScene     string `json:"frozen_scene,omitempty"`
	Size            int64  `json:"size"`
}

type vaultResourceRecord struct {
	ID            string             `json:"id"`
	Type          string             `json:"type"`
	Name          string             `json:"name"`
	Size          *int64             `json:"size,omitempty"`
	BackupSize    *int64             `json:"backup_size,omitempty"`
	BackupCount   *int64             `json:"backup_count,omitempty"`
	ProtectStatus string             `json:"protect_status,omitempty"`
	AutoProtect   *bool              `json:"auto_protect,omitempty"`
	ExtraInfo     *vaultResourceInfo `json:"extra_info,omitempty"`
}

type vaultResourceInfo struct {
	ExcludeVolumes []string    `json:"exclude_volumes,omitempty"`
	IncludeVolumes []volumeRef `json:"include_volumes,omitempty"`
}

type volumeRef struct {
	ID string `json:"id"`
}

// record writes down a vault of a project.
func (v Vault) record(projectID string) vaultRecord {
	r := vaultRecord{
		ID:         v.ID,
		Name:       v.Name,
		Resources:  []vaultResourceRecord{},
		ProviderID: providerOfObjects(v.ObjectType).id,
		CreatedAt:  timestamp{at: v.Created.UTC(), layout: layoutZoneless},
		ProjectID:  projectID,
		AutoExpand: v.AutoExpand,
		SMNNotify:  v.SMNNotify,
		Threshold:  v.Threshold,
		Locked:     v.Locked,
		Billing: billingRecord{
			Allocated:       v.Allocated,
			CloudType:       v.cloudType(),
			ConsistentLevel: v.ConsistentLevel,
			ChargingMode:    v.ChargingMode,
			ProtectType:     v.ProtectType,
			ObjectType:      v.ObjectType,
			SpecCode:        v.specCode(),
			Used:            v.Used,
			Status:          v.Status,
			FrozenScene:     v.FrozenScene,
			Size:            v.Size,
		},
		Tags: v.Tags,
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
	record := vaultResourceRecord{
		ID:            r.ID,
		Type:          r.Type,
		Name:          r.Name,
		Size:          r.Size,
		BackupSize:    r.BackupSize,
		BackupCount:   r.BackupCount,
		ProtectStatus: r.ProtectStatus,
		AutoProtect:   r.AutoProtect,
	}
	if r.ExcludedVolumes != nil || r.IncludedVolumes != nil {
		record.ExtraInfo = &vaultResourceInfo{ExcludeVolumes: r.ExcludedVolumes}
		for _, id := range r.IncludedVolumes {
			record.ExtraInfo.IncludeVolumes = append(record.ExtraInfo.IncludeVolumes, volumeRef{id})
		}
	}
	return record
}

// providerOfObjects returns the provider of what a vault is for.
func providerOfObjects(objectType string) provider {
	switch objectType {
	case objectDisk:
		return diskProvider()
	case objectTurbo:
		return turboProvider()
	case objectWorkspace:
		return workspaceProvider()
	case objectVMware:
		return hybridProvider()
	}
	return serverProvider()
}

func (v Vault) cloudType() string {
	if v.ProtectType == protectHybrid {
		return "hybrid"
	}
	return "public"
}

// specCode follows from what a vault is for. The API has no other ones.
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
