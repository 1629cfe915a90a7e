package simulator

import (
	"cmp"
	"net/http"
	"net/url"
	"slices"
	"time"
)

// A Vault is a vault and what is bound to it, see
// https://support.huaweicloud.com/intl/en-us/api-cbr/ListVault.html. Fields that
// are empty or nil are left out of the response.
type Vault struct {
	ID   string `json:"id"`
	Name string `json:"name"`
	// EnterpriseProjectID is written as a string, or as a number: both occur.
	EnterpriseProjectID     string    `json:"-"`
	EnterpriseProjectNumber bool      `json:"-"`
	Created                 time.Time `json:"-"`

	ObjectType      string `json:"-"` // server, disk, turbo, workspace, vmware and so on; it determines provider_id
	ProtectType     string `json:"-"` // backup, replication, hybrid
	ChargingMode    string `json:"-"` // pre_paid, post_paid
	ConsistentLevel string `json:"-"` // crash_consistent, app_consistent
	Status          string `json:"-"` // available, lock, frozen, deleting, error
	Size            int64  `json:"-"` // GB
	Allocated       int64  `json:"-"` // GB, of the bound resources
	Used            int64  `json:"-"` // MB, unlike the other two

	AutoExpand *bool           `json:"auto_expand,omitempty"`
	Threshold  *int64          `json:"threshold,omitempty"` // percent of Size
	SMNNotify  *bool           `json:"smn_notify,omitempty"`
	Locked     *bool           `json:"locked,omitempty"` // write once, read many
	Frozen     *bool           `json:"frozen,omitempty"`
	MultiAZ    *bool           `json:"-"`
	BindTags   []Tag           `json:"-"`             // servers with one of them are bound by themselves; nil: no rules
	Tags       []Tag           `json:"tags,omitzero"` // nil: absent
	Resources  []VaultResource `json:"-"`
}

// A Tag is a tag of a vault.
type Tag struct {
	Key   string `json:"key"`
	Value string `json:"value"`
}

// A VaultResource is a resource that is bound to a vault.
type VaultResource struct {
	ID   string `json:"id"`
	Name string `json:"name"`
	Type string `json:"type"` // OS::Nova::Server and so on

	Size        *int64 `json:"size,omitempty"`        // GB
	BackupSize  *int64 `json:"backup_size,omitempty"` // MB: recorded ones add up to what is used
	BackupCount *int64 `json:"backup_count,omitempty"`
	// ProtectStatus is available, error, protecting, restoring, removing or deleted;
	// empty: null, as recorded of a resource in a replication vault.
	ProtectStatus string `json:"-"`
	AutoProtect   *bool  `json:"auto_protect,omitempty"` // whether it follows the vault's policy

	ExcludedVolumes []string         `json:"-"` // volume ids
	IncludedVolumes []IncludedVolume `json:"-"` // nil: all but the excluded ones
}

// An IncludedVolume is a volume of a server whose backups are limited to some volumes.
type IncludedVolume struct {
	ID        string
	OSVersion string // empty: the volume is written as its id alone
}

// MarshalJSON implements json.Marshaler. Objects are from the official SDK (model
// ResourceExtraInfoIncludeVolumes), ids alone from the Terraform provider of Open
// Telekom Cloud. Neither is documented by the API.
func (v IncludedVolume) MarshalJSON() ([]byte, error) {
	if v.OSVersion == "" {
		return encode(v.ID), nil
	}
	return encode(struct {
		ID        string `json:"id"`
		OSVersion string `json:"os_version"`
	}(v)), nil
}

// SetVaults replaces all vaults of the cloud. They are listed in this order.
func (s *Simulator) SetVaults(vaults ...Vault) {
	s.catalog.mu.Lock()
	defer s.catalog.mu.Unlock()
	given := cloneVaults(vaults)
	s.catalog.givenVaults = &given
}

// Vaults returns all vaults as they are now, whatever the service lists.
func (s *Simulator) Vaults() []Vault { return s.catalog.vaults(s.now()) }

// vaults returns all vaults under their present names. The caller may change them.
func (c *catalog) vaults(now time.Time) []Vault {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.givenVaults != nil {
		return cloneVaults(*c.givenVaults)
	}
	vaults := c.project.vaultsAt(now)
	for _, n := range c.renames {
		if !n.at.After(now) {
			n.applyTo(vaults)
		}
	}
	return vaults
}

// enterpriseProjects returns the enterprise projects of the vaults, by id of the vault.
func (c *catalog) enterpriseProjects() map[string]string {
	c.mu.Lock()
	defer c.mu.Unlock()
	projects := make(map[string]string)
	if c.givenVaults != nil {
		for _, v := range *c.givenVaults {
			projects[v.ID] = v.EnterpriseProjectID
		}
		return projects
	}
	for _, h := range c.project.holdings {
		projects[h.vault.id] = h.facts.EnterpriseProjectID
	}
	return projects
}

func cloneVaults(vaults []Vault) []Vault {
	vaults = slices.Clone(vaults)
	for i := range vaults {
		v := &vaults[i]
		v.Tags, v.Resources = slices.Clone(v.Tags), slices.Clone(v.Resources)
	}
	return vaults
}

// listVaults is https://support.huaweicloud.com/intl/en-us/api-cbr/ListVault.html.
func (s *Simulator) listVaults(x *exchange) {
	l := *s.listing.Load()
	params := x.r.URL.Query()
	if !l.permits(params) {
		x.policyDenied("cbr:vaults:list")
		return
	}
	page, ok := parsePage(params)
	if !ok {
		x.invalidParameter()
		return
	}
	vaults := slices.DeleteFunc(s.catalog.vaults(x.now), func(v Vault) bool { return !l.showsProject(v.EnterpriseProjectID, params) })
	from, to := l.page(page, len(vaults), s.seed)
	records := []vaultRecord{}
	for _, v := range vaults[from:to] {
		records = append(records, v.record())
	}
	x.reply(http.StatusOK, struct {
		Vaults []vaultRecord `json:"vaults"`
		Count  *int          `json:"count,omitempty"`
		Offset int           `json:"offset"`
		Limit  int           `json:"limit"`
	}{records, l.count(len(vaults), len(records)), page.offset, page.limit})
}

// showsProject reports whether a list contains what is in a vault of an enterprise project.
func (l Listing) showsProject(project string, params url.Values) bool {
	project = cmp.Or(project, "0") // the default one
	if l.EnterpriseProject != "" && project != l.EnterpriseProject {
		return false
	}
	named := params.Get("enterprise_project_id")
	return l.IgnoreFilters || named == "" || named == allGrantedProjects || named == project
}
