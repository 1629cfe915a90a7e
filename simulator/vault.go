package simulator

import (
	"slices"
	"time"
)

// A Vault is what the service tells about a vault and what is bound to it, see
// https://support.huaweicloud.com/intl/en-us/api-cbr/ListVault.html. Texts that
// are empty, and what is zero by its comment or nil, are left out of the answer.
type Vault struct {
	ID   string
	Name string
	// EnterpriseProjectID is told as text, or as the number that it is: both occur.
	EnterpriseProjectID     string
	EnterpriseProjectNumber bool
	Created                 time.Time // zero: not told

	ObjectType      string // server, disk, turbo, workspace, vmware and so on; it decides about provider_id
	ProtectType     string // backup, replication, hybrid
	ChargingMode    string // pre_paid, post_paid
	ConsistentLevel string // crash_consistent, app_consistent
	Status          string // available, lock, frozen, deleting, error
	FrozenScene     string // why it is frozen
	Size            int64  // GB
	Allocated       int64  // GB, of the resources that are bound to it
	Used            int64  // MB, unlike the other two

	AutoExpand *bool
	Locked     *bool
	SMNNotify  *bool
	Threshold  *int64 // percent in use from which SMN notifies
	Tags       []Tag
	Resources  []VaultResource
}

// A Tag of a vault.
type Tag struct {
	Key   string `json:"key"`
	Value string `json:"value"`
}

// A VaultResource is a resource that is bound to a vault. What is empty or nil
// is left out of the answer, but for the first three.
type VaultResource struct {
	ID   string
	Name string
	Type string // OS::Nova::Server and so on

	Size *int64 // GB
	// BackupSize is in GB. The API's page does not tell the unit; the description
	// of the vendor's Terraform data source huaweicloud_cbr_vaults_by_tags does.
	BackupSize    *int64
	BackupCount   *int64
	ProtectStatus string // available, error, protecting, restoring, removing
	AutoProtect   *bool  // whether it follows the vault's policy

	ExcludedVolumes []string // volume ids
	IncludedVolumes []string // volume ids
}

// SetVaults replaces all vaults of the cloud, those of the fleet included, from
// the next request on. They come in this order.
func (s *Simulator) SetVaults(vaults ...Vault) { s.catalog.setVaults(vaults) }

// Vaults returns the truth about all vaults as they are now, whatever the
// service lists.
func (s *Simulator) Vaults() []Vault { return s.catalog.vaults(s.now()) }

func (c *catalog) setVaults(vaults []Vault) {
	c.mu.Lock()
	defer c.mu.Unlock()
	given := cloneVaults(vaults)
	c.givenVaults, c.renamesBefore = &given, len(c.renames)
}

// vaults returns all vaults under the names that they have now. They are the
// caller's.
func (c *catalog) vaults(now time.Time) []Vault {
	c.mu.Lock()
	given, renames := c.givenVaults, c.renames[c.renamesBefore:]
	c.mu.Unlock()

	var vaults []Vault
	if given != nil {
		vaults = cloneVaults(*given)
	} else {
		vaults = c.fleet.vaultsAt(now)
	}
	for _, n := range renames {
		if !n.at.After(now) {
			n.applyTo(vaults)
		}
	}
	return vaults
}

// applyTo renames in place.
func (n rename) applyTo(vaults []Vault) {
	for i := range vaults {
		if v := &vaults[i]; n.of == aVault && v.ID == n.id {
			v.Name = n.name
		}
		for j := range vaults[i].Resources {
			if r := &vaults[i].Resources[j]; n.of == aResource && r.ID == n.id {
				r.Name = n.name
			}
		}
	}
}

func cloneVaults(vaults []Vault) []Vault {
	clones := make([]Vault, 0, len(vaults))
	for _, v := range vaults {
		v.Tags, v.Resources = slices.Clone(v.Tags), slices.Clone(v.Resources)
		clones = append(clones, v)
	}
	return clones
}
