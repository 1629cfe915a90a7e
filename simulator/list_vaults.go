package simulator

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// allGrantedProjects, in place of the id of an enterprise project, stands for all
// that the user may see.
const allGrantedProjects = "all_granted_eps"

// listVaults is https://support.huaweicloud.com/intl/en-us/api-cbr/ListVault.html.
func (s *Simulator) listVaults(c *call) {
	l := *s.listing.Load()
	params := c.r.URL.Query()
	if !l.permits(params.Get("enterprise_project_id")) {
		c.policyDenied("cbr:vaults:list")
		return
	}
	var limit, offset int
	if !parsePage(params, &limit, &offset) {
		c.cbrError(http.StatusBadRequest, "BackupService.9900", "Parameter verification failed.")
		return
	}
	policies := s.catalog.policies()
	asked := func(v Vault) bool { return v.matches(params) && v.follows(params.Get("policy_id"), policies) }
	rows := slices.DeleteFunc(s.catalog.vaults(c.now), func(v Vault) bool {
		return !l.shows(v) || !l.IgnoreFilters && !asked(v)
	})
	from, to := l.page(limit, offset, len(rows), s.seed)
	records := []vaultRecord{}
	for _, v := range rows[from:to] {
		records = append(records, v.record(s.fleet.projectID))
	}
	c.reply(http.StatusOK, struct {
		Vaults []vaultRecord `json:"vaults"`
		Count  *int          `json:"count,omitempty"`
	}{records, l.count(len(rows), len(records))})
}

// shows reports whether the user may see a vault.
func (l Listing) shows(v Vault) bool {
	return l.EnterpriseProject == "" || v.enterpriseProject() == l.EnterpriseProject
}

// enterpriseProject is the default one where the vault does not tell.
func (v Vault) enterpriseProject() string {
	if v.EnterpriseProjectID == "" {
		return "0"
	}
	return v.EnterpriseProjectID
}

// matches reports whether a vault is what a request asks for.
func (v Vault) matches(params url.Values) bool {
	for name, value := range map[string]string{
		"name":         v.Name,
		"cloud_type":   v.cloudType(),
		"object_type":  v.ObjectType,
		"protect_type": v.ProtectType,
		"status":       v.Status,
	} {
		if want := params.Get(name); want != "" && want != value {
			return false
		}
	}
	project := params.Get("enterprise_project_id")
	if project != "" && project != allGrantedProjects && project != v.enterpriseProject() {
		return false
	}
	// The SDK sends each of several ids as a parameter of its own.
	if params.Get("id") != "" && !slices.Contains(params["id"], v.ID) {
		return false
	}
	resources := params.Get("resource_ids")
	return resources == "" || v.holdsAny(strings.Split(resources, ","))
}

// follows reports whether a vault is bound to the policy of an id, if there is
// one.
func (v Vault) follows(policyID string, policies []Policy) bool {
	return policyID == "" || slices.ContainsFunc(policies, func(p Policy) bool {
		return p.ID == policyID && p.binds(v.ID)
	})
}

func (v Vault) holdsAny(resourceIDs []string) bool {
	return slices.ContainsFunc(v.Resources, func(r VaultResource) bool { return slices.Contains(resourceIDs, r.ID) })
}
