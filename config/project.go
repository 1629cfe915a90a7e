package config

import (
	"cmp"
	"regexp"
	"strings"
)

// Project is one region's tenancy in the cloud.
type Project struct {
	// Name is the value of the label project, unique among the projects.
	Name string `yaml:"name"`
	// Region is empty where Endpoint alone was given.
	Region string `yaml:"region,omitempty"`
	// ProjectID is empty where it has to be looked up by LookupName.
	ProjectID string `yaml:"project_id,omitempty"`
	// ProjectName is the name that the cloud has for it.
	ProjectName string `yaml:"project_name,omitempty"`
	// EnterpriseProjectID narrows what the backup service shows to an enterprise
	// project: a UUID in lower case, 0 or all_granted_eps. It is empty where
	// requests are to say nothing of it.
	EnterpriseProjectID string `yaml:"enterprise_project_id,omitempty"`
	// Endpoint is the URL of the backup service, without a slash at its end.
	Endpoint string `yaml:"endpoint"`
	// IAMEndpoint is the URL of the identity service, without a slash at its
	// end. It is empty where neither it nor a region was given, which neither a
	// password login nor looking up the project id allows.
	IAMEndpoint string      `yaml:"iam_endpoint,omitempty"`
	Credentials Credentials `yaml:"credentials"`
	HTTPClient  HTTPClient  `yaml:"http_client"`
	// TaskIDs are UUIDs in lower case, each once. There is at least one, or a
	// Discovery, or Vaults.
	TaskIDs []string `yaml:"task_ids"`
	// Discovery is nil where the task list is not followed.
	Discovery *Discovery `yaml:"discovery,omitempty"`
	// Vaults is nil where vaults and policies are not read.
	Vaults *Vaults `yaml:"vaults,omitempty"`
}

var (
	nameFormat = format{
		pattern: regexp.MustCompile(`^.{1,128}$`),
		problem: "longer than 128 characters; choose a shorter name",
	}
	// A region becomes part of a host name.
	regionFormat = format{
		pattern: regexp.MustCompile(`^[a-z0-9-]{1,63}$`),
		problem: "not a region; it has a-z, 0-9 and - only, for example cn-north-4",
	}
	projectNameFormat = format{
		pattern: regexp.MustCompile(`^.{1,128}$`),
		problem: "longer than 128 characters; copy it from My Credentials in the console",
	}
	// A project id becomes part of a URL's path. Huawei Cloud's are 32
	// hexadecimal digits, but private clouds differ.
	projectIDFormat = format{
		pattern: regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}$`),
		problem: "not a project id; copy it from My Credentials in the console",
	}
	enterpriseProjectIDFormat = format{
		pattern: regexp.MustCompile(`^(0|all_granted_eps|[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12})$`),
		problem: "not an enterprise project id; write the UUID that the console shows for it, 0 for the default one, or all_granted_eps",
	}
)

// projects reads the list of projects. What one project says about another is
// checked here, the rest in Project.read.
func projects(to *[]Project) reader {
	return func(n node) {
		items := n.items()
		names := map[string]node{}
		for _, item := range items {
			p := Project{HTTPClient: defaultHTTPClient()}
			m, ok := p.read(item)
			if !ok {
				continue
			}
			name := m.at("name")
			switch first, taken := names[p.Name]; {
			case name.missing() && len(items) > 1:
				name.problem("missing; with two or more projects each needs a name")
			case name.missing():
				p.Name = p.defaultName()
			case p.Name == "": // it has a problem already
			case taken:
				name.problem("%q is already the name of the project at line %d; give each project a name of its own", p.Name, first.line)
			default:
				names[p.Name] = name
			}
			*to = append(*to, p)
		}
	}
}

func (p *Project) read(n node) (mapping, bool) {
	m, ok := n.mapping(keys{
		"name":                  formatted(&p.Name, nameFormat),
		"region":                formatted(&p.Region, regionFormat),
		"project_id":            formatted(&p.ProjectID, projectIDFormat),
		"project_name":          formatted(&p.ProjectName, projectNameFormat),
		"enterprise_project_id": formatted(&p.EnterpriseProjectID, enterpriseProjectIDFormat),
		"endpoint":              endpoint(&p.Endpoint),
		"iam_endpoint":          endpoint(&p.IAMEndpoint),
		"credentials":           p.Credentials.read,
		"http_client":           p.HTTPClient.read,
		"task_ids":              uuids(&p.TaskIDs, "copy the task's id from the console's task list or the API"),
		"discovery":             discovery(&p.Discovery),
		"vaults":                vaults(&p.Vaults),
	})
	if !ok {
		return m, false
	}
	p.EnterpriseProjectID = strings.ToLower(p.EnterpriseProjectID)

	noRegion := m.at("region").missing()
	lookup := m.at("project_id").missing()
	if lookup && noRegion && m.at("project_name").missing() {
		m.at("project_id").problem("missing, and so are region and project_name, by which it could be looked up; copy it from My Credentials in the console")
	}
	if noRegion && m.at("endpoint").missing() {
		m.at("region").problem("missing, and so is endpoint; give one of them, for example region: cn-north-4")
	}
	if m.at("credentials").empty() {
		p.Credentials.readEnvironment(m.at("credentials"))
	}
	if noRegion && m.at("iam_endpoint").missing() {
		switch {
		case p.Credentials.Kind() == KindPassword:
			m.at("iam_endpoint").problem("missing; a password login needs it where there is no region")
		case lookup && !m.at("project_name").missing():
			m.at("iam_endpoint").problem("missing; a project id is looked up there, so it is needed where there is no region")
		}
	}
	if m.at("task_ids").empty() && m.given("discovery", "vaults") == nil {
		m.at("task_ids").problem("no task, and no discovery; add discovery: {} to follow the task list, or list at least one id, from the console's task list or the API")
	}

	if !noRegion {
		p.fillEndpoints()
	}
	return m, true
}

// fillEndpoints derives from the region the endpoints that were left out.
func (p *Project) fillEndpoints() {
	backup, identity := endpoints(p.Region)
	p.Endpoint = cmp.Or(p.Endpoint, backup)
	p.IAMEndpoint = cmp.Or(p.IAMEndpoint, identity)
}

// defaultName is the name of a project that is the only one and has none.
func (p *Project) defaultName() string { return cmp.Or(p.Region, p.ProjectID, p.ProjectName) }

// LookupName is the name by which the cloud knows the project. A region's own
// project has the name of the region.
func (p *Project) LookupName() string { return cmp.Or(p.ProjectName, p.Region) }
