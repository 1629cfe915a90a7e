package cbrapi

import (
	"net/url"
	"time"
)

const (
	megabyte = 1 << 20
	gigabyte = 1 << 30
)

// Vault holds backups. A field that the API did not send is zero or nil.
//
// See https://support.huaweicloud.com/intl/en-us/api-cbr/ListVault.html, tables 5 to 9.
type Vault struct {
	ID                  string // lower case
	Name                string
	EnterpriseProjectID string // "0" for the default one
	CreatedAt           time.Time
	AutoExpand          *bool // whether its capacity grows automatically
	// Threshold is how much of the capacity may be used before the cloud sends a
	// notification, in percent as sent. The API lets users set 1 to 100
	// (https://support.huaweicloud.com/intl/en-us/api-cbr/BatchUpdateVault.html).
	Threshold *float64
	SMNNotify *bool // whether the cloud sends notifications of the vault
	// Locked is whether backup locking is enabled, which cannot be undone: no backup can
	// be deleted before it expires (write once, read many). VaultLock is something else.
	Locked    *bool
	Frozen    *bool // whether the vault is frozen, as for arrears; in recorded answers, not documented
	Billing   Billing
	Resources []VaultResource   // each with an id, none twice; nil if not sent
	Tags      map[string]string // nil for none

	// Invalid lists the fields that could not be read. They are zero or nil above.
	Invalid []InvalidField
}

// Billing holds the kind and the sizes of a vault. The sizes are in bytes: the API sends
// GB of 1024 MB and MB of 1024 KB, each as table 6 of ListVault says.
type Billing struct {
	Status          VaultStatus
	ChargingMode    string // pre_paid or post_paid
	ProtectType     string // backup, replication or hybrid
	ObjectType      string // server, disk, turbo, workspace, vmware, rds or file
	ConsistentLevel string // crash_consistent or app_consistent
	Capacity        *int64 // size, sent in GB
	Allocated       *int64 // the sizes of its resources, sent in GB; 0 for replicas
	Used            *int64 // by backups, sent in MB
	MultiAZ         *bool  // whether backups are kept in several availability zones
}

// VaultResource is a resource that is bound to a vault.
type VaultResource struct {
	ID            string // lower case
	Type          string // such as OS::Nova::Server
	Name          string
	ProtectStatus ProtectStatus
	AutoProtect   *bool  // whether it follows the policies of its vault
	BackupCount   *int64 // its backups in the vault
	// BackupSize is the size of its backups, in bytes. The API does not document the
	// unit. It sends MB: in recorded answers the sizes add up to Billing.Used, which is
	// in MB. The vendor's Terraform provider documents GB, which is wrong.
	BackupSize     *int64
	ExcludeVolumes []string // ids of the volumes that a backup leaves out; nil if not sent
	// IncludedVolumes is the number of volumes in include_volumes: only they are backed up,
	// and one that is attached later is not. It is 0 if they are not limited. The vendor's
	// SDK has a list of objects, the Terraform provider of Open Telekom Cloud one of ids.
	IncludedVolumes int
}

// VaultStatus is the status of a vault. An unknown one is kept as it was sent.
type VaultStatus string

// The statuses of a vault that the API documents.
const (
	VaultAvailable VaultStatus = "available"
	// VaultLock means that the capacity of the vault is being expanded or its
	// specifications are being changed. Everything else goes on, backups too: table 2 of
	// https://support.huaweicloud.com/intl/en-us/usermanual-cbr/cbr_03_0002.html, and of
	// the same page of Open Telekom Cloud. Vault.Locked is something else.
	VaultLock     VaultStatus = "lock"
	VaultFrozen   VaultStatus = "frozen" // the account is in arrears, for example
	VaultDeleting VaultStatus = "deleting"
	VaultError    VaultStatus = "error"
)

// VaultStatuses returns the statuses of a vault that the API documents, in its order.
func VaultStatuses() []VaultStatus {
	return []VaultStatus{VaultAvailable, VaultLock, VaultFrozen, VaultDeleting, VaultError}
}

// ProtectStatus is the status of a resource. An unknown one is kept as it was sent.
type ProtectStatus string

// The statuses of a resource that the API documents, and ProtectDeleted, which is known
// from recorded answers.
const (
	ProtectAvailable  ProtectStatus = "available"
	ProtectError      ProtectStatus = "error"
	ProtectProtecting ProtectStatus = "protecting"
	ProtectRestoring  ProtectStatus = "restoring"
	ProtectRemoving   ProtectStatus = "removing"
	// ProtectDeleted means that the resource no longer exists in the cloud. It is still
	// bound to the vault, which keeps its backups.
	ProtectDeleted ProtectStatus = "deleted"
)

// ProtectStatuses returns the known statuses of a resource, in the API's order.
func ProtectStatuses() []ProtectStatus {
	return []ProtectStatus{
		ProtectAvailable, ProtectError, ProtectProtecting, ProtectRestoring, ProtectRemoving, ProtectDeleted,
	}
}

// Vaults returns the list of the vaults of the project. It sends nothing yet.
//
// See https://support.huaweicloud.com/intl/en-us/api-cbr/ListVault.html.
func (c *Client) Vaults() *List[Vault] {
	return newList(c, listRequest{
		operation: "ListVault",
		segments:  []string{"vaults"},
		name:      "vaults",
		path:      "vaults.",
		query:     url.Values{},
		most:      maxVaults,
	}, readVault)
}

func readVault(o object) *Vault {
	billing := o.object("billing")
	v := &Vault{
		ID:                  o.id("id"),
		Name:                o.text("name"),
		EnterpriseProjectID: o.text("enterprise_project_id"),
		CreatedAt:           o.time("created_at"),
		AutoExpand:          o.bool("auto_expand"),
		Threshold:           o.percent("threshold"),
		SMNNotify:           o.bool("smn_notify"),
		Locked:              o.bool("locked"),
		Frozen:              o.bool("frozen"),
		Billing: Billing{
			Status:          VaultStatus(billing.token("status")),
			ChargingMode:    billing.token("charging_mode"),
			ProtectType:     billing.token("protect_type"),
			ObjectType:      billing.token("object_type"),
			ConsistentLevel: billing.token("consistent_level"),
			Capacity:        billing.size("size", gigabyte),
			Allocated:       billing.size("allocated", gigabyte),
			Used:            billing.size("used", megabyte),
			MultiAZ:         billing.bool("is_multi_az"),
		},
		Resources: readVaultResources(o),
		Tags:      readTags(o),
	}
	v.Invalid = *o.found
	return v
}

func readVaultResources(o object) []VaultResource {
	var resources []VaultResource
	if o.value("resources").isList() {
		resources = []VaultResource{}
	}
	for id, resource := range o.entries("resources", "id", object.id) {
		extra := resource.object("extra_info")
		resources = append(resources, VaultResource{
			ID:              id,
			Type:            resource.text("type"),
			Name:            resource.text("name"),
			ProtectStatus:   ProtectStatus(resource.token("protect_status")),
			AutoProtect:     resource.bool("auto_protect"),
			BackupCount:     resource.count("backup_count"),
			BackupSize:      resource.size("backup_size", megabyte),
			ExcludeVolumes:  extra.texts("exclude_volumes"),
			IncludedVolumes: extra.length("include_volumes"),
		})
	}
	return resources
}

// readTags leaves out tags of which a part cannot be read.
func readTags(o object) map[string]string {
	var tags map[string]string
	for key, tag := range o.entries("tags", "key", object.text) {
		before := len(*tag.found)
		value := tag.text("value")
		if len(*tag.found) > before {
			continue
		}
		if tags == nil {
			tags = map[string]string{}
		}
		tags[key] = value
	}
	return tags
}
