package config

import (
	"cmp"
	"regexp"
	"slices"
	"strings"
	"time"
)

// Project is a project of an account, in one region.
type Project struct {
	Name        string `yaml:"name"`                 // of the label project; unique
	Region      string `yaml:"region,omitempty"`     // empty if only Endpoint is given
	ProjectID   string `yaml:"project_id,omitempty"` // empty: looked up by LookupName
	ProjectName string `yaml:"project_name,omitempty"`
	// EnterpriseProjectID limits requests. It is a UUID in lower case, 0,
	// all_granted_eps, or empty for no limit.
	EnterpriseProjectID string `yaml:"enterprise_project_id,omitempty"`
	// URLs without a slash at their end. Only logins and the lookup of a project id
	// need that of IAM.
	Endpoint    string      `yaml:"endpoint"`
	IAMEndpoint string      `yaml:"iam_endpoint,omitempty"`
	Credentials Credentials `yaml:"credentials"`
	HTTPClient  *HTTPClient `yaml:"http_client"`
	TaskIDs     []string    `yaml:"task_ids"`            // distinct UUIDs in lower case
	Discovery   *Discovery  `yaml:"discovery,omitempty"` // nil: the task list is not read
	Vaults      *Vaults     `yaml:"vaults,omitempty"`    // nil: vaults and policies are not read
	// Both need Vaults. If they are nil, backups or protectable resources are not read.
	Backups      *Backups      `yaml:"backups,omitempty"`
	Protectables *Protectables `yaml:"protectables,omitempty"`
}

// Discovery says what is read of a project's task list.
type Discovery struct {
	Lookback Duration `yaml:"lookback"` // age up to which tasks are read
	Window   Duration `yaml:"window"`   // age up to which tasks are counted; Lookback at most
	// ExpectedInterval is the time between two backups of a project without Vaults; half
	// of Lookback at most. 0: none is expected.
	ExpectedInterval Duration `yaml:"expected_interval"`
	StuckAfter       Duration `yaml:"stuck_after"`     // a running task is stuck after this time, a waiting one after a third of it
	OperationTypes   []string `yaml:"operation_types"` // distinct; none: all
	VaultIDs         []string `yaml:"vault_ids"`       // distinct UUIDs in lower case; none: all
}

// DefaultStuckAfter is the default of Discovery.StuckAfter.
const DefaultStuckAfter = Duration(12 * time.Hour)

// Vaults says how a project's vaults and policies are read.
type Vaults struct {
	Refresh Duration `yaml:"refresh"` // interval between readings
	Grace   Duration `yaml:"grace"`   // how late a success may be
	Tags    []string `yaml:"tags"`    // keys of tags that become labels, which are distinct
}

// UnmarshalYAML fills in defaults.
func (d *Discovery) UnmarshalYAML(unmarshal func(any) error) error {
	*d = Discovery{Lookback: 30 * day, Window: day, ExpectedInterval: day, StuckAfter: DefaultStuckAfter}
	type plain Discovery
	return unmarshal((*plain)(d))
}

// UnmarshalYAML fills in defaults.
func (v *Vaults) UnmarshalYAML(unmarshal func(any) error) error {
	*v = Vaults{Refresh: Duration(5 * time.Minute), Grace: Duration(6 * time.Hour)}
	type plain Vaults
	return unmarshal((*plain)(v))
}

// complete fills in what follows from the rest of the project, from the top level, which
// is complete, and from the environment.
func (p *Project) complete(dir string, top *Config, environment Environment, found problems) {
	p.EnterpriseProjectID = strings.ToLower(p.EnterpriseProjectID)
	lower(p.TaskIDs)
	if p.Discovery != nil {
		lower(p.Discovery.VaultIDs)
	}
	if regionPattern.MatchString(p.Region) {
		backup, identity, _ := endpoints(p.Region)
		p.Endpoint, p.IAMEndpoint = cmp.Or(p.Endpoint, backup), cmp.Or(p.IAMEndpoint, identity)
	}
	p.Endpoint, p.IAMEndpoint = strings.TrimRight(p.Endpoint, "/"), strings.TrimRight(p.IAMEndpoint, "/")
	if p.HTTPClient != nil {
		p.HTTPClient.complete(dir)
	}
	p.HTTPClient = cmp.Or(p.HTTPClient, top.HTTPClient, defaultHTTPClient())
	p.Credentials.complete(dir)
	p.Credentials.inherit(top.Credentials, environment, found.at("credentials"))
}

func lower(ids []string) {
	for i, id := range ids {
		ids[i] = strings.ToLower(id)
	}
}

// LookupName is the project's name in the cloud. The main project of a region has
// the region's name.
func (p *Project) LookupName() string { return cmp.Or(p.ProjectName, p.Region) }

var (
	uuid = regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)
	// A region becomes part of a host name, a project id of a URL's path. Private
	// clouds may have project ids other than 32 hexadecimal digits.
	regionPattern    = regexp.MustCompile(`^[a-z0-9-]{1,63}$`)
	projectIDPattern = regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}$`)
	usualProjectID   = regexp.MustCompile(`^[A-Fa-f0-9]{32}$`)
)

func (p *Project) validate(top *Config, found problems) {
	checkEndpoint(p.Endpoint, found.at("endpoint"))
	checkEndpoint(p.IAMEndpoint, found.at("iam_endpoint"))
	p.Credentials.validate(found.at("credentials"))
	if p.HTTPClient != top.HTTPClient {
		p.HTTPClient.validate(found.at("http_client"))
	}
	checkUUIDs(p.TaskIDs, "task_ids", found)
	if p.Discovery != nil {
		p.Discovery.validate(p.Vaults != nil, found.at("discovery"))
	}
	if p.Vaults != nil {
		p.Vaults.validate(found.at("vaults"))
	}
	if p.Backups != nil {
		p.Backups.validate(found.at("backups"))
	}
	if p.Protectables != nil {
		p.Protectables.validate(found.at("protectables"))
	}
	p.validateRegion(found.at("region"))
	switch id := p.ProjectID; {
	case id == "", usualProjectID.MatchString(id):
	case !projectIDPattern.MatchString(id):
		found.at("project_id").add("not a project id; copy it from My Credentials in the console")
	default:
		found.at("project_id").warn("not 32 hexadecimal digits, as project ids of public clouds are; copy it from My Credentials in the console, in the row of the region")
	}
	if id := p.EnterpriseProjectID; id != "" && id != "0" && id != "all_granted_eps" && !uuid.MatchString(id) {
		found.at("enterprise_project_id").add("not an enterprise project id; write its UUID from the console, 0 for the default one, or all_granted_eps")
	}
	if p.Endpoint == "" && p.Region == "" {
		found.at("region").add("missing, and so is endpoint; give one of them, for example region: cn-north-4")
	}
	switch {
	case p.ProjectID == "" && p.LookupName() == "":
		found.at("project_id").add("missing, and so are region and project_name, by which it could be looked up; copy it from My Credentials in the console")
	case p.IAMEndpoint != "", p.Region != "":
	case p.Credentials.Kind() == KindPassword:
		found.at("iam_endpoint").add("missing; a password login needs it or a region")
	case p.ProjectID == "":
		found.at("iam_endpoint").add("missing; the lookup of the project id needs it or a region")
	}
	p.validateTogether(found)
}

// validateTogether reports blocks that are missing, and those that are useless beside others.
func (p *Project) validateTogether(found problems) {
	if p.Vaults == nil && p.Backups != nil {
		found.at("vaults").add("missing; add vaults: {}, as backups are judged by the vaults and policies, or remove backups")
	}
	if p.Vaults == nil && p.Protectables != nil {
		found.at("vaults").add("missing; add vaults: {}, as the vaults tell which resources are protected, or remove protectables")
	}
	if p.Discovery == nil && p.Vaults != nil {
		found.at("discovery").warn("missing, so nothing is judged to be overdue or failing; add discovery: {} to judge it by the policies")
	}
	if len(p.TaskIDs) == 0 && p.Discovery == nil && p.Vaults == nil {
		found.at("task_ids").add("no task, and no discovery; add discovery: {} to follow the task list, or list at least one id from the console's task list")
	}
}

func (p *Project) validateRegion(found problems) {
	switch {
	case p.Region == "":
		return
	case strings.Contains(p.Region, "_"):
		found.add("not a region; write the region alone, and the name of a sub-project under project_name")
		return
	case !regionPattern.MatchString(p.Region):
		found.add("not a region; it has a-z, 0-9 and - only, for example cn-north-4")
		return
	}
	backup, identity, known := endpoints(p.Region)
	usesIAM := p.ProjectID == "" || p.Credentials.Kind() == KindPassword
	if !known && (p.Endpoint == backup || usesIAM && p.IAMEndpoint == identity) {
		found.warn("%s is not known to this version; correct it, or set endpoint and iam_endpoint", p.Region)
	}
}

func checkUUIDs(ids []string, key string, p problems) {
	checkItems(ids, key, uuid.MatchString, "a UUID; copy the id from the console or the API", p)
}

// checkItems reports items of the list under key that are not valid or repeated.
func checkItems(items []string, key string, valid func(string) bool, want string, p problems) {
	seen := map[string]bool{}
	for i, item := range items {
		switch {
		case !valid(item):
			p.item(key, i).add("not %s", want) // what it is may be a secret
		case seen[item]:
			p.item(key, i).add("%q is in the list twice; remove one", item)
		}
		seen[item] = true
	}
}

// checkTypes reports items that are not of the types of something.
func checkTypes(items []string, key, of string, types []string, p problems) {
	isType := func(item string) bool { return slices.Contains(types, item) }
	checkItems(items, key, isType, "a type of "+of+"; write one of "+strings.Join(types, ", "), p)
}

// operationTypes returns the types of operations that the API documents.
//
// See https://support.huaweicloud.com/intl/en-us/api-cbr/ListOpLogs.html.
func operationTypes() []string {
	return []string{
		"backup", "copy", "delete", "migrate_resources", "remove_resource",
		"replication", "restore", "sync", "vault_delete",
	}
}

func (d *Discovery) validate(withVaults bool, p problems) {
	checkRange(d.Lookback, minDuration, 10*365*day, p.at("lookback")) // longer than the API keeps tasks
	checkRange(d.Window, minDuration, 10*365*day, p.at("window"))
	checkRange(d.ExpectedInterval, 0, 365*day, p.at("expected_interval"))
	checkRange(d.StuckAfter, Duration(time.Hour), 30*day, p.at("stuck_after"))
	if d.Window > d.Lookback {
		p.at("window").add("%s is longer than lookback, which is %s; shorten window or lengthen lookback", d.Window, d.Lookback)
	}
	if !withVaults && d.ExpectedInterval > d.Lookback/2 { // the last success is forgotten before it is too old
		p.at("expected_interval").add("%s is longer than half of lookback, which is %s; shorten it or lengthen lookback, write 0 to expect no backup, or add vaults: {} to go by the policies", d.ExpectedInterval, d.Lookback)
	}
	checkTypes(d.OperationTypes, "operation_types", "operation", operationTypes(), p)
	checkUUIDs(d.VaultIDs, "vault_ids", p)
}

var notInLabel = regexp.MustCompile(`[^0-9A-Za-z]`)

// TagLabel returns the label that shows the value of a tag.
func TagLabel(key string) string {
	return "tag_" + notInLabel.ReplaceAllString(key, "_")
}

func (v *Vaults) validate(p problems) {
	checkRange(v.Refresh, Duration(30*time.Second), day, p.at("refresh")) // a failed reading is repeated after 30 seconds
	checkRange(v.Grace, Duration(30*time.Minute), 30*day, p.at("grace"))
	labels := map[string]string{}
	for i, key := range v.Tags {
		label := TagLabel(key)
		if first, taken := labels[label]; taken {
			p.item("tags", i).add("%q has the label %s, as has %q; remove one of them", key, label, first)
		}
		labels[label] = key
	}
}
