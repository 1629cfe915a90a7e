package simulator

import (
	"net/http"
	"slices"
)

// projects returns those of the account: that of the tasks, the region's own,
// a sub-project of it, and what every account has besides.
func (i *iam) projects() []projectInfo {
	domain := domainInfo{ID: i.domainID(), Name: i.account.DomainName}
	projects := []projectInfo{{ID: i.projectID, Name: i.projectName, Domain: domain}}
	for _, name := range []string{i.region, i.region + "_team", "ap-southeast-1", "MOS"} {
		if !slices.ContainsFunc(projects, func(p projectInfo) bool { return p.Name == name }) {
			projects = append(projects, projectInfo{ID: i.seed.hex32("project", name), Name: name, Domain: domain})
		}
	}
	return projects
}

// listProjects answers with the projects of the account, or the one of a name.
// The user needs a permission for it. See
// https://support.huaweicloud.com/intl/en-us/api-iam/iam_06_0001.html.
func (s *Simulator) listProjects(c *call) {
	if s.iam.mayNotList {
		c.iamError(http.StatusForbidden, "You are not authorized to perform the requested action: identity:list_projects")
		return
	}
	projects := s.iam.projects()
	if name := c.r.URL.Query().Get("name"); name != "" {
		projects = slices.DeleteFunc(projects, func(p projectInfo) bool { return p.Name != name })
	}
	c.replyProjects(projects)
}

// listVisibleProjects answers with the projects that the user may enter, which
// are all. See https://support.huaweicloud.com/intl/en-us/api-iam/iam_06_0003.html.
func (s *Simulator) listVisibleProjects(c *call) { c.replyProjects(s.iam.projects()) }

func (c *call) replyProjects(projects []projectInfo) {
	type entry struct {
		ID          string `json:"id"`
		Name        string `json:"name"`
		DomainID    string `json:"domain_id"`
		ParentID    string `json:"parent_id"`
		IsDomain    bool   `json:"is_domain"`
		Enabled     bool   `json:"enabled"`
		Description string `json:"description"`
	}
	entries := []entry{}
	for _, p := range projects {
		entries = append(entries, entry{ID: p.ID, Name: p.Name, DomainID: p.Domain.ID, ParentID: p.Domain.ID, Enabled: true})
	}
	c.reply(http.StatusOK, struct {
		Projects []entry `json:"projects"`
	}{entries})
}
