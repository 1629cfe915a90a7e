package cbrapi

import "time"

// Vault is where the backups of some resources are kept. What the API did not send
// is the zero value or nil.
//
// See https://support.huaweicloud.com/intl/en-us/api-cbr/ListVault.html, tables 5
// to 9.
type Vault struct {
	ID                  string // lower case
	Name                string
	EnterpriseProjectID string // "0" for the default one
	CreatedAt           time.Time
	AutoExpand          *bool // whether its capacity grows by itself
	Billing             Billing
	// Resources has what the vault protects, each with an id, and none twice. It is
	// nil where the API did not send the list.
	Resources []VaultResource
	Tags      map[string]string // the values by their keys; nil for none

	// Invalid lists the fields that were sent in a form that cannot be read.
	// They are left out above.
	Invalid []InvalidField
}

// Billing is what a vault is and how full it is. The sizes are in bytes: the API
// sends them in GB and MB, which are those of the vendor, of 1024 MB and 1024 KB.
type Billing struct {
	Status          VaultStatus
	ChargingMode    string // pre_paid or post_paid
	ProtectType     string // backup, replication or hybrid
	ObjectType      string // server, disk, turbo, workspace, vmware, rds or file
	ConsistentLevel string // crash_consistent or app_consistent
	Capacity        *int64 // size, sent in GB
	Allocated       *int64 // the sizes of its resources, sent in GB
	Used            *int64 // by backups, sent in MB
}

// VaultResource is a resource that is bound to a vault.
type VaultResource struct {
	ID            string // lower case
	Type          string // such as OS::Nova::Server
	Name          string
	ProtectStatus ProtectStatus
	AutoProtect   *bool  // whether it follows the policies of its vault
	BackupCount   *int64 // its backups in the vault
	// BackupSize is what its backups take, in bytes. It is sent in GB by the vendor's
	// Terraform provider (data source huaweicloud_cbr_vaults_by_tags); the API's page
	// says no unit.
	BackupSize     *int64
	ExcludeVolumes []string // ids of the volumes that a backup leaves out; nil where not sent
}

// VaultStatus is whether a vault can be used. The API may send one that is not
// listed here: it is passed on as it came.
type VaultStatus string

// The statuses of a vault that the API documents.
const (
	VaultAvailable VaultStatus = "available"
	VaultLock      VaultStatus = "lock"
	VaultFrozen    VaultStatus = "frozen" // the account is in arrears, for example
	VaultDeleting  VaultStatus = "deleting"
	VaultError     VaultStatus = "error"
)

// VaultStatuses returns the statuses of a vault that the API documents, in its order.
func VaultStatuses() []VaultStatus {
	return []VaultStatus{VaultAvailable, VaultLock, VaultFrozen, VaultDeleting, VaultError}
}

// ProtectStatus is what is being done with a resource of a vault. Like the status
// of a vault, it may be a new one.
type ProtectStatus string

// The statuses of a resource that the API documents.
const (
	ProtectAvailable  ProtectStatus = "available"
	ProtectError      ProtectStatus = "error"
	ProtectProtecting ProtectStatus = "protecting"
	ProtectRestoring  ProtectStatus = "restoring"
	ProtectRemoving   ProtectStatus = "removing"
)

// ProtectStatuses returns the statuses of a resource that the API documents, in its
// order.
func ProtectStatuses() []ProtectStatus {
	return []ProtectStatus{ProtectAvailable, ProtectError, ProtectProtecting, ProtectRestoring, ProtectRemoving}
}
