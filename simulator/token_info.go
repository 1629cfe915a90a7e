package simulator

import "time"

// A tokenInfo is what IAM tells about a token in the answer's body. The token
// itself is in the header X-Subject-Token.
type tokenInfo struct {
	ExpiresAt string         `json:"expires_at"`
	IssuedAt  string         `json:"issued_at"`
	Methods   []string       `json:"methods"`
	User      userInfo       `json:"user"`
	Project   *projectInfo   `json:"project,omitempty"`
	Roles     []roleInfo     `json:"roles"`
	Catalog   []catalogEntry `json:"catalog,omitempty"`
}

type userInfo struct {
	ID                string     `json:"id"`
	Name              string     `json:"name"`
	Domain            domainInfo `json:"domain"`
	PasswordExpiresAt string     `json:"password_expires_at"` // empty: never
}

type projectInfo struct {
	ID     string     `json:"id"`
	Name   string     `json:"name"`
	Domain domainInfo `json:"domain"`
}

type domainInfo struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

type roleInfo struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

type catalogEntry struct {
	ID        string            `json:"id"`
	Name      string            `json:"name"`
	Type      string            `json:"type"`
	Endpoints []catalogEndpoint `json:"endpoints"`
}

type catalogEndpoint struct {
	ID        string `json:"id"`
	Interface string `json:"interface"`
	Region    string `json:"region"`
	RegionID  string `json:"region_id"`
	URL       string `json:"url"`
}

func (i *iam) describe(t token, issued time.Time, withCatalog bool) tokenInfo {
	domain := domainInfo{ID: i.domainID(), Name: i.account.DomainName}
	info := tokenInfo{
		ExpiresAt: t.expires.Format(iamLayout),
		IssuedAt:  issued.Format(iamLayout),
		Methods:   []string{"password"},
		User: userInfo{
			ID:     i.seed.hex32("user", i.account.UserName),
			Name:   i.account.UserName,
			Domain: domain,
		},
		Roles: []roleInfo{{ID: "0", Name: "cbr_readonly"}},
	}
	if t.projectID != "" {
		info.Project = &projectInfo{ID: i.projectID, Name: i.projectName, Domain: domain}
	}
	if withCatalog {
		info.Catalog = i.catalog()
	}
	return info
}

// catalog lists where the cloud's services would be. They are the addresses of
// the real cloud: a simulator does not know under which it is reached.
func (i *iam) catalog() []catalogEntry {
	entry := func(name, kind, url string) catalogEntry {
		return catalogEntry{
			ID:   i.seed.hex32("service", name),
			Name: name,
			Type: kind,
			Endpoints: []catalogEndpoint{{
				ID:        i.seed.hex32("endpoint", name),
				Interface: "public",
				Region:    i.region,
				RegionID:  i.region,
				URL:       url,
			}},
		}
	}
	return []catalogEntry{
		entry("iam", "identity", "https://iam."+i.region+".myhuaweicloud.com/v3"),
		entry("cbr", "cbr", "https://cbr."+i.region+".myhuaweicloud.com/v3/"+i.projectID),
	}
}
